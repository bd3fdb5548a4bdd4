//! When a run is looked at.

/// Shares of a run's steps after which it is looked at, by about equal ratios.
pub const LOOKS: [f64; 12] = [0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8];

/// The step of a look in a run of `steps` steps.
pub fn step_of(look: usize, steps: u64) -> u64 {
    (LOOKS[look] * steps as f64).ceil() as u64
}

/// The last look at or before `step`; `None` before the first.
pub fn look_at(step: u64, steps: u64) -> Option<usize> {
    (0..LOOKS.len()).rev().find(|&look| step_of(look, steps) <= step)
}
