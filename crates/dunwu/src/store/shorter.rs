//! A run that another one of more steps begins with.
//!
//! Where the learning rate does not depend on the number of steps, a run of 600 steps is the beginning of the same run of 1,200:
//! its entries and its checkpoint are taken over, and the rest has the bits of a run that was never divided.

use super::checkpoint;
use super::entry::Header;
use super::error::StoreError;
use super::id::RunId;
use super::record::Record;
use super::recorded_spec::{RecordedSpec, hashes_of, settings_of};
use super::run_dir::{NewRun, RunDir};
use dunwu_engine::{Checkpoint, Scalars, Snapshot};
use std::collections::BTreeMap;
use std::path::Path;

/// A run of fewer steps, up to the checkpoint that it left.
#[derive(Debug)]
pub struct ShorterRun {
    dir: RunDir,
    n_steps: u64,
    record: Record,
    checkpoint: Checkpoint,
}

/// Among the runs in `root` the one that goes furthest of those that are `new` with fewer steps; `None` where there is none, and
/// where the learning rate depends on the number of steps. Directories that cannot be read are passed over.
pub fn shorter_run(root: &Path, new: &NewRun<'_>) -> Result<Option<ShorterRun>, StoreError> {
    if new.spec.optimizer.schedule.depends_on_steps() {
        return Ok(None);
    }
    let runs = RunDir::list(root)?.into_iter().filter_map(|dir| ShorterRun::open(dir, new));
    Ok(runs.max_by_key(ShorterRun::step))
}

impl ShorterRun {
    fn open(dir: RunDir, new: &NewRun<'_>) -> Option<Self> {
        let header = Header::read(&dir).ok()?;
        let without_steps = |mut settings: BTreeMap<String, String>| {
            settings.remove("steps");
            settings
        };
        let is_same = header.kernel == new.kernel
            && header.inputs == hashes_of(new.inputs)
            && without_steps(header.settings) == without_steps(settings_of(new.spec));
        if !is_same || dir.writer().is_some() {
            return None;
        }
        let n_steps = RecordedSpec::read(&dir).ok()?.spec.steps; // refuses one that was edited
        if n_steps >= new.spec.steps {
            return None;
        }
        let record = Record::read(&dir).ok()?;
        let checkpoint = checkpoint::usable(&dir, &record).ok()?.ok()??;
        Some(Self { dir, n_steps, record, checkpoint })
    }

    /// Where it is.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Its id.
    pub fn id(&self) -> &RunId {
        &self.record.header.id
    }

    /// The steps that it was to make.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Updates made at its checkpoint.
    pub fn step(&self) -> u64 {
        self.checkpoint.step
    }

    pub(super) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Evaluations before the checkpoint. At its last step a run evaluates what a longer one might not.
    pub(super) fn scalars(&self) -> impl Iterator<Item = &Scalars> {
        self.record.scalars.iter().filter(|row| row.step < self.step())
    }

    /// Steps of the snapshots before the checkpoint.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = u64> {
        self.record.snapshots.iter().map(|entry| entry.step).filter(|&step| step < self.step())
    }

    pub(super) fn load_snapshot(&self, step: u64) -> Result<Snapshot, StoreError> {
        self.record.load_snapshot(step)
    }
}
