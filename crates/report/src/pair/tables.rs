//! Effects as a table.

use super::words::as_effect;
use dunwu::answer::{Table, TableCell};
use dunwu_studies::paired::{Effect, Effects};

/// Every effect with its interval and its pairs.
pub(super) fn effects(name: &str, effects: &Effects) -> Table {
    let row = |name: &str, effect: Option<Effect>| {
        let number = |value: Option<f64>| TableCell::of(value, TableCell::Number);
        vec![
            name.into(),
            number(effect.map(|effect| effect.estimate)),
            number(effect.and_then(|effect| effect.low)),
            number(effect.and_then(|effect| effect.high)),
            TableCell::Count(effect.map_or(0, |effect| effect.pairs) as u64),
        ]
    };
    let rows = vec![
        row("steps to generalize, ratio", effects.steps_ratio),
        row("seconds to generalize, ratio", effects.seconds_ratio),
        row("share that generalized, difference", effects.generalized.as_ref().map(as_effect)),
        row("final test accuracy, difference", effects.test_accuracy_difference),
    ];
    Table::new(name, 1, &["second against first", "estimate", "low", "high", "pairs"], rows)
}
