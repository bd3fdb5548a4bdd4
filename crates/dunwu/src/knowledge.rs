//! What a run knew of its samples, from when on and until when, as its evaluations tell.

use dunwu_engine::RunSpec;
use dunwu_engine::train::{Arrival, Stay};
use dunwu_engine::{Outcome, Scalars};

/// A rise counts from so many standard errors of a share on.
const NOISE: f64 = 2.0;

/// When both accuracies were at their levels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Knowledge {
    /// When train accuracy was at its level.
    pub memorized: Option<Stay>,
    /// When test accuracy was at its level.
    pub generalized: Option<Stay>,
}

impl Knowledge {
    /// Of a run, from its evaluations.
    pub fn of(spec: &RunSpec, scalars: &[Scalars]) -> Self {
        Self {
            memorized: stay(spec, scalars, TRAIN, spec.events.memorized),
            generalized: stay(spec, scalars, TEST, spec.events.generalized),
        }
    }

    /// The outcome at `step`, that of the last evaluation, of a run whose training ended as `ended`. Numbers that were no longer finite
    /// and units that decayed are not seen in accuracies and are believed; everything else is judged here.
    pub fn outcome(&self, ended: Outcome, step: u64) -> Outcome {
        match ended {
            Outcome::Diverged { .. } | Outcome::Collapsed { .. } => ended,
            _ => Outcome::at_end(step, [self.memorized, self.generalized], None),
        }
    }

    /// Whether an accuracy that is below its level was rising at the end, for so many training and test samples: its mean over the last
    /// quarter of the steps exceeds its mean over the quarter before by more than two standard errors √(p(1 − p)/n) of a share of n
    /// samples.
    pub fn is_improving(&self, scalars: &[Scalars], [n_train, n_test]: [usize; 2]) -> bool {
        let holds = |stay: Option<Stay>| stay.is_some_and(|stay| stay.left.is_none());
        (!holds(self.memorized) && is_rising(scalars, TRAIN, n_train))
            || (!holds(self.generalized) && is_rising(scalars, TEST, n_test))
    }

    /// Step at which train accuracy fell below its level for good.
    pub fn forgotten(&self) -> Option<u64> {
        self.memorized.and_then(|stay| stay.left)
    }

    /// Step at which test accuracy fell below its level for good.
    pub fn lost(&self) -> Option<u64> {
        self.generalized.and_then(|stay| stay.left)
    }
}

/// An accuracy at an evaluation, where it is defined.
type Accuracy = fn(&Scalars) -> Option<f64>;
const TRAIN: Accuracy = |row| Some(row.train_accuracy);
const TEST: Accuracy = |row| row.test_accuracy;

/// When an accuracy was at its level, by the rule of [`dunwu_engine::spec::EventSpec`].
fn stay(spec: &RunSpec, scalars: &[Scalars], read: Accuracy, level: f64) -> Option<Stay> {
    let mut arrival = Arrival::default();
    // What diverged has arrived nowhere.
    for row in scalars.iter().filter(|row| row.train_loss.is_finite()) {
        arrival.observe(row.step, read(row), level, spec.events.sustained);
    }
    arrival.stay()
}

fn is_rising(scalars: &[Scalars], read: Accuracy, n: usize) -> bool {
    let Some(last) = scalars.last() else { return false };
    let mean = |from: u64, to: u64| {
        let within = scalars.iter().filter(|row| 4 * row.step > from * last.step && 4 * row.step <= to * last.step);
        let values: Vec<f64> = within.filter_map(read).filter(|value| value.is_finite()).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let (Some(before), Some(now)) = (mean(2, 3), mean(3, 4)) else { return false };
    let p = f64::midpoint(before, now);
    now - before > NOISE * (p * (1.0 - p) / n.max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalars;

    fn rows(accuracies: impl IntoIterator<Item = f64>) -> Vec<Scalars> {
        let row = |(step, accuracy): (usize, f64)| Scalars {
            train_loss: 1.0,
            train_accuracy: 1.0,
            test_accuracy: Some(accuracy),
            ..scalars::empty(step as u64)
        };
        accuracies.into_iter().enumerate().map(row).collect()
    }

    fn is_improving(accuracies: impl IntoIterator<Item = f64>) -> bool {
        let rows = rows(accuracies);
        Knowledge::of(&RunSpec::default(), &rows).is_improving(&rows, [100, 100])
    }

    #[test]
    fn what_rises_at_the_end_is_improving_and_what_wavers_is_not() {
        assert!(is_improving((0..=100).map(|step| f64::from(step) / 110.0)));
        assert!(!is_improving((0..=100).map(|step| 0.5 + 0.04 * f64::from(step % 2))));
        assert!(!is_improving((0..=100).map(|step| 1.0 - f64::from(step) / 110.0)));
        // Two standard errors of 100 samples at one half are 0.1.
        assert!(!is_improving((0..=100).map(|step| if step > 75 { 0.54 } else { 0.45 })));
        assert!(is_improving((0..=100).map(|step| if step > 75 { 0.56 } else { 0.45 })));
        assert!(!is_improving([]) && !is_improving([0.3]));
        // What has arrived and holds is done.
        assert!(!is_improving((0..=100).map(|step| if step > 75 { 1.0 } else { 0.45 })));
    }

    #[test]
    fn an_outcome_is_that_of_the_last_evaluation_but_for_what_accuracies_do_not_show() {
        let (spec, rows) =
            (RunSpec::default(), rows((0..=100).map(|step| if (20..60).contains(&step) { 1.0 } else { 0.1 })));
        let known = Knowledge::of(&spec, &rows);
        let judged = |ended: Outcome| known.outcome(ended, 100);
        let wanted = Outcome::Lost { step: 100, arrived: 20, left: 60, last: 0.1 };
        assert_eq!(judged(Outcome::Grokked { step: 20 }), wanted, "as an earlier build had it");
        assert_eq!(judged(Outcome::Censored { step: 100 }), wanted);
        for ended in [Outcome::Diverged { step: 7 }, Outcome::Collapsed { step: 7 }] {
            assert_eq!(judged(ended), ended);
        }
        assert_eq!((known.lost(), known.forgotten()), (Some(60), None));
    }
}
