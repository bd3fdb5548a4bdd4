//! Laboratories: where runs are made for a point and a seed, and what came of them is read off.
//!
//! ```text
//! engine           Dunwu's own training runs, in memory, the amount of data as a share of the table; `engine:samples` as a number
//! world:FILE.toml  a planted world whose law is written in the file: for tests, teaching and examinations
//! program:COMMAND  anybody's simulator, which answers in lines of JSON
//! ```
//!
//! What a laboratory is to those who ask it stands in [`dunwu_science::lab`].

pub mod engine;
pub mod program;
mod specification;
pub mod world;

use dunwu_science::lab::Lab;
use engine::{EngineLab, SampleKnob};
use program::ProgramLab;
use std::path::{Path, PathBuf};
use thiserror::Error;
use world::World;

/// Why there is no such laboratory.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LabError {
    /// The text names none.
    #[error("{text:?} is no laboratory; it is `engine`, `engine:samples`, `world:FILE.toml` or `program:COMMAND ARGS`")]
    Unknown {
        /// The text.
        text: String,
    },
    /// A group of the engine has no irreps, which would be a bug.
    #[error("the task {task} cannot be offered: {why}")]
    Task {
        /// Its spelling.
        task: String,
        /// What is wrong.
        why: String,
    },
    /// A world's file cannot be read.
    #[error("cannot read the world's file: {source}: {path:?}")]
    File {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A world's file is bent.
    #[error(transparent)]
    World(#[from] world::WorldError),
    /// A program does not answer.
    #[error(transparent)]
    Program(#[from] program::ProgramError),
}

/// Opens a laboratory: `engine` (also where the text is empty), `engine:fraction`, `world:FILE.toml` or `program:COMMAND ARGS`.
/// Relative paths start at `dir`.
///
/// # Errors
///
/// Where there is no such laboratory, its file is bent, or its program does not answer.
pub fn open(text: &str, dir: &Path) -> Result<Box<dyn Lab>, LabError> {
    let text = text.trim();
    match text.split_once(':').unwrap_or((text, "")) {
        ("" | "engine", "") => Ok(Box::new(EngineLab::new(SampleKnob::Fraction)?)),
        ("engine", "samples") => Ok(Box::new(EngineLab::new(SampleKnob::Samples)?)),
        ("world", file) if !file.is_empty() => {
            let path = dir.join(file);
            let text =
                std::fs::read_to_string(&path).map_err(|source| LabError::File { path: path.clone(), source })?;
            Ok(Box::new(World::read(&text, &path.display().to_string())?))
        }
        ("program", command) => Ok(Box::new(ProgramLab::start(command, dir)?)),
        _ => Err(LabError::Unknown { text: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_opens_its_laboratory() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let dir = tempfile::tempdir().unwrap();
        let answer = r#"{"name":"nothing 1","knobs":[],"observables":[]}"#;
        std::fs::write(dir.path().join("nothing.sh"), format!("while read line; do echo '{answer}'; done\n")).unwrap();
        for (text, from, name) in [
            ("", here, "engine "),
            ("engine", here, "engine "),
            ("engine:samples", here, "engine "),
            ("world:worlds/delay.toml", here, "world delay "),
            ("program:sh nothing.sh", dir.path(), "nothing 1"),
        ] {
            let lab = open(text, from).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(lab.card().name.starts_with(name), "{text}: {}", lab.card().name);
        }
        for (text, said) in [
            ("engines", "\"engines\" is no laboratory"),
            ("engine:shares", "is no laboratory"),
            ("world:", "is no laboratory"),
            ("world:none.toml", "cannot read the world's file"),
            ("world:Cargo.toml", "Cargo.toml\""),
            ("program:", "no command"),
        ] {
            let refused = open(text, here).err().unwrap_or_else(|| panic!("{text} is opened")).to_string();
            assert!(refused.contains(said), "{text}: {refused}");
        }
    }

    /// Runs of one laboratory can be made on several threads.
    #[test]
    fn laboratories_can_be_shared() {
        fn is_shared<L: Lab + Send + Sync>() {}
        is_shared::<EngineLab>();
        is_shared::<World>();
        is_shared::<ProgramLab>();
    }
}
