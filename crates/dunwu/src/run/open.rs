//! A recorded run, opened again.

use super::RunRequest;
use crate::measure::DERIVED_VERSION;
use crate::opened::{FirstSnapshot, Frame, Opened, Opening};
use crate::store::{Cache, Record, RunDir};
use crate::tables;
use crate::verb::{Progress, VerbError, Watcher};
use dunwu_engine::Outcome;

/// A recorded run with everything derived from it; a run that is not finished is judged as if it ended at its
/// last evaluation.
pub fn open(dir: &RunDir, watcher: &mut Watcher<'_>) -> Result<Opened, VerbError> {
    GrowingRun::new(dir, watcher)?.open(dir, watcher)
}

/// A recorded run that is opened again and again, perhaps while another process writes it: no snapshot is measured twice.
pub struct GrowingRun {
    request: RunRequest,
    first: Option<FirstSnapshot>,
    frames: Vec<Frame>,
}

impl GrowingRun {
    /// The run in `dir`, of which nothing is measured yet.
    pub fn new(dir: &RunDir, watcher: &mut Watcher<'_>) -> Result<Self, VerbError> {
        let request = RunRequest::from_run(dir)?;
        request.notes.iter().for_each(|note| watcher.note(note));
        Ok(Self { request, first: None, frames: Vec::new() })
    }

    /// The run as its record has it now. Its frames are lent; [`Self::close`] takes them back, without which all is measured again.
    pub fn open(&mut self, dir: &RunDir, watcher: &mut Watcher<'_>) -> Result<Opened, VerbError> {
        let RunRequest { spec, problem, split, decomposition, origin, .. } = &self.request;
        let record = Record::read(dir)?;
        let cache = Cache::of(dir, &record, DERIVED_VERSION);
        let mut known = std::mem::take(&mut self.frames);
        let is_past = |frames: &[Frame]| {
            let steps = frames.iter().zip(&record.snapshots);
            frames.len() <= record.snapshots.len() && steps.into_iter().all(|(frame, entry)| frame.step == entry.step)
        };
        if known.is_empty() || !is_past(&known) {
            let kept = cache.load::<Vec<Frame>>().filter(|frames| frames.len() == record.snapshots.len());
            (known, self.first) = (kept.unwrap_or_default(), None);
        }
        let n_known = known.len();
        let mut opening = Opening::new(spec, problem, split, decomposition.as_ref())
            .with_origin(origin.clone())
            .after(self.first.take());
        opening.reuse(known);
        let new = &record.snapshots[n_known..];
        if !new.is_empty() {
            watcher.phase("measuring snapshots", Some(new.len() as u64));
        }
        for (entry, done) in new.iter().zip(1..) {
            if watcher.is_stopped() {
                return Err(VerbError::Stopped);
            }
            opening.add(&record.load_snapshot(entry.step)?)?;
            watcher.tell(&Progress::Pieces(done));
        }
        // A run that another process is writing must not be touched, and a cache is worth nothing there.
        if !new.is_empty() && record.finished.is_some() {
            // What cannot be kept is derived again next time: a run on a read-only disk can be looked at.
            if let Err(error) = cache.store(&opening.frames().to_vec()) {
                watcher.note(&error.to_string());
            }
        }
        let last_step = record.scalars.last().map_or(0, |row| row.step);
        let outcome = record.finished.map_or(Outcome::Censored { step: last_step }, |finished| finished.outcome);
        let (first, opened) = opening.so_far(record.scalars, outcome);
        self.first = first;
        Ok(opened)
    }

    /// Takes back what is measured.
    pub fn close(&mut self, opened: Opened) {
        self.frames = opened.frames;
    }
}

/// Writes what is derived from a finished run beside it: its tables, and its measures for the next time that it is opened.
pub fn keep_derived(opened: &Opened, dir: &RunDir) -> Result<(), VerbError> {
    for (name, table) in tables::tables(opened) {
        table.write_parquet(&dir.path().join(format!("{name}.parquet")))?;
    }
    Ok(Cache::of(dir, &Record::read(dir)?, DERIVED_VERSION).store(&opened.frames)?)
}
