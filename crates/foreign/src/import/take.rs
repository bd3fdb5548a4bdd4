//! One log becomes one run, or what a run lacks of it.

use super::sources::{Recorder, Source};
use crate::run::{Beginning, ForeignEnd, ForeignError, ForeignRecord, ForeignWriter, Known, Number, identify};
use crate::series::{FirstValue, RecordedLog, Series, SeriesError, in_order, read_log};
use dunwu::store::{RunDir, StoreError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The key under which it is known what recorded an imported run; a part of its identity.
pub const RECORDER: &str = "recorder";
/// The key under which it is known which file was imported.
pub const IMPORTED_FROM: &str = "imported_from";

/// What became of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The run's directory.
    pub run: PathBuf,
    /// Its name.
    pub name: String,
    /// What recorded it.
    pub recorder: Recorder,
    /// Whether it was there.
    pub novelty: Novelty,
    /// Series of the run.
    pub n_series: usize,
    /// Values that were recorded now.
    pub n_new: usize,
    /// The last step.
    pub last_step: Option<u64>,
    /// Values of the log that do not count: the run was resumed before them, or they have no name that a series can have.
    pub n_left_out: usize,
}

/// Whether a log was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Novelty {
    /// It is a run now.
    New,
    /// It was a run, and has grown since.
    Grown,
    /// It was a run, and nothing is new in it.
    Same,
}

/// Why a log became no run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It cannot be read.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// The run cannot be read or written.
    #[error(transparent)]
    Foreign(#[from] ForeignError),
    /// Likewise.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It holds no number.
    #[error("nothing in it is a number by step: {path:?}")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It begins as a run does, and then differs.
    #[error(
        "it begins as {run:?} does, and {series} differs at step {step}: it is another run, or was written anew; give it another name with --name, or remove that run first with `dunwu rm`: {path:?}"
    )]
    Other {
        /// The run.
        run: PathBuf,
        /// The first series that differs.
        series: String,
        /// Where.
        step: u64,
        /// The file.
        path: PathBuf,
    },
}

/// Makes the run of a source in the folder `runs`, or adds to it what is new. `name` replaces the name of the files.
pub fn import_source(source: &Source, name: Option<&str>, runs: &Path) -> Result<Imported, ImportError> {
    let path = source.files.first().cloned().unwrap_or_default();
    let log = read_all(&source.files)?;
    let Some(FirstValue { series, step, value }) = log.first.clone() else { return Err(ImportError::Empty { path }) };
    let name = name.map(str::to_owned).or_else(|| log.name.clone()).unwrap_or_else(|| source.name.clone());
    let known = Known::from([(RECORDER.to_owned(), source.recorder.name().to_owned())]);
    let beginning = Beginning::Imported { series, step, value: Number(value) };
    let (wanted, n_left_out) = wanted(&log.series);
    if wanted.is_empty() {
        return Err(ImportError::Empty { path });
    }
    let mut learned: Known = log.known.clone();
    learned.insert(IMPORTED_FROM.to_owned(), path.display().to_string());
    let id = identify(&name, &known, &beginning);
    let (mut writer, from, novelty) = match RunDir::find(runs, &id)? {
        None => (ForeignWriter::create_import(runs, &name, &known, beginning)?, BTreeMap::new(), Novelty::New),
        Some(dir) => {
            let recorded = ForeignRecord::read(&dir)?;
            match difference(&recorded, &wanted) {
                Difference::Nothing if recorded.finished.is_some() => {
                    let (n_series, last_step) = (wanted.len(), recorded.last_step());
                    let run = dir.path().to_owned();
                    let (recorder, novelty) = (source.recorder, Novelty::Same);
                    return Ok(Imported { run, name, recorder, novelty, n_series, n_new: 0, last_step, n_left_out });
                }
                Difference::Nothing | Difference::More => {
                    let lengths = recorded.series().into_iter().map(|one| (one.name, one.steps.len())).collect();
                    (ForeignWriter::open(&dir)?, lengths, Novelty::Grown)
                }
                // Only a log that says so itself went back.
                Difference::Other { step, .. } if goes_back_to(&log.series, step) => {
                    let writer = ForeignWriter::open_at(&dir, step)?;
                    let before = |points: &Points| points.partition_point(|point| point.0 < step);
                    let lengths = wanted.iter().map(|(name, points)| (name.clone(), before(points))).collect();
                    (writer, lengths, Novelty::Grown)
                }
                Difference::Other { series, step } => {
                    return Err(ImportError::Other { run: dir.path().to_owned(), series, step, path });
                }
            }
        }
    };
    writer.learn(&learned)?;
    let n_new = record_rows(&mut writer, &wanted, &from)?;
    let last_step = writer.last_step();
    let run = writer.finish(ForeignEnd::Imported)?.path().to_owned();
    Ok(Imported { run, name, recorder: source.recorder, novelty, n_series: wanted.len(), n_new, last_step, n_left_out })
}

/// The files of one run, one after the other.
fn read_all(files: &[PathBuf]) -> Result<RecordedLog, SeriesError> {
    let mut all = RecordedLog::default();
    let mut series: BTreeMap<String, Series> = BTreeMap::new();
    for file in files {
        let log = read_log(file)?;
        all.first = all.first.or(log.first);
        all.name = log.name.or(all.name);
        all.known.extend(log.known);
        for one in log.series {
            let name = one.name.clone();
            let whole = series.entry(name.clone()).or_insert_with(|| Series { name, ..Series::default() });
            whole.steps.extend(one.steps);
            whole.values.extend(one.values);
        }
    }
    all.series = series.into_values().collect();
    Ok(all)
}

type Points = Vec<(u64, f64)>;

/// The points that count of every series with a name that a record takes, and how many values do not.
fn wanted(series: &[Series]) -> (BTreeMap<String, Points>, usize) {
    let mut wanted = BTreeMap::new();
    let mut n_left_out = 0;
    for one in series {
        // `step` is the column of steps in every table.
        let name = if one.name == "step" { "logged_step" } else { one.name.as_str() };
        let is_name = !name.trim().is_empty() && name.len() <= 300 && !name.chars().any(char::is_control);
        if !is_name {
            n_left_out += one.values.len();
            continue;
        }
        let points = in_order(one);
        n_left_out += one.values.len() - points.len();
        wanted.insert(name.to_owned(), points);
    }
    (wanted, n_left_out)
}

enum Difference {
    Nothing,
    /// The log has all that was recorded, and more at the ends of its series.
    More,
    Other {
        series: String,
        step: u64,
    },
}

/// The first step at which the log is not what was recorded.
fn difference(recorded: &ForeignRecord, wanted: &BTreeMap<String, Points>) -> Difference {
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    let mut first: Option<(u64, String)> = None;
    let mut n_recorded = 0;
    for one in recorded.series() {
        let points = wanted.get(&one.name).map_or(&[][..], Vec::as_slice);
        n_recorded += one.steps.len();
        for (place, (&step, &value)) in one.steps.iter().zip(&one.values).enumerate() {
            let there = points.get(place);
            if there.is_none_or(|there| there.0 != step || !same(there.1, value)) {
                let step = there.map_or(step, |there| there.0.min(step));
                if first.as_ref().is_none_or(|first| step < first.0) {
                    first = Some((step, one.name.clone()));
                }
                break;
            }
        }
    }
    match first {
        Some((step, series)) => Difference::Other { series, step },
        None if n_recorded == wanted.values().map(Vec::len).sum::<usize>() => Difference::Nothing,
        None => Difference::More,
    }
}

/// Whether some series of the log is recorded once more from this step or an earlier one on.
fn goes_back_to(series: &[Series], step: u64) -> bool {
    series.iter().any(|one| one.steps.windows(2).any(|pair| pair[1] <= pair[0] && pair[1] <= step))
}

/// Records the points from these places on, all of one step together; says how many.
fn record_rows(
    writer: &mut ForeignWriter,
    wanted: &BTreeMap<String, Points>,
    from: &BTreeMap<String, usize>,
) -> Result<usize, ForeignError> {
    let mut rows: BTreeMap<u64, Vec<(&str, f64)>> = BTreeMap::new();
    let mut n_new = 0;
    for (name, points) in wanted {
        for &(step, value) in points.iter().skip(from.get(name).copied().unwrap_or(0)) {
            rows.entry(step).or_default().push((name, value));
            n_new += 1;
        }
    }
    rows.iter().try_for_each(|(step, values)| writer.scalars(*step, values))?;
    Ok(n_new)
}
