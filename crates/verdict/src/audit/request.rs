//! A request for an audit: a run, a table of results with a claim, or two files of samples.

use super::files::of_files;
use super::judgement::Audit;
use super::of_run::of_run;
use super::table::{Claim, Reported, of_table};
use dunwu::run::{RunRequest, open};
use dunwu::store::{RunDir, TableError, read_table};
use dunwu::verb::{VerbError, Watcher};
use dunwu_foreign::recorded::own_run;
use std::path::{Path, PathBuf};

/// A run, a table or two files.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A run directory.
    Run(RunDir),
    /// A table of results.
    Table(PathBuf),
    /// Training samples and held-out samples.
    Files([PathBuf; 2]),
}

/// What is to be audited, and what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRequest {
    /// What is audited.
    pub subject: Subject,
    /// What is claimed of a table.
    pub claim: Option<Claim>,
    /// The reported test accuracy of a run.
    pub reported: Option<Reported>,
    /// The column of two files that is predicted.
    pub label: Option<String>,
}

impl Subject {
    /// From the words of a command line: one file is a table, two are samples, and everything else is a run of the folder `runs`.
    pub fn from_words(words: &[String], runs: &Path) -> Result<Self, VerbError> {
        match words {
            [word] if Path::new(word).is_file() => Ok(Self::Table(word.into())),
            [word] => {
                let why = "its split and its snapshots are judged, and no series tells them; two files of its samples can be audited";
                Ok(Self::Run(own_run(runs, word, "audit", why)?))
            }
            [train, test] => Ok(Self::Files([train.into(), test.into()])),
            _ => Err(VerbError::usage(
                "name a run, a table of results, or two files of samples, those that are trained on first",
            )),
        }
    }

    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Run(run) => run.dir_name(),
            Self::Table(path) => path.display().to_string(),
            Self::Files([train, test]) => format!("{} and {}", train.display(), test.display()),
        }
    }
}

impl AuditRequest {
    /// Judges it.
    pub fn audit(&self, watcher: &mut Watcher<'_>) -> Result<Audit, VerbError> {
        match &self.subject {
            Subject::Run(run) => {
                let RunRequest { problem, split, .. } = RunRequest::from_run(run)?;
                let opened = open(run, watcher)?;
                Ok(of_run(&opened, &problem, &split, self.reported))
            }
            Subject::Table(path) => of_table(&read(path)?, self.claim.as_ref()).map_err(VerbError::usage),
            Subject::Files([train, test]) => {
                watcher.phase("comparing samples", None);
                of_files(&read(train)?, &read(test)?, self.label.as_deref()).map_err(VerbError::usage)
            }
        }
    }
}

fn read(path: &Path) -> Result<dunwu::store::Table, VerbError> {
    read_table(path).map_err(|error: TableError| VerbError::Failed(error.into()))
}
