//! Reading a run's record.

use super::entry::{Entry, FORMAT, Finished, FormatOnly, Header, ParentEntry, SnapshotEntry};
use super::error::StoreError;
use super::file::While as _;
use super::run_dir::RunDir;
use super::sealed_line::open_line;
use super::snapshot;
use dunwu_engine::{Scalars, Snapshot};
use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// What happened in a run, so far or to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What wrote it.
    pub header: Header,
    /// Losses and accuracies, by step.
    pub scalars: Vec<Scalars>,
    /// The snapshots that there are, by step; [`Record::load_snapshot`] reads one.
    pub snapshots: Vec<SnapshotEntry>,
    /// The run of fewer steps that it began with; `None` where it was trained from step 0.
    pub parent: Option<ParentEntry>,
    /// Steps at which the run went on after an interruption, in the order in which that happened.
    pub resumed: Vec<u64>,
    /// How it ended; `None` while it has not.
    pub finished: Option<Finished>,
    /// Whether the file ends inside a line, because its writer was interrupted or is at work; that line is not counted.
    pub torn: bool,
    /// Bytes of whole lines.
    pub(super) len: u64,
    /// Checksum of the last whole line, which the next one continues.
    pub(super) check: String,
    /// BLAKE3 of those.
    pub(super) hash: blake3::Hash,
    dir: PathBuf,
}

impl Record {
    /// Reads the record of the run in `dir`, all whole lines of it.
    pub fn read(dir: &RunDir) -> Result<Self, StoreError> {
        let path = dir.path().join("record.jsonl");
        let bytes = fs::read(&path).or_while("reading the record", &path)?;
        Self::parse(&bytes, dir.path(), &path)
    }

    /// The network as recorded at `step`, checked against its hash in the record.
    pub fn load_snapshot(&self, step: u64) -> Result<Snapshot, StoreError> {
        let Ok(index) = self.snapshots.binary_search_by_key(&step, |entry| entry.step) else {
            return Err(StoreError::NoSnapshot { step, path: self.dir.clone() });
        };
        snapshot::load(&self.dir, &self.header.id, &self.snapshots[index])
    }

    fn parse(bytes: &[u8], dir: &Path, path: &Path) -> Result<Self, StoreError> {
        let len = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let (whole, tail) = bytes.split_at(len);
        let mut lines = whole.split_inclusive(|&byte| byte == b'\n').enumerate().map(|(index, line)| (index + 1, line));

        let damaged = |line: usize, why: String| StoreError::DamagedLine { line, why, path: path.to_owned() };
        let (_, first) = lines.next().ok_or_else(|| damaged(1, "there is no whole header line".to_owned()))?;
        let (header, mut check) = read_header(first, dir, path)?;
        let hash = blake3::hash(whole);
        let mut record = Self {
            header,
            scalars: Vec::new(),
            snapshots: Vec::new(),
            parent: None,
            resumed: Vec::new(),
            finished: None,
            torn: !tail.is_empty(),
            len: len as u64,
            check: String::new(),
            hash,
            dir: dir.to_owned(),
        };
        for (line, text) in lines {
            let (object, next) = open_line(text, &check).map_err(|why| damaged(line, why))?;
            let entry = serde_json::from_slice(&object).map_err(|e| damaged(line, e.to_string()))?;
            record.push(entry).map_err(|why| damaged(line, why))?;
            next.clone_into(&mut check);
        }
        record.check = check;
        Ok(record)
    }

    /// Takes the next entry, or says why it cannot be the next one.
    fn push(&mut self, entry: Entry) -> Result<(), String> {
        if self.finished.is_some() {
            return Err("it follows the line that ends the run".to_owned());
        }
        match entry {
            Entry::Scalars(stored) => {
                let scalars = Scalars::from(stored);
                ascending(self.scalars.last().map(|last| last.step), scalars.step)?;
                self.scalars.push(scalars);
            }
            Entry::Snapshot(entry) => {
                ascending(self.snapshots.last().map(|last| last.step), entry.step)?;
                if entry.file != snapshot::file_name(entry.step) {
                    return Err(format!("{:?} is not where step {}'s snapshot is kept", entry.file, entry.step));
                }
                self.snapshots.push(entry);
            }
            Entry::Parent(parent) => self.parent = Some(parent),
            Entry::Resumed(entry) => self.resumed.push(entry.step),
            Entry::Finished(stored) => self.finished = Some(stored.into()),
        }
        Ok(())
    }
}

impl Header {
    /// Reads the first line of the record of the run in `dir`.
    pub fn read(dir: &RunDir) -> Result<Self, StoreError> {
        let path = dir.path().join("record.jsonl");
        let mut line = Vec::new();
        let read = File::open(&path).and_then(|file| BufReader::new(file).read_until(b'\n', &mut line));
        read.or_while("reading the record", &path)?;
        Ok(read_header(&line, dir.path(), &path)?.0)
    }
}

/// The record's first line with its checksum. Another format is refused before anything else is looked at.
fn read_header(line: &[u8], dir: &Path, path: &Path) -> Result<(Header, String), StoreError> {
    let damaged = |why: String| StoreError::DamagedLine { line: 1, why, path: path.to_owned() };
    if !line.ends_with(b"\n") {
        return Err(damaged("there is no whole header line".to_owned()));
    }
    let FormatOnly { format: found, dunwu: version, foreign } =
        serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
    if foreign.is_some() {
        return Err(StoreError::Foreign { path: dir.to_owned() });
    }
    match found.cmp(&FORMAT) {
        Ordering::Greater => return Err(StoreError::NewerFormat { found, version, path: dir.to_owned() }),
        Ordering::Less => return Err(StoreError::OlderFormat { found, version, path: dir.to_owned() }),
        Ordering::Equal => {}
    }
    let (object, check) = open_line(line, "").map_err(damaged)?;
    let header = serde_json::from_slice(&object).map_err(|error| damaged(error.to_string()))?;
    Ok((header, check.to_owned()))
}

fn ascending(last: Option<u64>, step: u64) -> Result<(), String> {
    match last {
        Some(last) if last >= step => Err(format!("its step {step} does not follow {last}")),
        _ => Ok(()),
    }
}
