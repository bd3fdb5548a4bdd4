//! Thresholds and laws as tables.

use dunwu::answer::wording::number;
use dunwu::answer::{Table, TableCell};
use dunwu_studies::law::{Estimate, Form, LawFit, Study, Threshold};

/// A threshold a task.
pub(super) fn thresholds(study: &Study) -> Table {
    let row = |threshold: &Threshold| {
        let unit = threshold.m as f64 * (threshold.m as f64).ln();
        let count = |n: usize| TableCell::Count(n as u64);
        let critical = match (threshold.n_critical, threshold.low, threshold.high) {
            (Some(n), ..) => TableCell::Number(n),
            (None, Some(low), _) => format!("> {}", number(low)).into(),
            (None, None, Some(high)) => format!("< {}", number(high)).into(),
            (None, None, None) => TableCell::Missing,
        };
        vec![
            threshold.task.clone().into(),
            count(threshold.m),
            critical,
            TableCell::Range(threshold.low, threshold.high),
            TableCell::of(threshold.n_critical, |n| TableCell::Number(n / unit)),
            TableCell::of(threshold.slope, TableCell::Number),
            count(threshold.runs),
            count(threshold.generalized),
            count(threshold.seeds),
            count(threshold.amounts),
        ]
    };
    let heads =
        ["task", "M", "n critical", "95 % interval", "/ M ln M", "slope b", "runs", "generalized", "seeds", "amounts"];
    Table::new("thresholds", 1, &heads, study.thresholds.iter().map(row).collect())
}

/// Every law, the best first.
pub(super) fn laws(study: &Study) -> Table {
    let mut laws: Vec<&LawFit> = study.laws.iter().collect();
    laws.sort_by(|a, b| a.bits.total_cmp(&b.bits));
    let row = |law: &LawFit| {
        let value = |estimate: Option<Estimate>| TableCell::of(estimate, |estimate| TableCell::Number(estimate.value));
        let interval = |estimate: Option<Estimate>| {
            TableCell::of(estimate, |estimate| TableCell::Range(Some(estimate.low), Some(estimate.high)))
        };
        vec![
            law.form.formula().into(),
            TableCell::Number(law.bits),
            value(law.scale),
            interval(law.scale.filter(|_| law.form != Form::Author)),
            value(law.exponent),
            interval(law.exponent),
            TableCell::of(law.scatter, TableCell::Share),
        ]
    };
    let heads = ["law", "bits behind", "c", "95 % of c", "a", "95 % of a", "scatter"];
    Table::new("laws", 1, &heads, laws.into_iter().map(row).collect())
}
