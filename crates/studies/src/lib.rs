//! Many runs: sweeps, the table that they become, what is studied in it, and their way to a cluster.
//!
//! ```text
//! file, words ─▶ Plan ─▶ RunSpec … ─▶ work: claim, train, Row ─▶ collect ─▶ one table ─▶ Results ─▶ phase, law, paired
//! ```
//!
//! A run, its measures and its landscape stand in `dunwu` and know nothing of the runs beside them. Four runs, from words to a table:
//!
//! ```
//! use dunwu::run::RunRequest;
//! use dunwu_studies::sweep::{Folder, Options, Plan, Request, Results, collect, work};
//! use std::path::Path;
//! use std::sync::atomic::AtomicBool;
//!
//! let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<String>>();
//! let base = RunRequest::from_words(&words(&["small", "task=cyclic:7", "model.width=16", "steps=30"])).expect("a preset");
//! let varied = words(&["data.fraction=0.4,0.6", "seed=0..1"]);
//! let request = Request { file: None, base: &base.spec, words: &varied, exclude: &[], keep: None };
//! let runs = Plan::new(&request)?.expand(Path::new(""))?;
//! let runs_folder = tempfile::tempdir()?;
//! let folder = Folder::new(runs_folder.path());
//! let tally = work(&runs, &folder, &Options::default(), None, &AtomicBool::new(false), &mut |_| {})?;
//! assert_eq!((tally.runs, tally.made), (4, 4));
//! let results = Results::of(collect(&runs, &folder)?.table)?;
//! assert_eq!((results.len(), results.varied()), (4, vec!["data.fraction"]), "seeds are repetitions of one setting");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod launch;
pub mod law;
pub mod paired;
pub mod phase;
pub mod sweep;
