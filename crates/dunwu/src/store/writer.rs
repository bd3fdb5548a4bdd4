//! Writing a run, and going on with one that was interrupted.

use super::disk;
use super::earlier::EarlierRun;
use super::entry::{self, Entry, Finished, ParentEntry, ResumedEntry, SnapshotEntry};
use super::error::StoreError;
use super::file::{self, While as _};
use super::id::RunId;
use super::lock::RunLock;
use super::log::Log;
use super::record::Record;
use super::recorded_spec::RecordedSpec;
use super::run_dir::{NewRun, RunDir};
use super::sealed_line::{open_line, seal_line};
use super::{checkpoint, snapshot};
use dunwu_engine::{Checkpoint, Outcome, Scalars, Snapshot};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// The one writer of a run; it holds the run's lock until it is dropped.
///
/// After an error nothing that was written before is lost: drop the writer, do what the message says, resume the run. A
/// call that found the disk full may also be made again.
#[derive(Debug)]
pub struct RunWriter {
    dir: RunDir,
    id: RunId,
    pub(super) log: Log,
    /// Checksum of the last line, which the next one continues.
    check: String,
    scalars: Replay<Scalars>,
    snapshots: Replay<SnapshotEntry>,
    /// Step of the checkpoint that was saved last by this writer.
    checkpoint: Option<u64>,
    _lock: RunLock,
}

/// A run that is being gone on with.
#[derive(Debug)]
pub struct Resumed {
    /// To write the rest. Entries that the record already holds are compared, not written twice.
    pub writer: RunWriter,
    /// Where to go on from; `None` means from the start.
    pub checkpoint: Option<Checkpoint>,
    /// Why the checkpoint that there is cannot be used, where it cannot.
    pub checkpoint_refused: Option<String>,
    /// Whether the record ended inside a line, which was cut.
    pub torn: bool,
}

impl RunWriter {
    /// Begins a run in a new directory under `root`.
    pub fn create(root: &Path, new: &NewRun<'_>) -> Result<Self, StoreError> {
        let (dir, lock) = RunDir::create(root, new)?;
        let record = Record::read(&dir)?;
        Self::over(dir, &record, lock, 0)
    }

    /// Begins a run in a new directory under `root` with all that `earlier` did up to its checkpoint, for [`RunWriter::resume`] to go
    /// on from there. Where this is interrupted, the run begins again at step 0.
    pub fn create_from(root: &Path, new: &NewRun<'_>, earlier: &EarlierRun) -> Result<RunDir, StoreError> {
        let mut writer = Self::create(root, new)?;
        let mut rows = earlier.scalars().peekable();
        for step in earlier.snapshots() {
            while let Some(row) = rows.next_if(|row| row.step <= step) {
                writer.append_scalars(row)?;
            }
            writer.append_snapshot(&earlier.load_snapshot(step)?)?;
        }
        rows.try_for_each(|row| writer.append_scalars(row))?;
        writer.append(&Entry::Parent(ParentEntry { run: earlier.id().clone(), step: earlier.step() }))?;
        writer.save_checkpoint(earlier.checkpoint())?;
        Ok(writer.dir)
    }

    /// Goes on with the run in `dir`, with the kernel that it was begun with.
    pub fn resume(dir: &RunDir, kernel: &str) -> Result<Resumed, StoreError> {
        let lock = RunLock::take(dir.path())?;
        let record = Record::read(dir)?;
        RecordedSpec::read(dir)?;
        let path = dir.path().to_owned();
        if record.finished.is_some() {
            return Err(StoreError::Finished { path });
        }
        if record.header.kernel != kernel {
            let (recorded, ours) = (record.header.kernel, kernel.to_owned());
            return Err(StoreError::OtherKernel { recorded, ours, path });
        }
        let (checkpoint, checkpoint_refused) = match checkpoint::usable(dir, &record)? {
            Ok(checkpoint) => (checkpoint, None),
            Err(why) => (None, Some(why)),
        };
        file::remove_temp_files(dir.path())?;
        snapshot::remove_unrecorded(dir.path(), &record.snapshots)?;
        let step = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.step);
        let replay_from = if checkpoint.is_some() { step + 1 } else { 0 };
        let mut writer = Self::over(dir.clone(), &record, lock, replay_from)?;
        writer.append(&Entry::Resumed(ResumedEntry { step, dunwu: env!("CARGO_PKG_VERSION").to_owned() }))?;
        writer.log.sync()?;
        Ok(Resumed { writer, checkpoint, checkpoint_refused, torn: record.torn })
    }

    /// Removes what is of no use in the directory of a run that has finished, where its writer was ended before it could: a
    /// checkpoint of an earlier step and temporary files. Who cannot write there, or finds the run in use, leaves it at that.
    pub fn clear_finished(dir: &RunDir) {
        if let Ok(_lock) = RunLock::take(dir.path())
            && let Ok(record) = Record::read(dir)
            && let Some(finished) = record.finished
        {
            let _ = file::remove_temp_files(dir.path());
            let is_of_end = |checkpoint: &Checkpoint| checkpoint.step == finished.step;
            if !matches!(checkpoint::usable(dir, &record), Ok(Ok(Some(checkpoint))) if is_of_end(&checkpoint)) {
                let _ = disk::remove_file(&checkpoint::path(dir.path()));
            }
        }
    }

    /// The run's directory.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Records losses and accuracies. Survives `kill -9` from here on, and a power loss from the next snapshot or
    /// checkpoint on: syncing each line would cost more than the step that it describes.
    pub fn append_scalars(&mut self, scalars: &Scalars) -> Result<(), StoreError> {
        let step = scalars.step;
        let path = || self.dir.path().to_owned();
        match self.scalars.next(step) {
            Next::New => {
                self.append(&Entry::Scalars(scalars.into()))?;
                self.scalars.written(step);
                Ok(())
            }
            Next::Recorded(recorded) => match entry::first_difference(&recorded, scalars) {
                None => {
                    self.scalars.repeated(step);
                    Ok(())
                }
                Some((field, recorded, ours)) => {
                    Err(StoreError::OtherBits { step, field: field.to_owned(), recorded, ours, path: path() })
                }
            },
            Next::Unexpected(step) => Err(StoreError::OtherSteps { kind: "scalars", step, path: path() }),
        }
    }

    /// Records the network: its file first, synced, then its line, synced.
    pub fn append_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let step = snapshot.step;
        let bytes = snapshot::encode(&self.id, snapshot);
        let blake3 = blake3::hash(&bytes).to_hex().to_string();
        let entry = SnapshotEntry { step, file: snapshot::file_name(step), blake3 };
        let file = self.dir.path().join(&entry.file);
        match self.snapshots.next(step) {
            Next::New => {
                file::replace(&file, &bytes, "writing a snapshot")?;
                self.append(&Entry::Snapshot(entry))?;
                self.snapshots.written(step);
                Ok(self.log.sync()?)
            }
            Next::Recorded(recorded) if recorded.blake3 == entry.blake3 => {
                if !snapshot::is_intact(self.dir.path(), &entry) {
                    file::replace(&file, &bytes, "writing a damaged snapshot again")?;
                }
                self.snapshots.repeated(step);
                Ok(())
            }
            Next::Recorded(recorded) => Err(self.other_snapshot(&recorded, snapshot)),
            Next::Unexpected(step) => {
                Err(StoreError::OtherSteps { kind: "snapshots", step, path: self.dir.path().to_owned() })
            }
        }
    }

    /// Replaces the checkpoint: the record is synced before, so that a run never goes on from beyond its record.
    pub fn save_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.log.sync()?;
        checkpoint::save(self.dir.path(), &self.id, self.log.n_bytes(), checkpoint)?;
        self.checkpoint = Some(checkpoint.step);
        Ok(())
    }

    /// Ends the record at `step` after `seconds` of wall time and lets go of the lock. A checkpoint of an earlier step is removed; one
    /// of `step` stays, for a run of more steps ([`earlier_run`](super::earlier_run)). After an error here the run has finished, if
    /// the record could be written, or can still be resumed from its last checkpoint.
    pub fn finish(mut self, outcome: Outcome, step: u64, seconds: f64) -> Result<RunDir, StoreError> {
        self.end(Finished { outcome, step, seconds })?;
        Ok(self.dir)
    }

    fn end(&mut self, finished: Finished) -> Result<(), StoreError> {
        let path = self.dir.path().to_owned();
        let missing = self.scalars.first_missing().map(|step| ("scalars", step));
        if let Some((kind, step)) = missing.or(self.snapshots.first_missing().map(|step| ("snapshots", step))) {
            return Err(StoreError::OtherSteps { kind, step, path });
        }
        self.append(&Entry::Finished(finished.into()))?;
        self.log.sync()?;
        if self.checkpoint == Some(finished.step) {
            return Ok(());
        }
        let checkpoint = checkpoint::path(&path);
        match disk::remove_file(&checkpoint) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e).or_while("removing the checkpoint", &checkpoint)?,
            _ => Ok(()),
        }
    }

    fn over(dir: RunDir, record: &Record, lock: RunLock, replay_from: u64) -> Result<Self, StoreError> {
        let log = Log::open(&dir.path().join("record.jsonl"), record.len)?;
        let scalars = record.scalars.iter().map(|s| (s.step, *s));
        let snapshots = record.snapshots.iter().map(|s| (s.step, s.clone()));
        Ok(Self {
            id: record.header.id.clone(),
            scalars: Replay::new(scalars.collect(), replay_from),
            snapshots: Replay::new(snapshots.collect(), replay_from),
            dir,
            log,
            check: record.check.clone(),
            checkpoint: None,
            _lock: lock,
        })
    }

    fn append(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let object = serde_json::to_string(entry).expect("an entry is plain text and numbers");
        let line = seal_line(&object, &self.check);
        self.log.append(&line)?;
        // Only now: a line that could not be written is none that another could continue.
        let (_, check) = open_line(line.as_bytes(), &self.check).expect("it was sealed above");
        self.check = check.to_owned();
        Ok(())
    }

    /// Names the first weight that came out differently; where the recorded file is unreadable, only the hashes are known.
    fn other_snapshot(&self, recorded: &SnapshotEntry, ours: &Snapshot) -> StoreError {
        let step = ours.step;
        let difference = snapshot::load(self.dir.path(), &self.id, recorded)
            .ok()
            .and_then(|recorded| snapshot::first_difference(&recorded, ours));
        let (field, recorded, ours) = difference
            .unwrap_or_else(|| ("the snapshot".to_owned(), recorded.blake3.clone(), "of another hash".to_owned()));
        StoreError::OtherBits { step, field, recorded, ours, path: self.dir.path().to_owned() }
    }
}

/// One kind of entry while the steps after a checkpoint are repeated.
#[derive(Debug)]
struct Replay<T> {
    /// Entries of the record that were not repeated yet.
    recorded: BTreeMap<u64, T>,
    /// First step that has to be repeated.
    from: u64,
    /// Last step with an entry, repeated or not.
    last: Option<u64>,
}

enum Next<T> {
    /// Not in the record, and after all that is.
    New,
    /// In the record as this.
    Recorded(T),
    /// This step has an entry in the record or in the repetition, and not in both.
    Unexpected(u64),
}

impl<T: Clone> Replay<T> {
    fn new(recorded: BTreeMap<u64, T>, from: u64) -> Self {
        let last = recorded.keys().next_back().copied();
        Self { recorded, from, last }
    }

    fn next(&self, step: u64) -> Next<T> {
        if let Some(missing) = self.recorded.range(self.from..).next().map(|(&s, _)| s).filter(|&s| s < step) {
            return Next::Unexpected(missing);
        }
        match self.recorded.get(&step) {
            Some(recorded) => Next::Recorded(recorded.clone()),
            None if self.last.is_none_or(|last| last < step) => Next::New,
            None => Next::Unexpected(step),
        }
    }

    fn repeated(&mut self, step: u64) {
        self.recorded.remove(&step);
    }

    fn written(&mut self, step: u64) {
        self.last = Some(step);
    }

    fn first_missing(&self) -> Option<u64> {
        self.recorded.range(self.from..).next().map(|(&step, _)| step)
    }
}
