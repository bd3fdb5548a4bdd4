//! What is done to a run while it trains: [`crate::spec::Intervention`].
//!
//! ```text
//! before the forward pass of a step: samples are arranged, weights changed, what begins to be held is held, settings get their values
//! after its update: what is frozen is put back, what is clamped scaled down, what is ablated set to zero
//! ```
//!
//! What holds at a step follows from the spec, from the step, and from when each event was seen; a checkpoint keeps the last. So a
//! run whose interventions all lie ahead is, up to the first of them, the run without them, and can begin with its checkpoint.

mod arrangement;

use super::Setting;
use super::arrays::Arrays;
use super::learner::Learner;
use super::parts::Parts;
use super::{Checkpoint, Scalars, TrainError};
use crate::random::{Stream, nth_rng};
use crate::spec::settings::find;
use crate::spec::{Action, Event, Intervention, Numbers, Quantity, Rows, RunSpec, TopLayer, When};
use crate::split::Split;
use crate::task::Problem;
pub(super) use arrangement::Arrangement;
use rand_chacha::rand_core::RngCore;

/// The interventions of a run with what they need to know of it.
pub(super) struct Interventions {
    spec: RunSpec,
    split: Split,
    problem: Problem,
    parts: Parts,
    /// Whether the network is trained through tables, which know no single scores.
    is_tabled: bool,
    all: Vec<State>,
    /// Which were active when the learner was arranged last; `None` before the first step here.
    arranged: Option<Vec<bool>>,
}

struct State {
    what: Intervention,
    /// Where it waits for an event: the step before which it is done.
    begins: Option<u64>,
    /// Of a part that is clamped to its own norm: that norm.
    norm: Option<f64>,
}

/// What a learner has to know of a step.
pub(super) struct Conditions<'a> {
    /// The spec with the values that its settings have now.
    pub(super) spec: &'a RunSpec,
    /// The samples.
    pub(super) arrangement: &'a Arrangement,
    /// Distinct samples of a batch, where it repeats them.
    pub(super) distinct: Option<u64>,
}

/// What was done before a step.
pub(super) struct Done {
    /// Settings and samples as they are now, where something began or ended.
    pub(super) settings: Option<(RunSpec, Arrangement)>,
    /// Whether weights or moments are others.
    pub(super) weights_changed: bool,
}

impl State {
    fn first_step(&self) -> Option<u64> {
        self.what.when.first_step().or(self.begins)
    }

    fn is_active(&self, step: u64) -> bool {
        let ends = match self.what.when {
            When::During(_, end) => end,
            _ => u64::MAX,
        };
        self.first_step().is_some_and(|first| (first..ends).contains(&step))
    }

    /// Whether weights are changed before `step`.
    fn acts(&self, step: u64) -> bool {
        match self.what.when {
            When::During(..) => self.is_active(step),
            _ => self.first_step() == Some(step),
        }
    }

    /// Scales down what is clamped and sets to zero what is ablated.
    fn hold(&self, parts: &Parts, arrays: &mut Arrays) {
        match &self.what.action {
            Action::Clamp(part, norm) => {
                let most = norm.or(self.norm).unwrap_or(f64::INFINITY);
                let norm = parts.norm(part, arrays);
                if norm > most {
                    parts.each_weight(part, arrays, |w| w * most / norm);
                }
            }
            Action::Ablate(units) => parts.scale_units(&units.0, 0.0, arrays),
            _ => {}
        }
    }
}

impl Interventions {
    /// `None` where there are none. An error names the one that this network or these samples do not have room for.
    pub(super) fn new(setting: &Setting<'_>) -> Result<Option<Self>, TrainError> {
        let Setting { spec, problem, split } = *setting;
        if spec.interventions.is_empty() {
            return Ok(None);
        }
        let all = spec.interventions.iter().map(|what| State { what: what.clone(), begins: None, norm: None });
        let new = Self {
            parts: Parts::of(spec, problem),
            is_tabled: super::table_form(*setting).is_some(),
            all: all.collect(),
            spec: spec.clone(),
            split: split.clone(),
            problem: problem.clone(),
            arranged: None,
        };
        for one in &spec.interventions {
            new.check(one).map_err(|why| TrainError::Intervention { text: one.to_string(), why })?;
        }
        new.check_together()?;
        Ok(Some(new))
    }

    /// Whether training samples are left wherever rows go; what waits for an event is taken to be there from the beginning.
    fn check_together(&self) -> Result<(), TrainError> {
        let removes = |one: &&State| matches!(one.what.action, Action::Drop(_) | Action::HoldOut(_));
        for last in self.all.iter().filter(removes) {
            let step = last.first_step().unwrap_or(u64::MAX - 1);
            let active: Vec<bool> =
                self.all.iter().map(|one| one.is_active(step) || one.first_step().is_none()).collect();
            if self.arrange(&active).trained_on().is_empty() {
                let why = "with what other interventions take away no training sample would be left".to_owned();
                return Err(TrainError::Intervention { text: last.what.to_string(), why });
            }
        }
        Ok(())
    }

    fn check(&self, one: &Intervention) -> Result<(), String> {
        let n_train = self.split.train.len();
        let known = |numbers: &Numbers, n: usize, what: &str| match numbers.0.last() {
            Some(&last) if last as usize >= n => Err(format!("there is no {what} {last}; there are {n}, from 0")),
            _ => Ok(()),
        };
        let rows = |rows: &Rows, n: usize, what: &str| match rows {
            Rows::List(numbers) => known(numbers, n, what),
            Rows::Share(_) => Ok(()),
        };
        let is_solved = matches!(self.spec.model.top_layer, TopLayer::Ridge { .. });
        let solved = "the top layer is solved for at every step, so nothing can be done to it".to_owned();
        match &one.action {
            Action::Freeze(part)
            | Action::Thaw(part)
            | Action::Reinitialize(part)
            | Action::Rewind(part)
            | Action::Scale(part, _)
            | Action::Shift(part, _)
            | Action::Clamp(part, _)
            | Action::Nudge { part, .. } => {
                let found = self.parts.find(part)?;
                if let Action::Nudge { index, .. } = one.action
                    && index >= found.len() as u64
                {
                    return Err(format!("{part:?} has {} weights, counted from 0", found.len()));
                }
                if is_solved && found.holds(self.parts.top()) { Err(solved) } else { Ok(()) }
            }
            Action::ScaleUnits(..) | Action::Ablate(_) if is_solved => Err(solved),
            Action::ScaleUnits(units, _) | Action::Ablate(units) => known(units, self.parts.n_units(), "hidden unit"),
            Action::Corrupt(_) if self.problem.n_labels < 2 => Err("there is one label, so none is wrong".to_owned()),
            Action::Magnify(..) if self.problem.n_features == 0 => {
                Err("this task's inputs are tokens, which cannot be multiplied; corrupt the rows instead".to_owned())
            }
            Action::Corrupt(which) | Action::Magnify(which, _) => rows(which, n_train, "training sample"),
            Action::Drop(which) | Action::HoldOut(which) => {
                rows(which, n_train, "training sample")?;
                let n_left = n_train - self.rows(which, n_train).len();
                if n_left == 0 { Err("no training sample would be left".to_owned()) } else { Ok(()) }
            }
            Action::Train(which) => rows(which, self.split.test.len(), "held-out sample"),
            Action::Set { key: "optimizer.qk_clip", .. } if self.is_tabled => {
                let remedy = "give the spec itself an `optimizer.qk_clip`, however large, and it is trained without";
                Err(format!("this network is trained through tables, which do not know single scores; {remedy}"))
            }
            Action::Repeat(_) | Action::Set { .. } => Ok(()),
        }
    }

    /// Does to the learner what is due before `step`.
    pub(super) fn intervene(&mut self, step: u64, learner: &mut dyn Learner) -> Done {
        let active: Vec<bool> = self.all.iter().map(|one| one.is_active(step)).collect();
        let changed = (self.arranged.as_ref() != Some(&active)).then(|| {
            let (spec, distinct) = self.settings(&active);
            let arrangement = self.arrange(&active);
            learner.arrange(&Conditions { spec: &spec, arrangement: &arrangement, distinct });
            (spec, arrangement)
        });
        self.arranged = Some(active);
        Done { settings: changed, weights_changed: self.change_weights(step, learner) }
    }

    /// The settings under what is active, and the distinct samples of a batch where it repeats them.
    fn settings(&self, active: &[bool]) -> (RunSpec, Option<u64>) {
        let mut spec = self.spec.clone();
        let mut distinct = None;
        for (one, _) in self.all.iter().zip(active).filter(|(_, active)| **active) {
            match &one.what.action {
                Action::Set { key, value } => {
                    let taken = find(key).map(|setting| setting.set(&mut spec, value));
                    debug_assert!(matches!(taken, Some(Ok(()))), "`spec::check` refuses what a setting does not take");
                }
                Action::Repeat(n) => distinct = Some(*n),
                _ => {}
            }
        }
        (spec, distinct)
    }

    fn change_weights(&mut self, step: u64, learner: &mut dyn Learner) -> bool {
        let Self { all, parts, spec, problem, .. } = self;
        let changes = |one: &State| one.acts(step) && !one.what.action.is_held();
        let clamps = |one: &State| {
            one.norm.is_none() && one.is_active(step) && matches!(one.what.action, Action::Clamp(_, None))
        };
        let begins_to_hold = |one: &State| one.first_step() == Some(step) && one.what.action.holds_weights();
        if !all.iter().any(|one| changes(one) || begins_to_hold(one) || clamps(one)) {
            return false;
        }
        let mut arrays = learner.arrays();
        let before = arrays.clone();
        for one in all.iter_mut() {
            if changes(one) {
                match &one.what.action {
                    Action::Reinitialize(part) => {
                        let seed = nth_rng(spec.seed, Stream::Interventions, step).next_u64();
                        parts.begin_anew(part, &mut arrays, &Parts::initial(spec, problem, seed));
                    }
                    Action::Rewind(part) => {
                        parts.begin_anew(part, &mut arrays, &Parts::initial(spec, problem, spec.seed));
                    }
                    Action::Scale(part, factor) => {
                        parts.each_weight(part, &mut arrays, |w| w * factor);
                    }
                    Action::Shift(part, by) => parts.each_weight(part, &mut arrays, |w| w + by),
                    Action::Nudge { part, index, by } => parts.nudge(part, *index, *by, &mut arrays),
                    Action::ScaleUnits(units, factor) => parts.scale_units(&units.0, *factor, &mut arrays),
                    _ => {}
                }
            }
            if clamps(one)
                && let Action::Clamp(part, None) = &one.what.action
            {
                one.norm = Some(parts.norm(part, &arrays));
            }
            if begins_to_hold(one) {
                one.hold(parts, &mut arrays);
            }
        }
        let changed = arrays != before;
        if changed {
            put_back(learner, &arrays);
        }
        changed
    }

    /// Whether the learner's arrays before an update at `step` are needed after it.
    pub(super) fn before_update(&self, step: u64, learner: &dyn Learner) -> Option<Arrays> {
        self.all.iter().find(|one| self.freezes(one, step)).map(|_| learner.arrays())
    }

    /// Whether a part is frozen by this one and was not thawed since.
    fn freezes(&self, one: &State, step: u64) -> bool {
        let Action::Freeze(part) = &one.what.action else { return false };
        let thaws = |other: &State| {
            matches!(&other.what.action, Action::Thaw(thawed) if thawed == part)
                && other.is_active(step)
                && other.first_step() >= one.first_step()
        };
        one.is_active(step) && !self.all.iter().any(thaws)
    }

    /// Puts back, scales down and sets to zero what is held at `step`.
    pub(super) fn after_update(&self, step: u64, learner: &mut dyn Learner, before: Option<&Arrays>) {
        let held: Vec<&State> =
            self.all.iter().filter(|one| one.is_active(step) && one.what.action.holds_weights()).collect();
        if held.is_empty() {
            return;
        }
        let mut arrays = learner.arrays();
        for one in held {
            match (&one.what.action, before) {
                (Action::Freeze(part), Some(before)) if self.freezes(one, step) => {
                    self.parts.put_back(part, before, &mut arrays);
                }
                _ => one.hold(&self.parts, &mut arrays),
            }
        }
        put_back(learner, &arrays);
    }

    /// Notes what an evaluation decided; `reached` says whether train and test accuracy have stayed at their levels.
    pub(super) fn observe(&mut self, scalars: &Scalars, reached: [bool; 2]) {
        for one in self.all.iter_mut().filter(|one| one.begins.is_none()) {
            let happened = match one.what.when {
                When::On(Event::Memorized) => reached[0],
                When::On(Event::Generalized) => reached[1],
                When::Crossing { quantity, rises, level } => {
                    value_of(quantity, scalars).is_some_and(|value| if rises { value >= level } else { value <= level })
                }
                When::At(_) | When::During(..) => false,
            };
            one.begins = happened.then_some(scalars.step + 1);
        }
    }

    /// For a checkpoint: of each that waited for an event, or measured a norm, when it began and the norm.
    pub(super) fn to_numbers(&self) -> Vec<(String, Vec<f64>)> {
        let known = self.all.iter().filter(|one| one.begins.is_some() || one.norm.is_some());
        let number = |one: &State| vec![one.begins.map_or(-1.0, |step| step as f64), one.norm.unwrap_or(-1.0)];
        known.map(|one| (format!("intervention {}", one.what), number(one))).collect()
    }

    /// Takes the same back.
    pub(super) fn restore(&mut self, checkpoint: &Checkpoint) {
        for one in &mut self.all {
            let name = format!("intervention {}", one.what);
            let Some((_, numbers)) = checkpoint.numbers.iter().find(|(other, _)| *other == name) else { continue };
            let number = |i: usize| numbers.get(i).copied().filter(|&number| number >= 0.0);
            (one.begins, one.norm) = (number(0).map(|step| step as u64), number(1));
        }
    }
}

fn value_of(quantity: Quantity, scalars: &Scalars) -> Option<f64> {
    match quantity {
        Quantity::TrainLoss => Some(scalars.train_loss),
        Quantity::TrainAccuracy => Some(scalars.train_accuracy),
        Quantity::TestLoss => scalars.test_loss,
        Quantity::TestAccuracy => scalars.test_accuracy,
    }
}

fn put_back(learner: &mut dyn Learner, arrays: &Arrays) {
    learner.restore(arrays.kept()).expect("a learner takes its own arrays back");
}

impl Action {
    /// Whether it lasts, rather than changing weights at one step.
    fn is_held(&self) -> bool {
        !matches!(
            self,
            Self::Reinitialize(_)
                | Self::Rewind(_)
                | Self::Scale(..)
                | Self::Shift(..)
                | Self::Nudge { .. }
                | Self::ScaleUnits(..)
        )
    }

    fn holds_weights(&self) -> bool {
        matches!(self, Self::Freeze(_) | Self::Clamp(..) | Self::Ablate(_))
    }
}

#[cfg(test)]
mod tests;
