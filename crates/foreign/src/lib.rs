//! Runs that other programs make.
//!
//! ```text
//! a training loop of somebody else's ─▶ ForeignWriter ─▶ run directory ─▶ ForeignRecord ─▶ Series ─▶ verdict, doctor, report
//! a log of another tracker ─▶ series ─▶ import ─────────┘                     └─▶ export: event files of TensorBoard, JSON lines
//! ```
//!
//! Nothing of such a run can be trained again, so that what needs a spec is not defined for it. What is concluded of its series stands in
//! `dunwu-verdict`; nothing is drawn or printed here. A training loop records itself like this:
//!
//! ```
//! use dunwu_foreign::run::{ForeignEnd, ForeignRecord, ForeignWriter, Known};
//!
//! let folder = tempfile::tempdir()?;
//! let known = Known::from([("framework".to_owned(), "PyTorch".to_owned())]);
//! let mut writer = ForeignWriter::create(folder.path(), "mine", &known)?;
//! for step in 0..3 {
//!     writer.scalars(step, &[("train_loss", 1.0 / (step as f64 + 1.0))])?;
//!     writer.units(step, "fc1", "weight_norm", &[0.5, 0.25])?;
//! }
//! let run = writer.finish(ForeignEnd::Finished)?;
//! let record = ForeignRecord::read(&run)?;
//! assert_eq!(record.series()[0].values, [1.0, 0.5, 1.0 / 3.0]);
//! assert_eq!(record.load_units(&record.units[2])?, [0.5, 0.25]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod export;
pub mod import;
pub mod listing;
pub mod recorded;
pub mod run;
pub mod series;
pub mod weights;
