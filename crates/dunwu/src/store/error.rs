//! What can go wrong with a run directory.

use super::entry::FORMAT;
use super::file::FileError;
use std::path::PathBuf;

/// Why a run could not be created, read, written or resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Two processes on one run.
    #[error("run is being written by another process{}; wait for it, or end it first: {path:?}", pid_text(*pid))]
    BeingWritten {
        /// Which process, where it says so.
        pid: Option<u32>,
        /// The run.
        path: PathBuf,
    },
    /// The same spec was run before.
    #[error("this run exists already; resume or show it, or delete its directory to begin again: {path:?}")]
    Exists {
        /// The run.
        path: PathBuf,
    },
    /// There is nothing left to resume.
    #[error("run has finished, there is nothing to resume: {path:?}")]
    Finished {
        /// The run.
        path: PathBuf,
    },
    /// No record here.
    #[error("not a run: there is no record.jsonl in {path:?}")]
    NotARun {
        /// The directory looked into.
        path: PathBuf,
    },
    /// No run of this name.
    #[error("no run is called {text:?} (a path, or the first digits of an id) in {root:?}")]
    NoSuchRun {
        /// What was asked for.
        text: String,
        /// Where.
        root: PathBuf,
    },
    /// Several runs begin like this.
    #[error("{text:?} could be any of {}; write more digits", candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// The directories that fit.
        candidates: Vec<String>,
    },
    /// Written by a newer build.
    #[error("run has format {found}, this build reads up to {FORMAT}: {path:?}")]
    Format {
        /// Its format.
        found: u32,
        /// The run.
        path: PathBuf,
    },
    /// A line that the record's writer did not write.
    #[error(
        "line {line} of the record is damaged ({why}); restore the file from a copy, or delete the run and begin again: {path:?}"
    )]
    DamagedLine {
        /// Counted from 1.
        line: usize,
        /// What does not fit.
        why: String,
        /// The record.
        path: PathBuf,
    },
    /// The record lists no such snapshot.
    #[error("no snapshot was recorded at step {step}: {path:?}")]
    NoSnapshot {
        /// Asked for.
        step: u64,
        /// The run.
        path: PathBuf,
    },
    /// A recorded snapshot's file is gone.
    #[error(
        "the snapshot of step {step} is missing; restore the file from a copy, or delete the run and begin again: {path:?}"
    )]
    MissingSnapshot {
        /// Its step.
        step: u64,
        /// Its file.
        path: PathBuf,
    },
    /// A recorded snapshot's file is not what was written.
    #[error(
        "the snapshot of step {step} is damaged ({why}); restore the file from a copy, or delete the run and begin again: {path:?}"
    )]
    DamagedSnapshot {
        /// Its step.
        step: u64,
        /// What does not fit.
        why: String,
        /// Its file.
        path: PathBuf,
    },
    /// Another way of computing began this run.
    #[error(
        "the run was begun with kernel {recorded:?} and this is kernel {ours:?}, which gives other bits; resume it with the build and on the kind of machine that began it, or delete it and begin again: {path:?}"
    )]
    OtherKernel {
        /// In the record's header.
        recorded: String,
        /// This build's.
        ours: String,
        /// The run.
        path: PathBuf,
    },
    /// The steps repeated after resuming came out differently.
    #[error(
        "this build gives other bits than the one that began the run: at step {step}, {field} is {ours} and was {recorded}; resume with that build, or delete the run and begin again: {path:?}"
    )]
    OtherBits {
        /// Where.
        step: u64,
        /// In which quantity.
        field: String,
        /// As recorded.
        recorded: String,
        /// As computed now.
        ours: String,
        /// The run.
        path: PathBuf,
    },
    /// The steps repeated after resuming were recorded at other steps.
    #[error(
        "this build records {kind} at other steps than the one that began the run: step {step} has one in only one of them; resume with that build, or delete the run and begin again: {path:?}"
    )]
    OtherSteps {
        /// Scalars or snapshots.
        kind: &'static str,
        /// Where.
        step: u64,
        /// The run.
        path: PathBuf,
    },
    /// An input whose name cannot be a file's.
    #[error("{name:?} cannot name an input of a run: use a plain file name without a directory")]
    InputName {
        /// As given.
        name: String,
    },
}

/// ` (pid 1234)`, or nothing where the process is not known.
pub fn pid_text(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}
