//! Inequalities are attacked: the drawn tensors climb towards a violation, within their assumptions.

use crate::compare::{Comparison, Outcome, compare};
use crate::derivation::{Derivation, Relation, Step};
use crate::draw::{Drawn, Fixed, Recipe};
use crate::tensor::Tensor;

/// Draws from which an attack starts.
const STARTS: usize = 6;
/// Steps of one attack.
const STEPS: usize = 40;

/// Recipes in which the inequality fails clearly.
pub(crate) fn violations(derivation: &Derivation, step: &Step, recipes: &[&Recipe]) -> Vec<(Recipe, Comparison)> {
    let climbs = |recipe: &Recipe| {
        derivation.tensors.iter().any(|declared| declared.maximises.is_some())
            || recipe.fixed.values().any(|f| !f.movable)
    };
    let mut found = Vec::new();
    let stride = (recipes.len() / STARTS).max(1);
    for recipe in recipes.iter().step_by(stride).take(STARTS).filter(|recipe| !climbs(recipe)) {
        found.extend(climb(derivation, step, recipe));
        if found.len() > 1 {
            break;
        }
    }
    found
}

fn climb(derivation: &Derivation, step: &Step, start: &Recipe) -> Option<(Recipe, Comparison)> {
    let mut recipe = start.clone();
    let mut drawn = recipe.draw(derivation).ok()?;
    recipe.sizes.clone_from(&drawn.sizes);
    let mut margin = margin(step, &mut drawn)?;
    let mut length = 0.3;
    for _ in 0..STEPS {
        let next = moved(step, &recipe, &mut drawn, length)?;
        let better = next.draw(derivation).ok().and_then(|mut there| {
            let found = self::margin(step, &mut there)?;
            (found > margin).then_some((there, found))
        });
        let Some((there, found)) = better else {
            length *= 0.4;
            if length < 1e-5 {
                break;
            }
            continue;
        };
        (recipe, drawn, margin) = (next, there, found);
        length = (length * 1.5).min(1.0);
        let comparison = compare(step, &mut drawn).ok()?;
        if comparison.outcome == Outcome::Fails {
            return Some((recipe, comparison));
        }
    }
    None
}

/// The entry that comes nearest to violating the inequality, positive where it is violated.
fn worst(step: &Step, drawn: &mut Drawn) -> Option<crate::tape::Node> {
    let evaluator = &mut drawn.evaluator;
    let (left, right) = (evaluator.value(&step.from).ok()?, evaluator.value(&step.to).ok()?);
    let tape = &mut evaluator.tape;
    if tape.shape(left) != tape.shape(right) {
        return None;
    }
    let margin = if step.relation == Relation::AtMost { tape.minus(left, right) } else { tape.minus(right, left) };
    let cols = tape.shape(margin).1;
    let entries = tape.value(margin).re().to_vec();
    let at = (0..entries.len()).max_by(|&i, &j| entries[i].total_cmp(&entries[j]))?;
    Some(tape.block(margin, (at / cols, at / cols + 1), (at % cols, at % cols + 1)))
}

fn margin(step: &Step, drawn: &mut Drawn) -> Option<f64> {
    let node = worst(step, drawn)?;
    let value = drawn.evaluator.tape.value(node).first();
    value.is_finite().then_some(value)
}

/// The recipe with every drawn tensor moved along the gradient of the margin, by a part of its norm.
fn moved(step: &Step, recipe: &Recipe, drawn: &mut Drawn, length: f64) -> Option<Recipe> {
    let node = worst(step, drawn)?;
    let mut next = recipe.clone();
    for (name, &leaf) in &drawn.leaves {
        let gradient = drawn.evaluator.tape.gradient(node, leaf);
        let gradient: Tensor = drawn.evaluator.tape.value(gradient).as_ref().clone();
        let here = &drawn.tensors[name];
        let size = gradient.norm();
        let tensor = if size > 0.0 && size.is_finite() {
            here.plus(&gradient, length * here.norm().max(1e-3) / size)
        } else {
            here.as_ref().clone()
        };
        next.fixed.insert(name.clone(), Fixed { tensor, error: 0.0, movable: true });
    }
    Some(next)
}
