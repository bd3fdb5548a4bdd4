//! What was known of a run at a step.

use crate::group::Irrep;
use crate::knowledge::Knowledge;
use crate::opened::{Frame, Opened};
use crate::operation::Operation;
use dunwu_engine::{Problem, RunSpec, Scalars};

/// A run as it was known at one step: nothing of it happened later.
///
/// Whoever predicts takes a `Past` and nothing else, so that no prediction can rest on what it predicts: outcome, arrivals and stages
/// of the whole run are not in it, nor are evaluations and snapshots after the step.
///
/// ```
/// use dunwu::run::Past;
///
/// /// Expects generalization where the last test accuracy that is known lies above a half.
/// fn expects_generalization(past: &Past<'_>) -> bool {
///     past.scalars().last().and_then(|row| row.test_accuracy).is_some_and(|accuracy| accuracy > 0.5)
/// }
/// ```
///
/// The run behind it cannot be reached:
///
/// ```compile_fail
/// fn peeks(past: &dunwu::run::Past<'_>) -> dunwu_engine::Outcome {
///     past.opened.outcome
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Past<'a> {
    step: u64,
    spec: &'a RunSpec,
    task: &'a str,
    n_labels: usize,
    n_train: usize,
    n_population: usize,
    operation: Operation,
    irreps: Option<&'a [Irrep]>,
    scalars: &'a [Scalars],
    frames: &'a [Frame],
}

impl Opened {
    /// What was known of the run when `step` updates were made.
    pub fn until(&self, step: u64) -> Past<'_> {
        Past {
            step,
            spec: &self.spec,
            task: &self.task,
            n_labels: self.n_labels,
            n_train: self.n_train,
            n_population: self.n_population,
            operation: self.operation,
            irreps: self.irreps.as_deref(),
            // Both are in ascending order of steps.
            scalars: &self.scalars[..self.scalars.partition_point(|row| row.step <= step)],
            frames: &self.frames[..self.frames.partition_point(|frame| frame.step <= step)],
        }
    }
}

impl<'a> Past<'a> {
    /// A run that is under way: all that is known of it so far. Without evaluations and frames it is a run before its first step.
    pub fn so_far(
        (spec, problem, n_train): (&'a RunSpec, &'a Problem, usize),
        operation: Operation,
        irreps: Option<&'a [Irrep]>,
        scalars: &'a [Scalars],
        frames: &'a [Frame],
    ) -> Self {
        let last = [scalars.last().map(|row| row.step), frames.last().map(|frame| frame.step)];
        Self {
            step: last.into_iter().flatten().max().unwrap_or(0),
            spec,
            task: &problem.name,
            n_labels: problem.n_labels,
            n_train,
            n_population: problem.labels.len(),
            operation,
            irreps,
            scalars,
            frames,
        }
    }

    /// The step up to which the run is known.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// What was asked.
    pub fn spec(&self) -> &'a RunSpec {
        self.spec
    }

    /// Canonical name of the task: `cyclic:71`.
    pub fn task(&self) -> &'a str {
        self.task
    }

    /// Labels M.
    pub fn n_labels(&self) -> usize {
        self.n_labels
    }

    /// Training samples.
    pub fn n_train(&self) -> usize {
        self.n_train
    }

    /// All samples.
    pub fn n_population(&self) -> usize {
        self.n_population
    }

    /// What the operation is.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Irreps, the trivial one first; `None` where the task is no group.
    pub fn irreps(&self) -> Option<&'a [Irrep]> {
        self.irreps
    }

    /// Losses and accuracies up to the step, in its order.
    pub fn scalars(&self) -> &'a [Scalars] {
        self.scalars
    }

    /// Measures of the snapshots up to the step, in its order.
    pub fn frames(&self) -> &'a [Frame] {
        self.frames
    }

    /// What the run knew of its samples until then.
    pub fn knowledge(&self) -> Knowledge {
        Knowledge::of(self.spec, self.scalars)
    }

    /// The same at a later step, until which nothing new was evaluated.
    #[must_use]
    pub fn at(&self, step: u64) -> Self {
        Self { step: step.max(self.step), ..*self }
    }

    /// What was known earlier.
    #[must_use]
    pub fn until(&self, step: u64) -> Self {
        Self {
            step: step.min(self.step),
            scalars: &self.scalars[..self.scalars.partition_point(|row| row.step <= step)],
            frames: &self.frames[..self.frames.partition_point(|frame| frame.step <= step)],
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::RunRequest;
    use super::*;
    use crate::opened::Opening;
    use dunwu_engine::{Outcome, Training};

    fn opened(words: &[&str]) -> Opened {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let request = RunRequest::from_words(&words).unwrap();
        let RunRequest { spec, problem, split, decomposition, .. } = &request;
        let mut opening = Opening::new(spec, problem, split, decomposition.as_ref());
        let mut training = Training::new(spec, problem, split, 1).unwrap();
        let mut scalars = Vec::new();
        loop {
            let advanced = training.advance();
            scalars.extend(advanced.scalars);
            if let Some(snapshot) = &advanced.snapshot {
                opening.add(snapshot).unwrap();
            }
            if let Some(outcome) = advanced.outcome {
                return opening.finish(scalars, outcome);
            }
        }
    }

    /// The law: whatever happened later, the past is the same, in every entry and in everything that its methods derive.
    #[test]
    fn nothing_that_happened_later_is_reachable() {
        let whole = opened(&["small", "task=cyclic:7", "model.width=16", "steps=60"]);
        for step in [0, 1, 7, 30, 59] {
            let mut other = whole.clone();
            // Another future: everything after the step is as it never was.
            for row in other.scalars.iter_mut().filter(|row| row.step > step) {
                (row.train_accuracy, row.test_accuracy, row.train_loss) = (0.0, Some(1.0), 1e9);
            }
            for frame in other.frames.iter_mut().filter(|frame| frame.step > step) {
                frame.labels.clear();
                frame.values.clear();
            }
            other.knowledge = Knowledge::default();
            other.outcome = Outcome::Diverged { step: 60 };
            other.stages.clear();
            other.story.clear();
            let (past, same) = (whole.until(step), other.until(step));
            assert_eq!(past, same, "step {step}");
            assert_eq!(past.knowledge(), same.knowledge(), "step {step}");
            assert!(past.scalars().iter().all(|row| row.step <= step));
            assert!(past.frames().iter().all(|frame| frame.step <= step));
        }
    }

    #[test]
    fn the_past_of_a_past_is_the_earlier_one_and_its_end_is_the_whole_run() {
        let whole = opened(&["small", "task=cyclic:7", "model.width=16", "steps=60"]);
        assert_eq!(whole.until(40).until(9), whole.until(9));
        assert_eq!(whole.until(9).until(40), whole.until(9), "what is past does not grow");
        let end = whole.until(60);
        assert_eq!((end.scalars().len(), end.frames().len()), (whole.scalars.len(), whole.frames.len()));
        assert_eq!(end.knowledge(), whole.knowledge);
    }
}
