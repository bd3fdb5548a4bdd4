//! Recording a foreign run, and going on with one.

use super::base64;
use super::entry::{
    Entry, ForeignEnd, ForeignFinished, ForeignMark, KnownEntry, NamedValues, Number, ResumedEntry, ScalarsEntry,
    StoredUnits,
};
use super::error::ForeignError;
use super::header::{Beginning, FOREIGN_FORMAT, ForeignHeader, Known, identify};
use super::name::{check, check_series};
use super::positions::{MOST_STEP, Positions};
use super::record::{ForeignRecord, path_in};
use super::snapshot::{self, ForeignTensor};
use crate::recorded::is_foreign;
use dunwu::store::file::{self, While as _};
use dunwu::store::lock::RunLock;
use dunwu::store::log::Log;
use dunwu::store::sealed_line::{open_line, seal_line};
use dunwu::store::{FORMAT, RunDir, RunId, SnapshotEntry, StoreError, disk, slug};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// At least so often what was recorded is synced; what came later a power loss may take. A line costs some microseconds, a sync
/// of a disk some milliseconds.
const SYNC_EVERY: Duration = Duration::from_secs(5);
/// Numbers of one array: a line of 22 megabytes.
pub const MOST_UNITS: usize = 1 << 22;
/// Bytes of what is said of a step.
pub const MOST_TEXT: usize = 10_000;

/// The one writer of a foreign run; it holds the run's lock until it is dropped.
///
/// A call that returns has given what it records to the system, so that `kill -9` does not lose it; a power loss may take the last
/// seconds, up to the last [`ForeignWriter::sync`], snapshot or end. Steps of a series ascend: a step that was recorded already, or lies
/// before one, is refused ([`ForeignError::StepBehind`]), and [`ForeignWriter::rewind`] goes back on purpose. Series are independent
/// of each other, so that one may be recorded later than another at the same step. A call that is refused records nothing, and the
/// writer can be used further.
#[derive(Debug)]
pub struct ForeignWriter {
    dir: RunDir,
    id: RunId,
    known: Known,
    log: Log,
    /// Checksum of the last line, which the next one continues.
    check: String,
    positions: Positions,
    last_step: Option<u64>,
    synced: Instant,
    began: Instant,
    _lock: RunLock,
}

impl ForeignWriter {
    /// Begins a run in a new directory `ID-name` in the folder `runs`.
    pub fn create(runs: &Path, name: &str, known: &Known) -> Result<Self, ForeignError> {
        let header = header(name, known, Beginning::now())?;
        let path = runs.join(format!("{}-{}", header.id, slug(name)));
        Self::begin(&path, &header)
    }

    /// Begins a run in the directory `path` itself, which is not there yet or empty, and is named as somebody wants it.
    pub fn create_at(path: &Path, name: &str, known: &Known) -> Result<Self, ForeignError> {
        Self::begin(path, &header(name, known, Beginning::now())?)
    }

    /// Begins the run that a file tells of, in a new directory `ID-name` in the folder `runs`. The same file gives the same id.
    pub fn create_import(runs: &Path, name: &str, known: &Known, beginning: Beginning) -> Result<Self, ForeignError> {
        let header = header(name, known, beginning)?;
        let path = runs.join(format!("{}-{}", header.id, slug(name)));
        Self::begin(&path, &header)
    }

    /// Goes on with the run in `dir`, also with one that has ended; a torn last line is cut.
    pub fn open(dir: &RunDir) -> Result<Self, ForeignError> {
        Self::resume(dir, None)
    }

    /// Goes on with the run in `dir` at `step`: what was recorded at that step and later counts no more.
    pub fn open_at(dir: &RunDir, step: u64) -> Result<Self, ForeignError> {
        Self::resume(dir, Some(step))
    }

    /// What was recorded at `step` and later counts no more: the run goes on from there, as after a checkpoint was loaded.
    pub fn rewind(&mut self, step: u64) -> Result<(), ForeignError> {
        self.append(&Entry::Resumed(ResumedEntry { at: Some(step), dunwu: env!("CARGO_PKG_VERSION").to_owned() }))?;
        self.positions.rewind(step);
        self.last_step = self.last_step.map(|last| last.min(step.saturating_sub(1))).filter(|_| step > 0);
        self.sync()
    }

    /// Records numbers of one step by name, NaN and infinite ones among them. Nothing is recorded without values.
    pub fn scalars(&mut self, step: u64, values: &[(&str, f64)]) -> Result<(), ForeignError> {
        if values.is_empty() {
            return Ok(());
        }
        let mut names = BTreeSet::new();
        for (name, _) in values {
            check_series(name)?;
            if !names.insert(*name) {
                return Err(ForeignError::SameName { name: (*name).to_owned(), step });
            }
            self.follows(self.positions.blocks_scalar(name, step), name, step)?;
        }
        let named = NamedValues(values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect());
        self.append(&Entry::Scalars(ScalarsEntry { step, values: named }))?;
        values.iter().for_each(|(name, _)| self.positions.take_scalar(name, step));
        self.recorded(step)
    }

    /// Records one array of a layer: a number for each of its units, or a single one for the layer.
    pub fn units(&mut self, step: u64, layer: &str, series: &str, values: &[f32]) -> Result<(), ForeignError> {
        check("layer", layer)?;
        check("series", series)?;
        let what = || format!("{series} of {layer}");
        self.follows(self.positions.blocks_units(layer, series, step), &what(), step)?;
        self.fits(&what(), values.len(), "numbers", MOST_UNITS)?;
        let (layer_name, series_name) = (layer.to_owned(), series.to_owned());
        let f32 = base64::encode(values);
        let stored = StoredUnits { step, layer: layer_name, series: series_name, n: values.len(), f32 };
        self.append(&Entry::Units(stored))?;
        self.positions.take_units(layer, series, step);
        self.recorded(step)
    }

    /// Records tensors: their file first, synced, then its line, synced.
    pub fn snapshot(&mut self, step: u64, tensors: &[ForeignTensor]) -> Result<(), ForeignError> {
        let mut names = BTreeSet::new();
        for tensor in tensors {
            check("tensor", &tensor.name)?;
            if !names.insert(&tensor.name) {
                return Err(ForeignError::SameName { name: tensor.name.clone(), step });
            }
            if !snapshot::DTYPES.iter().any(|known| known.0 == tensor.dtype) {
                return Err(ForeignError::Dtype { name: tensor.dtype.clone() });
            }
        }
        self.follows(self.positions.blocks_snapshot(step), "snapshots", step)?;
        let bytes = snapshot::encode(&self.id, step, tensors).map_err(|why| ForeignError::Tensors { step, why })?;
        let blake3 = blake3::hash(&bytes).to_hex().to_string();
        let entry = SnapshotEntry { step, file: dunwu::store::snapshot::file_name(step), blake3 };
        file::replace(&self.dir.path().join(&entry.file), &bytes, "writing a snapshot")?;
        self.append(&Entry::Snapshot(entry))?;
        self.positions.take_snapshot(step);
        self.recorded(step)?;
        self.sync()
    }

    /// Records the tensors of a file of safetensors, whoever wrote it.
    pub fn snapshot_bytes(&mut self, step: u64, safetensors: &[u8]) -> Result<(), ForeignError> {
        let tensors = snapshot::decode(safetensors).map_err(|why| ForeignError::Tensors { step, why })?;
        self.snapshot(step, &tensors)
    }

    /// Records that something is to be said of a step; any step, as often as one likes.
    pub fn mark(&mut self, step: u64, text: &str) -> Result<(), ForeignError> {
        self.follows(None, "marks", step)?;
        self.fits("a mark", text.len(), "bytes", MOST_TEXT)?;
        self.append(&Entry::Mark(ForeignMark { step, text: text.to_owned() }))?;
        self.synced_in_time()
    }

    /// Records what became known meanwhile; it replaces what was known under the same keys. What is known already costs nothing.
    pub fn learn(&mut self, known: &Known) -> Result<(), ForeignError> {
        let news: Known =
            known.iter().filter(|(key, value)| self.known.get(*key) != Some(*value)).map(pair_of).collect();
        if news.is_empty() {
            return Ok(());
        }
        self.fits("what is known", bytes_of(&news), "bytes", MOST_KNOWN)?;
        self.append(&Entry::Known(KnownEntry { values: news.clone() }))?;
        self.known.extend(news);
        self.synced_in_time()
    }

    /// Returns when all that was recorded would survive a power loss.
    pub fn sync(&mut self) -> Result<(), ForeignError> {
        self.log.sync()?;
        self.synced = Instant::now();
        Ok(())
    }

    /// Says how the run ended, and gives the lock back. It can be gone on with all the same.
    pub fn finish(mut self, how: ForeignEnd) -> Result<RunDir, ForeignError> {
        let seconds = (how != ForeignEnd::Imported).then(|| Number(self.began.elapsed().as_secs_f64()));
        self.append(&Entry::Finished(ForeignFinished { how, step: self.last_step, seconds }))?;
        self.sync()?;
        Ok(self.dir)
    }

    /// The run's id.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// The run's directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The last step of which anything was recorded.
    pub fn last_step(&self) -> Option<u64> {
        self.last_step
    }

    /// Makes the directory with its header. Without a record it is no run yet, and whoever begins the same run next takes it over.
    fn begin(path: &Path, header: &ForeignHeader) -> Result<Self, ForeignError> {
        let doing = "creating the run directory";
        for dir in [path, &path.join("snapshots")] {
            disk::make_folder(dir).or_while(doing, dir)?;
        }
        let lock = RunLock::take(path)?;
        let record = path_in(path);
        if record.exists() {
            return Err(StoreError::Exists { path: path.to_owned() }.into());
        }
        file::remove_temp_files(path)?; // of whoever began it before
        let text = serde_json::to_string(header).expect("a header is plain text and numbers");
        file::replace(&record, (seal_line(&text, "") + "\n").as_bytes(), "beginning the record")?;
        let above = file::parent_of(path);
        disk::sync_folder(above).or_while(doing, above)?;
        let dir = RunDir::open(path)?;
        let record = ForeignRecord::read(&dir)?;
        Self::over(dir, record, lock)
    }

    fn resume(dir: &RunDir, at: Option<u64>) -> Result<Self, ForeignError> {
        if !is_foreign(dir)? {
            return Err(ForeignError::OwnRun { path: dir.path().to_owned() });
        }
        let lock = RunLock::take(dir.path())?;
        let record = ForeignRecord::read(dir)?;
        let mut writer = Self::over(dir.clone(), record, lock)?;
        writer.append(&Entry::Resumed(ResumedEntry { at, dunwu: env!("CARGO_PKG_VERSION").to_owned() }))?;
        writer.sync()?;
        // Only now does what was rewound count no more: its snapshots go when the line that says so is durable.
        let record = ForeignRecord::read(dir)?;
        file::remove_temp_files(dir.path())?;
        dunwu::store::snapshot::remove_unrecorded(dir.path(), &record.snapshots)?;
        writer.last_step = record.last_step();
        writer.positions = record.positions;
        Ok(writer)
    }

    fn over(dir: RunDir, record: ForeignRecord, lock: RunLock) -> Result<Self, ForeignError> {
        let log = Log::open(&path_in(dir.path()), record.len)?;
        let now = Instant::now();
        Ok(Self {
            id: record.header.id.clone(),
            last_step: record.last_step(),
            known: record.known,
            positions: record.positions,
            check: record.check,
            synced: now,
            began: now,
            dir,
            log,
            _lock: lock,
        })
    }

    fn append(&mut self, entry: &Entry) -> Result<(), ForeignError> {
        let object = serde_json::to_string(entry).expect("an entry is plain text and numbers");
        let line = seal_line(&object, &self.check);
        self.log.append(&line)?;
        // Only now: a line that could not be written is none that another could continue.
        let (_, check) = open_line(line.as_bytes(), &self.check).expect("it was sealed above");
        self.check = check.to_owned();
        Ok(())
    }

    /// Refuses a step that lies behind `last`, or that no record takes.
    fn follows(&self, last: Option<u64>, name: &str, step: u64) -> Result<(), ForeignError> {
        if let Some(last) = last {
            let (name, path) = (name.to_owned(), self.dir.path().to_owned());
            return Err(ForeignError::StepBehind { name, last, step, path });
        }
        self.fits(
            "the number of a step",
            usize::try_from(step).unwrap_or(usize::MAX),
            "as its value",
            MOST_STEP as usize,
        )
    }

    fn fits(&self, what: &str, found: usize, unit: &'static str, most: usize) -> Result<(), ForeignError> {
        if found <= most {
            return Ok(());
        }
        Err(ForeignError::TooLarge { what: what.to_owned(), found, unit, most, path: self.dir.path().to_owned() })
    }

    fn recorded(&mut self, step: u64) -> Result<(), ForeignError> {
        self.last_step = self.last_step.max(Some(step));
        self.synced_in_time()
    }

    fn synced_in_time(&mut self) -> Result<(), ForeignError> {
        if self.synced.elapsed() < SYNC_EVERY { Ok(()) } else { self.sync() }
    }
}

/// Bytes of all that is known.
const MOST_KNOWN: usize = 1 << 20;

fn bytes_of(known: &Known) -> usize {
    known.iter().map(|(key, value)| key.len() + value.len()).sum()
}

fn pair_of((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

fn header(name: &str, known: &Known, beginning: Beginning) -> Result<ForeignHeader, ForeignError> {
    check("run", name)?;
    if bytes_of(known) > MOST_KNOWN {
        let (what, path) = ("what is known".to_owned(), name.into());
        return Err(ForeignError::TooLarge { what, found: bytes_of(known), unit: "bytes", most: MOST_KNOWN, path });
    }
    Ok(ForeignHeader {
        format: FORMAT,
        foreign: FOREIGN_FORMAT,
        dunwu: env!("CARGO_PKG_VERSION").to_owned(),
        id: identify(name, known, &beginning),
        name: name.to_owned(),
        known: known.clone(),
        beginning,
    })
}
