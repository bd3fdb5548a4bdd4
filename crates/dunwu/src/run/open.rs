//! A recorded run, opened again.

use super::RunRequest;
use crate::measure::DERIVED_VERSION;
use crate::opened::{Frame, Opened, Opening};
use crate::store::{Cache, Record, RunDir};
use crate::tables;
use crate::verb::{Progress, VerbError, Watcher};
use dunwu_engine::Outcome;

/// A recorded run with everything derived from it; a run that is not finished is judged as if it ended at its
/// last evaluation.
pub fn open(dir: &RunDir, watcher: &mut Watcher<'_>) -> Result<Opened, VerbError> {
    let request = RunRequest::from_run(dir)?;
    request.notes.iter().for_each(|note| watcher.note(note));
    let record = Record::read(dir)?;
    let mut opening = Opening::new(&request.spec, &request.problem, &request.split, request.decomposition.as_ref())
        .with_origin(request.origin.clone());
    let cache = Cache::of(dir, &record, DERIVED_VERSION);
    match cache.load::<Vec<Frame>>().filter(|frames| frames.len() == record.snapshots.len()) {
        Some(frames) => opening.reuse(frames),
        None => {
            watcher.phase("measuring snapshots", Some(record.snapshots.len() as u64));
            for (entry, done) in record.snapshots.iter().zip(1..) {
                if watcher.is_stopped() {
                    return Err(VerbError::Stopped);
                }
                opening.add(&record.load_snapshot(entry.step)?)?;
                watcher.tell(&Progress::Pieces(done));
            }
            // A run that another process is writing must not be touched, and a cache is worth nothing there.
            if record.finished.is_some() {
                // What cannot be kept is derived again next time: a run on a read-only disk can be looked at.
                if let Err(error) = cache.store(&opening.frames().to_vec()) {
                    watcher.note(&error.to_string());
                }
            }
        }
    }
    let last_step = record.scalars.last().map_or(0, |row| row.step);
    let outcome = record.finished.map_or(Outcome::Censored { step: last_step }, |finished| finished.outcome);
    Ok(opening.finish(record.scalars, outcome))
}

/// Writes what is derived from a finished run beside it: its tables, and its measures for the next time that it is opened.
pub fn keep_derived(opened: &Opened, dir: &RunDir) -> Result<(), VerbError> {
    for (name, table) in tables::tables(opened) {
        table.write_parquet(&dir.path().join(format!("{name}.parquet")))?;
    }
    Ok(Cache::of(dir, &Record::read(dir)?, DERIVED_VERSION).store(&opened.frames)?)
}
