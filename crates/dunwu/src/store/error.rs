//! What can go wrong with a run directory.

use super::entry::FORMAT;
use super::file::FileError;
use super::id::RunId;
use super::lock::WritingProcess;
use crate::spec_file::SpecFileError;
use std::path::PathBuf;

/// Why a run could not be created, read, written or resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The tags and the note of a run cannot be read.
    #[error("the tags and the note of this run cannot be read ({source}): mend the file or remove it: {path:?}")]
    Remarks {
        /// What is wrong in it.
        source: serde_json::Error,
        /// The file.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Two processes on one run.
    #[error("run is being written by {writer}; wait for it, or end it first: {path:?}")]
    BeingWritten {
        /// Which process, as far as it says so.
        writer: Box<WritingProcess>,
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
    #[error("no record.jsonl in {path:?}: {}", why.sentence())]
    NoRecord {
        /// What there is instead.
        why: WithoutRecord,
        /// The directory looked into.
        path: PathBuf,
    },
    /// A record without its spec.
    #[error(
        "no spec.toml in {path:?}: restore it from a copy, or write it anew from `settings` in the first line of record.jsonl there"
    )]
    NoSpec {
        /// The run.
        path: PathBuf,
    },
    /// A spec that is none.
    #[error("the run's spec cannot be read ({source}); mend it, or restore it from a copy: {path:?}")]
    Spec {
        /// What is wrong, and where in the text.
        source: Box<SpecFileError>,
        /// What the file holds.
        text: String,
        /// The file.
        path: PathBuf,
    },
    /// The settings or inputs are not those that the run was made with.
    #[error(
        "the settings of this run are not those that it was made with: {}; put them back, or make the other run with `dunwu run {}`: {path:?}",
        changes_text(changes), path.join("spec.toml").display()
    )]
    ChangedSpec {
        /// What differs: each setting with its value now and the one recorded.
        changes: Vec<String>,
        /// The run.
        path: PathBuf,
    },
    /// The same settings have another id in this build.
    #[error(
        "the run was begun by dunwu {version}, which calls its settings {recorded} where this build calls them {ours}; open it with that version, or make it again with `dunwu run {}`: {path:?}",
        path.join("spec.toml").display()
    )]
    OtherIdentity {
        /// The id in the record.
        recorded: RunId,
        /// The id of the same settings here.
        ours: RunId,
        /// The build that began it.
        version: String,
        /// The run.
        path: PathBuf,
    },
    /// One run in a directory that is named after another.
    #[error(
        "the directory is named after run {named} and holds run {held}; give it a name that begins with {held}: {path:?}"
    )]
    OtherName {
        /// The id that the directory's name begins with.
        named: RunId,
        /// The id in its record.
        held: RunId,
        /// The directory.
        path: PathBuf,
    },
    /// No run of this name.
    #[error("no run is called {text:?} (a path, a name, or the first digits of an id) in {root:?}")]
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
    #[error(
        "run has format {found}, this build reads up to {FORMAT}: install a newer dunwu{}, or make the run again in another folder with `dunwu run {} --runs DIR`: {path:?}",
        version_text(version), path.join("spec.toml").display()
    )]
    NewerFormat {
        /// Its format.
        found: u32,
        /// The build that wrote it, where it says so.
        version: String,
        /// The run.
        path: PathBuf,
    },
    /// Written by an older build, without checksums.
    #[error(
        "run has format {found}, which has no checksums, and this build reads {FORMAT}: make it again in another folder with `dunwu run {} --runs DIR`, or open it with the version that wrote it{}: {path:?}",
        path.join("spec.toml").display(), version_text(version)
    )]
    OlderFormat {
        /// Its format.
        found: u32,
        /// The build that wrote it, where it says so.
        version: String,
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
    /// Another program made the run, and what is asked for needs one of our own.
    #[error(
        "another program made this run, and this is defined only for runs of dunwu; show, report, export, compare, verdict and doctor take it: {path:?}"
    )]
    Foreign {
        /// The run.
        path: PathBuf,
    },
    /// Another program made the run, and a newer build wrote its record.
    #[error("a newer dunwu wrote this run: install that one to read it: {path:?}")]
    NewerForeign {
        /// The run.
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

/// What is where a run was looked for, and has no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WithoutRecord {
    /// Nothing is there.
    Missing,
    /// A file.
    File,
    /// A directory with nothing in it.
    Empty,
    /// A directory that holds runs.
    FolderOfRuns,
    /// A run whose creation was interrupted before its record was begun, or whose record was taken away.
    Begun,
    /// Some other directory.
    Other,
}

impl WithoutRecord {
    /// What it is, and what to do about it.
    fn sentence(self) -> &'static str {
        match self {
            Self::Missing => "there is no such directory; `--runs DIR` names the folder that holds the runs",
            Self::File => "it is a file; name the directory of a run",
            Self::Empty => "the directory is empty; name the directory of a run, or make one with `dunwu run`",
            Self::FolderOfRuns => "it is a folder of runs; name one of them, or give it as `--runs DIR`",
            Self::Begun => {
                "this run was not begun, or its record was taken away; restore the file from a copy, or begin again with `dunwu run` \
                 and the spec.toml there"
            }
            Self::Other => "it is no run; name the directory of a run",
        }
    }
}

/// The first few, and how many more there are.
fn changes_text(changes: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = changes.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match changes.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn version_text(version: &str) -> String {
    if version.is_empty() { String::new() } else { format!(" ({version} wrote it)") }
}
