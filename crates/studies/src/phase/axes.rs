//! What a diagram is drawn against: two columns that between them settle everything else that varies.

use crate::sweep::{Results, ResultsError, result_columns};
use dunwu_engine::spec::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Columns that say how much a run is trained on.
pub const AMOUNTS: &[&str] = &["data.fraction", "data.count", "data.multiple_of_mlogm", "n_train"];

/// Columns of results that can be an axis: they follow from settings.
const SIZES: &[&str] = &["n_train", "n_labels", "n_population"];

/// Least share of the grid of two settings that has runs, for them to be taken as axes without being asked: below it, what is drawn
/// is no grid but a cloud, as of a random search.
const FULLEST: f64 = 0.9;

/// A column with its values in the order in which they are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The column.
    pub name: String,
    /// Each value once; numbers ascend, tasks ascend by their number of labels, other texts by letters; `None` is no value.
    pub values: Vec<Option<Value>>,
}

/// Why there is no diagram.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhaseError {
    /// There is no such column.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The column is what came out, not what went in.
    #[error("{column:?} is what became of runs; an axis is a setting, or one of {}", SIZES.join(", "))]
    NotAnAxis {
        /// The column's name as the user wrote it.
        column: String,
    },
    /// Both axes are one.
    #[error("x and y are both {column:?}; choose another setting for one of them")]
    SameAxis {
        /// The column.
        column: String,
    },
    /// All runs have the same settings.
    #[error("no setting differs between the runs but the seed, so there is nothing to draw them against")]
    NothingVaries,
    /// More varies than two axes hold.
    #[error(
        "{} vary, which is more than two axes hold; choose two of them by x= and y=, and fix the others by KEY=VALUE",
        varied.join(", ")
    )]
    TooMany {
        /// What varies.
        varied: Vec<String>,
    },
    /// A cell would hold runs of different settings.
    #[error(
        "against {axes}, runs of different {} would be mixed in one cell; fix each by KEY=VALUE, such as {example}",
        left.join(" and ")
    )]
    Mixed {
        /// The axes.
        axes: String,
        /// What is left over.
        left: Vec<String>,
        /// A value that would do.
        example: String,
    },
    /// A word that no build of ours writes.
    #[error("a run has outcome {outcome:?}, which this build does not know")]
    Outcome {
        /// As found.
        outcome: String,
    },
}

impl Axis {
    /// The columns' values in drawing order.
    fn of(results: &Results, name: &str) -> Self {
        let mut values = results.distinct(name);
        if name == "task" {
            let size = |value: &Option<Value>| {
                let run = (0..results.len()).find(|&run| results.value(run, name) == *value);
                run.and_then(|run| results.count(run, "n_labels"))
            };
            values.sort_by_cached_key(size); // stable: tasks of one size stay in the order of letters
        }
        Self { name: name.to_owned(), values }
    }

    /// A value as it is written beside the axis.
    pub fn label(&self, i: usize) -> String {
        self.values[i].as_ref().map_or("none".to_owned(), shown)
    }

    /// The values as numbers, if all are.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let number = |value: &Option<Value>| match value {
            Some(Value::Int(number)) => Some(*number as f64),
            Some(Value::Float(number)) => Some(*number),
            Some(Value::Bool(_) | Value::Text(_)) | None => None,
        };
        self.values.iter().map(number).collect()
    }

    /// The position of each run's value.
    pub(super) fn positions(&self, results: &Results) -> Vec<usize> {
        let of_run = |run| {
            let value = results.value(run, &self.name);
            self.values.iter().position(|other| *other == value).expect("an axis has every value of its column")
        };
        (0..results.len()).map(of_run).collect()
    }
}

/// A value without quotes.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

/// The axes of a diagram, and the settings that go with them.
#[derive(Debug)]
pub(super) struct Axes {
    pub(super) x: Axis,
    /// `None` where one setting varies and everything else goes with it.
    pub(super) y: Option<Axis>,
    /// Settings that vary too, each a function of the axes.
    pub(super) beside: Vec<String>,
}

impl Axes {
    /// As asked for; what is left open is chosen so that the axes settle everything that varies.
    pub(super) fn choose(results: &Results, x: Option<&str>, y: Option<&str>) -> Result<Self, PhaseError> {
        let (x, y) = (x.map(|x| column(results, x)).transpose()?, y.map(|y| column(results, y)).transpose()?);
        if let (Some(x), Some(y)) = (&x, &y)
            && x == y
        {
            return Err(PhaseError::SameAxis { column: x.clone() });
        }
        let varied = Varied::of(results, [&x, &y]);
        let (x, y) = match (x, y) {
            (Some(x), Some(y)) => (x, Some(y)),
            (Some(x), None) if varied.settles_all(&[&x]) => (x, None),
            (Some(x), None) => {
                let y = varied.partner(&x).ok_or_else(|| varied.too_many())?;
                (x, Some(y))
            }
            (None, Some(y)) => (varied.partner(&y).ok_or_else(|| varied.too_many())?, Some(y)),
            (None, None) => varied.best()?,
        };
        let axes: Vec<&str> = [Some(&x), y.as_ref()].into_iter().flatten().map(String::as_str).collect();
        let left = varied.free_beside(&axes);
        if let Some(first) = left.first() {
            let value = results.distinct(first).into_iter().flatten().next();
            let example = format!("{first}={}", value.as_ref().map_or(String::new(), shown));
            return Err(PhaseError::Mixed { axes: axes.join(" and "), left, example });
        }
        let beside = varied.names().filter(|name| !axes.contains(name)).map(str::to_owned).collect();
        let y = y.map(|y| Axis::of(results, &y));
        Ok(Self { x: Axis::of(results, &x), y, beside })
    }
}

/// The full name of a column that can be an axis.
fn column(results: &Results, name: &str) -> Result<String, PhaseError> {
    let full = results.resolve(name)?;
    if result_columns().any(|column| column == full) && !SIZES.contains(&full) || full == "seed" {
        return Err(PhaseError::NotAnAxis { column: full.to_owned() });
    }
    Ok(full.to_owned())
}

/// What varies, each run's value by its number.
struct Varied {
    columns: Vec<(String, Vec<usize>)>,
    /// How many of the first columns vary; after them come axes that were asked for and are no settings.
    n_settings: usize,
}

impl Varied {
    fn of(results: &Results, asked: [&Option<String>; 2]) -> Self {
        let settings: Vec<String> = results.varied().into_iter().map(str::to_owned).collect();
        let others: Vec<String> =
            asked.into_iter().flatten().filter(|name| !settings.contains(name)).cloned().collect();
        let n_settings = settings.len();
        let numbered = |name: String| {
            let numbers = numbered(results, &name);
            (name, numbers)
        };
        Self { columns: settings.into_iter().chain(others).map(numbered).collect(), n_settings }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.columns[..self.n_settings].iter().map(|(name, _)| name.as_str())
    }

    fn numbers(&self, name: &str) -> &[usize] {
        &self.columns.iter().find(|(other, _)| other == name).expect("every axis has a column").1
    }

    /// Whether runs that agree in `axes` agree in `name`.
    fn settles(&self, axes: &[&str], name: &str) -> bool {
        let (axes, of_name): (Vec<&[usize]>, _) =
            (axes.iter().map(|axis| self.numbers(axis)).collect(), self.numbers(name));
        let mut seen: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        (0..of_name.len()).all(|run| {
            let key = axes.iter().map(|axis| axis[run]).collect();
            *seen.entry(key).or_insert(of_name[run]) == of_name[run]
        })
    }

    fn settles_all(&self, axes: &[&str]) -> bool {
        self.names().all(|name| self.settles(axes, name))
    }

    /// Share of the grid of two columns that has runs.
    fn fullness(&self, x: &str, y: &str) -> f64 {
        let (x, y) = (self.numbers(x), self.numbers(y));
        let n = |values: &[usize]| values.iter().collect::<BTreeSet<_>>().len();
        let taken: BTreeSet<_> = x.iter().zip(y).collect();
        taken.len() as f64 / (n(x) * n(y)) as f64
    }

    /// The setting with which `axis` settles everything; of several the one with the fullest grid.
    fn partner(&self, axis: &str) -> Option<String> {
        let settling = self.names().filter(|name| *name != axis && self.settles_all(&[axis, name]));
        // Of equals the first in the table's order, in which the task stands before what may go with it.
        let fullest =
            settling.map(|name| (self.fullness(axis, name), name)).reduce(|a, b| if b.0 > a.0 { b } else { a });
        fullest.map(|(_, name)| name.to_owned())
    }

    /// One setting that settles everything, or else the two with the fullest grid, the amount of data as x.
    fn best(&self) -> Result<(String, Option<String>), PhaseError> {
        if self.n_settings == 0 {
            return Err(PhaseError::NothingVaries);
        }
        let mut names: Vec<&str> = self.names().collect();
        names.sort_by_key(|name| rank(name)); // stable
        if let Some(only) = names.iter().find(|name| self.settles_all(&[name])) {
            return Ok(((*only).to_owned(), None));
        }
        let mut best: Option<(f64, &str, &str)> = None;
        for (i, x) in names.iter().enumerate() {
            for y in &names[i + 1..] {
                let fullness = self.fullness(x, y);
                if best.is_none_or(|(most, ..)| fullness > most) && self.settles_all(&[x, y]) {
                    best = Some((fullness, x, y));
                }
            }
        }
        match best.filter(|(fullness, ..)| *fullness >= FULLEST || self.n_settings == 2) {
            Some((_, x, y)) => Ok((x.to_owned(), Some(y.to_owned()))),
            None => Err(self.too_many()),
        }
    }

    /// What the axes do not settle, without what goes with something that is named already.
    fn free_beside(&self, axes: &[&str]) -> Vec<String> {
        let mut settling = axes.to_vec();
        for name in self.names() {
            if !self.settles(&settling, name) {
                settling.push(name);
            }
        }
        settling[axes.len()..].iter().map(|name| (*name).to_owned()).collect()
    }

    fn too_many(&self) -> PhaseError {
        PhaseError::TooMany { varied: self.free_beside(&[]) }
    }
}

/// What makes the better x: how much data, then which data, then settings of runs, then free quantities.
fn rank(name: &str) -> u8 {
    match name {
        _ if AMOUNTS.contains(&name) => 0,
        _ if name.starts_with("data.") => 1,
        _ if name.starts_with("let.") => 3,
        _ => 2,
    }
}

/// The values of a column as numbers of their own, the same where the values are.
pub(crate) fn numbered(results: &Results, name: &str) -> Vec<usize> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let number = |run| {
        let next = known.len();
        *known.entry(format!("{:?}", results.value(run, name))).or_insert(next)
    };
    (0..results.len()).map(number).collect()
}
