//! Which steps are asked for.

use super::Step;
use crate::failure::Failure;

/// The options of `check` and `full`.
#[derive(Debug, PartialEq)]
pub(crate) struct Choice {
    /// The command they were given to.
    pub(super) command: &'static str,
    pub(super) list: bool,
    only: Vec<String>,
    except: Vec<String>,
}

impl Choice {
    pub(crate) fn parse(command: &'static str, words: &[&str]) -> Result<Self, Failure> {
        let mut choice = Self { command, list: false, only: Vec::new(), except: Vec::new() };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            let mut step = || {
                let missing =
                    || Failure::usage(format!("{word} wants the name of a step (`cargo xtask {command} --list`)"));
                words.next().map(|&step| step.to_owned()).ok_or_else(missing)
            };
            match word {
                "--list" => choice.list = true,
                "--only" => choice.only.push(step()?),
                "--except" => choice.except.push(step()?),
                other => {
                    let words =
                        format!("{command} has no option {other}; there are --list, --only STEP and --except STEP");
                    return Err(Failure::usage(words));
                }
            }
        }
        Ok(choice)
    }

    /// The steps that are to be run, in their order.
    pub(super) fn of(&self, steps: &'static [Step]) -> Result<Vec<&'static Step>, Failure> {
        for name in self.only.iter().chain(&self.except) {
            if !steps.iter().any(|step| step.name == name) {
                let known: Vec<&str> = steps.iter().map(|step| step.name).collect();
                let words = format!("{} has no step {name:?}; it has {}", self.command, known.join(", "));
                return Err(Failure::usage(words));
            }
        }
        let is_wanted = |step: &&Step| {
            let is_named = |names: &[String]| names.iter().any(|name| name == step.name);
            (self.only.is_empty() || is_named(&self.only)) && !is_named(&self.except)
        };
        Ok(steps.iter().filter(is_wanted).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CHECK, FULL};
    use super::*;

    fn names(words: &[&str]) -> Result<Vec<&'static str>, Failure> {
        Ok(Choice::parse("full", words)?.of(FULL)?.into_iter().map(|step| step.name).collect())
    }

    #[test]
    fn steps_are_chosen_by_name() {
        assert_eq!(names(&["--only", "tidy", "--only", "format"]), Ok(vec!["format", "tidy"]));
        let without = names(&["--except", "tests"]).unwrap();
        assert!(without.len() == FULL.len() - 1 && !without.contains(&"tests"));
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for words in [&["--only"][..], &["--only", "nothing"], &["--except", "nothing"], &["--onyl", "tidy"], &["tidy"]]
        {
            assert!(matches!(names(words), Err(Failure::Usage(_))), "{words:?}");
        }
    }

    #[test]
    fn steps_have_names_of_their_own() {
        for steps in [CHECK, FULL] {
            let mut names: Vec<&str> = steps.iter().map(|step| step.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), steps.len());
        }
    }
}
