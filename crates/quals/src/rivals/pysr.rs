//! PySR's rule of selection, `model_selection="best"`: of the best law of each complexity whose loss is below 1.5 × the least, the one
//! with the highest score, which is how fast the logarithm of the loss falls with complexity. The pool is the same for all rivals; what
//! is PySR's own here is the rule, not its genetic programming, which would have to find first what the pool has.

use super::data::Data;
use super::template::{Template, pool};
use crate::draws::Draws;
use crate::world::Case;
use std::collections::BTreeMap;

/// Losses above the least by more than this factor are not looked at.
const NEAR: f64 = 1.5;

/// The law that the rule selects.
pub(super) fn answer(_case: &Case, data: &Data, _draws: &mut Draws) -> Template {
    let mut front: BTreeMap<usize, (f64, Template)> = BTreeMap::new();
    for template in pool(data) {
        let loss = template.fit(data).loss;
        let complexity = template.complexity();
        if front.get(&complexity).is_none_or(|(least, _)| loss < *least) {
            front.insert(complexity, (loss, template));
        }
    }
    select(front)
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
