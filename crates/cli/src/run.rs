//! `dunwu run` and `dunwu resume`: drives a training, records what it hands out, and opens it as it goes.

use crate::asked::Asked;
use crate::failure::Failure;
use crate::inspect;
use crate::progress::Progress;
use crate::say::note;
use crate::signals::Signals;
use crate::summary::{self, Speed};
use crate::{Drive, Place};
use dunwu::opened::Opening;
use dunwu::store::{NewRun, Record, RunDir, RunState, RunWriter};
use dunwu_engine::kernel::kernel_name;
use dunwu_engine::{Checkpoint, Scalars, Training};
use std::time::Instant;

/// Where a checkpoint keeps the training time so far, beside what the engine put into it.
const SECONDS: &str = "training_seconds";

pub(crate) fn run(words: &[String], drive: &Drive, place: &Place) -> Result<(), Failure> {
    let asked = Asked::from_words(words)?;
    let signals = Signals::watch()?;
    let Some(dir) = RunDir::find(&place.runs, &asked.id)? else {
        let name = asked.spec.task.to_string();
        let new =
            NewRun { name: &name, spec: &asked.spec, inputs: &asked.inputs, kernel: kernel_name(asked.spec.numerics) };
        let writer = RunWriter::create(&place.runs, &new)?;
        return train(&asked, writer, None, &signals, drive, place);
    };
    match dir.state()? {
        RunState::Finished(_) => {
            signals.let_go();
            note!("this run exists already: {}", dir.path().display());
            finished(&dir, place)
        }
        RunState::Unfinished { .. } => go_on(&asked, &dir, &signals, drive, place),
    }
}

pub(crate) fn resume(run: &str, drive: &Drive, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, run)?;
    if let RunState::Finished(_) = dir.state()? {
        note!("this run is finished already: {}", dir.path().display());
        return finished(&dir, place);
    }
    go_on(&Asked::from_run(&dir)?, &dir, &Signals::watch()?, drive, place)
}

/// Prints a run that is there already.
fn finished(dir: &RunDir, place: &Place) -> Result<(), Failure> {
    let opened = inspect::open(dir)?;
    let speed = match dir.state()? {
        RunState::Finished(end) => Some(Speed { steps: end.step, seconds: end.seconds }),
        RunState::Unfinished { .. } => None,
    };
    // The report is written last: without it, the process was ended between the run's last line and here.
    if !dir.path().join("report.html").is_file() {
        inspect::keep_derived(&opened, dir, &mut inspect::shown(place.json))?;
    }
    summary::print(&opened, dir, speed, true, place.json);
    Ok(())
}

fn go_on(asked: &Asked, dir: &RunDir, signals: &Signals, drive: &Drive, place: &Place) -> Result<(), Failure> {
    let resumed = RunWriter::resume(dir, kernel_name(asked.spec.numerics))?;
    if resumed.torn {
        note!("the record ended inside a line, which was cut");
    }
    match (&resumed.checkpoint, &resumed.checkpoint_refused) {
        (Some(checkpoint), _) => note!("going on from step {}: {}", checkpoint.step, dir.path().display()),
        (None, Some(why)) => note!("beginning again, because the checkpoint cannot be used ({why})"),
        (None, None) => note!("beginning again: {}", dir.path().display()),
    }
    train(asked, resumed.writer, resumed.checkpoint.as_ref(), signals, drive, place)
}

/// A run between two steps.
struct Underway<'a> {
    training: Training,
    opening: Opening<'a>,
    scalars: Vec<Scalars>,
    /// Training time so far, measuring and writing not counted.
    seconds: f64,
}

impl<'a> Underway<'a> {
    /// At the start, or where `checkpoint` left off, with what the record in `dir` holds from before.
    fn begin(asked: &'a Asked, dir: &RunDir, checkpoint: Option<&Checkpoint>) -> Result<Self, Failure> {
        let Asked { spec, problem, split, decomposition, .. } = asked;
        let mut opening = Opening::new(spec, problem, split, decomposition.as_ref());
        let Some(checkpoint) = checkpoint else {
            let training = Training::new(spec, problem, split, asked.threads())?;
            return Ok(Self { training, opening, scalars: Vec::new(), seconds: 0.0 });
        };
        let record = Record::read(dir)?;
        for entry in record.snapshots.iter().filter(|entry| entry.step < checkpoint.step) {
            opening.add(&record.load_snapshot(entry.step)?)?;
        }
        let spent = checkpoint.numbers.iter().find(|(name, _)| name == SECONDS);
        Ok(Self {
            training: Training::resume(spec, problem, split, asked.threads(), checkpoint)?,
            opening,
            scalars: record.scalars.into_iter().filter(|row| row.step < checkpoint.step).collect(),
            seconds: spent.and_then(|(_, seconds)| seconds.first().copied()).unwrap_or(0.0),
        })
    }

    fn checkpoint(&self) -> Checkpoint {
        let mut checkpoint = self.training.checkpoint();
        checkpoint.numbers.push((SECONDS.to_owned(), vec![self.seconds]));
        checkpoint
    }
}

/// The run itself: each step's yield is recorded, then opened, then shown. Ctrl-C and SIGTERM end it with a checkpoint.
fn train(
    asked: &Asked,
    mut writer: RunWriter,
    checkpoint: Option<&Checkpoint>,
    signals: &Signals,
    drive: &Drive,
    place: &Place,
) -> Result<(), Failure> {
    let mut run = Underway::begin(asked, writer.dir(), checkpoint)?;
    let progress = Progress::new(&asked.spec, asked.decomposition.as_ref(), drive.quiet);
    let mut saved = Instant::now();
    let (outcome, step) = loop {
        let began = Instant::now();
        let advanced = run.training.advance();
        run.seconds += began.elapsed().as_secs_f64();
        if let Some(row) = advanced.scalars {
            writer.append_scalars(&row)?;
            progress.evaluated(&row);
            run.scalars.push(row);
        }
        if let Some(snapshot) = &advanced.snapshot {
            writer.append_snapshot(snapshot)?;
            progress.opened(run.opening.add(snapshot)?, run.scalars.last());
        }
        if let Some(outcome) = advanced.outcome {
            break (outcome, advanced.step);
        }
        let caught = signals.caught();
        if caught.is_some() || saved.elapsed() >= drive.checkpoint_every {
            writer.save_checkpoint(&run.checkpoint())?;
            saved = Instant::now();
        }
        if let Some(signal) = caught {
            progress.done();
            let (step, dir) = (advanced.step, writer.dir().path().display());
            note!("stopped after step {step}, with a checkpoint: `dunwu resume {dir}` goes on from there");
            return Err(Failure::Stopped { signal });
        }
    };
    progress.done();
    // What follows is derived and replaced whole, so that from here on a signal may end the process at once.
    signals.let_go();
    let dir = writer.finish(outcome, step, run.seconds)?;
    let opened = run.opening.finish(run.scalars, outcome);
    inspect::keep_derived(&opened, &dir, &mut inspect::shown(drive.quiet))?;
    summary::print(&opened, &dir, Some(Speed { steps: step, seconds: run.seconds }), false, place.json);
    Ok(())
}
