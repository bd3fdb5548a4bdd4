//! A run directory as what it is: a run of our own, or one of another program.

use crate::run::ForeignRecord;
use dunwu::store::{Header, RunDir, StoreError};
use dunwu::verb::VerbError;
use std::path::Path;

/// The two kinds of runs that a folder holds.
#[derive(Debug)]
pub enum RecordedRun {
    /// Trained by dunwu; it has a spec, and is opened from it.
    Own(RunDir),
    /// Made by another program.
    Foreign(Box<ForeignRun>),
}

/// A run that another program made.
#[derive(Debug)]
pub struct ForeignRun {
    /// Its directory.
    pub dir: RunDir,
    /// What was recorded.
    pub record: ForeignRecord,
}

impl RecordedRun {
    /// The run in `dir`.
    pub fn open(dir: RunDir) -> Result<Self, StoreError> {
        if !is_foreign(&dir)? {
            return Ok(Self::Own(dir));
        }
        let record = ForeignRecord::read(&dir)?;
        Ok(Self::Foreign(Box::new(ForeignRun { dir, record })))
    }

    /// The run that a user means by `text`: a path, its name in the folder `runs`, or the first digits of its id.
    pub fn resolve(runs: &Path, text: &str) -> Result<Self, StoreError> {
        Self::open(RunDir::resolve(runs, text)?)
    }

    /// Its directory.
    pub fn dir(&self) -> &RunDir {
        match self {
            Self::Own(dir) => dir,
            Self::Foreign(run) => &run.dir,
        }
    }
}

/// Whether another program made the run in `dir`: the first line of its record says so.
pub fn is_foreign(dir: &RunDir) -> Result<bool, StoreError> {
    match Header::read(dir) {
        Ok(_) => Ok(false),
        Err(StoreError::Foreign { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// The run of our own that a user means by `text`. One of another program is refused in a sentence: `what` is not defined for it,
/// because `why`.
pub fn own_run(runs: &Path, text: &str, what: &str, why: &str) -> Result<RunDir, VerbError> {
    let dir = RunDir::resolve(runs, text)?;
    refuse_foreign(&dir, what, why)?;
    Ok(dir)
}

/// Refuses the run in `dir` where another program made it.
pub fn refuse_foreign(dir: &RunDir, what: &str, why: &str) -> Result<(), VerbError> {
    if !is_foreign(dir)? {
        return Ok(());
    }
    let path = dir.path().display();
    Err(VerbError::usage(format!("{what} is not defined for {path}, a run that another program made: {why}")))
}
