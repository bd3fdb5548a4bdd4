//! Whether a run that was cut off is read as a result.

use super::arms::Arms;
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use dunwu::answer::wording::{counted, number};
use dunwu_engine::spec::Value;

/// Outcomes of runs that were cut off.
const CUT_OFF: [&str; 10] = [
    "censored",
    "parked",
    "timeout",
    "timed_out",
    "unfinished",
    "running",
    "interrupted",
    "killed",
    "cancelled",
    "truncated",
];

/// Judges it.
pub(super) fn judge(arms: &Arms<'_>) -> Judgement {
    let kind = Kind::CensoredRead;
    let Arms { data, roles, claim, rows, .. } = arms;
    let cut = rows.each_ref().map(|rows| rows.iter().copied().filter(|&row| is_cut_off(arms, row)).collect::<Vec<_>>());
    let absent = rows.each_ref().map(|rows| rows.iter().filter(|&&row| arms.value(row).is_none()).count());
    let n_cut = cut[0].len() + cut[1].len();
    let n_absent = absent[0] + absent[1];
    let of = |arm: usize, n: usize| format!("{n} of {} with {}", counted(rows[arm].len(), "run"), arms.name(arm));
    let ahead = ahead(arms);
    let counts = |judgement: Judgement| {
        judgement
            .with("runs of the first arm that were cut off or have no value", cut[0].len().max(absent[0]) as f64)
            .with("runs of the second arm that were cut off or have no value", cut[1].len().max(absent[1]) as f64)
            .with("share of all pairs in which the second arm is ahead, cut-off runs last", ahead)
            .with_rows(cut.iter().flatten().map(|row| format!("row {} was cut off", row + 1)))
    };
    if n_absent > 0 {
        return counts(Judgement::misleads(
            kind,
            format!(
                "{} has no value in {}, and in {}: a mean over the others is over those that got there; with all runs the second arm is ahead in {} of the pairs.",
                claim.measure,
                of(0, absent[0]),
                of(1, absent[1]),
                number(ahead)
            ),
        ));
    }
    if arms.is_time() && n_cut > 0 {
        return counts(Judgement::misleads(
            kind,
            format!(
                "The {} of {}, and of {}, is where they were cut off and not where they got there.",
                claim.measure,
                of(0, cut[0].len()),
                of(1, cut[1].len())
            ),
        ));
    }
    let rising = data.column("improving");
    let is_rising = |row: &&usize| {
        // As truth values, or as the numbers that other programs make of them.
        let rising = rising.and_then(|column| data.columns[column][**row].as_ref());
        !arms.is_time() && matches!(rising, Some(Value::Bool(true) | Value::Int(1)))
    };
    let still: Vec<&usize> = cut.iter().flatten().filter(is_rising).collect();
    if !still.is_empty() {
        return counts(Judgement::misleads(
            kind,
            format!(
                "{} of {} that were cut off were still improving: their {} is not what it comes to.",
                still.len(),
                counted(n_cut, "run"),
                claim.measure
            ),
        ));
    }
    if roles.outcome.is_none() && !(arms.is_time() && roles.budget.is_some()) {
        return Judgement::cannot_tell(
            kind,
            "No column says how a run ended (outcome), and the measure is no time with a budget beside it.",
        );
    }
    let sentence = match n_cut {
        0 => "No run of either arm was cut off.".to_owned(),
        n => format!("{} were cut off, with a {} that had stopped rising.", counted(n, "run"), claim.measure),
    };
    Judgement::nothing(kind, sentence).with("runs that were cut off", n_cut as f64)
}

/// By the outcome, or as a time that is the whole budget.
fn is_cut_off(arms: &Arms<'_>, row: usize) -> bool {
    let Arms { data, roles, .. } = arms;
    let by_outcome = roles.outcome.is_some_and(|column| {
        let name = data.names[column].to_lowercase();
        match &data.columns[column][row] {
            Some(Value::Bool(truth)) => *truth == (name == "censored"),
            Some(Value::Int(flag)) if *flag == 0 || *flag == 1 => (*flag == 1) == (name == "censored"),
            Some(Value::Text(text)) => CUT_OFF.contains(&text.to_lowercase().as_str()),
            _ => false,
        }
    });
    let at_budget = arms.is_time()
        && roles.budget.is_some_and(|budget| {
            arms.value(row).zip(data.number(row, budget)).is_some_and(|(value, budget)| value >= budget)
        });
    by_outcome || at_budget
}

/// Share of all pairs of runs in which the second arm's is ahead, ties half; a run that was cut off or has no value is behind every
/// other (Gehan 1965, Biometrika 52, 203).
fn ahead(arms: &Arms<'_>) -> f64 {
    let worth = |&row: &usize| match arms.value(row) {
        Some(value) if !(arms.is_time() && is_cut_off(arms, row)) => arms.sign * value,
        _ => f64::NEG_INFINITY,
    };
    let [a, b] = arms.rows.each_ref().map(|rows| rows.iter().map(worth).collect::<Vec<f64>>());
    let score = |b: f64, a: f64| {
        if b > a {
            1.0
        } else if b == a {
            0.5
        } else {
            0.0
        }
    };
    let sum: f64 = b.iter().map(|&b| a.iter().map(|&a| score(b, a)).sum::<f64>()).sum();
    sum / (a.len() * b.len()).max(1) as f64
}
