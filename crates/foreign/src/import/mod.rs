//! Logs of other trackers as runs in a folder of runs.
//!
//! ```text
//! file │ folder ─▶ sources (a run each) ─▶ read_log ─▶ rows by step ─▶ ForeignWriter
//! ```
//!
//! The same file gives the same run: its id is the hash of its name, of what recorded it and of the value that was recorded first. A
//! file that has grown adds what is new; one that went back, because its run was resumed, takes back what was recorded from there on.

mod sources;
mod take;
#[cfg(test)]
mod tests;

pub use sources::{Recorder, Source, sources};
pub use take::{IMPORTED_FROM, ImportError, Imported, Novelty, RECORDER, import_source};
