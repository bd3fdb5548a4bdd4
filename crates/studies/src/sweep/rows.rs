//! The finished runs: lines that many processes append, each to a file of its own.

use super::SweepError;
use super::folder::Folder;
use super::row::{Curve, Row};
use dunwu::landscape::trial::MadeRuns;
use dunwu::store::disk;
use dunwu::store::file::{While as _, replace};
use dunwu::store::log::Log;
use dunwu::store::sealed_line::{open_line, seal_line};
use dunwu::store::{RunId, StoredOutcome};
use dunwu_engine::Scalars;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
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
            // Or the file itself would be lost with the power, whatever of it is synced later.
            disk::sync_folder(&dir).or_while("beginning a file of finished runs", &dir)?;
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
    parked: Option<IgnoredAny>,
}

impl Done {
    /// What is there now; with `retry_failed`, failed runs are not done.
    pub(super) fn read(folder: &Folder, retry_failed: bool) -> Result<Self, SweepError> {
        let (mut files, mut runs, mut failed) = (Files::default(), BTreeSet::new(), BTreeSet::new());
        files.read::<Brief>(&folder.rows(), |row| {
            let set = if row.outcome.is_some() || row.parked.is_some() { &mut runs } else { &mut failed };
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
            Some(known) if !known.is_failed() => {
                if !row.is_failed() && !known.agrees(&row) {
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
    /// Hands over what each whole line holds that was not read before, files by name. A damaged line holds what can be recovered from
    /// it, or nothing: its runs are made again, and [`set_aside`] tells of it.
    fn read<T: for<'a> Deserialize<'a>>(&mut self, dir: &Path, mut take: impl FnMut(T)) -> Result<(), SweepError> {
        for path in row_files(dir)? {
            let place = self.read.entry(path.clone()).or_default();
            let mut file = File::open(&path).or_while(DOING, &path)?;
            if file.metadata().or_while(DOING, &path)?.len() == place.bytes {
                continue;
            }
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(place.bytes))
                .and_then(|_| file.read_to_end(&mut bytes))
                .or_while(DOING, &path)?;
            let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1); // the rest is torn
            for line in bytes[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                place.lines += 1;
                if place.lines == 1 {
                    check_format(line, &path)?;
                }
                let (objects, _) = objects_of(line);
                objects.iter().filter_map(|object| serde_json::from_slice(object).ok()).for_each(&mut take);
            }
            place.bytes += whole as u64;
        }
        Ok(())
    }
}

const DOING: &str = "reading the finished runs of a sweep";

/// The files of a folder of rows, by name.
fn row_files(dir: &Path) -> Result<Vec<PathBuf>, SweepError> {
    let mut paths = Vec::new();
    match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(paths),
        entries => {
            for entry in entries.or_while(DOING, dir)? {
                paths.push(entry.or_while(DOING, dir)?.path());
            }
        }
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    Ok(paths)
}

/// Refuses lines of another format by name. A first line that is none, or a row where somebody took the first line out, says nothing of
/// the format; then each line's checksum does.
fn check_format(line: &[u8], path: &Path) -> Result<(), SweepError> {
    // Before its checksum, which another format may have elsewhere.
    let Ok(Header { format: found, dunwu: version }) = serde_json::from_slice(line) else { return Ok(()) };
    match found.cmp(&ROWS_FORMAT) {
        Ordering::Greater => Err(SweepError::NewerFormat { found, version, path: path.to_owned() }),
        Ordering::Less => Err(SweepError::OlderFormat { found, version, path: path.to_owned() }),
        Ordering::Equal => Ok(()),
    }
}

/// Lines of one file that are not what was written, and where a copy of them was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DamagedRows {
    /// The file of rows or curves.
    pub(super) path: PathBuf,
    /// Numbers of the lines, counted from 1, each with what does not fit.
    pub(super) lines: Vec<(usize, String)>,
    /// Runs that could be read out of them all the same.
    pub(super) recovered: usize,
    /// The file beside it that has the lines, `NAME.jsonl.damaged`; `None` where it could not be written.
    pub(super) copy: Option<PathBuf>,
}

impl fmt::Display for DamagedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        let Self { path, lines, recovered, copy } = self;
        let numbers: Vec<String> = lines.iter().take(SHOWN).map(|(line, _)| line.to_string()).collect();
        let more = if lines.len() > SHOWN { format!(" and {} more", lines.len() - SHOWN) } else { String::new() };
        let why = lines.first().map_or("", |(_, why)| why.as_str());
        let (which, are, they) = if lines.len() == 1 { ("line", "is", "it is") } else { ("lines", "are", "they are") };
        let path = path.display();
        write!(f, "{which} {}{more} of {path} {are} damaged ({why}); every other line is read", numbers.join(", "))?;
        match recovered {
            0 => {}
            1 => f.write_str(", one run was recovered from what is damaged")?,
            n => write!(f, ", {n} runs were recovered from what is damaged")?,
        }
        f.write_str(", and what is lost is made again; ")?;
        match copy {
            Some(copy) => write!(f, "{they} kept in {}, and the file may stay as it is", copy.display()),
            None => f.write_str("the file may stay as it is"),
        }
    }
}

/// Finds the damaged lines of all files of rows and curves, and puts a copy of them beside each file. Nothing is taken out of the files.
pub(super) fn set_aside(folder: &Folder) -> Result<Vec<DamagedRows>, SweepError> {
    let mut damaged = Vec::new();
    for path in
        [folder.rows(), folder.curves()].iter().map(|dir| row_files(dir)).collect::<Result<Vec<_>, _>>()?.concat()
    {
        let bytes = fs::read(&path).or_while(DOING, &path)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let (mut lines, mut recovered, mut copy) = (Vec::new(), 0, Vec::new());
        let written = bytes[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        for (line, number) in written.zip(1..) {
            let (objects, why) = objects_of(line);
            let Some(why) = why else { continue };
            copy.extend_from_slice(format!("# line {number}: {why}\n").as_bytes());
            copy.extend_from_slice(line);
            copy.push(b'\n');
            lines.push((number, why));
            recovered += objects.len();
        }
        if lines.is_empty() {
            continue;
        }
        // Many processes may find the same: each writes the same file, whole.
        let beside = path.with_extension("jsonl.damaged");
        let is_there = fs::read(&beside).is_ok_and(|there| there == copy);
        let is_kept = is_there || replace(&beside, &copy, "keeping damaged lines").is_ok();
        damaged.push(DamagedRows { path, lines, recovered, copy: is_kept.then_some(beside) });
    }
    Ok(damaged)
}

/// The objects whose checksums hold, and why the line is damaged if it is: one object a line, as long as nothing befell it. Of a damaged
/// line, whatever stands in it whole, behind zeros or beside another object.
fn objects_of(line: &[u8]) -> (Vec<Vec<u8>>, Option<String>) {
    let why = match open_line(line, "") {
        Ok((object, _)) => return (vec![object], None),
        Err(why) => why,
    };
    let ends = line.windows(2).enumerate().filter(|(_, pair)| *pair == b"\"}").map(|(index, _)| index + 2);
    let (mut objects, mut from) = (Vec::new(), 0);
    for end in ends {
        let starts =
            line[from..end].windows(2).enumerate().filter(|(_, pair)| *pair == b"{\"").map(|(index, _)| from + index);
        let Some((object, _)) = starts.into_iter().find_map(|start| open_line(&line[start..end], "").ok()) else {
            continue;
        };
        objects.push(object);
        from = end;
    }
    (objects, Some(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(run: &str) -> String {
        seal_line(&format!("{{\"run\":\"{run}\",\"of\":{{\"a\":\"b\"}}}}"), "")
    }

    #[test]
    fn what_stands_whole_in_a_damaged_line_is_recovered() {
        let (a, b) = (sealed("a"), sealed("b"));
        let n_objects = |line: &[u8]| objects_of(line).0.len();
        assert_eq!((n_objects(a.as_bytes()), objects_of(a.as_bytes()).1), (1, None));
        assert_eq!(n_objects(format!("{a}{b}").as_bytes()), 2); // the line feed between them is gone
        assert_eq!(n_objects(format!("\0\0\0{a}\0").as_bytes()), 1);
        assert_eq!(n_objects(format!("{}{b}", &a[..a.len() / 2]).as_bytes()), 1);
        assert_eq!(n_objects(a.replace("\"a\"", "\"c\"").as_bytes()), 0);
        assert_eq!(n_objects(&[0; 64]), 0);
    }
}
