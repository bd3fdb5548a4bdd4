//! What is learned from runs: measures, representation theory, landscapes, the run directory.
//!
//! Many runs, and what is studied in their table, are in `dunwu-studies`.
//!
//! ```text
//! request ─▶ run ─▶ record ─▶ measures ─▶ Opened { scalars, frames, labels, stages, outcome } ── until(step) ─▶ Past
//! ```
//!
//! Nothing is drawn here; what is said of a result, and how it looks, is in `dunwu-report`. A run from its words to its measures:
//!
//! ```
//! use dunwu::measure;
//! use dunwu::run::{RunEnd, RunRequest, Training, run};
//! use dunwu::verb::Watcher;
//! use std::sync::atomic::AtomicBool;
//! use std::time::Duration;
//!
//! let folder = tempfile::tempdir()?;
//! let request = RunRequest::from_words(&["small", "task=cyclic:7", "steps=30", "model.width=16"].map(str::to_owned))
//!     .expect("a preset, and settings that there are");
//! let training = Training { runs: folder.path(), checkpoint_every: Duration::from_secs(10) };
//! let (mut heard, stop) = (Vec::new(), AtomicBool::new(false));
//! let end = run(&request, &training, &mut Watcher::new(&mut |_| heard.push(()), &stop)).expect("a folder to write to");
//! let RunEnd::Made(_, opened) = end else { panic!("the folder was empty") };
//! assert!(opened.frames.last().and_then(|frame| frame.scalar(measure::TRAIN_ACCURACY)).is_some());
//! assert!(!heard.is_empty(), "each evaluation is announced");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
pub mod answer;
pub mod compare;
pub mod group;
mod kernel_steps;
pub mod knowledge;
pub mod landscape;
pub mod measure;
pub mod memory;
pub mod opened;
pub mod operation;
pub mod origin;
pub mod reach;
pub mod run;
pub mod scalars;
pub mod spec_file;
pub mod stats;
mod stopwatch;
pub mod store;
mod story;
pub mod tables;
pub mod task_file;
pub mod text_file;
pub mod theory;
pub mod verb;

pub use opened::Opened;
