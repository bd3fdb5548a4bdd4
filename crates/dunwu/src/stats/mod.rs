//! Statistics that several rooms share: medians, intervals of shares, quantiles of Student's t.
//!
//! Each file names its source and is held to tables, closed forms or brute force. What only one study needs (the resampling of
//! thresholds, predictive distributions) stands beside that study.

mod median;
mod normal;
mod share;
mod student;

pub use median::median;
pub use normal::Z95;
pub use share::Share;
pub use student::student_t95;
