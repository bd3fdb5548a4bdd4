//! Laboratories: where runs are made for a point and a seed, and what came of them is read off.
//!
//! ```text
//! engine           Dunwu's own training runs, in memory; `engine:fraction` says the amount of data as a share of the table
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
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why there is no such laboratory.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LabError {
    /// The text names none.
    #[error(
        "{text:?} is no laboratory; it is `engine`, `engine:fraction`, `world:FILE.toml` or `program:COMMAND ARGS`"
    )]
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
        ("" | "engine", "" | "samples") => Ok(Box::new(engine::EngineLab::new(engine::SampleKnob::Samples)?)),
        ("engine", "fraction") => Ok(Box::new(engine::EngineLab::new(engine::SampleKnob::Fraction)?)),
        ("world", file) if !file.is_empty() => {
            let path = dir.join(file);
            let text =
                std::fs::read_to_string(&path).map_err(|source| LabError::File { path: path.clone(), source })?;
            Ok(Box::new(world::World::read(&text, &path.display().to_string())?))
        }
        ("program", command) => Ok(Box::new(program::ProgramLab::start(command, dir)?)),
        _ => Err(LabError::Unknown { text: text.to_owned() }),
    }
}
