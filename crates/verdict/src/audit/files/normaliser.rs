//! Inputs that were scaled with statistics of training and held-out samples together.

use super::samples::Samples;
use crate::audit::data::Data;
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use dunwu::answer::wording::{list, number};

/// A statistic is met where it is off by no more than this, or by the rounding of the file.
const MET: f64 = 1e-6;
/// It is missed where it is off by so many times that.
const MISSED: f64 = 20.0;

/// How a column was scaled, in words, where it was by both together.
type Scaling = fn(&Column) -> Option<String>;

/// Judges it.
///
/// What was standardised with the training sample has mean 0 and deviation 1 there. Where both together have them, and the training sample
/// alone has not, both together were used. The same with the least and the largest value being 0 and 1.
pub(super) fn judge(samples: &Samples) -> Judgement {
    let kind = Kind::SharedNormaliser;
    let columns: Vec<Column> = samples.inputs.iter().filter_map(|&column| Column::of(samples, column)).collect();
    if columns.is_empty() {
        return Judgement::cannot_tell(kind, "No input is a number that varies.");
    }
    let scalings: [(Scaling, &str); 2] =
        [(standardised, "mean 0 and deviation 1"), (bounded, "0 and 1 for their least and largest value")];
    for (scaling, what) in scalings {
        let found: Vec<(&Column, String)> =
            columns.iter().filter_map(|column| Some((column, scaling(column)?))).collect();
        if let Some((column, numbers)) = found.first() {
            let names: Vec<String> = found.iter().map(|(column, _)| column.name.clone()).collect();
            return Judgement::misleads(
                kind,
                format!(
                    "{} have {what} over training and held-out samples together and not over the training samples: {} has {numbers} there.",
                    list(&names, 4),
                    column.name
                ),
            )
            .with("inputs that were scaled with both", found.len() as f64)
            .with("mean over the training samples", column.train.mean)
            .with("deviation over the training samples", column.train.deviation)
            .with("mean over both", column.both.mean)
            .with("deviation over both", column.both.deviation);
        }
    }
    let own = columns
        .iter()
        .filter(|column| column.is_standardised(&column.train) || column.is_bounded(&column.train))
        .count();
    Judgement::nothing(
        kind,
        match own {
            0 => "No input is scaled to a customary mean, deviation or range.".to_owned(),
            n => format!("{n} inputs are scaled, by the training samples alone."),
        },
    )
}

/// Statistics of a column's values.
struct Statistics {
    mean: f64,
    deviation: f64,
    least: f64,
    most: f64,
    n: usize,
}

impl Statistics {
    fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        Self {
            mean,
            deviation: (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64).sqrt(),
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            n,
        }
    }

    /// With n − 1 instead of n.
    fn sample_deviation(&self) -> f64 {
        self.deviation * (self.n as f64 / (self.n as f64 - 1.0).max(1.0)).sqrt()
    }
}

struct Column {
    name: String,
    train: Statistics,
    both: Statistics,
    /// Rounding of the file.
    met: f64,
    n_distinct: usize,
}

impl Column {
    fn of(samples: &Samples, column: usize) -> Option<Self> {
        let of = |data: &Data| (0..data.n_rows()).filter_map(|row| data.number(row, column)).collect::<Vec<f64>>();
        let (train, test) = (of(&samples.train), of(&samples.test));
        if !samples.train.is_numeric(column) || train.len() < 3 || test.is_empty() {
            return None;
        }
        let both: Vec<f64> = train.iter().chain(&test).copied().collect();
        let decimals =
            both.iter().map(|x| format!("{x}").split_once('.').map_or(0, |(_, decimals)| decimals.len())).max()?;
        let mut distinct = both.clone();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let statistics = Statistics::of(&train);
        (statistics.deviation > 0.0).then(|| Self {
            name: samples.train.names[column].clone(),
            train: statistics,
            both: Statistics::of(&both),
            // Eight decimals or more are no rounding that counts; the mean of fewer is off by less than one of them.
            met: if decimals >= 8 { MET } else { MET.max(10.0_f64.powi(-(decimals as i32))) },
            n_distinct: distinct.len(),
        })
    }

    fn is_standardised(&self, statistics: &Statistics) -> bool {
        let is_one = |deviation: f64| (deviation - 1.0).abs() <= self.met;
        statistics.mean.abs() <= self.met && (is_one(statistics.deviation) || is_one(statistics.sample_deviation()))
    }

    fn is_bounded(&self, statistics: &Statistics) -> bool {
        statistics.least.abs() <= self.met && (statistics.most - 1.0).abs() <= self.met
    }
}

fn standardised(column: &Column) -> Option<String> {
    let Column { train, both, met, .. } = column;
    let misses = train.mean.abs() > MISSED * met || (train.deviation - 1.0).abs() > MISSED * met;
    (column.is_standardised(both) && !column.is_standardised(train) && misses)
        .then(|| format!("mean {} and deviation {}", number(train.mean), number(train.deviation)))
}

fn bounded(column: &Column) -> Option<String> {
    let Column { train, both, met, n_distinct, .. } = column;
    let misses = train.least > MISSED * met || train.most < 1.0 - MISSED * met;
    // Shares and grey levels lie between 0 and 1 by nature: their ends come back, and those of measurements do not.
    let is_measured = 2 * n_distinct > both.n;
    (column.is_bounded(both) && misses && is_measured)
        .then(|| format!("{} and {}", number(train.least), number(train.most)))
}
