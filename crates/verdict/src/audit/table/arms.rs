//! The two arms of a claim, with the values that it is about.

use super::claim::{Claim, ClaimError};
use super::roles::{Roles, words};
use crate::audit::data::{Data, key};
use dunwu_engine::spec::parse_value;
use std::collections::BTreeMap;

/// Words in the names of measures of which less is better.
const SMALLER: [&str; 22] = [
    "loss",
    "error",
    "err",
    "step",
    "steps",
    "epoch",
    "epochs",
    "time",
    "seconds",
    "duration",
    "runtime",
    "perplexity",
    "ppl",
    "mse",
    "mae",
    "rmse",
    "delay",
    "iterations",
    "hours",
    "nll",
    "regret",
    "wer",
];

/// A table of results seen through a claim: one row a run, at its last step.
pub(super) struct Arms<'a> {
    pub claim: &'a Claim,
    pub roles: Roles,
    /// One row a run.
    pub data: Data,
    /// The same with every step of every run, where the table holds curves.
    pub curves: Option<Data>,
    /// Rows of either arm.
    pub rows: [Vec<usize>; 2],
    /// 1 where more is better, else −1.
    pub sign: f64,
}

/// The values of one arm: one a repetition, by its name.
pub(super) type Values = BTreeMap<String, f64>;

impl<'a> Arms<'a> {
    pub(super) fn of(all: Data, claim: &'a Claim) -> Result<Self, ClaimError> {
        let roles = Roles::of(&all, claim)?;
        let (data, curves) = match last_steps(&all, &roles) {
            Some(last) => (last, Some(all)),
            None => (all, None),
        };
        let wanted = claim.arms.each_ref().map(|arm| (arm.clone(), key(Some(&parse_value(arm)))));
        if wanted[0].1 == wanted[1].1 {
            return Err(ClaimError::SameArms { value: wanted[0].0.clone() });
        }
        let rows_of = |(text, same): &(String, String)| {
            let is_of = |row: &usize| [text, same].contains(&&data.key(*row, roles.compared));
            let rows: Vec<usize> = (0..data.n_rows()).filter(is_of).collect();
            if rows.is_empty() {
                let every: Vec<usize> = (0..data.n_rows()).collect();
                let values = data.distinct(roles.compared, &every);
                return Err(ClaimError::NoArm { column: claim.setting.clone(), value: text.clone(), values });
            }
            Ok(rows)
        };
        let rows = [rows_of(&wanted[0])?, rows_of(&wanted[1])?];
        let smaller = words(&claim.measure).any(|word| SMALLER.contains(&word.as_str()));
        let sign = if claim.smaller_is_better.unwrap_or(smaller) { -1.0 } else { 1.0 };
        Ok(Self { claim, roles, data, curves, rows, sign })
    }

    /// The arm's name: `optimizer = adam`.
    pub(super) fn name(&self, arm: usize) -> String {
        format!("{} = {}", self.claim.setting, self.claim.arms[arm])
    }

    /// The measure in a row.
    pub(super) fn value(&self, row: usize) -> Option<f64> {
        self.data.number(row, self.roles.measure).filter(|value| value.is_finite())
    }

    /// The values of an arm: at its best combination of tuned settings, one a repetition, which is a mean over all other settings.
    /// `None` where repetitions are not known: no column counts them, and rows differ in other settings.
    pub(super) fn values(&self, arm: usize) -> Option<Values> {
        self.values_of(&self.rows[arm])
    }

    /// The same for any rows of one arm.
    pub(super) fn values_of(&self, rows: &[usize]) -> Option<Values> {
        let rows = self.at_best(rows);
        let Some(seed) = self.roles.seed else {
            let fixed: Vec<usize> =
                self.roles.settings.iter().copied().filter(|column| !self.roles.tuned.contains(column)).collect();
            let combinations = rows.iter().map(|&row| self.data.keys(row, &fixed));
            if combinations.collect::<std::collections::BTreeSet<_>>().len() > 1 {
                return None;
            }
            let values = rows.iter().filter_map(|&row| self.value(row));
            return Some(values.enumerate().map(|(i, value)| (format!("row {i:06}"), value)).collect());
        };
        let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
        for &row in &rows {
            if let Some(value) = self.value(row) {
                let sum = sums.entry(self.data.key(row, seed)).or_default();
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
        Some(sums.into_iter().map(|(seed, (sum, n))| (seed, sum / n as f64)).collect())
    }

    /// The rows at the best combination of the tuned settings; all rows where nothing was tuned.
    fn at_best(&self, rows: &[usize]) -> Vec<usize> {
        if self.roles.tuned.is_empty() {
            return rows.to_vec();
        }
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for &row in rows {
            groups.entry(self.data.keys(row, &self.roles.tuned)).or_default().push(row);
        }
        let worth =
            |rows: &Vec<usize>| mean(rows.iter().filter_map(|&row| self.value(row))).map(|mean| self.sign * mean);
        let best = groups
            .into_values()
            .max_by(|a, b| worth(a).unwrap_or(f64::NEG_INFINITY).total_cmp(&worth(b).unwrap_or(f64::NEG_INFINITY)));
        best.unwrap_or_default()
    }

    /// The mean of an arm.
    pub(super) fn mean(&self, arm: usize) -> Option<f64> {
        mean(self.values(arm)?.into_values())
    }

    /// The arm with the better mean; the second one where neither is.
    pub(super) fn winner(&self) -> usize {
        let worth = |arm| self.mean(arm).map_or(f64::NEG_INFINITY, |mean| self.sign * mean);
        usize::from(worth(1) >= worth(0))
    }

    /// Whether the measure is a time: the larger it is, the longer a run took.
    pub(super) fn is_time(&self) -> bool {
        const TIMES: [&str; 9] =
            ["step", "steps", "epoch", "epochs", "time", "seconds", "delay", "iterations", "hours"];
        words(&self.claim.measure).any(|word| TIMES.contains(&word.as_str()))
    }
}

/// The mean of values; `None` without any.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0_usize, 0.0), |(n, sum), value| (n + 1, sum + value));
    (n > 0).then(|| sum / n as f64)
}

/// One row a run, at its last step, where the table has several rows a run that differ in their steps.
fn last_steps(data: &Data, roles: &Roles) -> Option<Data> {
    let step = roles.step.filter(|&step| data.is_numeric(step))?;
    let identity: Vec<usize> = roles.settings.iter().copied().chain([roles.compared]).chain(roles.seed).collect();
    let mut runs: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in 0..data.n_rows() {
        runs.entry(data.keys(row, &identity)).or_default().push(row);
    }
    // Rows of one run that agree in their step are repetitions, and no curve.
    let is_curve = |rows: &Vec<usize>| rows.len() > 1 && data.distinct(step, rows).len() == rows.len();
    if roles.seed.is_none()
        || !runs.values().any(is_curve)
        || !runs.values().all(|rows| rows.len() == 1 || is_curve(rows))
    {
        return None;
    }
    let at = |row: &usize| data.number(*row, step).unwrap_or(f64::NEG_INFINITY);
    let last = runs.values().filter_map(|rows| rows.iter().copied().max_by(|a, b| at(a).total_cmp(&at(b))));
    let mut last: Vec<usize> = last.collect();
    last.sort_unstable();
    Some(data.picked(&last))
}
