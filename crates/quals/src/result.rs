//! What an examination comes to, as data.

use schemars::JsonSchema;
use serde::Serialize;

/// The whole examination.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Quals {
    /// How large it was: `ci` or `full`.
    pub size: String,
    /// Its seed: the same seed gives the same examination.
    pub seed: u64,
    /// Whether every tier with a bar holds.
    pub holds: bool,
    /// Its tiers, in their order.
    pub tiers: Vec<Tier>,
}

/// A part of the examination.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Tier {
    /// Its name: `Q0 integrity`.
    pub name: String,
    /// How many cases were tried.
    pub n: usize,
    /// Whether all of its figures with a bar hold.
    pub holds: bool,
    /// What was measured.
    pub figures: Vec<Figure>,
    /// Cases that failed, at most a hundred.
    pub rows: Vec<Row>,
    /// Cases that held, where each is worth reading: what became of every cheat.
    pub held: Vec<Row>,
}

/// A number with what it has to be.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Figure {
    /// What was measured, in words.
    pub name: String,
    /// How many cases it is of.
    pub n: usize,
    /// The number; nothing where no case gave one.
    pub value: Option<f64>,
    /// In how many of the cases it is so, where the number is a share.
    pub count: Option<usize>,
    /// The ends of its exact 95 % interval, where it has one.
    pub interval: Option<[f64; 2]>,
    /// What it has to be, in words; nothing where it is only reported.
    pub bar: Option<String>,
    /// Whether it is; true where there is no bar.
    pub holds: bool,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// Which case.
    pub case: String,
    /// What had to come out.
    pub wanted: String,
    /// What came out.
    pub got: String,
}

/// Rows that a tier shows at most.
const MOST_ROWS: usize = 100;

impl Tier {
    pub(crate) fn new(name: &str, n: usize) -> Self {
        Self { name: name.to_owned(), n, holds: true, figures: Vec::new(), rows: Vec::new(), held: Vec::new() }
    }

    pub(crate) fn figure(&mut self, figure: Figure) {
        self.holds &= figure.holds;
        self.figures.push(figure);
    }

    pub(crate) fn row(&mut self, case: impl Into<String>, wanted: impl Into<String>, got: impl Into<String>) {
        if self.rows.len() < MOST_ROWS {
            self.rows.push(Row { case: case.into(), wanted: wanted.into(), got: got.into() });
        }
    }
}

impl Tier {
    pub(crate) fn held(&mut self, case: impl Into<String>, wanted: impl Into<String>, got: impl Into<String>) {
        self.held.push(Row { case: case.into(), wanted: wanted.into(), got: got.into() });
    }
}

impl Figure {
    /// A share with its exact interval.
    pub(crate) fn share(name: &str, k: usize, n: usize) -> Self {
        let value = (n > 0).then(|| k as f64 / n as f64);
        let interval = (n > 0).then(|| [crate::interval::lower_end(k, n), crate::interval::upper_end(k, n)]);
        Self { name: name.to_owned(), n, value, count: Some(k), interval, bar: None, holds: true }
    }

    /// A median with its exact interval.
    pub(crate) fn median(name: &str, values: &[f64]) -> Self {
        let median = crate::interval::median(values);
        let interval = median.map(|[_, low, high]| [low, high]);
        Self {
            name: name.to_owned(),
            n: values.len(),
            value: median.map(|[middle, ..]| middle),
            count: None,
            interval,
            bar: None,
            holds: true,
        }
    }

    /// A number without an interval.
    pub(crate) fn number(name: &str, n: usize, value: f64) -> Self {
        Self {
            name: name.to_owned(),
            n,
            value: value.is_finite().then_some(value),
            count: None,
            interval: None,
            bar: None,
            holds: true,
        }
    }

    /// This figure with what it has to be, in words, and whether it is.
    #[must_use]
    pub(crate) fn bar(self, bar: &str, holds: impl Fn(&Self) -> bool) -> Self {
        Self { bar: Some(bar.to_owned()), holds: holds(&self), ..self }
    }
}
