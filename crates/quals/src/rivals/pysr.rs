//! The rule by which `PySR` selects, `model_selection="best"`: of the best law of each complexity whose loss is below 1.5 × the least, the one
//! with the highest score, which is how fast the logarithm of the loss falls with complexity. The pool is the same for all rivals; what
//! is its own here is the rule, not its genetic programming, which would have to find first what the pool has.

use super::data::Data;
use super::template::{Beside, POWERS, Template, pool};
use crate::draws::Draws;
use crate::world::Case;
use std::collections::BTreeMap;

/// Losses above the least by more than this factor are not looked at.
const NEAR: f64 = 1.5;

/// The law that the rule selects among those with usual powers.
pub(super) fn answer(_case: &Case, data: &Data, _draws: &mut Draws) -> Template {
    select(front(data, pool(data)))
}

/// Free powers are rounded to a usual one that is as near as this, as a reader would.
const NEAR_POWER: f64 = 0.05;

/// The law that the rule selects where powers are free, as they are for `PySR`: a power costs the same whatever it is.
pub(super) fn answer_with_free_powers(_case: &Case, data: &Data, _draws: &mut Draws) -> Template {
    let freed = pool(data).into_iter().map(|template| freed(template, data)).collect();
    let mut selected = select(front(data, freed));
    for power in &mut selected.product.powers {
        let usual = POWERS.iter().find(|usual| (**usual - *power).abs() < NEAR_POWER);
        *power = usual.copied().unwrap_or(*power);
    }
    selected
}

/// A product with its powers other than 1 and −1 as the data have them, by least squares; others as they are.
fn freed(template: Template, data: &Data) -> Template {
    let n = data.names.len();
    let free: Vec<usize> = (0..n).filter(|place| !matches!(template.product.powers[*place].abs(), 0.0 | 1.0)).collect();
    if data.left.is_some() || template.beside != Beside::Nothing || free.is_empty() {
        return template;
    }
    let mut held = template.clone();
    free.iter().for_each(|place| held.product.powers[*place] = 0.0);
    let column = held.product.column(data);
    let z: Vec<f64> = centred(&data.z.iter().zip(&column).map(|(z, p)| z - p).collect::<Vec<f64>>());
    let x: Vec<Vec<f64>> = free.iter().map(|place| centred(&data.ln[*place])).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // Products of the pool have two factors at most.
    let powers = if let [x] = &x[..] {
        vec![dot(x, &z) / dot(x, x)]
    } else {
        let (aa, ab, bb) = (dot(&x[0], &x[0]), dot(&x[0], &x[1]), dot(&x[1], &x[1]));
        let (az, bz) = (dot(&x[0], &z), dot(&x[1], &z));
        let determinant = aa * bb - ab * ab;
        vec![(bb * az - ab * bz) / determinant, (aa * bz - ab * az) / determinant]
    };
    if powers.iter().any(|power| !power.is_finite()) {
        return template;
    }
    free.iter().zip(powers).for_each(|(place, power)| held.product.powers[*place] = power);
    held
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|value| value - mean).collect()
}

/// The best law of every complexity.
fn front(data: &Data, laws: Vec<Template>) -> BTreeMap<usize, (f64, Template)> {
    let mut front: BTreeMap<usize, (f64, Template)> = BTreeMap::new();
    for template in laws {
        let loss = template.fit(data).loss;
        let complexity = template.complexity();
        if front.get(&complexity).is_none_or(|(least, _)| loss < *least) {
            front.insert(complexity, (loss, template));
        }
    }
    front
}

/// The rule.
fn select(front: BTreeMap<usize, (f64, Template)>) -> Template {
    let least = front.values().map(|(loss, _)| *loss).fold(f64::INFINITY, f64::min);
    let mut before: Option<(usize, f64)> = None;
    let mut best: Option<(f64, Template)> = None;
    for (complexity, (loss, template)) in front {
        // What is more complex and no better is not on the front.
        if before.is_some_and(|(_, of_before)| loss >= of_before) {
            continue;
        }
        let score = before.map_or(0.0, |(of_before, loss_before)| {
            libm::log(loss_before / loss.max(1e-300)) / (complexity - of_before) as f64
        });
        if loss <= NEAR * least && best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, template));
        }
        before = Some((complexity, loss));
    }
    best.expect("the least loss is near the least").1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_takes_the_steepest_fall_among_those_that_fit() {
        let law = |power: f64| Template {
            product: super::super::template::Product { powers: vec![power], logs: vec![0] },
            beside: super::super::template::Beside::Nothing,
        };
        // From 3 to 5 the loss falls most, but there it is twice the least; of those near the least, 7 falls more steeply than 9.
        let front = BTreeMap::from([
            (1, (10.0, law(0.0))),
            (3, (9.0, law(1.0))),
            (5, (2.0, law(2.0))),
            (7, (1.1, law(3.0))),
            (9, (1.0, law(4.0))),
        ]);
        assert_eq!(select(front), law(3.0));
    }
}
