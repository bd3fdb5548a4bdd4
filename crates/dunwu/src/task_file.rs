//! The files that a task names: Cayley tables and splits. The engine reads none, so they are read here.

use dunwu_engine::spec::{DataSpec, Sampling};
use dunwu_engine::task::{Problem, Task, TaskError};
use std::io;
use std::path::{Path, PathBuf};

/// What the copy of a task's table is called among a run's inputs.
pub const TABLE: &str = "table";
/// What the copy of a split is called there.
pub const SPLIT: &str = "split";

/// Why a task's problem could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskFileError {
    /// The table or split file could not be read.
    #[error("cannot read {what} ({source}): {path:?}")]
    Read {
        /// What the file was read for.
        what: &'static str,
        /// Why it failed.
        source: io::Error,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The task itself was refused.
    #[error(transparent)]
    Task(#[from] TaskError),
}

/// The text of the task's table file, if it names one; relative paths start at `directory`.
pub fn table_text(task: &Task, directory: &Path) -> Result<Option<String>, TaskFileError> {
    task.file().map(|file| read("the task's table", &directory.join(file))).transpose()
}

/// The text of the split file, if the spec names one; relative paths start at `directory`.
pub fn split_text(data: &DataSpec, directory: &Path) -> Result<Option<String>, TaskFileError> {
    match &data.sampling {
        Sampling::SplitFile(file) => read("the split", &directory.join(file)).map(Some),
        Sampling::Fraction(_) | Sampling::Count(_) | Sampling::MultipleOfMLogM(_) | Sampling::Part(..) => Ok(None),
    }
}

/// The task with every label, its file read where it has one.
pub fn resolve(task: &Task, directory: &Path) -> Result<Problem, TaskFileError> {
    Ok(task.resolve(table_text(task, directory)?.as_deref())?)
}

fn read(what: &'static str, path: &Path) -> Result<String, TaskFileError> {
    std::fs::read_to_string(path).map_err(|source| TaskFileError::Read { what, source, path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_from_where_the_task_says() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("two.csv"), "0,1\n1,0\n").unwrap();
        let problem = resolve(&Task::parse("table:two.csv").unwrap(), directory.path()).unwrap();
        assert_eq!((problem.labels.as_slice(), problem.group().is_some()), ([0, 1, 1, 0].as_slice(), true));
        assert_eq!(table_text(&Task::cyclic(3), directory.path()).unwrap(), None);
        let error = resolve(&Task::parse("table:three.csv").unwrap(), directory.path()).unwrap_err().to_string();
        assert!(error.starts_with("cannot read the task's table (") && error.ends_with("three.csv\""), "{error}");
        let data = DataSpec::of(Sampling::SplitFile("two.csv".into()));
        assert_eq!(split_text(&data, directory.path()).unwrap().as_deref(), Some("0,1\n1,0\n"));
    }
}
