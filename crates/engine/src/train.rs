//! One run: the loop.
//!
//! ```text
//! forward on the training sample → loss, gradient of the outputs          (also the train evaluation)
//! if due: evaluate on the test sample; if due: hand out a snapshot; if decided: stop
//! backward → gradient → optimizer → the next step
//! ```
//!
//! [`Training::advance`] does this once; whoever drives it owns time, files and progress.

mod arrays;
mod batches;
mod cadence;
mod checkpoint;
mod double;
mod events;
mod forms;
mod fused;
mod given;
mod interventions;
mod layered;
mod learner;
mod outcome;
mod parts;
pub mod probe;
mod surface;
mod tabled;
mod trainable;
mod vitals;
mod window;
mod yielded;

use crate::loss::Objective;
use crate::model::layered::{Layers, Mlp, Transformer};
use crate::model::{Weights, largest_or_nan};
use crate::optim::Optimizer;
use crate::spec::{Architecture, GradientFilter, Numerics, OptimizerSpec, RunSpec, TopLayer};
use crate::split::Split;
use crate::task::{Problem, Samples};
use cadence::{is_due, next_due};
pub use checkpoint::Checkpoint;
use double::Double;
use events::Levels;
pub use events::{Arrival, Stay};
use forms::{batch_size, has_fused_form, is_fused, table_form, workers};
use fused::Fused;
use interventions::Interventions;
use layered::Layered;
use learner::Learner;
pub use outcome::Outcome;
pub use surface::{LossSurface, OptimizerState};
use tabled::Tabled;
use vitals::Observer;
pub use vitals::{HeadVitals, LayerVitals, PartVitals, Vitals};
use window::UpdateWindow;
pub use window::WINDOW;
pub use yielded::{Progress, Scalars, Snapshot};

/// Why a run cannot begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The system refused a thread.
    #[error("cannot start {threads} threads; ask for fewer")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        source: crate::kernel::Refusal,
    },
    /// A checkpoint of another network.
    #[error(
        "the checkpoint has no array `{name}` of {expected} numbers; it belongs to another spec, so begin the run anew"
    )]
    Checkpoint {
        /// The array that does not fit.
        name: String,
        /// Numbers that this spec needs.
        expected: usize,
    },
    /// Something that cannot be done to this network or these samples.
    #[error("`interventions` cannot have {text:?}: {why}")]
    Intervention {
        /// The intervention, as a spec spells it.
        text: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What a run is of.
#[derive(Clone, Copy)]
struct Setting<'a> {
    spec: &'a RunSpec,
    problem: &'a Problem,
    split: &'a Split,
}

/// A run under way.
pub struct Training {
    spec: RunSpec,
    labels: Vec<u32>,
    true_labels: Vec<u32>,
    corrupted: Vec<u32>,
    learner: Box<dyn Learner>,
    interventions: Option<Interventions>,
    observer: Option<Box<Observer>>,
    /// The settings as interventions leave them at the present step.
    optimizer: OptimizerSpec,
    /// Positions of the training samples in the order in which they are evaluated; `None` where it is that of the split.
    evaluated: Option<Vec<u32>>,
    /// Loss and samples as interventions leave them; `None` where they are those of the spec and the split.
    arranged: Option<(RunSpec, Samples)>,
    step: u64,
    initial_norm: f64,
    memorized: Arrival,
    generalized: Arrival,
    /// First step from which on only a handful of units is left; `None` while more are.
    few_units_since: Option<u64>,
    levels: Levels,
    watches_always: bool,
    window: UpdateWindow,
}

/// Samples of a step from which on every update copies the weights, so that a snapshot at an event has a whole window.
///
/// A choice, not an optimum. At this size, with M = 23 and K = 256, a run took 5.7 % more CPU time with the copies (median of six
/// alternated pairs of 10,000 steps on one pinned, busy core; 1.2 to 9.5 %). A step grows with its samples, the copy does not.
const WORTH_A_COPY: usize = 256;

impl Training {
    /// A run at its first step. `threads` is a limit: a network too small to gain from several runs on one.
    pub fn new(spec: &RunSpec, problem: &Problem, split: &Split, threads: usize) -> Result<Self, TrainError> {
        let setting = Setting { spec, problem, split };
        if spec.numerics == Numerics::Double {
            return Self::with(setting, Box::new(Double::new(&setting)));
        }
        if is_fused(spec, problem) {
            let weights = Weights::draw(&spec.model, problem.n_inputs(), problem.n_labels, spec.seed);
            return Self::from_weights(spec, problem, split, threads, &weights);
        }
        match spec.model.architecture {
            Architecture::TwoLayer | Architecture::Mlp(_) => {
                Self::of_blocks(setting, threads, Mlp::new(&spec.model, problem))
            }
            Architecture::Transformer(_) => match table_form(setting) {
                Some(form) => {
                    let workers = workers(setting, threads, form.multiply_adds())?;
                    Self::with(setting, Box::new(Tabled::new(&setting, workers, form)))
                }
                None => Self::of_blocks(setting, threads, Transformer::new(&spec.model, problem)),
            },
        }
    }

    fn of_blocks<L: Layers + 'static>(setting: Setting<'_>, threads: usize, layers: L) -> Result<Self, TrainError> {
        let workers = workers(setting, threads, layers.layout().len())?;
        Self::with(setting, Box::new(Layered::new(&setting, workers, layers)))
    }

    /// A run of the two-layer network that begins at given weights instead of drawn ones.
    pub fn from_weights(
        spec: &RunSpec,
        problem: &Problem,
        split: &Split,
        threads: usize,
        weights: &Weights,
    ) -> Result<Self, TrainError> {
        let setting = Setting { spec, problem, split };
        if spec.numerics == Numerics::Double {
            return Self::with(setting, Box::new(Double::new(&setting).with_weights(weights)));
        }
        let workers = workers(setting, threads, spec.model.width * problem.n_labels)?;
        Self::with(setting, Box::new(Fused::new(&setting, workers, weights)))
    }

    fn with(setting: Setting<'_>, learner: Box<dyn Learner>) -> Result<Self, TrainError> {
        let Setting { spec, split, .. } = setting;
        Ok(Self {
            interventions: Interventions::new(&setting)?,
            observer: None,
            optimizer: spec.optimizer,
            evaluated: None,
            arranged: None,
            labels: split.train.labels.clone(),
            true_labels: split.train_true_labels.clone(),
            corrupted: split.corrupted.clone(),
            step: 0,
            initial_norm: largest_or_nan(learner.unit_norms().into_iter()),
            learner,
            memorized: Arrival::default(),
            generalized: Arrival::default(),
            few_units_since: None,
            levels: Levels::default(),
            watches_always: watches_always(setting),
            window: UpdateWindow::default(),
            spec: spec.clone(),
        })
    }

    /// Whether every intervention of `spec` has what it names in this network and these samples.
    pub fn check(spec: &RunSpec, problem: &Problem, split: &Split) -> Result<(), TrainError> {
        Interventions::new(&Setting { spec, problem, split }).map(drop)
    }

    /// Numbers that the network of `spec` trains, and how often each is held: with its gradient and moments, and where samples
    /// are shared out to lanes, with a gradient in each.
    pub fn n_parameters(spec: &RunSpec, problem: &Problem) -> (usize, usize) {
        let n = match spec.model.architecture {
            Architecture::TwoLayer | Architecture::Mlp(_) => Mlp::new(&spec.model, problem).layout().len(),
            Architecture::Transformer(_) => Transformer::new(&spec.model, problem).layout().len(),
        };
        if spec.numerics == Numerics::Double {
            return (n, Double::COPIES + 2 * usize::from(spec.optimizer.gradient.filter != GradientFilter::None));
        }
        let averages = usize::from(spec.optimizer.gradient.filter != GradientFilter::None);
        (n, averages + if is_fused(spec, problem) { 4 } else { 4 + layered::LANES })
    }

    /// Updates made so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Threads in use.
    pub fn n_threads(&self) -> usize {
        self.learner.n_threads()
    }

    /// When train accuracy was at its level, and when test accuracy was; `None` where it never was, or left again before it had
    /// stayed long enough.
    pub fn stays(&self) -> [Option<Stay>; 2] {
        [self.memorized.stay(), self.generalized.stay()]
    }

    /// Looks at every update from now on, or at every so many; changes no bit of the run.
    pub fn watch(&mut self, problem: &Problem, split: &Split, every: u64) {
        self.observer = Some(Box::new(Observer::new(&self.spec, problem, &split.train, every)));
    }

    /// What was seen of the last update that was looked at, once.
    pub fn vitals(&mut self) -> Option<Vitals> {
        self.observer.as_mut().and_then(|observer| observer.seen.take())
    }

    /// Outputs of given samples under the present weights, `[n][M]`; `None` where nobody watches.
    pub fn outputs(&mut self, samples: &Samples) -> Option<Vec<f32>> {
        self.observer.as_mut().map(|observer| observer.outputs(samples, &self.learner.watched_arrays()))
    }

    /// The weights as they stand.
    pub fn weights(&self) -> Weights {
        self.learner.weights().0
    }

    /// Evaluates and records the present step where that is due, then makes one update. After an outcome, do not call again.
    pub fn advance(&mut self) -> Progress {
        let step = self.step;
        let last = step >= self.spec.steps;
        self.intervene();
        let evaluation_due = last || step.is_multiple_of(self.spec.record.evaluate_every);
        let snapshot_due = is_due(&self.spec.record, step);
        let solved = self.solve_top_layer(evaluation_due || snapshot_due);
        let train_loss = self.learner.forward(step);
        let diverged = !(solved && train_loss.is_finite());
        let scalars = (evaluation_due || diverged).then(|| self.evaluate());
        let (outcome, event) = self.judge(scalars.as_ref(), last, diverged);
        if let (Some(interventions), Some(scalars)) = (&mut self.interventions, &scalars) {
            interventions.observe(scalars, [self.memorized.since().is_some(), self.generalized.since().is_some()]);
        }
        let due = snapshot_due || outcome.is_some() || (event && self.spec.record.snapshot_at_events);
        let snapshot = due.then(|| self.snapshot());
        if outcome.is_none() {
            self.update();
        }
        Progress { step, train_loss, scalars, snapshot, outcome }
    }

    /// Does what is due before this step.
    fn intervene(&mut self) {
        let Some(interventions) = &mut self.interventions else { return };
        let done = interventions.intervene(self.step, &mut *self.learner);
        if let Some((spec, arrangement)) = done.settings {
            self.optimizer = spec.optimizer;
            if let Some(observer) = &mut self.observer {
                observer.arrange(&spec, &arrangement);
            }
            let trained_on = arrangement.trained_on();
            self.arranged = Some((spec, arrangement.samples.select(&trained_on)));
            self.evaluated = Some(trained_on);
        }
        if done.weights_changed {
            self.window.cut();
        }
    }

    /// A loss of the outputs needs the solution at every step, a probe only where somebody looks.
    fn solve_top_layer(&mut self, is_looked_at: bool) -> bool {
        match (self.spec.model.top_layer, self.spec.loss) {
            (TopLayer::Trained, _) => true,
            (TopLayer::Ridge { .. }, Objective::Features(_)) if !is_looked_at => true,
            (TopLayer::Ridge { eta }, _) => self.learner.solve_top(eta),
        }
    }

    /// The network as it stands, with the updates that were watched.
    pub fn snapshot(&self) -> Snapshot {
        let (weights, parameters) = self.learner.weights();
        Snapshot { step: self.step, weights, parameters, update_gram: self.window.gram() }
    }

    fn evaluate(&mut self) -> Scalars {
        let train = self.learner.evaluate_train();
        let test = self.learner.evaluate_test();
        let place = |i: u32| match &self.evaluated {
            None => Some(i as usize),
            Some(order) => order.binary_search(&i).ok(),
        };
        let corrupted: Vec<(usize, u32)> = self.corrupted.iter().filter_map(|&i| Some((place(i)?, i))).collect();
        let corrupted_share = |labels: &[u32]| {
            let is_right = |&&(place, i): &&(usize, u32)| train.predictions[place] == labels[i as usize];
            let right = corrupted.iter().filter(is_right).count();
            (!corrupted.is_empty()).then(|| right as f64 / corrupted.len() as f64)
        };
        Scalars {
            step: self.step,
            train_loss: train.loss,
            train_accuracy: train.accuracy,
            test_loss: test.as_ref().map(|test| test.loss),
            test_accuracy: test.map(|test| test.accuracy),
            corrupted_accuracy: corrupted_share(&self.labels),
            restored_accuracy: corrupted_share(&self.true_labels),
        }
    }

    /// The outcome if the run ends here, and whether something happened that deserves a snapshot.
    fn judge(&mut self, scalars: Option<&Scalars>, last: bool, diverged: bool) -> (Option<Outcome>, bool) {
        let (step, events) = (self.step, self.spec.events);
        if diverged {
            return (Some(Outcome::Diverged { step }), true);
        }
        let Some(scalars) = scalars else { return (None, false) };
        let mut happened =
            self.memorized.observe(step, Some(scalars.train_accuracy), events.memorized, events.sustained);
        if let Some(accuracy) = scalars.test_accuracy {
            happened |= self.generalized.observe(step, Some(accuracy), events.generalized, events.sustained);
            happened |= self.levels.passes(accuracy);
        }
        let norms = self.learner.unit_norms();
        let largest = largest_or_nan(norms.iter().copied());
        if !largest.is_finite() {
            return (Some(Outcome::Diverged { step }), true);
        }
        let least = events.collapsed_norm * self.initial_norm;
        let alive = norms.iter().filter(|&&norm| norm >= least).count();
        let few_units = outcome::is_handful(alive, norms.len());
        self.few_units_since = few_units.then(|| self.few_units_since.unwrap_or(step));
        if largest < least {
            return (Some(Outcome::Collapsed { step }), true);
        }
        let settled = self.generalized.since();
        let stop = events.stop_after.zip(settled).is_some_and(|(more, since)| step >= since + events.sustained + more);
        let outcome = (last || stop).then(|| Outcome::at_end(step, self.stays(), self.few_units_since));
        (outcome, happened)
    }

    fn update(&mut self) {
        let optimizer = Optimizer::at(&self.optimizer, self.step, self.spec.steps);
        let is_watched = self.watches(self.step);
        if !is_watched {
            self.window.clear();
        } else if self.window.is_new() {
            self.window.push(|buffer| self.learner.copy_hidden(buffer));
        }
        let before = self.interventions.as_ref().and_then(|all| all.before_update(self.step, &*self.learner));
        let watched = self.observer.as_ref().is_some_and(|observer| self.step.is_multiple_of(observer.every));
        let unchanged = watched.then(|| self.learner.watched_arrays());
        self.learner.update(&optimizer);
        if let Some(interventions) = &self.interventions {
            interventions.after_update(self.step, &mut *self.learner, before.as_ref());
        }
        if let (Some(observer), Some(unchanged)) = (&mut self.observer, &unchanged) {
            let batch = self.learner.batch(self.step);
            let (gradient, changed) = (self.learner.gradients(), self.learner.watched_arrays());
            let moment = (self.step, self.spec.steps);
            observer.look(moment, &self.optimizer, batch.as_deref(), [unchanged, &gradient, &changed]);
        }
        if is_watched {
            self.window.push(|buffer| self.learner.copy_hidden(buffer));
        }
        self.step += 1;
    }

    /// Whether the update at `step` is kept for a snapshot.
    fn watches(&self, step: u64) -> bool {
        self.watches_always || next_due(&self.spec.record, step, self.spec.steps) - step <= WINDOW as u64
    }

    /// Whether the next step is the last one that its spec asks for: from the checkpoint there a run of more steps can go on.
    pub fn is_at_last_step(&self) -> bool {
        self.step >= self.spec.steps
    }
}

/// Whether every update is watched, so that a snapshot at an event, which nobody knows of before, has a whole window. Where no
/// snapshot comes unexpectedly, or a step is too short to be worth a copy of the weights, only those before a snapshot are.
fn watches_always(setting: Setting<'_>) -> bool {
    setting.spec.record.snapshot_at_events && batch_size(setting) >= WORTH_A_COPY
}

#[cfg(test)]
mod tests;
