//! Runs that the page looks at, opened once and gone on with as they grow.
//!
//! A run that another process is writing is read from its record: nothing of it is locked, and it does not know that anybody looks. Its
//! snapshots are measured here, each once, and only while somebody asks.

use super::refusal::Refused;
use dunwu::measure::DERIVED_VERSION;
use dunwu::opened::{FirstSnapshot, Frame, Opened, Opening};
use dunwu::run::RunRequest;
use dunwu::store::{Cache, Record, RunDir, RunState};
use dunwu::verb::VerbError;
use dunwu_engine::Outcome;
use dunwu_foreign::recorded::RecordedRun;
use dunwu_report::packed::{self, PackedRequest};
use dunwu_report::run::KeptRun;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Runs that are kept open. One of 2,048 units and a hundred snapshots takes some hundred megabytes.
const MOST_OPEN: usize = 4;

/// The runs of a folder.
pub(super) struct KeptRuns {
    folder: PathBuf,
    open: Mutex<Vec<(PathBuf, Arc<Mutex<Looked>>)>>,
}

/// What is known of a run.
struct Looked {
    request: RunRequest,
    first: Option<FirstSnapshot>,
    frames: Vec<Frame>,
}

impl KeptRuns {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, open: Mutex::default() }
    }

    /// The directory of a run by its name, which is one of the folder's and no way out of it.
    pub(super) fn find(&self, name: &str) -> Result<PathBuf, Refused> {
        let path = self.folder.join(name);
        let is_name = Path::new(name).file_name().is_some_and(|last| last == name) && path.is_dir();
        is_name.then_some(path).ok_or_else(|| {
            let asked: String = name.chars().take(200).collect();
            Refused::missing(format!("there is no run {asked:?} in {}", self.folder.display()))
        })
    }

    /// The run as bytes.
    pub(super) fn packed(&self, name: &str, request: &PackedRequest) -> Result<Vec<u8>, Refused> {
        let path = self.find(name)?;
        match RecordedRun::resolve(&self.folder, &path.display().to_string()).map_err(Refused::failed)? {
            RecordedRun::Foreign(run) => Ok(packed::of_foreign(&run, request)),
            RecordedRun::Own(dir) => {
                let looked = self.look(&dir)?;
                let mut looked = locked(&looked);
                looked.packed(&dir, request).map_err(|error| Refused::failed(error.sentence()))
            }
        }
    }

    /// The run, opened now or before.
    fn look(&self, dir: &RunDir) -> Result<Arc<Mutex<Looked>>, Refused> {
        let mut open = locked(&self.open);
        if let Some(place) = open.iter().position(|(path, _)| path == dir.path()) {
            let found = open.remove(place);
            let looked = Arc::clone(&found.1);
            open.push(found);
            return Ok(looked);
        }
        let request = RunRequest::from_run(dir).map_err(|error| Refused::failed(error.sentence()))?;
        let looked = Arc::new(Mutex::new(Looked { request, first: None, frames: Vec::new() }));
        if open.len() >= MOST_OPEN {
            open.remove(0);
        }
        open.push((dir.path().to_owned(), Arc::clone(&looked)));
        Ok(looked)
    }
}

impl Looked {
    fn packed(&mut self, dir: &RunDir, request: &PackedRequest) -> Result<Vec<u8>, VerbError> {
        let opened = self.open(dir)?;
        let (end, writer) = match dir.state()? {
            RunState::Finished(end) => (Some(end), None),
            RunState::Unfinished { writer, .. } => (None, writer),
        };
        let path: PathBuf = dir.path().components().collect();
        let bytes = packed::of_own(&opened, &KeptRun { dir: &path, end, reused: true, writer }, request);
        self.frames = opened.frames;
        Ok(bytes)
    }

    /// The run as its record has it now; snapshots that were measured before are not measured again. Takes the frames out of `self`.
    fn open(&mut self, dir: &RunDir) -> Result<Opened, VerbError> {
        let Self { request, first, frames } = self;
        let record = Record::read(dir)?;
        let mut known = std::mem::take(frames);
        let is_past = known.iter().zip(&record.snapshots).all(|(frame, entry)| frame.step == entry.step);
        if !is_past || known.len() > record.snapshots.len() {
            (known, *first) = (Vec::new(), None);
        }
        if known.is_empty() {
            known = cached(dir, &record).unwrap_or_default();
        }
        let n_known = known.len();
        let mut opening = Opening::new(&request.spec, &request.problem, &request.split, request.decomposition.as_ref())
            .with_origin(request.origin.clone())
            .after(first.take());
        opening.reuse(known);
        for entry in &record.snapshots[n_known..] {
            opening.add(&record.load_snapshot(entry.step)?)?;
        }
        let last_step = record.scalars.last().map_or(0, |row| row.step);
        let outcome = record.finished.map_or(Outcome::Censored { step: last_step }, |finished| finished.outcome);
        let (kept, opened) = opening.so_far(record.scalars, outcome);
        *first = kept;
        Ok(opened)
    }
}

/// What was measured of a finished run, and kept beside it.
fn cached(dir: &RunDir, record: &Record) -> Option<Vec<Frame>> {
    let frames = Cache::of(dir, record, DERIVED_VERSION).load::<Vec<Frame>>()?;
    (frames.len() == record.snapshots.len()).then_some(frames)
}

/// Bytes of the record of the run in `dir`: it grows with all that is recorded.
pub(super) fn length_of_record(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("record.jsonl")).map_or(0, |metadata| metadata.len())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left either what was there before or nothing, which is measured again.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
