//! A run's spec in, its snapshots out.
//!
//! The engine does no input or output, reads no clock and no environment, and prints nothing. It is driven from outside,
//! one step at a time ([`Training::advance`]); time, files, plots and progress watch from there.
//! The images of the task `digits` are part of it, under CC BY 4.0 (`task/LICENSE-digits.md`); the rest is MIT or Apache-2.0.
//!
//! ```text
//! RunSpec ─▶ Problem ─▶ Split ─▶ Training ─▶ Progress { scalars, snapshot, outcome }
//! ```

mod elementary;
pub mod kernel;
pub mod loss;
pub mod model;
pub mod optim;
pub mod random;
pub mod spec;
pub mod split;
pub mod task;
pub mod train;

pub use model::Predictor;
pub use spec::{RunSpec, SpecError};
pub use split::Split;
pub use task::{Problem, Samples};
pub use train::{Checkpoint, Outcome, Progress, Scalars, Snapshot, TrainError, Training};
