//! Reading the record of a foreign run.

use super::base64;
use super::entry::{Entry, ForeignFinished, ForeignMark, ScalarsEntry, StoredUnits};
use super::header::{FOREIGN_FORMAT, ForeignHeader, Known, identify};
use super::positions::{MOST_STEP, Positions};
use super::snapshot::{self, ForeignTensor};
use crate::series::Series;
use dunwu::store::file::While as _;
use dunwu::store::sealed_line::open_line;
use dunwu::store::{FORMAT, RunDir, RunId, SnapshotEntry, StoreError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// What another program recorded of its run, so far or to its end.
#[derive(Clone, Debug)]
pub struct ForeignRecord {
    /// The first line.
    pub header: ForeignHeader,
    /// What is known by now.
    pub known: Known,
    /// Names of the series of scalars, in the order in which they came first.
    pub names: Vec<String>,
    /// Scalars in the order in which they were recorded.
    pub rows: Vec<ForeignRow>,
    /// Arrays of layers and units in the order in which they were recorded; [`ForeignRecord::load_units`] reads them.
    pub units: Vec<UnitsEntry>,
    /// Snapshots by step; [`ForeignRecord::load_snapshot`] reads one.
    pub snapshots: Vec<SnapshotEntry>,
    /// What was said of steps, in the order in which it was said.
    pub marks: Vec<ForeignMark>,
    /// How often a writer took the run in hand again.
    pub n_resumed: usize,
    /// How it ended; `None` while it has not.
    pub finished: Option<ForeignFinished>,
    /// Whether the file ends inside a line, because its writer was interrupted or is at work; that line is not counted.
    pub torn: bool,
    /// How far each series has come.
    pub(super) positions: Positions,
    /// Bytes of whole lines.
    pub(super) len: u64,
    /// Checksum of the last whole line, which the next one continues.
    pub(super) check: String,
    dir: PathBuf,
}

/// Scalars of one step that were recorded together.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignRow {
    /// The step.
    pub step: u64,
    /// Places in [`ForeignRecord::names`], each with its value.
    pub values: Vec<(usize, f64)>,
    /// The line of the record, from 1.
    pub line: usize,
}

/// One array of a layer: a number for each unit, or a single one for the layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitsEntry {
    /// The step.
    pub step: u64,
    /// The layer.
    pub layer: String,
    /// The quantity.
    pub series: String,
    /// How many numbers.
    pub n: usize,
    /// The line of the record, from 1.
    pub line: usize,
    /// Where its text begins in the record.
    at: u64,
}

/// What the first line says whatever else it holds.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
    #[serde(default)]
    foreign: u32,
}

impl ForeignRecord {
    /// Reads the record of the run in `dir`, all whole lines of it.
    pub fn read(dir: &RunDir) -> Result<Self, StoreError> {
        let path = path_in(dir.path());
        let bytes = fs::read(&path).or_while("reading the record", &path)?;
        Self::parse(&bytes, dir.path(), &path)
    }

    /// Every series of scalars, in the order of [`ForeignRecord::names`].
    pub fn series(&self) -> Vec<Series> {
        let mut all: Vec<Series> =
            self.names.iter().map(|name| Series { name: name.clone(), ..Series::default() }).collect();
        for row in &self.rows {
            for &(place, value) in &row.values {
                all[place].steps.push(row.step);
                all[place].values.push(value);
            }
        }
        all.retain(|one| !one.steps.is_empty());
        all
    }

    /// The last step of which anything was recorded.
    pub fn last_step(&self) -> Option<u64> {
        let rows = self.rows.iter().map(|row| row.step);
        let others = self.units.iter().map(|entry| entry.step).chain(self.snapshots.iter().map(|entry| entry.step));
        rows.chain(others).max()
    }

    /// The numbers of one array.
    pub fn load_units(&self, entry: &UnitsEntry) -> Result<Vec<f32>, StoreError> {
        let path = path_in(&self.dir);
        let doing = "reading an array of units";
        let mut file = File::open(&path).or_while(doing, &path)?;
        let mut text = vec![0; base64::length(entry.n)];
        file.seek(SeekFrom::Start(entry.at)).and_then(|_| file.read_exact(&mut text)).or_while(doing, &path)?;
        let why = || "its array is no base 64 of numbers".to_owned();
        let values = base64::decode(&text).filter(|values| values.len() == entry.n);
        values.ok_or_else(|| StoreError::DamagedLine { line: entry.line, why: why(), path })
    }

    /// The tensors as recorded at `step`, checked against their hash in the record.
    pub fn load_snapshot(&self, step: u64) -> Result<Vec<ForeignTensor>, StoreError> {
        let Ok(index) = self.snapshots.binary_search_by_key(&step, |entry| entry.step) else {
            return Err(StoreError::NoSnapshot { step, path: self.dir.clone() });
        };
        snapshot::load(&self.dir, &self.header.id, &self.snapshots[index])
    }

    pub(super) fn parse(bytes: &[u8], dir: &Path, path: &Path) -> Result<Self, StoreError> {
        let len = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let (whole, tail) = bytes.split_at(len);
        let mut lines = whole.split_inclusive(|&byte| byte == b'\n').enumerate().map(|(index, line)| (index + 1, line));
        let damaged = |line: usize, why: String| StoreError::DamagedLine { line, why, path: path.to_owned() };
        let (_, first) = lines.next().ok_or_else(|| damaged(1, "there is no whole header line".to_owned()))?;
        let (header, mut check) = read_header(first, dir, path)?;
        let mut record = Self {
            known: header.known.clone(),
            header,
            names: Vec::new(),
            rows: Vec::new(),
            units: Vec::new(),
            snapshots: Vec::new(),
            marks: Vec::new(),
            n_resumed: 0,
            finished: None,
            torn: !tail.is_empty(),
            positions: Positions::default(),
            len: len as u64,
            check: String::new(),
            dir: dir.to_owned(),
        };
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut at = first.len() as u64;
        for (line, text) in lines {
            let (object, next) = open_line(text, &check).map_err(|why| damaged(line, why))?;
            let entry = serde_json::from_slice(&object).map_err(|e| damaged(line, e.to_string()))?;
            record.push(entry, &mut places, (line, at, &object)).map_err(|why| damaged(line, why))?;
            next.clone_into(&mut check);
            at += text.len() as u64;
        }
        record.check = check;
        Ok(record)
    }

    /// Takes the next entry, which stands at this line and byte as this object, or says why it cannot be the next one.
    fn push(
        &mut self,
        entry: Entry,
        places: &mut BTreeMap<String, usize>,
        (line, at, object): (usize, u64, &[u8]),
    ) -> Result<(), String> {
        if self.finished.is_some() && !matches!(entry, Entry::Resumed(_)) {
            return Err("it follows the line that ends the run".to_owned());
        }
        match entry {
            Entry::Scalars(scalars) => self.push_scalars(scalars, places, line)?,
            Entry::Units(stored) => self.push_units(stored, (line, at, object))?,
            Entry::Snapshot(entry) => {
                follows(self.positions.blocks_snapshot(entry.step), "the snapshots", entry.step)?;
                if entry.file != dunwu::store::snapshot::file_name(entry.step) {
                    return Err(format!("{:?} is not where step {}'s snapshot is kept", entry.file, entry.step));
                }
                self.positions.take_snapshot(entry.step);
                self.snapshots.push(entry);
            }
            Entry::Mark(mark) => self.marks.push(mark),
            Entry::Known(known) => self.known.extend(known.values),
            Entry::Resumed(resumed) => {
                self.n_resumed += 1;
                self.finished = None;
                if let Some(at) = resumed.at {
                    self.rewind(at);
                }
            }
            Entry::Finished(finished) => self.finished = Some(finished),
        }
        Ok(())
    }

    fn push_scalars(
        &mut self,
        ScalarsEntry { step, values: named }: ScalarsEntry,
        places: &mut BTreeMap<String, usize>,
        line: usize,
    ) -> Result<(), String> {
        let mut values = Vec::with_capacity(named.0.len());
        for (name, value) in named.0 {
            follows(self.positions.blocks_scalar(&name, step), &name, step)?;
            self.positions.take_scalar(&name, step);
            let place = *places.entry(name).or_insert_with_key(|name| {
                self.names.push(name.clone());
                self.names.len() - 1
            });
            values.push((place, value));
        }
        self.rows.push(ForeignRow { step, values, line });
        Ok(())
    }

    fn push_units(&mut self, stored: StoredUnits, (line, at, object): (usize, u64, &[u8])) -> Result<(), String> {
        let StoredUnits { step, layer, series, n, f32: text } = stored;
        follows(self.positions.blocks_units(&layer, &series, step), &format!("{series} of {layer}"), step)?;
        let end = b"\"}";
        // An absurd n of a line that was made up must not overflow.
        if n > object.len() || base64::length(n) != text.len() {
            return Err(format!("its array does not have {n} numbers"));
        }
        if !object.strip_suffix(end).is_some_and(|body| body.ends_with(text.as_bytes())) {
            return Err("its array does not come last".to_owned());
        }
        self.positions.take_units(&layer, &series, step);
        let at = at + (object.len() - end.len() - text.len()) as u64;
        self.units.push(UnitsEntry { step, layer, series, n, line, at });
        Ok(())
    }

    fn rewind(&mut self, at: u64) {
        self.positions.rewind(at);
        self.rows.retain(|row| row.step < at);
        self.units.retain(|entry| entry.step < at);
        self.snapshots.retain(|entry| entry.step < at);
        self.marks.retain(|mark| mark.step < at);
    }
}

impl ForeignHeader {
    /// Reads the first line of the record of the run in `dir`.
    fn of_line(object: &[u8], dir: &Path) -> Result<Result<Self, String>, StoreError> {
        let header: Self = match serde_json::from_slice(object) {
            Ok(header) => header,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        let named = name.split('-').next().and_then(|id| id.parse::<RunId>().ok());
        if let Some(named) = named.filter(|named| *named != header.id) {
            return Err(StoreError::OtherName { named, held: header.id, path: dir.to_owned() });
        }
        if identify(&header.name, &header.known, &header.beginning) != header.id {
            return Ok(Err("its id is not the hash of what it says".to_owned()));
        }
        Ok(Ok(header))
    }
}

/// The record of the run in `dir`.
pub(super) fn path_in(dir: &Path) -> PathBuf {
    dir.join("record.jsonl")
}

/// The record's first line with its checksum. Another format is refused before anything else is looked at.
fn read_header(line: &[u8], dir: &Path, path: &Path) -> Result<(ForeignHeader, String), StoreError> {
    let damaged = |why: String| StoreError::DamagedLine { line: 1, why, path: path.to_owned() };
    if !line.ends_with(b"\n") {
        return Err(damaged("there is no whole header line".to_owned()));
    }
    let FormatOnly { format, foreign } = serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
    if foreign > FOREIGN_FORMAT || foreign > 0 && format > FORMAT {
        return Err(StoreError::NewerForeign { path: dir.to_owned() });
    }
    let (object, check) = open_line(line, "").map_err(damaged)?;
    Ok((ForeignHeader::of_line(&object, dir)?.map_err(damaged)?, check.to_owned()))
}

fn follows(last: Option<u64>, name: &str, step: u64) -> Result<(), String> {
    match last {
        Some(last) => Err(format!("step {step} of {name} does not follow {last}")),
        None if step > MOST_STEP => Err(format!("there is no step {step}")),
        None => Ok(()),
    }
}
