//! The smallest example in which a step fails.

use crate::check::Context;
use crate::compare::{Comparison, Outcome, compare};
use crate::derivation::{Relation, SizeRange};
use crate::draw::{Drawn, Fixed, Recipe};
use crate::report::{Shown, Witness};
use crate::tensor::Tensor;
use std::collections::BTreeMap;

/// Combinations of sizes that are tried, smallest first.
const MOST_SIZES: usize = 200;
/// Draws at one combination of sizes; the step has to fail in more than one.
const DRAWS: u64 = 3;

/// A failing recipe made smaller: first the group, then the sizes, then the tensors.
pub(crate) fn smallest(context: &Context, at: usize, failing: &Recipe) -> Option<Witness> {
    let step = &context.derivation.steps[at];
    let fails = |recipe: &Recipe| -> Option<(Drawn, Comparison)> {
        let mut drawn = recipe.draw(context.derivation).ok()?;
        let found = compare(step, &mut drawn).ok()?;
        (found.outcome == Outcome::Fails || trends(&step.relation)).then_some((drawn, found))
    };
    if trends(&step.relation) {
        let (drawn, found) = fails(failing)?;
        return Some(shown(context, at, failing, &drawn, &found, false));
    }
    let mut best = failing.clone();
    if failing.fixed.is_empty() {
        best = smaller(context, failing, &|recipe| fails(recipe).is_some()).unwrap_or(best);
    }
    let (mut drawn, mut found) = fails(&best)?;
    let mut simplified = false;
    if context.derivation.tensors.iter().all(|declared| declared.maximises.is_none()) {
        best.sizes.clone_from(&drawn.sizes);
        for declared in &context.derivation.tensors {
            for tensor in simpler(&drawn.tensors[&declared.name]) {
                let mut next = best.clone();
                next.fixed.insert(declared.name.clone(), Fixed { tensor, error: 0.0, movable: false });
                if let Some(still) = fails(&next) {
                    (best, simplified) = (next, true);
                    (drawn, found) = still;
                    break;
                }
            }
        }
    }
    Some(shown(context, at, &best, &drawn, &found, simplified))
}

fn trends(relation: &Relation) -> bool {
    matches!(relation, Relation::UpTo { .. } | Relation::Limit { .. })
}

/// The smallest choice and sizes at which more than one draw fails.
fn smaller(context: &Context, failing: &Recipe, fails: &dyn Fn(&Recipe) -> bool) -> Option<Recipe> {
    let at = |draw: u64, recipe: &Recipe| Recipe { draw, ..recipe.clone() };
    let mut choices: Vec<&crate::draw::Choice> =
        context.choices.iter().filter(|choice| choice.weight() < failing.choice.weight()).collect();
    choices.push(&failing.choice);
    let mut left = MOST_SIZES;
    for choice in choices {
        let base = Recipe { choice: choice.clone(), ..failing.clone() };
        let mut combinations = Vec::new();
        combine(context, &base, &context.derivation.sizes, &mut combinations);
        combinations.sort_by_key(|sizes| sizes.values().sum::<usize>());
        for sizes in combinations {
            left = left.checked_sub(1)?;
            let recipe = Recipe { sizes, ..base.clone() };
            let failed: Vec<u64> = (0..DRAWS).filter(|draw| fails(&at(*draw, &recipe))).collect();
            if failed.len() > 1 {
                return Some(at(failed[0], &recipe));
            }
        }
    }
    None
}

/// All combinations of the sizes that have ranges, as long as there are not too many.
fn combine(context: &Context, base: &Recipe, rest: &[SizeRange], into: &mut Vec<BTreeMap<String, usize>>) {
    let mut evaluator = crate::evaluate::Evaluator::new(std::rc::Rc::clone(&context.derivation.definitions), 0);
    for (name, group) in &base.choice.groups {
        evaluator.names.insert(name.clone(), crate::evaluate::Bound::Group(std::rc::Rc::clone(group)));
    }
    for (name, (group, irrep)) in &base.choice.irreps {
        let group = std::rc::Rc::clone(&base.choice.groups[group]);
        evaluator.names.insert(name.clone(), crate::evaluate::Bound::Irrep(group, *irrep));
    }
    let mut all: Vec<BTreeMap<String, usize>> = vec![BTreeMap::new()];
    for range in rest {
        let mut next = Vec::new();
        for sizes in &all {
            let mark = evaluator.tape.len();
            for (name, size) in sizes {
                let node = evaluator.tape.number(*size as f64);
                evaluator.names.insert(name.clone(), crate::evaluate::Bound::Value(node));
            }
            let first = evaluator.whole(&range.first).unwrap_or(1);
            let last = range.last.as_ref().map_or(Ok(first), |last| evaluator.whole(last)).unwrap_or(first);
            evaluator.rewind(mark);
            for size in first.max(1)..=last.min(first.max(1) + 40) {
                let mut more = sizes.clone();
                more.insert(range.name.clone(), size as usize);
                next.push(more);
            }
        }
        // Small sizes come first, so that a cut keeps them.
        next.sort_by_key(|sizes: &BTreeMap<String, usize>| sizes.values().sum::<usize>());
        next.truncate(MOST_SIZES);
        all = next;
    }
    into.extend(all);
}

/// Simpler tensors of the same shape, simplest first.
fn simpler(x: &Tensor) -> Vec<Tensor> {
    let (rows, cols) = (x.rows(), x.cols());
    if x.is_complex() {
        return Vec::new();
    }
    let is = |yes: bool| f64::from(u8::from(yes));
    vec![
        Tensor::from_fn(rows, cols, |row, col| is(row == 0 && col == 0)),
        Tensor::from_fn(rows, cols, |row, col| is(row == col)),
        Tensor::filled(rows, cols, 1.0),
        Tensor::from_fn(rows, cols, |row, col| (row * cols + col + 1) as f64),
        x.map(f64::round),
        x.map(|x| (2.0 * x).round() / 2.0),
    ]
}

/// A state on which a step fails.
pub(crate) fn of_state(context: &Context, at: usize, name: &str, recipe: &Recipe) -> Option<Witness> {
    let mut drawn = recipe.draw(context.derivation).ok()?;
    let found = compare(&context.derivation.steps[at], &mut drawn).ok()?;
    if found.outcome != Outcome::Fails {
        return None;
    }
    let witness = shown(context, at, recipe, &drawn, &found, false);
    Some(Witness { state: Some(name.to_owned()), ..witness })
}

fn shown(
    context: &Context,
    at: usize,
    recipe: &Recipe,
    drawn: &Drawn,
    found: &Comparison,
    simplified: bool,
) -> Witness {
    let mut choices: BTreeMap<String, String> = BTreeMap::new();
    for (name, group) in &recipe.choice.groups {
        choices.insert(name.clone(), group.name.clone());
    }
    for (name, (group, irrep)) in &recipe.choice.irreps {
        let rho = &recipe.choice.groups[group].irreps[*irrep];
        choices.insert(name.clone(), format!("{} representation of dimension {}", rho.kind(), rho.dim));
    }
    for (name, activation) in &recipe.choice.activations {
        choices.insert(name.clone(), (*activation).to_owned());
    }
    Witness {
        step: at + 1,
        seed: context.seed,
        draw: recipe.draw,
        state: None,
        sizes: drawn.sizes.clone(),
        choices,
        left: Shown::of(&found.left),
        right: Shown::of(&found.right),
        largest_difference: found.largest,
        simplified,
        tensors: drawn.tensors.iter().map(|(name, tensor)| (name.clone(), Shown::of(tensor))).collect(),
    }
}
