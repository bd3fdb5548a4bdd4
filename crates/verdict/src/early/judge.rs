//! The judge of a sweep: it parks runs at a stated risk, and never one that it does not know.

use super::coordinates::coordinates;
use super::forecast::{when, why_outside};
use super::looks::{LOOKS, look_at, step_of};
use super::model::{Inputs, Model};
use super::verdict::{Asked, verdict};
use dunwu::run::Past;
use dunwu_engine::RunSpec;
use dunwu_studies::sweep::Judge;

/// Parks runs whose losses and accuracies have looked worse than those of all but a share α of the runs that did generalize.
#[derive(Debug)]
pub struct RiskJudge {
    model: &'static Model,
    alpha: f64,
    threshold: f64,
}

/// A risk that cannot be promised.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RiskError {
    /// It is none.
    #[error("a risk is a share above 0 and below 1, such as 0.01, and not {asked}")]
    NoShare {
        /// What was asked for.
        asked: f64,
    },
    /// It is too small for the runs that were learned from.
    #[error(
        "cannot certify below {least:.2} %: {n} runs that generalized were learned from, and a risk of {} % needs more; ask for {least:.2} % or more",
        100.0 * asked
    )]
    TooSmall {
        /// What was asked for.
        asked: f64,
        /// The least that can be certified, in percent.
        least: f64,
        /// Runs that generalized.
        n: usize,
    },
}

impl RiskJudge {
    /// The judge of risk α, with what this build ships.
    ///
    /// # Errors
    ///
    /// Where so small a risk cannot be certified, or it is none.
    pub fn new(alpha: f64) -> Result<Self, RiskError> {
        let model = Model::shipped();
        let minima = &model.head(Inputs::HeldOut).minima;
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(RiskError::NoShare { asked: alpha });
        }
        let threshold = minima.threshold(alpha);
        match threshold {
            Some(threshold) => Ok(Self { model, alpha, threshold }),
            // Rounded up, so that what is named can be asked for.
            None => Err(RiskError::TooSmall {
                asked: alpha,
                least: (minima.least_alpha() * 1e4).ceil() / 100.0,
                n: minima.n,
            }),
        }
    }
}

impl Judge for RiskJudge {
    fn name(&self) -> String {
        format!("judged-{}-{}", self.alpha, self.model.digest())
    }

    fn looks(&self, spec: &RunSpec) -> Vec<u64> {
        let mut looks: Vec<u64> = (0..LOOKS.len()).map(|look| step_of(look, spec.steps)).collect();
        looks.dedup();
        looks
    }

    fn parks(&self, past: &Past<'_>) -> Option<f64> {
        look_at(past.step(), past.spec().steps)?;
        let asked = Asked { inputs: Some(Inputs::HeldOut), uncertified: false };
        let found = verdict(self.model, past, asked);
        // Without held-out evaluations the head that the threshold is of has nothing to read.
        found.probability.filter(|probability| found.inputs == Inputs::HeldOut && *probability <= self.threshold)
    }

    fn worth(&self, past: &Past<'_>) -> Option<f64> {
        let row = coordinates(past);
        if !why_outside(self.model, past, &row).is_empty() {
            return None;
        }
        let steps = past.spec().steps;
        let (probability, time) =
            (self.model.probability(Inputs::Spec, &row), self.model.time(Inputs::Spec, &row, None));
        Some(probability / (probability * when(time, steps).median as f64 + (1.0 - probability) * steps as f64))
    }
}
