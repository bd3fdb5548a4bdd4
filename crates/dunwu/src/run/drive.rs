//! The one loop that trains: `run`, the runs of a sweep and the short runs of a race are driven by it.
//!
//! It owns time and order, and nothing else: each step's yield is handed to a [`Keeper`], which records it, measures it or drops it.
//! None of that changes a bit of the run.

use crate::stopwatch::Stopwatch;
use dunwu_engine::{Checkpoint, Outcome, Progress, Scalars, Snapshot, Training};
use std::time::Duration;

/// Where a checkpoint keeps the training time so far, beside what the engine put into it.
const SECONDS: &str = "training_seconds";

/// What becomes of what a training hands out.
pub trait Keeper {
    /// Why something could not be kept.
    type Error;

    /// Keeps the losses and accuracies of a step.
    fn keep_scalars(&mut self, row: &Scalars) -> Result<(), Self::Error>;

    /// Keeps a snapshot; `last` are the losses and accuracies that were evaluated last.
    fn keep_snapshot(&mut self, snapshot: &Snapshot, last: Option<&Scalars>) -> Result<(), Self::Error>;

    /// Keeps a checkpoint, from which the training can go on; `scalars` are all so far.
    fn keep_checkpoint(&mut self, checkpoint: Checkpoint, scalars: &[Scalars]) -> Result<(), Self::Error>;

    /// Keeps the state before the last step, from which a run of more steps can begin. Whoever needs none does not ask for it.
    fn keep_last_state(&mut self, _state: impl FnOnce() -> Checkpoint) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Looks at the training before a step.
    fn look_before(&mut self, _training: &mut Training) {}

    /// Looks at it after the step.
    fn look_after(&mut self, _training: &mut Training, _progress: &Progress) {}
}

/// When a training is checkpointed and when it stops before its end.
pub struct Pace<'a> {
    /// Longest time between two checkpoints; where there is no clock there is one at a stop alone.
    pub checkpoint_every: Duration,
    /// Asked after every step; a checkpoint is kept before the loop ends.
    pub must_stop: &'a dyn Fn() -> bool,
}

/// What is known of a training before its first step here: nothing, or what was kept before it was interrupted.
#[derive(Default)]
pub struct Before {
    /// Losses and accuracies so far.
    pub scalars: Vec<Scalars>,
    /// Training time so far, measuring and writing not counted; 0 where there is no clock.
    pub seconds: f64,
}

/// How the loop ended.
pub enum Driven {
    /// The training is over.
    Ended(Box<Ended>),
    /// It was asked to stop, and its checkpoint is kept.
    Stopped {
        /// Updates made so far.
        step: u64,
    },
}

/// A training that is over.
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// Updates made.
    pub step: u64,
    /// Training time, measuring and writing not counted; 0 where there is no clock.
    pub seconds: f64,
    /// Every evaluation.
    pub scalars: Vec<Scalars>,
    /// The last snapshot, if the last step took one.
    pub snapshot: Option<Snapshot>,
}

/// Trains to the end, or until the pace says stop.
pub fn drive<K: Keeper>(
    mut training: Training,
    before: Before,
    pace: &Pace<'_>,
    keeper: &mut K,
) -> Result<Driven, K::Error> {
    let Before { mut scalars, mut seconds } = before;
    let mut saved = Stopwatch::start();
    loop {
        if training.is_at_last_step() {
            keeper.keep_last_state(|| checkpoint_after(seconds, &training))?;
        }
        keeper.look_before(&mut training);
        let began = Stopwatch::start();
        let advanced = training.advance();
        seconds += began.elapsed().unwrap_or_default().as_secs_f64();
        keeper.look_after(&mut training, &advanced);
        if let Some(row) = advanced.scalars {
            keeper.keep_scalars(&row)?;
            scalars.push(row);
        }
        if let Some(snapshot) = &advanced.snapshot {
            keeper.keep_snapshot(snapshot, scalars.last())?;
        }
        if let Some(outcome) = advanced.outcome {
            let (step, snapshot) = (advanced.step, advanced.snapshot);
            return Ok(Driven::Ended(Box::new(Ended { outcome, step, seconds, scalars, snapshot })));
        }
        let must_stop = (pace.must_stop)();
        if must_stop || saved.elapsed() >= Some(pace.checkpoint_every) {
            keeper.keep_checkpoint(checkpoint_after(seconds, &training), &scalars)?;
            saved = Stopwatch::start();
        }
        if must_stop {
            return Ok(Driven::Stopped { step: advanced.step });
        }
    }
}

fn checkpoint_after(seconds: f64, training: &Training) -> Checkpoint {
    let mut checkpoint = training.checkpoint();
    checkpoint.numbers.push((SECONDS.to_owned(), vec![seconds]));
    checkpoint
}

/// The training time that a checkpoint remembers.
pub fn seconds_of(checkpoint: &Checkpoint) -> f64 {
    let spent = checkpoint.numbers.iter().find(|(name, _)| name == SECONDS);
    spent.and_then(|(_, seconds)| seconds.first().copied()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunRequest;
    use std::cell::Cell;

    /// Keeps everything in memory.
    #[derive(Default)]
    struct Memory {
        scalars: Vec<Scalars>,
        snapshots: Vec<Snapshot>,
        checkpoint: Option<Checkpoint>,
    }

    impl Keeper for Memory {
        type Error = std::convert::Infallible;

        fn keep_scalars(&mut self, row: &Scalars) -> Result<(), Self::Error> {
            self.scalars.push(*row);
            Ok(())
        }

        fn keep_snapshot(&mut self, snapshot: &Snapshot, _: Option<&Scalars>) -> Result<(), Self::Error> {
            self.snapshots.push(snapshot.clone());
            Ok(())
        }

        fn keep_checkpoint(&mut self, checkpoint: Checkpoint, scalars: &[Scalars]) -> Result<(), Self::Error> {
            assert_eq!(scalars, self.scalars);
            self.checkpoint = Some(checkpoint);
            Ok(())
        }
    }

    /// The oracle is the engine's own loop: what is driven, stopped after every seventh step and taken up again, hands out the same
    /// bits as `advance` called until the end.
    #[test]
    fn a_training_that_is_stopped_and_taken_up_again_hands_out_what_the_engine_does() {
        let words = ["small", "task=cyclic:7", "model.width=16", "steps=40"].map(str::to_owned);
        let RunRequest { spec, problem, split, .. } = RunRequest::from_words(&words).unwrap();
        let mut plain = Training::new(&spec, &problem, &split, 1).unwrap();
        let (mut scalars, mut snapshots) = (Vec::new(), Vec::new());
        let outcome = loop {
            let advanced = plain.advance();
            scalars.extend(advanced.scalars);
            snapshots.extend(advanced.snapshot);
            if let Some(outcome) = advanced.outcome {
                break outcome;
            }
        };
        let (mut memory, mut before) = (Memory::default(), Before::default());
        let mut training = Training::new(&spec, &problem, &split, 1).unwrap();
        let ended = loop {
            let steps = Cell::new(0);
            let must_stop = || {
                steps.set(steps.get() + 1);
                steps.get() == 7
            };
            let pace = Pace { checkpoint_every: Duration::MAX, must_stop: &must_stop };
            match drive(training, before, &pace, &mut memory).unwrap() {
                Driven::Ended(ended) => break ended,
                Driven::Stopped { .. } => {
                    let checkpoint = memory.checkpoint.take().unwrap();
                    before = Before { scalars: memory.scalars.clone(), seconds: seconds_of(&checkpoint) };
                    training = Training::resume(&spec, &problem, &split, 1, &checkpoint).unwrap();
                }
            }
        };
        assert_eq!((ended.outcome, &ended.scalars), (outcome, &scalars));
        assert_eq!(memory.snapshots, snapshots);
        assert!(ended.seconds > 0.0);
    }
}
