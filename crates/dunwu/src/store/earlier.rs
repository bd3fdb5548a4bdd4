//! A run that another one begins with: one of fewer steps, or one to which something else is done from a later step on.
//!
//! Where the learning rate does not depend on the number of steps, a run of 600 steps is the beginning of the same run of 1,200; and a
//! run is the beginning of every fork of it until the step of the fork. Its entries and its checkpoint are taken over, and the rest
//! has the bits of a run that was never divided.

use super::checkpoint;
use super::entry::Header;
use super::error::StoreError;
use super::id::RunId;
use super::record::Record;
use super::recorded_spec::{RecordedSpec, hashes_of, settings_of};
use super::run_dir::{NewRun, RunDir};
use dunwu_engine::spec::{Action, Intervention, Value};
use dunwu_engine::{Checkpoint, RunSpec, Scalars, Snapshot};
use std::collections::BTreeMap;
use std::path::Path;

/// A run up to the checkpoint that it left.
#[derive(Debug)]
pub struct EarlierRun {
    dir: RunDir,
    n_steps: u64,
    record: Record,
    checkpoint: Checkpoint,
}

/// Among the runs in `root` the one that goes furthest of those that have the bits of `new` up to their checkpoint: the same settings
/// but for fewer steps, and for interventions from the checkpoint on. Directories that cannot be read are passed over.
pub fn earlier_run(root: &Path, new: &NewRun<'_>) -> Result<Option<EarlierRun>, StoreError> {
    let runs = RunDir::list(root)?.into_iter().filter_map(|dir| EarlierRun::open(dir, new));
    Ok(runs.max_by_key(EarlierRun::step))
}

/// Whether the learning rate at a step depends on how many steps the run has.
fn depends_on_steps(spec: &RunSpec) -> bool {
    let becomes_cosine = |one: &Intervention| matches!(&one.action, Action::Set { key: "optimizer.schedule", value } if *value == Value::from("cosine"));
    spec.optimizer.schedule.depends_on_steps() || spec.interventions.iter().any(becomes_cosine)
}

/// Whether two runs do the same before `step`: what only one of them does, it does from there on. Of what waits for an event nobody
/// knows when it comes.
fn agree_until(step: u64, one: &[Intervention], other: &[Intervention]) -> bool {
    let differ_later = |a: &[Intervention], b: &[Intervention]| {
        let only = a.iter().filter(|intervention| !b.contains(intervention));
        only.map(|intervention| intervention.when.first_step()).all(|first| first.is_some_and(|first| first >= step))
    };
    differ_later(one, other) && differ_later(other, one)
}

impl EarlierRun {
    fn open(dir: RunDir, new: &NewRun<'_>) -> Option<Self> {
        let header = Header::read(&dir).ok()?;
        let common = |mut settings: BTreeMap<String, String>| {
            ["steps", "interventions"].iter().for_each(|key| drop(settings.remove(*key)));
            settings
        };
        let is_same = header.kernel == new.kernel
            && header.inputs == hashes_of(new.inputs)
            && common(header.settings) == common(settings_of(new.spec));
        if !is_same || dir.writer().is_some() {
            return None;
        }
        let spec = RecordedSpec::read(&dir).ok()?.spec; // refuses one that was edited
        let n_steps = spec.steps;
        let has_steps = n_steps == new.spec.steps || n_steps < new.spec.steps && !depends_on_steps(new.spec);
        if !has_steps {
            return None;
        }
        let record = Record::read(&dir).ok()?;
        let checkpoint = checkpoint::usable(&dir, &record).ok()?.ok()??;
        if !agree_until(checkpoint.step, &spec.interventions, &new.spec.interventions) {
            return None;
        }
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
