//! The verb `league`: every predictor on one benchmark, and the negative controls.

mod answer;
mod chart;
mod controls;

pub use answer::answer;
pub use controls::answer_controls;

/// Looks that people are shown: 1, 5, 10, 20 and 40 % of the steps.
const SHOWN: [usize; 5] = [0, 3, 5, 7, 9];
