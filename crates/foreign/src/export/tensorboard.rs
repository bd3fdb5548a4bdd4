//! A run as an event file in a folder that `TensorBoard` looks at, once or while the run goes on.

use super::events::event_file;
use super::logged::LoggedRun;
use dunwu::store::disk::{self, WrittenFile};
use dunwu::store::file::{While as _, replace};
use dunwu::store::{FileError, RunDir};
use dunwu::verb::{VerbError, Watcher};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// How often a record is looked at for more.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// An event file that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// Lines of the record that are in it.
    pub n_logged: usize,
}

/// Writes the event file of `run` into `folder`, which is made if it is missing. A file of the same run that was written before is
/// made longer where it is the beginning of the new one, so that whoever reads it live goes on, and replaced otherwise.
pub fn write(run: &LoggedRun, folder: &Path) -> Result<EventFile, FileError> {
    disk::make_folder(folder).or_while("making the folder of an event file", folder)?;
    // The name has the time that programs sort by, and is the same each time.
    let name = format!("events.out.tfevents.{:010}.dunwu.{}", run.began as u64, run.id);
    let path = folder.join(name);
    let bytes = event_file(run);
    let doing = "writing an event file";
    match fs::read(&path) {
        Ok(old) if bytes.starts_with(&old) => {
            let mut file = WrittenFile::append_to(&path).or_while(doing, &path)?;
            file.write_all(&bytes[old.len()..]).or_while(doing, &path)?;
        }
        _ => replace(&path, &bytes, doing)?,
    }
    Ok(EventFile { path, bytes: bytes.len() as u64, n_logged: run.logged.len() })
}

/// Writes the event file of the run in `dir` and goes on as long as the run does: until it has finished, nobody writes it any more,
/// or the watcher asks to stop.
pub fn follow(dir: &RunDir, folder: &Path, watcher: &mut Watcher<'_>) -> Result<EventFile, VerbError> {
    let record = dir.path().join("record.jsonl");
    let length = || fs::metadata(&record).map_or(0, |metadata| metadata.len());
    watcher.phase("following the run", None);
    let mut seen = None;
    let mut file = None;
    loop {
        // Looked at first: what was written before nobody wrote any more is still read.
        let is_written = dir.writer().is_some();
        let now = length();
        let mut is_finished = false;
        if seen != Some(now) {
            let run = LoggedRun::read(dir)?;
            is_finished = run.is_finished;
            file = Some(write(&run, folder)?);
            seen = Some(now);
        }
        if let Some(file) = file.take_if(|_| is_finished || !is_written || watcher.is_stopped()) {
            return Ok(file);
        }
        sleep(LOOK_EVERY);
    }
}
