//! The verbs `run` and `resume` up to the record: a training is driven, recorded, and opened as it goes.

use super::drive::{Before, Driven, Keeper, Pace, drive, seconds_of};
use super::{Onlooker, RunRequest};
use crate::opened::{Opened, Opening};
use crate::store::{NewRun, Record, RunDir, RunState, RunWriter, StoreError, earlier_run};
use crate::verb::{Progress, VerbError, Watcher};
use dunwu_engine::kernel::kernel_name;
use dunwu_engine::{Checkpoint, Progress as Step, Scalars, Snapshot, Training as Engine};
use std::path::Path;
use std::time::Duration;

/// How a training is driven; none of it changes a bit of what comes out.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// Folder that holds the run directories.
    pub runs: &'a Path,
    /// Time between checkpoints: what a `kill -9` may cost.
    pub checkpoint_every: Duration,
}

/// A run that has ended.
pub enum RunEnd {
    /// It ended now.
    Made(RunDir, Box<Opened>),
    /// It had ended before; only its directory is known yet.
    Found(RunDir),
}

/// Makes the run, goes on with it where it was interrupted, or finds it finished.
pub fn run(request: &RunRequest, training: &Training<'_>, watcher: &mut Watcher<'_>) -> Result<RunEnd, VerbError> {
    run_under(request, training, None, watcher)
}

/// The same under the eyes of somebody, who sees a run that begins at its first step; one that goes on from a checkpoint, or has ended, is
/// not seen.
pub fn run_under(
    request: &RunRequest,
    training: &Training<'_>,
    onlooker: Option<&mut dyn Onlooker>,
    watcher: &mut Watcher<'_>,
) -> Result<RunEnd, VerbError> {
    request.notes.iter().for_each(|note| watcher.note(note));
    let Some(dir) = RunDir::find(training.runs, &request.id)? else {
        let name = request.spec.task.to_string();
        let new = NewRun {
            name: &name,
            spec: &request.spec,
            inputs: &request.inputs,
            kernel: kernel_name(request.spec.numerics),
        };
        let begun = match earlier_run(training.runs, &new)? {
            None => match RunWriter::create(training.runs, &new) {
                Ok(writer) => return train(request, (writer, None), training, onlooker, watcher),
                Err(error) => Err(error),
            },
            Some(earlier) => {
                let (from, n_steps) = (earlier.dir().path().display(), earlier.n_steps());
                let how = if n_steps == request.spec.steps {
                    "the same run until then".to_owned()
                } else {
                    format!("the same run with {n_steps} steps in all")
                };
                watcher.note(&format!("this run begins with {} steps of {from}, {how}", earlier.step()));
                RunWriter::create_from(training.runs, &new, &earlier)
            }
        };
        let dir = match begun {
            // Another process was faster by a moment: go on, find it finished, or hear who writes it.
            Err(StoreError::Exists { path }) => RunDir::open(path)?,
            dir => dir?,
        };
        return go_on(request, &dir, training, watcher);
    };
    match dir.state()? {
        RunState::Finished(_) => {
            RunWriter::clear_finished(&dir);
            watcher.note(&format!("this run exists already: {}", dir.path().display()));
            Ok(RunEnd::Found(dir))
        }
        RunState::Unfinished { .. } => go_on(request, &dir, training, watcher),
    }
}

/// Goes on with the run in `dir`, or finds it finished; one whose weights were imported is refused.
pub fn resume(dir: RunDir, training: &Training<'_>, watcher: &mut Watcher<'_>) -> Result<RunEnd, VerbError> {
    let request = RunRequest::from_run(&dir)?;
    request.refuse_imported("going on with it")?;
    if let RunState::Finished(_) = dir.state()? {
        RunWriter::clear_finished(&dir);
        watcher.note(&format!("this run is finished already: {}", dir.path().display()));
        return Ok(RunEnd::Found(dir));
    }
    request.notes.iter().for_each(|note| watcher.note(note));
    go_on(&request, &dir, training, watcher)
}

fn go_on(
    request: &RunRequest,
    dir: &RunDir,
    training: &Training<'_>,
    watcher: &mut Watcher<'_>,
) -> Result<RunEnd, VerbError> {
    let resumed = match RunWriter::resume(dir, kernel_name(request.spec.numerics)) {
        // By another process, between our look and our lock.
        Err(StoreError::Finished { .. }) => {
            watcher.note(&format!("another process has just finished this run: {}", dir.path().display()));
            return Ok(RunEnd::Found(dir.clone()));
        }
        resumed => resumed?,
    };
    if resumed.torn {
        watcher.note("the record ended inside a line, which was cut");
    }
    watcher.note(&match (&resumed.checkpoint, &resumed.checkpoint_refused) {
        (Some(checkpoint), _) => format!("going on from step {}: {}", checkpoint.step, dir.path().display()),
        (None, Some(why)) => format!("beginning again, because the checkpoint cannot be used ({why})"),
        (None, None) => format!("beginning again: {}", dir.path().display()),
    });
    train(request, (resumed.writer, resumed.checkpoint.as_ref()), training, None, watcher)
}

/// The run itself: each step's yield is recorded, then measured, then shown.
fn train(
    request: &RunRequest,
    (writer, checkpoint): (RunWriter, Option<&Checkpoint>),
    training: &Training<'_>,
    mut onlooker: Option<&mut dyn Onlooker>,
    watcher: &mut Watcher<'_>,
) -> Result<RunEnd, VerbError> {
    let RunRequest { spec, problem, split, decomposition, .. } = request;
    let mut opening = Opening::new(spec, problem, split, decomposition.as_ref());
    let (mut engine, before) = match checkpoint {
        None => (Engine::new(spec, problem, split, request.threads())?, Before::default()),
        Some(checkpoint) => {
            let before = reopen(&mut opening, writer.dir(), checkpoint, watcher)?;
            (Engine::resume(spec, problem, split, request.threads(), checkpoint)?, before)
        }
    };
    watcher.phase("training", Some(spec.steps));
    let stop = watcher.stop();
    let must_stop = || stop.load(std::sync::atomic::Ordering::Relaxed);
    let pace = Pace { checkpoint_every: training.checkpoint_every, must_stop: &must_stop };
    if let Some(onlooker) = &mut onlooker {
        onlooker.begin((spec, problem, split), &mut engine);
    }
    let mut recording = Recording { writer, opening, onlooker, watcher };
    match drive(engine, before, &pace, &mut recording)? {
        Driven::Stopped { step } => {
            let dir = recording.writer.dir().path().display();
            let saved =
                format!("stopped after step {step}, with a checkpoint: `dunwu resume {dir}` goes on from there");
            recording.watcher.note(&saved);
            Err(VerbError::Stopped)
        }
        Driven::Ended(ended) => {
            let Recording { writer, opening, .. } = recording;
            let dir = writer.finish(ended.outcome, ended.step, ended.seconds)?;
            Ok(RunEnd::Made(dir, Box::new(opening.finish(ended.scalars, ended.outcome))))
        }
    }
}

/// Measures the snapshots that the record holds from before `checkpoint`; what else it holds comes back.
fn reopen(
    opening: &mut Opening<'_>,
    dir: &RunDir,
    checkpoint: &Checkpoint,
    watcher: &mut Watcher<'_>,
) -> Result<Before, VerbError> {
    let record = Record::read(dir)?;
    let kept: Vec<u64> =
        record.snapshots.iter().map(|entry| entry.step).filter(|&step| step < checkpoint.step).collect();
    watcher.phase("measuring snapshots", Some(kept.len() as u64));
    for (step, done) in kept.into_iter().zip(1..) {
        opening.add(&record.load_snapshot(step)?)?;
        watcher.pieces(done);
    }
    let scalars = record.scalars.into_iter().filter(|row| row.step < checkpoint.step).collect();
    Ok(Before { scalars, seconds: seconds_of(checkpoint) })
}

/// A run directory being written, and the run being opened beside it.
struct Recording<'a, 'w, 't, 'o> {
    writer: RunWriter,
    opening: Opening<'a>,
    onlooker: Option<&'o mut dyn Onlooker>,
    watcher: &'w mut Watcher<'t>,
}

impl Keeper for Recording<'_, '_, '_, '_> {
    type Error = VerbError;

    fn keep_scalars(&mut self, row: &Scalars) -> Result<(), VerbError> {
        self.writer.append_scalars(row)?;
        self.watcher.tell(&Progress::Evaluated(row));
        Ok(())
    }

    fn keep_snapshot(&mut self, snapshot: &Snapshot, last: Option<&Scalars>) -> Result<(), VerbError> {
        self.writer.append_snapshot(snapshot)?;
        let frame = self.opening.add(snapshot)?;
        self.watcher.tell(&Progress::Measured(frame, last));
        Ok(())
    }

    fn keep_checkpoint(&mut self, checkpoint: Checkpoint, _: &[Scalars]) -> Result<(), VerbError> {
        Ok(self.writer.save_checkpoint(&checkpoint)?)
    }

    fn keep_last_state(&mut self, state: impl FnOnce() -> Checkpoint) -> Result<(), VerbError> {
        Ok(self.writer.save_checkpoint(&state())?)
    }

    fn look_before(&mut self, training: &mut Engine) {
        if let Some(onlooker) = &mut self.onlooker {
            onlooker.before(training);
        }
    }

    fn look_after(&mut self, training: &mut Engine, progress: &Step) {
        if let Some(onlooker) = &mut self.onlooker {
            onlooker.after(training, progress, self.watcher);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    /// Found by `cargo xtask torture --only run`: another process may finish or begin a run between our look and our lock.
    #[test]
    fn a_run_that_another_process_finishes_at_the_same_time_is_found() {
        let root = tempfile::tempdir().unwrap();
        let training = Training { runs: root.path(), checkpoint_every: Duration::from_secs(10) };
        let words = ["small", "task=cyclic:3", "model.width=2", "steps=2"].map(str::to_owned);
        let request = RunRequest::from_words(&words).unwrap();
        let (stop, mut said) = (AtomicBool::new(false), Vec::new());
        let mut hear = |event: &Progress<'_>| {
            if let Progress::Note(note) = event {
                said.push((*note).to_owned());
            }
        };
        let mut watcher = Watcher::new(&mut hear, &stop);
        let RunEnd::Made(dir, _) = run(&request, &training, &mut watcher).unwrap() else { panic!("it is made") };
        // As if it had been looked at before it was finished.
        let again = go_on(&request, &dir, &training, &mut watcher).unwrap();
        assert!(matches!(again, RunEnd::Found(found) if found == dir));
        assert!(said.iter().any(|note| note.starts_with("another process has just finished this run")), "{said:?}");
    }
}
