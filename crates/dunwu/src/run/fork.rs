//! A fork: a run's spec with something done to it from a step on.
//!
//! The child's spec says all: whoever has it needs no parent. Where the parent's checkpoint lies before the step, the child's run
//! begins with it ([`crate::store::earlier_run`]), and with the same bits from step 0 where it does not.

use super::RunRequest;
use crate::store::{RecordedSpec, RunDir};
use crate::verb::VerbError;
use dunwu_engine::spec::{Action, Intervention, Value, apply, parse_interventions, spell_interventions};
use dunwu_engine::{RunSpec, Scalars};

/// What is done to a run, and when.
#[derive(Clone, Copy, Debug)]
pub struct Fork<'a> {
    /// The step before which it is done.
    pub at: u64,
    /// The step before which it is taken back.
    pub until: Option<u64>,
    /// `KEY=VALUE` for a setting that gets another value, or an action in words: `freeze top`.
    pub words: &'a [String],
}

impl Fork<'_> {
    /// What it adds to a spec.
    pub fn interventions(&self) -> Result<Vec<Intervention>, VerbError> {
        if self.words.is_empty() {
            let example = "`optimizer.learning_rate=0.001` or \"freeze top\"";
            return Err(VerbError::usage(format!("a fork does something else than its parent: write {example}")));
        }
        let when = match self.until {
            Some(until) => format!("from {} to {until}", self.at),
            None => format!("at {}", self.at),
        };
        let of_word = |word: &String| {
            let is_setting = word.split_once('=').is_some_and(|(key, _)| !key.trim().contains(' '));
            if word.contains([';', '\n']) {
                return Err(VerbError::usage(format!("write each action as a word of its own: {word:?}")));
            }
            let verb = if is_setting { "set " } else { "" };
            parse_interventions(&format!("{when} {verb}{word}")).map_err(VerbError::usage)
        };
        Ok(self.words.iter().map(of_word).collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The child's spec. A setting that the parent's spec changes at the same time gets this value instead.
    pub fn of(&self, parent: &RunSpec) -> Result<RunSpec, VerbError> {
        let new = self.interventions()?;
        let is_replaced = |old: &Intervention| {
            new.iter().any(|new| match (&new.action, &old.action) {
                (Action::Set { key: a, .. }, Action::Set { key: b, .. }) => a == b && new.when == old.when,
                _ => new == old,
            })
        };
        let kept = parent.interventions.iter().filter(|old| !is_replaced(old)).cloned();
        let text = spell_interventions(&kept.chain(new.iter().cloned()).collect::<Vec<_>>());
        let assignment = ("interventions".to_owned(), Value::Text(text));
        apply(parent, &[assignment]).map_err(|(_, error)| VerbError::usage(error))
    }

    /// The child of the run in `parent`, ready to begin.
    pub fn request(&self, parent: &RunDir) -> Result<RunRequest, VerbError> {
        let RecordedSpec { spec, inputs, .. } = RecordedSpec::read(parent)?;
        let parent = RunRequest::new(spec, inputs)?;
        parent.refuse_imported("a fork")?;
        RunRequest::new(self.of(&parent.spec)?, parent.inputs)
    }
}

/// Where two runs part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parting {
    /// Last step until which all evaluations that both made are the same bits; `None` where the first is not.
    pub same_until: Option<u64>,
    /// First step at which both were evaluated, with different numbers.
    pub parts_at: Option<u64>,
}

impl Parting {
    /// Of two records of evaluations.
    pub fn of(one: &[Scalars], other: &[Scalars]) -> Self {
        let mut parting = Self::default();
        for row in one {
            let Ok(place) = other.binary_search_by_key(&row.step, |other| other.step) else { continue };
            if other[place] != *row {
                parting.parts_at = Some(row.step);
                break;
            }
            parting.same_until = Some(row.step);
        }
        parting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(words: &[&str]) -> RunSpec {
        RunRequest::from_words(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap().spec
    }

    fn forked(parent: &RunSpec, at: u64, words: &[&str]) -> Result<RunSpec, String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        Fork { at, until: None, words: &words }.of(parent).map_err(|error| error.sentence())
    }

    #[test]
    fn a_child_is_one_spec_however_it_was_made() {
        let parent = spec(&["small"]);
        let direct = spec(&["small", "interventions=at 40 freeze top; at 30 set optimizer.learning_rate 0.1"]);
        let once = forked(&parent, 30, &["optimizer.learning_rate=0.1"]).unwrap();
        let twice = forked(&once, 40, &["freeze top"]).unwrap();
        let otherwise =
            forked(&forked(&parent, 40, &["freeze top"]).unwrap(), 30, &["optimizer.learning_rate=1e-1"]).unwrap();
        assert_eq!(twice, direct);
        assert_eq!(otherwise, direct);
        let replaced = forked(&twice, 30, &["optimizer.learning_rate=0.2"]).unwrap();
        assert_eq!(replaced.interventions.len(), 2);
        assert_eq!(forked(&twice, 40, &["freeze top"]).unwrap(), twice);
    }

    #[test]
    fn what_is_no_fork_is_said() {
        let parent = spec(&["small", "steps=50"]);
        for (at, words, said) in [
            (3, &[] as &[&str], "something else"),
            (50, &["freeze top"], "the run ends at 50"),
            (3, &["model.width=9"], "cannot change during a run"),
            (3, &["optimizer.lr=9"], "learning_rate"),
            (3, &["freeze top; freeze hidden"], "a word of its own"),
            (3, &["melt top"], "there is no \"melt\""),
        ] {
            let error = forked(&parent, at, words).expect_err("no fork");
            assert!(error.contains(said), "{words:?}: {error}");
        }
    }

    #[test]
    fn runs_part_where_their_evaluations_do() {
        let row = |step: u64, loss: f64| Scalars {
            step,
            train_loss: loss,
            train_accuracy: 0.0,
            test_loss: None,
            test_accuracy: None,
            corrupted_accuracy: None,
            restored_accuracy: None,
        };
        let one = [row(0, 1.0), row(5, 0.5), row(10, 0.25)];
        let other = [row(0, 1.0), row(10, 0.125), row(15, 0.0)];
        assert_eq!(Parting::of(&one, &other), Parting { same_until: Some(0), parts_at: Some(10) });
        assert_eq!(Parting::of(&one, &one), Parting { same_until: Some(10), parts_at: None });
        assert_eq!(Parting::of(&one, &[row(0, 2.0)]), Parting { same_until: None, parts_at: Some(0) });
    }
}
