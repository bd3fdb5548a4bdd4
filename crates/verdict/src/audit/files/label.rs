//! An input that gives the label away.

use super::samples::Samples;
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use std::collections::BTreeMap;

/// Samples a value, or a label, that are enough to call a rule no accident.
const EACH: usize = 4;
/// Samples that a rule is seen in at least.
const ENOUGH: usize = 20;
/// Relative error up to which a line is exact.
const EXACT: f64 = 1e-6;

/// Judges it.
pub(super) fn judge(samples: &Samples) -> Judgement {
    let kind = Kind::LabelInInput;
    let Some(label) = samples.label else {
        return Judgement::cannot_tell(kind, "Which column is the label is not known; name it with --label.");
    };
    let Samples { train, inputs, .. } = samples;
    let n_labels = train.distinct(label, &(0..train.n_rows()).collect::<Vec<_>>()).len();
    if n_labels < 2 {
        return Judgement::cannot_tell(kind, "Every training sample has the same label.");
    }
    if train.n_rows() < ENOUGH {
        return Judgement::cannot_tell(
            kind,
            format!("A rule between an input and the label is an accident among fewer than {ENOUGH} samples."),
        );
    }
    let found: Vec<(usize, String)> =
        inputs.iter().filter_map(|&column| Some((column, rule(samples, column, label, n_labels)?))).collect();
    if found.is_empty() {
        return Judgement::nothing(kind, "No single input decides the label in all samples.");
    }
    let sentences: Vec<String> = found.iter().map(|(column, how)| format!("{} {how}", train.names[*column])).collect();
    Judgement::misleads(
        kind,
        format!("{}, in every training and held-out sample; was it known before the label?", sentences.join("; ")),
    )
    .with("inputs that decide the label", found.len() as f64)
    .with("samples in which they do", (train.n_rows() + samples.test.n_rows()) as f64)
}

/// How an input decides the label in all samples; `None` where it does not.
fn rule(samples: &Samples, column: usize, label: usize, n_labels: usize) -> Option<String> {
    let rows = pairs(samples, column, label);
    // One label a value, with values that come back often enough.
    let mut labels: BTreeMap<&str, &str> = BTreeMap::new();
    let is_function = rows.iter().all(|(value, label)| *labels.entry(value).or_insert(label) == label);
    if is_function && labels.len() * EACH <= rows.len() && labels.len() > 1 {
        let how = if labels.len() == n_labels { "is the label under another name" } else { "has one label a value" };
        return Some(how.to_owned());
    }
    let numbers = numbers(samples, column, label)?;
    // Labels that are measurements: a straight line.
    if n_labels * EACH > rows.len() {
        return is_line(&numbers).then(|| "is a linear function of the label".to_owned());
    }
    // Labels that are classes: each has an interval of its own.
    let mut sorted: Vec<(f64, &str)> =
        numbers.iter().map(|pair| pair.0).zip(rows.iter().map(|row| row.1.as_str())).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let changes = sorted.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    let has_gap = |pair: &[(f64, &str)]| pair[0].1 == pair[1].1 || pair[0].0 < pair[1].0;
    (changes + 1 == n_labels && rows.len() >= EACH * 5 * n_labels && sorted.windows(2).all(has_gap))
        .then(|| "has an interval of its own for each label".to_owned())
}

fn pairs(samples: &Samples, column: usize, label: usize) -> Vec<(String, String)> {
    let of = |data: &super::super::data::Data| {
        (0..data.n_rows()).map(|row| (data.key(row, column), data.key(row, label))).collect::<Vec<_>>()
    };
    [of(&samples.train), of(&samples.test)].concat()
}

/// Both as numbers, where both are; the label is 0 where it is a word.
fn numbers(samples: &Samples, column: usize, label: usize) -> Option<Vec<(f64, f64)>> {
    let of = |data: &super::super::data::Data| -> Option<Vec<(f64, f64)>> {
        (0..data.n_rows())
            .map(|row| Some((data.number(row, column)?, data.number(row, label).unwrap_or(0.0))))
            .collect()
    };
    Some([of(&samples.train)?, of(&samples.test)?].concat())
}

/// Whether all points lie on one straight line that is not level, up to rounding.
fn is_line(points: &[(f64, f64)]) -> bool {
    let n = points.len() as f64;
    let (mean_x, mean_y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let (dx, dy) = (x - mean_x, y - mean_y);
        (xx, xy, yy) = (xx + dx * dx, xy + dx * dy, yy + dy * dy);
    }
    xx > 0.0 && yy > 0.0 && 1.0 - xy * xy / (xx * yy) < EXACT
}
