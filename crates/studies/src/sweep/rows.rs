//! The finished runs: lines that many processes append, each to a file of its own.

use super::SweepError;
use super::folder::Folder;
use super::row::{Curve, Row};
use dunwu::landscape::trial::MadeRuns;
use dunwu::store::file::While as _;
use dunwu::store::log::Log;
use dunwu::store::sealed_line::{open_line, seal_line};
use dunwu::store::{RunId, StoredOutcome};
use dunwu_engine::Scalars;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Version of the lines; another one is refused by name. 2: each line ends with a checksum over itself alone, so that it can be
/// checked whatever became of its neighbours. 3: what a run knew and lost again.
pub const ROWS_FORMAT: u32 = 3;

/// First line of a file of rows or curves.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    dunwu: String,
}

/// One process's files, made with their first line.
#[derive(Debug)]
pub(super) struct RowWriter {
    folder: Folder,
    worker: String,
    logs: Option<Logs>,
}

#[derive(Debug)]
struct Logs {
    rows: Log,
    curves: Log,
}

impl RowWriter {
    pub(super) fn new(folder: &Folder, worker: &str) -> Self {
        Self { folder: folder.clone(), worker: worker.to_owned(), logs: None }
    }

    /// Appends a run: its curve before its row, so that a row's curve is there.
    pub(super) fn append(&mut self, row: &Row, curve: Option<&Curve>) -> Result<(), SweepError> {
        let logs = match &mut self.logs {
            Some(logs) => logs,
            None => self.logs.insert(Logs::begin(&self.folder, &self.worker)?),
        };
        if let Some(curve) = curve {
            logs.curves.append(&line(curve))?;
        }
        Ok(logs.rows.append(&line(row))?)
    }

    /// Returns when every row so far would survive a power loss.
    pub(super) fn sync(&self) -> Result<(), SweepError> {
        let Some(logs) = &self.logs else { return Ok(()) };
        logs.curves.sync()?;
        Ok(logs.rows.sync()?)
    }
}

impl Logs {
    fn begin(folder: &Folder, worker: &str) -> Result<Self, SweepError> {
        let header = line(&Header { format: ROWS_FORMAT, dunwu: env!("CARGO_PKG_VERSION").to_owned() });
        let begin = |dir: PathBuf| {
            let mut log = Log::create(&dir.join(format!("{worker}.jsonl")))?;
            log.append(&header)?;
            Ok::<_, SweepError>(log)
        };
        Ok(Self { curves: begin(folder.curves())?, rows: begin(folder.rows())? })
    }
}

fn line(value: &impl Serialize) -> String {
    seal_line(&serde_json::to_string(value).expect("rows are plain text and numbers"), "")
}

/// Which runs are done, as far as the files of rows have been read.
#[derive(Debug)]
pub(super) struct Done {
    files: Files,
    runs: BTreeSet<RunId>,
    /// Failed runs that are to be made again: they are done when they have failed once more.
    again: BTreeSet<RunId>,
}

/// What of a row says that the run is done.
#[derive(Deserialize)]
struct Brief {
    run: RunId,
    outcome: Option<IgnoredAny>,
}

impl Done {
    /// What is there now; with `retry_failed`, failed runs are not done.
    pub(super) fn read(folder: &Folder, retry_failed: bool) -> Result<Self, SweepError> {
        let (mut files, mut runs, mut failed) = (Files::default(), BTreeSet::new(), BTreeSet::new());
        files.read::<Brief>(&folder.rows(), |row| {
            let set = if row.outcome.is_some() { &mut runs } else { &mut failed };
            set.insert(row.run);
        })?;
        let again = if retry_failed { failed.difference(&runs).cloned().collect() } else { BTreeSet::new() };
        runs.extend(failed.into_iter().filter(|run| !again.contains(run)));
        Ok(Self { files, runs, again })
    }

    /// Reads what was appended since the last time.
    pub(super) fn refresh(&mut self, folder: &Folder) -> Result<(), SweepError> {
        let Self { files, runs, again } = self;
        files.read::<Brief>(&folder.rows(), |row| {
            again.remove(&row.run);
            runs.insert(row.run);
        })
    }

    /// Whether the run is there.
    pub(super) fn contains(&self, run: &RunId) -> bool {
        self.runs.contains(run)
    }

    /// How many runs are there, of whatever sweep.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }
}

/// The rows of these runs: the first that ended, else the last that failed; and how many runs have rows that disagree.
pub(super) fn rows_of(folder: &Folder, wanted: &BTreeSet<&RunId>) -> Result<(BTreeMap<RunId, Row>, usize), SweepError> {
    let mut rows: BTreeMap<RunId, Row> = BTreeMap::new();
    let mut disagreeing = BTreeSet::new();
    Files::default().read::<Row>(&folder.rows(), |row| {
        if !wanted.contains(&row.run) {
            return;
        }
        match rows.get(&row.run) {
            Some(known) if known.outcome.is_some() => {
                if row.outcome.is_some() && !known.agrees(&row) {
                    disagreeing.insert(row.run.clone());
                }
            }
            _ => drop(rows.insert(row.run.clone(), row)),
        }
    })?;
    Ok((rows, disagreeing.len()))
}

/// The curves of these runs, each the first that was written.
pub(super) fn curves_of(folder: &Folder, wanted: &BTreeSet<&RunId>) -> Result<BTreeMap<RunId, Curve>, SweepError> {
    let mut curves = BTreeMap::new();
    Files::default().read::<Curve>(&folder.curves(), |curve| {
        if wanted.contains(&curve.run) {
            curves.entry(curve.run.clone()).or_insert(curve);
        }
    })?;
    Ok(curves)
}

/// What a race need not train again: the runs below `runs`, those of sweeps among them.
pub fn made_runs(runs: &Path) -> Result<MadeRuns, SweepError> {
    Ok(MadeRuns::new(runs, best_test_accuracies(&Folder::new(runs))?))
}

/// For each run that ended and whose lines tell it: the kernel that made it, and its highest test accuracy at any evaluation.
///
/// A kept curve tells it. So does a row alone where the run ended at the step at which its accuracy arrived: every evaluation before
/// lay below.
fn best_test_accuracies(folder: &Folder) -> Result<BTreeMap<RunId, (String, f64)>, SweepError> {
    let (mut best, mut without) = (BTreeMap::new(), BTreeMap::new());
    Files::default().read::<Row>(&folder.rows(), |row| {
        let arrived_last = matches!(row.outcome, Some(StoredOutcome::Grokked { step }) if Some(step) == row.step);
        match (row.last.and_then(|last| Scalars::from(last).test_accuracy), row.outcome) {
            (Some(accuracy), Some(_)) if arrived_last => drop(best.insert(row.run, (row.kernel, accuracy))),
            (_, Some(_)) => drop(without.insert(row.run, row.kernel)),
            (_, None) => {}
        }
    })?;
    Files::default().read::<Curve>(&folder.curves(), |curve| {
        if let Some(kernel) = without.remove(&curve.run) {
            best.insert(curve.run.clone(), (kernel, curve.best_test_accuracy()));
        }
    })?;
    Ok(best)
}

/// How far each file was read.
#[derive(Debug, Default)]
struct Files {
    read: BTreeMap<PathBuf, Place>,
}

#[derive(Debug, Default)]
struct Place {
    /// Bytes of whole lines.
    bytes: u64,
    lines: usize,
}

impl Files {
    /// Hands over each whole line that was not read before, files by name.
    fn read<T: for<'a> Deserialize<'a>>(&mut self, dir: &Path, mut take: impl FnMut(T)) -> Result<(), SweepError> {
        let doing = "reading the finished runs of a sweep";
        let mut paths = Vec::new();
        match fs::read_dir(dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => {
                for entry in entries.or_while(doing, dir)? {
                    paths.push(entry.or_while(doing, dir)?.path());
                }
            }
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        paths.sort();
        for path in paths {
            let place = self.read.entry(path.clone()).or_default();
            let mut file = File::open(&path).or_while(doing, &path)?;
            if file.metadata().or_while(doing, &path)?.len() == place.bytes {
                continue;
            }
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(place.bytes))
                .and_then(|_| file.read_to_end(&mut bytes))
                .or_while(doing, &path)?;
            let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1); // the rest is torn
            for line in bytes[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                place.lines += 1;
                if place.lines == 1 {
                    check_header(line, &path)?;
                } else {
                    let damaged = |why: String| SweepError::DamagedLine { line: place.lines, why, path: path.clone() };
                    let (object, _) = open_line(line, "").map_err(damaged)?;
                    take(serde_json::from_slice(&object).map_err(|error| damaged(error.to_string()))?);
                }
            }
            place.bytes += whole as u64;
        }
        Ok(())
    }
}

fn check_header(line: &[u8], path: &Path) -> Result<(), SweepError> {
    let damaged = |why: String| SweepError::DamagedLine { line: 1, why, path: path.to_owned() };
    // Before its checksum, which another format may have elsewhere.
    let header: Header = serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
    let Header { format: found, dunwu: version } = header;
    match found.cmp(&ROWS_FORMAT) {
        Ordering::Greater => Err(SweepError::NewerFormat { found, version, path: path.to_owned() }),
        Ordering::Less => Err(SweepError::OlderFormat { found, version, path: path.to_owned() }),
        Ordering::Equal => open_line(line, "").map(drop).map_err(damaged),
    }
}
