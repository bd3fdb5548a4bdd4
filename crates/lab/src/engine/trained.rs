//! One run, trained in memory and judged by the core.

use super::groups::GroupTask;
use dunwu::knowledge::Knowledge;
use dunwu::measure;
use dunwu::memory;
use dunwu::opened::{Frame, UnitLabel, measured_frame, unit_labels};
use dunwu::run::drive::{Before, Driven, Keeper, Pace, drive};
use dunwu_engine::{Checkpoint, Outcome as End, RunSpec, Scalars, Snapshot, Split, Training};
use dunwu_science::lab::Outcome;
use std::cell::OnceCell;
use std::convert::Infallible;
use std::time::Duration;

/// A run that is over, with what the core says of it.
pub(super) struct Trained<'a> {
    pub(super) spec: &'a RunSpec,
    pub(super) group: &'a GroupTask,
    pub(super) split: Split,
    /// Every evaluation.
    pub(super) scalars: Vec<Scalars>,
    pub(super) knowledge: Knowledge,
    /// How it ended.
    pub(super) end: End,
    /// Updates made.
    pub(super) steps: u64,
    pub(super) first: Snapshot,
    pub(super) last: Snapshot,
    /// What is measured of the last snapshot, once somebody asks.
    frame: OnceCell<Result<Frame, String>>,
    /// What its units do, likewise.
    labels: OnceCell<Result<Vec<UnitLabel>, String>>,
}

/// Keeps nothing: the loop hands back evaluations and the last snapshot itself.
struct KeepsNothing;

impl Keeper for KeepsNothing {
    type Error = Infallible;

    fn keep_scalars(&mut self, _: &Scalars) -> Result<(), Infallible> {
        Ok(())
    }

    fn keep_snapshot(&mut self, _: &Snapshot, _: Option<&Scalars>) -> Result<(), Infallible> {
        Ok(())
    }

    fn keep_checkpoint(&mut self, _: Checkpoint, _: &[Scalars]) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<'a> Trained<'a> {
    /// Trains to the end. An error says, in a sentence, why no run can be made of this spec.
    pub(super) fn train(spec: &'a RunSpec, group: &'a GroupTask) -> Result<Self, String> {
        let problem = &group.problem;
        let split = Split::draw(problem, &spec.data, spec.seed, None).map_err(|error| error.to_string())?;
        memory::fits_at_all(spec, problem, &split).map_err(|error| error.to_string())?;
        let training = Training::new(spec, problem, &split, 1).map_err(|error| error.to_string())?;
        let first = training.snapshot();
        let pace = Pace { checkpoint_every: Duration::MAX, must_stop: &|| false };
        let Ok(driven) = drive(training, Before::default(), &pace, &mut KeepsNothing);
        let Driven::Ended(ended) = driven else { return Err("nobody asked it to stop, and it did".to_owned()) };
        let knowledge = Knowledge::of(spec, &ended.scalars);
        Ok(Self {
            end: knowledge.outcome(ended.outcome, ended.step),
            knowledge,
            scalars: ended.scalars,
            steps: ended.step,
            last: ended.snapshot.unwrap_or_else(|| first.clone()),
            first,
            split,
            spec,
            group,
            frame: OnceCell::new(),
            labels: OnceCell::new(),
        })
    }

    /// Why nothing can be said of what it knows: it diverged or collapsed.
    fn broke_down(&self) -> Option<String> {
        match self.end {
            End::Diverged { step } => Some(format!("diverged at step {step}")),
            End::Collapsed { step } => Some(format!("collapsed at step {step}")),
            _ => None,
        }
    }

    fn unless_broken(&self, outcome: impl FnOnce() -> Outcome) -> Outcome {
        self.broke_down().map_or_else(outcome, Outcome::Undefined)
    }

    pub(super) fn event(&self, happened: bool) -> Outcome {
        Outcome::Event(happened && self.broke_down().is_none())
    }

    /// A step at which something arrived, or that it had not by the end.
    pub(super) fn arrival(&self, arrived: Option<u64>) -> Outcome {
        self.unless_broken(|| match arrived {
            Some(0) => Outcome::Undefined("it was there before the first step".to_owned()),
            Some(step) => Outcome::Value(step as f64),
            None => Outcome::Censored(self.steps as f64),
        })
    }

    pub(super) fn delay(&self) -> Outcome {
        let Knowledge { memorized, generalized } = self.knowledge;
        self.unless_broken(|| match (memorized.map(|stay| stay.arrived), generalized.map(|stay| stay.arrived)) {
            (Some(from), Some(to)) if to > from => Outcome::Value((to - from) as f64),
            (Some(from), Some(to)) => {
                Outcome::Undefined(format!("it generalized at step {to}, not after it had memorized at step {from}"))
            }
            (Some(from), None) if self.steps > from => Outcome::Censored((self.steps - from) as f64),
            (Some(_), None) => Outcome::Undefined("it had memorized at its last step only".to_owned()),
            (None, _) => Outcome::Undefined(format!("it had not memorized by step {}", self.steps)),
        })
    }

    /// A quantity of the last evaluation.
    pub(super) fn last(&self, of: impl FnOnce(&Scalars) -> Option<f64>) -> Outcome {
        self.unless_broken(|| number(self.scalars.last().and_then(of), "the last evaluation has no value of it"))
    }

    /// A quantity of the last snapshot.
    pub(super) fn measured(&self, of: impl FnOnce(&Frame) -> Option<f64>) -> Outcome {
        self.unless_broken(|| match self.frame.get_or_init(|| self.measure()) {
            Ok(frame) => number(of(frame), "the network at the end has no value of it"),
            Err(why) => Outcome::Undefined(why.clone()),
        })
    }

    /// The share of hidden units with this label at the end.
    pub(super) fn units(&self, wanted: UnitLabel) -> Outcome {
        self.unless_broken(|| match self.labels.get_or_init(|| self.label()) {
            Ok(labels) => {
                let count = labels.iter().filter(|label| **label == wanted).count();
                Outcome::Value(count as f64 / labels.len().max(1) as f64)
            }
            Err(why) => Outcome::Undefined(why.clone()),
        })
    }

    fn measure(&self) -> Result<Frame, String> {
        let wanted = [measure::HIDDEN_NORM.index(), measure::TOP_NORM.index(), measure::IRREP_UNITS.index()];
        let of = (self.spec, &self.group.problem, &self.split);
        measured_frame(of, Some(&self.group.decomposition), &self.first, &self.last, &wanted)
            .map_err(|error| error.to_string())
    }

    fn label(&self) -> Result<Vec<UnitLabel>, String> {
        unit_labels(self.spec, &self.group.problem, &self.split, &self.first, &self.last)
            .map_err(|error| error.to_string())
    }
}

/// A finite number, or why there is none.
fn number(value: Option<f64>, why: &str) -> Outcome {
    value.filter(|value| value.is_finite()).map_or_else(|| Outcome::Undefined(why.to_owned()), Outcome::Value)
}
