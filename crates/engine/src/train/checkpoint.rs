//! A run interrupted: what it needs to go on, and going on.

use super::arrays::{Arrays, Kept};
use super::events::Levels;
use super::interventions::Interventions;
use super::window::{UpdateWindow, WINDOW};
use super::{Arrival, TrainError, Training};
use crate::spec::RunSpec;
use crate::split::Split;
use crate::task::Problem;

/// Everything that is needed to go on from a step with the same bits, as named arrays that a file can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Updates made so far.
    pub step: u64,
    /// The window of updates and, of a network that is trained in f32, its weights and the optimizer's moments, by name.
    pub arrays: Vec<(String, Vec<f32>)>,
    /// State of the event rules, by name, where an empty list is "not yet"; and the weights and moments of a network that is trained
    /// in f64.
    pub numbers: Vec<(String, Vec<f64>)>,
}

impl Training {
    /// All that [`Training::resume`] needs.
    pub fn checkpoint(&self) -> Checkpoint {
        let (mut arrays, doubles) = match self.learner.arrays() {
            Arrays::Single(single) => (single, Vec::new()),
            Arrays::Double(double) => (Vec::new(), double),
        };
        let updates = self.window.updates().into_iter().enumerate();
        arrays.extend(updates.map(|(i, update)| (format!("update.{i:02}"), update)));
        let mut numbers = vec![
            ("initial_norm".into(), vec![self.initial_norm]),
            ("memorized".into(), self.memorized.to_numbers()),
            ("generalized".into(), self.generalized.to_numbers()),
            ("few_units_since".into(), self.few_units_since.map(|step| step as f64).into_iter().collect()),
            ("levels".into(), self.levels.to_numbers()),
        ];
        numbers.extend(doubles);
        numbers.extend(self.interventions.iter().flat_map(Interventions::to_numbers));
        Checkpoint { step: self.step, arrays, numbers }
    }

    /// A run that goes on from a checkpoint with the same bits as one that never stopped.
    ///
    /// The checkpoint may be of a run of fewer steps that is the same otherwise, unless
    /// [`Schedule::depends_on_steps`](crate::spec::Schedule::depends_on_steps), and of one with other interventions where these
    /// begin later.
    pub fn resume(
        spec: &RunSpec,
        problem: &Problem,
        split: &Split,
        threads: usize,
        checkpoint: &Checkpoint,
    ) -> Result<Self, TrainError> {
        let mut training = Self::new(spec, problem, split, threads)?;
        let kept = Kept { single: &checkpoint.arrays, double: &checkpoint.numbers };
        training.learner.restore(kept)?;
        let mut hidden = Vec::new();
        training.learner.copy_hidden(&mut hidden);
        let n_updates = checkpoint.arrays.iter().filter(|(name, _)| name.starts_with("update.")).count();
        let updates = (0..n_updates).map(|i| kept.array(format!("update.{i:02}"), hidden.len()));
        training.window = UpdateWindow::from_updates(updates.collect::<Result<_, _>>()?);
        let numbers = |name: &str| {
            let found = checkpoint.numbers.iter().find(|(other, _)| other == name);
            found.map(|(_, values)| values.as_slice()).ok_or(TrainError::Checkpoint { name: name.into(), expected: 1 })
        };
        training.initial_norm = numbers("initial_norm")?.first().copied().unwrap_or(0.0);
        training.memorized = Arrival::from_numbers(numbers("memorized")?);
        training.generalized = Arrival::from_numbers(numbers("generalized")?);
        training.few_units_since = numbers("few_units_since")?.first().map(|&step| step as u64);
        training.levels = Levels::from_numbers(numbers("levels")?);
        if let Some(interventions) = &mut training.interventions {
            interventions.restore(checkpoint);
        }
        training.step = checkpoint.step;
        // A shorter run watches the updates before its own end, too.
        let watched = (1..=training.step.min(WINDOW as u64)).take_while(|back| training.watches(training.step - back));
        let n_watched = watched.count();
        training.window.keep(n_watched);
        Ok(training)
    }
}
