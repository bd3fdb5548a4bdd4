//! A file of series, in whatever form.

use super::{events, json_lines, wandb};
use dunwu::store::{Column, Table, read_table};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Names of columns and keys that hold steps, the most telling first.
pub(super) const STEPS: [&str; 8] =
    ["step", "_step", "global_step", "trainer/global_step", "iteration", "iter", "epoch", "Step"];

/// One recorded quantity by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the file: `train/loss`.
    pub name: String,
    /// Steps in the order of the file, one a value; they may repeat where a run was resumed.
    pub steps: Vec<u64>,
    /// Values, infinite and NaN ones among them: a run that diverged wrote them.
    pub values: Vec<f64>,
}

impl Series {
    /// Leaves out what was recorded after `step`.
    pub fn cut_after(&mut self, step: u64) {
        let points: Vec<(u64, f64)> = self.steps.iter().copied().zip(self.values.iter().copied()).collect();
        (self.steps, self.values) = points.into_iter().filter(|point| point.0 <= step).unzip();
    }
}

/// Why a file of series cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// The system refused.
    #[error("cannot read the series: {source}: {path:?}")]
    File {
        /// Why.
        source: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// It is no table.
    #[error(transparent)]
    Table(#[from] dunwu::store::TableError),
    /// Something in it is not what its form says.
    #[error("{why} at {place}: {path:?}")]
    Broken {
        /// What is wrong.
        why: String,
        /// Where: a line, or a byte.
        place: String,
        /// The file.
        path: PathBuf,
    },
    /// Nothing says at which steps the values were recorded.
    #[error("no column or key says the step; name one `step`; there are {}: {path:?}", names.join(", "))]
    NoSteps {
        /// Those that there are.
        names: Vec<String>,
        /// The file.
        path: PathBuf,
    },
}

/// What is wrong in a file, and where.
pub(super) struct Fault {
    pub why: String,
    pub place: String,
}

/// What a file tells of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedLog {
    /// Every series, by name.
    pub series: Vec<Series>,
    /// The value that was recorded first, which stays the first where the file grows; `None` where there is none.
    pub first: Option<FirstValue>,
    /// What the run calls itself, where it says so.
    pub name: Option<String>,
    /// What else is known of the run: its configuration, by key.
    pub known: BTreeMap<String, String>,
}

/// The value that was recorded first.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstValue {
    /// The name of its series.
    pub series: String,
    /// Its step.
    pub step: u64,
    /// The value.
    pub value: f64,
}

/// Reads every series of a file, by name: the series of [`read_log`].
pub fn read_series(path: &Path) -> Result<Vec<Series>, SeriesError> {
    Ok(read_log(path)?.series)
}

/// Reads what a file tells of a run. `.csv`, `.tsv`, `.txt` and `.parquet` are tables with a column of steps; `.jsonl`, `.ndjson` and
/// `.json` hold one object a line; `.wandb` is an offline file of Weights & Biases; everything else is an event file of `TensorBoard`.
pub fn read_log(path: &Path) -> Result<RecordedLog, SeriesError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("").to_lowercase();
    if matches!(extension.as_str(), "csv" | "tsv" | "txt" | "parquet") {
        return of_table(&read_table(path)?, path);
    }
    let bytes = fs::read(path).map_err(|source| SeriesError::File { source, path: path.to_owned() })?;
    let found = if matches!(extension.as_str(), "jsonl" | "ndjson" | "json") {
        json_lines::read(&bytes)
    } else if extension == "wandb" {
        wandb::read(&bytes)
    } else {
        events::read(&bytes)
    };
    let collected = found.map_err(|Fault { why, place }| SeriesError::Broken { why, place, path: path.to_owned() })?;
    Ok(collected.log())
}

/// Series as they are met, one value at a time, and what is known beside them.
#[derive(Default)]
pub(super) struct Collected {
    series: BTreeMap<String, (Vec<u64>, Vec<f64>)>,
    /// The first value in the order of the file.
    first: Option<FirstValue>,
    /// The last one.
    last: Option<FirstValue>,
    pub(super) name: Option<String>,
    pub(super) known: BTreeMap<String, String>,
}

impl Collected {
    pub(super) fn push(&mut self, name: &str, step: u64, value: f64) {
        if !self.series.contains_key(name) {
            self.series.insert(name.to_owned(), Default::default());
        }
        if let Some((steps, values)) = self.series.get_mut(name) {
            steps.push(step);
            values.push(value);
        }
        match &mut self.last {
            Some(last) => {
                name.clone_into(&mut last.series);
                (last.step, last.value) = (step, value);
            }
            None => {
                let first = FirstValue { series: name.to_owned(), step, value };
                (self.first, self.last) = (Some(first.clone()), Some(first));
            }
        }
    }

    /// What the file tells. One that begins with its end was recorded from its end on.
    pub(super) fn log(self) -> RecordedLog {
        let begins_with_its_end = self.series.values().any(|(steps, _)| steps.len() > 1)
            && self.series.values().all(|(steps, _)| steps.is_sorted_by(|a, b| a > b));
        let first = if begins_with_its_end { self.last } else { self.first };
        let series = self.series.into_iter().map(|(name, (steps, values))| Series { name, steps, values }).collect();
        RecordedLog { series, first, name: self.name, known: self.known }
    }
}

/// A step as a number: a whole one from 0 on.
pub(super) fn step(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}

fn of_table(table: &Table, path: &Path) -> Result<RecordedLog, SeriesError> {
    let find = |name: &&str| table.columns.iter().position(|(other, _)| other == name);
    let Some(at) = STEPS.iter().find_map(find) else {
        let names = table.columns.iter().map(|(name, _)| name.clone()).collect();
        return Err(SeriesError::NoSteps { names, path: path.to_owned() });
    };
    let broken = |row: usize| SeriesError::Broken {
        why: format!("the {} is no whole number", table.columns[at].0),
        place: format!("row {}", row + 1),
        path: path.to_owned(),
    };
    let steps =
        (0..table.n_rows()).map(|row| number(&table.columns[at].1, row).and_then(step).ok_or_else(|| broken(row)));
    let steps = steps.collect::<Result<Vec<u64>, _>>()?;
    let mut collected = Collected::default();
    let others = || table.columns.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, column)| column);
    for (row, &step) in steps.iter().enumerate() {
        for (name, column) in others() {
            if let Some(value) = number(column, row) {
                collected.push(name, step, value);
            }
        }
    }
    Ok(collected.log())
}

/// The number in a cell; `None` where there is none, and in columns of other things.
fn number(column: &Column, row: usize) -> Option<f64> {
    match column {
        Column::Int64(values) => Some(values[row] as f64),
        Column::OptInt64(values) => values[row].map(|value| value as f64),
        Column::Float64(values) => Some(values[row]),
        Column::OptFloat64(values) => values[row],
        Column::Bool(_) | Column::OptBool(_) | Column::Utf8(_) | Column::OptUtf8(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<Series>, SeriesError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        read_series(&path)
    }

    fn series(name: &str, steps: &[u64], values: &[f64]) -> Series {
        Series { name: name.to_owned(), steps: steps.to_vec(), values: values.to_vec() }
    }

    #[test]
    fn a_table_and_lines_of_json_give_the_same_series() {
        let expected = [series("acc", &[10], &[0.5]), series("loss", &[0, 10], &[2.0, 1.5])];
        assert_eq!(read("a.csv", b"step,loss,acc,host\n0,2.0,,a\n10,1.5,0.5,a\n").unwrap(), expected);
        let lines =
            b"{\"step\":0,\"loss\":2.0,\"acc\":null}\n\n{\"_step\":10,\"loss\":1.5,\"acc\":0.5,\"host\":\"a\"}\n";
        assert_eq!(read("a.jsonl", lines).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let error = |name, bytes: &[u8]| read(name, bytes).unwrap_err().to_string();
        assert!(
            error("a.csv", b"time,loss\n0,1\n")
                .starts_with("no column or key says the step; name one `step`; there are time, loss")
        );
        assert!(error("a.csv", b"step,loss\n0,1\n0.5,1\n").starts_with("the step is no whole number at row 2"));
        assert!(error("a.jsonl", b"{\"step\":0}\n{\"step\":\n").contains("at line 2: "));
        assert!(error("a.jsonl", b"{\"loss\":0}\n").starts_with("no key says the step at line 1: "));
        assert!(error("a.jsonl", b"[1]\n").contains("at line 1: "));
        assert!(error("a.jsonl", b"\xff\n").contains("at line 1: "));
        assert!(error("events.out", b"short").contains("at byte 0: "));
        assert!(read_series(Path::new("not-there.jsonl")).unwrap_err().to_string().ends_with("\"not-there.jsonl\""));
    }
}
