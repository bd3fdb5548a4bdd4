//! A program as a laboratory.

use super::command::words;
use super::process::{NoAnswer, Process};
use super::wire::{Answered, Description, NoOutcomes, Question, read_answer, run_question};
use crate::specification::specification;
use dunwu_science::lab::{Lab, LabCard, Outcome, Point, Reading};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;

/// How long a program may take to describe itself: an interpreter that loads much starts in seconds.
const DESCRIBES_WITHIN: Duration = Duration::from_mins(1);

/// Why a program is no laboratory.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no command to start.
    #[error("no command in {text:?}: {why}")]
    Command {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It cannot be started.
    #[error("cannot start the program: {source}; is it installed, and is its first line right: {program:?}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It does not describe itself.
    #[error(
        "{why}; asked {{\"do\":\"describe\"}} a program answers one line with name, knobs and observables: {command:?}"
    )]
    Description {
        /// The command.
        command: String,
        /// What is wrong.
        why: String,
    },
}

/// A program that answers in lines.
pub struct ProgramLab {
    words: Vec<String>,
    dir: PathBuf,
    description: Description,
    /// `None` where it has to be started anew.
    process: Mutex<Option<Process>>,
}

/// Why a run has no outcomes.
enum Failure {
    /// The program was not to be had, through no fault of the run.
    Died(String),
    /// The run's own: it took too long, or its answer is bent.
    Refused(String),
}

impl ProgramLab {
    /// Starts the program and asks it what it is. It runs in `dir`, where relative paths start.
    ///
    /// # Errors
    ///
    /// Where it cannot be started, or does not describe itself.
    pub fn start(command: &str, dir: &Path) -> Result<Self, ProgramError> {
        let words = words(command).map_err(|why| ProgramError::Command { text: command.to_owned(), why })?;
        let start = |source| ProgramError::Start { program: words[0].clone(), source };
        let mut process = Process::start(&words, dir).map_err(start)?;
        let description = describe(&mut process);
        let description = description.map_err(|why| ProgramError::Description { command: command.to_owned(), why })?;
        Ok(Self { words, dir: dir.to_owned(), description, process: Mutex::new(Some(process)) })
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        // Whoever panicked while holding it left no half of a process behind: it is there or it is not.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program started again; refused where it is not what it was.
    fn restarted(&self) -> Result<Process, Failure> {
        let process = Process::start(&self.words, &self.dir);
        let mut process =
            process.map_err(|error| Failure::Refused(format!("the program cannot be started again: {error}")))?;
        match describe(&mut process) {
            Ok(description) if description == self.description => Ok(process),
            Ok(_) => Err(Failure::Refused(
                "the program describes another laboratory than when it was started first; open it anew".to_owned(),
            )),
            Err(why) => Err(Failure::Refused(format!("the program was started again, and {why}"))),
        }
    }

    /// Asks once; whoever is late, bent or dead is put away.
    fn ask(&self, slot: &mut Option<Process>, line: &str) -> Result<Answered, Failure> {
        let mut process = match slot.take() {
            Some(process) => process,
            None => self.restarted()?,
        };
        let answer = process.ask(line, self.description.answer_within()).map_err(|failed| match failed {
            NoAnswer::Died(_) => Failure::Died(failed.to_string()),
            NoAnswer::Late(_) | NoAnswer::Unreadable(_) => Failure::Refused(failed.to_string()),
        })?;
        let read = read_answer(&self.description.card, &answer);
        if !matches!(read, Err(NoOutcomes::Bent(_))) {
            *slot = Some(process);
        }
        read.map_err(|(NoOutcomes::Failed(why) | NoOutcomes::Bent(why))| Failure::Refused(why))
    }

    /// Asks; where the program died it is started again and asked again, once.
    fn outcomes(&self, line: &str) -> Result<Answered, String> {
        let mut slot = self.process();
        match self.ask(&mut slot, line) {
            Ok(read) => Ok(read),
            Err(Failure::Refused(why)) => Err(why),
            Err(Failure::Died(first)) => self.ask(&mut slot, line).map_err(|second| match second {
                Failure::Died(why) | Failure::Refused(why) => format!("{first}; started again, {why}"),
            }),
        }
    }

    /// The number of the process, for tests that kill it.
    #[cfg(test)]
    pub(super) fn process_id(&self) -> Option<u32> {
        self.process().as_ref().map(Process::id)
    }
}

fn describe(process: &mut Process) -> Result<Description, String> {
    let line = process.ask(&Question::Describe.line(), DESCRIBES_WITHIN).map_err(|failed| failed.to_string())?;
    Description::read(&line)
}

impl Lab for ProgramLab {
    fn card(&self) -> &LabCard {
        &self.description.card
    }

    fn most_steps(&self, point: &Point) -> u64 {
        if self.card().fault(point).is_some() { 0 } else { self.description.most_steps() }
    }

    fn run(&self, point: &Point, seed: u32) -> Reading {
        let card = self.card();
        let specification = specification(card, point, seed);
        let missing = |why: &str, steps| {
            let missing = |name: &String| (name.clone(), Outcome::Missing(why.to_owned()));
            let outcomes = card.observables.iter().map(|observable| missing(&observable.name)).collect();
            Reading { outcomes, steps, specification: specification.clone() }
        };
        if let Some(fault) = card.fault(point) {
            return missing(&fault, 0);
        }
        let most = self.description.most_steps();
        match self.outcomes(&run_question(card, point, seed).line()) {
            Ok((outcomes, steps)) => {
                Reading { outcomes, steps: steps.unwrap_or(most), specification: specification.clone() }
            }
            // What it had cost by then nobody knows; the worst is counted.
            Err(why) => missing(&why, most),
        }
    }
}
