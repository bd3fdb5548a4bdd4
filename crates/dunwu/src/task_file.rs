//! The files that a task names: Cayley tables and splits. The engine reads none, so they are read here.

use crate::text_file::text_of;
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
    /// The file is no text.
    #[error("{what} is {found}: {path:?}")]
    NoText {
        /// What the file was read for.
        what: &'static str,
        /// What it is, and what to do.
        found: &'static str,
        /// The file.
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
    let unread = |source| TaskFileError::Read { what, source, path: path.to_owned() };
    let bytes = std::fs::read(path).map_err(unread)?;
    text_of(bytes).map_err(|found| TaskFileError::NoText { what, found, path: path.to_owned() })
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

    fn field(folder: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/field").join(folder)
    }

    fn files(folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(field(folder)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `refused.txt` of a folder: a file's name and a part of what is said of it.
    fn reasons(folder: &str) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(field(folder).join("refused.txt")).unwrap();
        let reasons: Vec<(String, String)> = text
            .lines()
            .map(|line| line.split_once('\t').unwrap())
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect();
        assert_eq!(files(folder).len(), reasons.len() + 1, "every file of {folder} has a reason");
        reasons
    }

    #[test]
    fn a_table_is_the_same_in_every_form_in_which_programs_save_it() {
        let wanted = Task::cyclic(6).resolve(None).unwrap();
        let files = files("tables");
        assert!(files.len() >= 40);
        for file in files {
            let problem = resolve(&Task::parse(&format!("table:{file}")).unwrap(), &field("tables"));
            let problem = problem.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!((&problem.labels, problem.group()), (&wanted.labels, wanted.group()), "{file}");
        }
    }

    #[test]
    fn a_table_that_is_none_is_refused_with_what_and_how() {
        for (file, reason) in reasons("tables-refused") {
            let error = resolve(&Task::parse(&format!("table:{file}")).unwrap(), &field("tables-refused"));
            let error = error.err().unwrap_or_else(|| panic!("{file} was read")).to_string();
            assert!(error.contains(&reason) && error.contains(&file), "{file}: {error}");
        }
    }

    fn draw(folder: &str, file: &str) -> Result<dunwu_engine::Split, dunwu_engine::split::SplitError> {
        let data = DataSpec::of(Sampling::SplitFile(file.to_owned()));
        let text = split_text(&data, &field(folder)).unwrap();
        dunwu_engine::Split::draw(&Task::cyclic(6).resolve(None).unwrap(), &data, 0, text.as_deref())
    }

    #[test]
    fn a_split_is_the_same_in_every_form_in_which_programs_save_it() {
        let wanted = [vec![0, 0, 2, 3, 4, 5, 5], vec![1, 5, 3, 3, 0, 1, 5]];
        let files = files("splits");
        assert!(files.len() >= 30);
        for file in files {
            let split = draw("splits", &file).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!((split.train.operands.as_slice(), split.test.len()), (&wanted[..], 29), "{file}");
        }
    }

    #[test]
    fn a_split_that_is_none_is_refused_with_what_and_how() {
        for (file, reason) in reasons("splits-refused") {
            let error = draw("splits-refused", &file).err().unwrap_or_else(|| panic!("{file} was read")).to_string();
            assert!(error.contains(&reason) && error.contains(&file), "{file}: {error}");
        }
    }

    #[test]
    fn the_cases_of_the_field_are_read() {
        let here = field("");
        let symmetric = resolve(&Task::parse("table:s3-one-based.json").unwrap(), &here).unwrap();
        assert_eq!(symmetric.group().map(|group| (group.order, group.is_abelian())), Some((6, false)));
        let cyclic = resolve(&Task::parse("table:square-spaces.txt").unwrap(), &here).unwrap();
        assert_eq!(cyclic.labels, Task::cyclic(6).resolve(None).unwrap().labels);
        let data = DataSpec::of(Sampling::SplitFile("split-flat.txt".into()));
        let text = split_text(&data, &here).unwrap();
        let problem = Task::cyclic(23).resolve(None).unwrap();
        let split = dunwu_engine::Split::draw(&problem, &data, 0, text.as_deref()).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (265, 264));
        assert_eq!([split.train.operands[0][12], split.train.operands[1][12]], [1, 1]); // place 24
    }
}
