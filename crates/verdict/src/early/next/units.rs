//! Settings as numbers in standard units.

use dunwu_engine::spec::{Value, settings};
use dunwu_studies::sweep::Planned;
use std::collections::BTreeSet;

/// Values of a positive setting that reach this far apart are compared by their logarithms.
pub(super) const WIDE: f64 = 1.99;

/// Settings of which more helps, and how much a standard unit of them is believed to, in log odds.
const HELPFUL: [&str; 4] = ["data.count", "data.fraction", "data.multiple_of_mlogm", "steps"];
const HOPE: f64 = 2.0;

/// How settings become numbers in standard units.
pub(super) struct Units {
    parts: Vec<Part>,
}

enum Part {
    /// (f(value) − mean) / deviation.
    Number { name: String, is_wide: bool, least: f64, mean: f64, deviation: f64 },
    /// ln M of the task, likewise.
    Labels { mean: f64, deviation: f64 },
    /// Whether the value is this one.
    Is { name: String, value: String },
}

impl Units {
    pub(super) fn of(varied: &[String], known: &[Planned]) -> Self {
        let mut parts = Vec::new();
        for name in varied {
            if name == "task" {
                let labels: Vec<f64> = known.iter().map(log_labels).collect();
                if let Some((mean, deviation)) = moments(&labels) {
                    parts.push(Part::Labels { mean, deviation });
                }
            }
            let numbers: Option<Vec<f64>> = known.iter().map(|planned| number(planned, name)).collect();
            if let Some(numbers) = numbers {
                let least = numbers.iter().copied().filter(|number| *number > 0.0).fold(f64::INFINITY, f64::min);
                let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let is_wide = numbers.iter().all(|number| *number >= 0.0) && most / least >= WIDE;
                let shaped: Vec<f64> = numbers.iter().map(|&number| shape(number, is_wide, least)).collect();
                if let Some((mean, deviation)) = moments(&shaped) {
                    parts.push(Part::Number { name: name.clone(), is_wide, least, mean, deviation });
                }
                continue;
            }
            let values: BTreeSet<String> = known.iter().filter_map(|planned| category(planned, name)).collect();
            let parts_of = values.into_iter().skip(1).map(|value| Part::Is { name: name.clone(), value });
            parts.extend(parts_of);
        }
        Self { parts }
    }

    /// What is believed of each weight before any run: more data and more steps help, the rest may do either.
    pub(super) fn hopes(&self) -> Vec<f64> {
        let hope = |part: &Part| match part {
            Part::Number { name, .. } if HELPFUL.contains(&name.as_str()) => HOPE,
            Part::Number { .. } | Part::Labels { .. } | Part::Is { .. } => 0.0,
        };
        [0.0, 0.0].into_iter().chain(self.parts.iter().map(hope)).collect()
    }

    pub(super) fn row(&self, planned: &Planned, log_odds: f64) -> Vec<f64> {
        let part = |part: &Part| match part {
            Part::Number { name, is_wide, least, mean, deviation } => {
                let value = number(planned, name).map_or(*mean, |number| shape(number, *is_wide, *least));
                (value - mean) / deviation
            }
            Part::Labels { mean, deviation } => (log_labels(planned) - mean) / deviation,
            Part::Is { name, value } => f64::from(u8::from(category(planned, name).as_ref() == Some(value))),
        };
        [1.0, log_odds].into_iter().chain(self.parts.iter().map(part)).collect()
    }
}

fn log_labels(planned: &Planned) -> f64 {
    (planned.problem.n_labels.max(1) as f64).ln()
}

fn number(planned: &Planned, name: &str) -> Option<f64> {
    match settings::find(name)?.get(&planned.spec)? {
        Value::Int(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        Value::Bool(_) | Value::Text(_) => None,
    }
}

/// The value of a setting that is no number; of a task its family.
fn category(planned: &Planned, name: &str) -> Option<String> {
    let text = settings::find(name)?.get(&planned.spec)?.to_string();
    let is_size = |part: &str| part.trim_matches('"').parse::<u64>().is_ok();
    Some(if name == "task" {
        text.split(':').filter(|part| !is_size(part)).collect::<Vec<_>>().join(":")
    } else {
        text
    })
}

/// Zero among wide values is a tenth of the least above it.
fn shape(number: f64, is_wide: bool, least: f64) -> f64 {
    if is_wide { number.max(least / 10.0).ln() } else { number }
}

/// Mean and standard deviation; `None` where they do not differ.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    (deviation > 1e-12).then_some((mean, deviation))
}
