//! What is learned from runs: measures, representation theory, the run directory, the report.
//!
//! ```text
//! Record ─▶ measure ─▶ Opened { scalars, frames, labels, stages, outcome } ─▶ report, show, export, --json
//! ```

pub mod answer;
pub mod compare;
pub mod group;
mod kernel_steps;
pub mod landscape;
pub mod launch;
pub mod law;
pub mod measure;
pub mod memory;
pub mod opened;
pub mod paired;
pub mod phase;
pub mod run;
pub mod scalars;
pub mod spec_file;
pub mod stats;
pub mod store;
mod story;
pub mod sweep;
pub mod tables;
pub mod task_file;
pub mod theory;
pub mod verb;

pub use opened::Opened;
