//! Runs that the page looks at, opened once and gone on with as they grow.
//!
//! A run that another process is writing is read from its record: nothing of it is locked, and it does not know that anybody looks. Its
//! snapshots are measured here, each once, and only while somebody asks.

use super::refusal::Refused;
use dunwu::run::GrowingRun;
use dunwu::store::RunDir;
use dunwu::verb::{VerbError, Watcher};
use dunwu_foreign::recorded::RecordedRun;
use dunwu_report::packed::{self, PackedRequest};
use dunwu_report::run::KeptRun;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Runs that are kept open. One of 2,048 units and a hundred snapshots takes some hundred megabytes.
const MOST_OPEN: usize = 4;

/// The runs of a folder.
pub(super) struct KeptRuns {
    folder: PathBuf,
    open: Mutex<Vec<(PathBuf, Arc<Mutex<GrowingRun>>)>>,
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
                let run = self.look(&dir)?;
                own(&mut locked(&run), &dir, request).map_err(|error| Refused::failed(error.sentence()))
            }
        }
    }

    /// The run, opened now or before.
    fn look(&self, dir: &RunDir) -> Result<Arc<Mutex<GrowingRun>>, Refused> {
        let mut open = locked(&self.open);
        if let Some(place) = open.iter().position(|(path, _)| path == dir.path()) {
            // The one that was looked at last is forgotten last.
            open[place..].rotate_left(1);
            return Ok(Arc::clone(&open[open.len() - 1].1));
        }
        let run = unwatched(|watcher| GrowingRun::new(dir, watcher));
        let run = Arc::new(Mutex::new(run.map_err(|error| Refused::failed(error.sentence()))?));
        if open.len() >= MOST_OPEN {
            open.remove(0);
        }
        open.push((dir.path().to_owned(), Arc::clone(&run)));
        Ok(run)
    }
}

fn own(run: &mut GrowingRun, dir: &RunDir, request: &PackedRequest) -> Result<Vec<u8>, VerbError> {
    let opened = unwatched(|watcher| run.open(dir, watcher))?;
    let bytes = packed::of_own(&opened, &KeptRun::of(dir, true)?, request);
    run.close(opened);
    Ok(bytes)
}

/// Nobody hears of progress here, or asks to stop.
fn unwatched<T>(verb: impl FnOnce(&mut Watcher<'_>) -> T) -> T {
    verb(&mut Watcher::new(&mut |_| {}, &AtomicBool::new(false)))
}

/// Bytes of the record of the run in `dir`: it grows with all that is recorded.
pub(super) fn length_of_record(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("record.jsonl")).map_or(0, |metadata| metadata.len())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left either what was there before or nothing, which is measured again.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
