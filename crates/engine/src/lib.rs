//! A run's spec in, its snapshots out.
//!
//! The engine does no input or output, reads no clock and no environment, and prints nothing. It is driven from outside,
//! one step at a time ([`Training::advance`]); time, files, plots and progress watch from there.
//! The images of the task `digits` are part of it, under CC BY 4.0 (`task/LICENSE-digits.md`); the rest is MIT or Apache-2.0.
//!
//! ```text
//! RunSpec ─▶ Problem ─▶ Split ─▶ Training ─▶ Progress { scalars, snapshot, outcome }
//! ```
//!
//! Half of the addition table modulo 23, until the network answers the other half:
//!
//! ```
//! use dunwu_engine::spec::presets;
//! use dunwu_engine::{Outcome, Split, Training};
//!
//! let spec = (presets::find("small")?.spec)();
//! let problem = spec.task.resolve(None)?;
//! let split = Split::draw(&problem, &spec.data, spec.seed, None)?;
//! let mut training = Training::new(&spec, &problem, &split, 1)?;
//! let outcome = loop {
//!     if let Some(outcome) = training.advance().outcome {
//!         break outcome;
//!     }
//! };
//! assert!(matches!(outcome, Outcome::Grokked { step } if step < spec.steps));
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
mod written;

pub use model::Predictor;
pub use spec::{RunSpec, SpecError};
pub use split::Split;
pub use task::{Problem, Samples};
pub use train::{
    Checkpoint, LossSurface, OptimizerState, Outcome, Progress, Scalars, Snapshot, TrainError, Training, Vitals,
};
pub use written::TEXT_FORMATS;
