//! Learning-rate schedules.

use crate::spec::Schedule;
use std::f64::consts::PI;

impl Schedule {
    /// Whether the rate at a step depends on how many steps the run has: such a run does not begin as a longer one does.
    pub fn depends_on_steps(self) -> bool {
        matches!(self, Self::Cosine)
    }

    /// The rate of the update after `step` updates of a run of `steps`.
    ///
    /// ```text
    /// step: lr·factor^⌊t/every⌋   exponential: lr·factor^t   cosine: lr·½(1 + cos(π t/T))   warmup: lr·min(1, (t+1)/w)
    /// ```
    pub fn rate(self, full: f64, step: u64, steps: u64) -> f64 {
        let t = step as f64;
        match self {
            Self::Constant => full,
            Self::Step { every, factor } => full * libm::pow(factor, (step / every) as f64),
            Self::Exponential { factor } => full * libm::pow(factor, t),
            Self::Cosine => full * 0.5 * (1.0 + libm::cos(PI * t / steps as f64)),
            Self::Warmup { steps } => full * ((t + 1.0) / steps as f64).min(1.0),
        }
    }
}
