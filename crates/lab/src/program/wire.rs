//! What is said in lines: questions, descriptions and answers.

use dunwu_science::lab::{Domain, LabCard, Observable, ObservableKind, Outcome, Point, Setting};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long an answer may take where the program does not say.
const USUAL_LIMIT: Duration = Duration::from_mins(10);

/// A question.
#[derive(Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Question<'a> {
    /// What is this laboratory?
    Describe,
    /// What comes out of this run?
    Run { point: BTreeMap<&'a str, &'a Setting>, seed: u32 },
}

/// What a program says of itself.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(super) struct Description {
    #[serde(flatten)]
    pub(super) card: LabCard,
    most_steps: Option<u64>,
    answer_within_secs: Option<f64>,
}

/// What a program says of a run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    outcomes: Option<BTreeMap<String, Said>>,
    error: Option<String>,
    steps: Option<u64>,
}

/// An outcome as a program may write it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Said {
    Event(bool),
    Value(f64),
    Outcome(Outcome),
}

impl Question<'_> {
    /// As a line.
    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("names, numbers and texts are JSON")
    }
}

/// The question about a run; the point is written with every knob.
pub(super) fn run_question<'a>(card: &'a LabCard, point: &'a Point, seed: u32) -> Question<'a> {
    let point = card.knobs.iter().map(|knob| (knob.name.as_str(), card.setting(point, knob)));
    Question::Run { point: point.collect(), seed }
}

impl Description {
    /// Reads a description; an error says what is wrong with it.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let description: Self =
            serde_json::from_str(line).map_err(|error| format!("{} is no description: {error}", shown(line)))?;
        match fault(&description.card) {
            Some(fault) => Err(format!("the description is bent: {fault}")),
            None => Ok(description),
        }
    }

    /// The most steps that a run costs.
    pub(super) fn most_steps(&self) -> u64 {
        self.most_steps.unwrap_or(1)
    }

    /// How long an answer may take.
    pub(super) fn answer_within(&self) -> Duration {
        let secs = self.answer_within_secs.filter(|secs| *secs > 0.0);
        secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok()).unwrap_or(USUAL_LIMIT)
    }
}

/// Outcomes by observable, and the steps that they cost where the program says so.
pub(super) type Answered = (BTreeMap<String, Outcome>, Option<u64>);

/// Why a line has no outcomes.
#[derive(Debug)]
pub(super) enum NoOutcomes {
    /// The program says that the run failed; it is well itself.
    Failed(String),
    /// Nobody understands the line, and the program may be out of step.
    Bent(String),
}

/// What came out of a run.
pub(super) fn read_answer(card: &LabCard, line: &str) -> Result<Answered, NoOutcomes> {
    let bent = |why: &str| NoOutcomes::Bent(format!("{} is no answer: {why}", shown(line)));
    let answer: Answer = serde_json::from_str(line).map_err(|error| bent(&error.to_string()))?;
    let mut said = match (answer.outcomes, answer.error) {
        (Some(outcomes), None) => outcomes,
        (None, Some(error)) => {
            return Err(NoOutcomes::Failed(format!("the program says that the run failed: {error}")));
        }
        _ => return Err(bent("it has `outcomes`, or else `error`")),
    };
    let outcome = |observable: &Observable| {
        let outcome = match said.remove(&observable.name) {
            None => Outcome::Missing("the program said nothing of it".to_owned()),
            Some(Said::Value(value)) => Outcome::Value(value),
            Some(Said::Event(happened)) => Outcome::Event(happened),
            Some(Said::Outcome(outcome)) => outcome,
        };
        match (&outcome, &observable.kind) {
            (Outcome::Value(_) | Outcome::Censored(_), ObservableKind::Event) => {
                Err(bent(&format!("{} is an event and comes as a number", observable.name)))
            }
            (Outcome::Event(_), ObservableKind::Number { .. }) => {
                Err(bent(&format!("{} is a number and comes as an event", observable.name)))
            }
            (Outcome::Value(value) | Outcome::Censored(value), ObservableKind::Number { logarithmic, .. })
                if !value.is_finite() || (*logarithmic && *value <= 0.0) =>
            {
                Err(bent(&format!(
                    "{} = {value} is not allowed; where it is no number say why it is undefined",
                    observable.name
                )))
            }
            _ => Ok((observable.name.clone(), outcome)),
        }
    };
    let outcomes = card.observables.iter().map(outcome).collect::<Result<_, _>>()?;
    match said.keys().next() {
        Some(name) => Err(bent(&format!("{name:?} is no observable that the program described"))),
        None => Ok((outcomes, answer.steps)),
    }
}

/// The beginning of a line, for a sentence.
fn shown(line: &str) -> String {
    let line = line.trim();
    match line.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}…", &line[..end]),
        None => format!("{line:?}"),
    }
}

/// What is wrong with a card that somebody else wrote.
fn fault(card: &LabCard) -> Option<String> {
    let mut names = BTreeSet::new();
    let mut name_fault = |name: &str| {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return Some(format!("{name:?} is no name; a name begins with a letter and has letters, digits and _"));
        }
        (!names.insert(name.to_owned())).then(|| format!("{name} is named twice"))
    };
    for knob in &card.knobs {
        let of_domain = match &knob.domain {
            Domain::Numbers { least, most, logarithmic, .. } => name_fault(&knob.name).or_else(|| {
                let is_range = least <= most && least.is_finite() && most.is_finite() && (!logarithmic || *least > 0.0);
                (!is_range).then(|| format!("{} from {least} to {most} is no range", knob.name))
            }),
            Domain::Levels { attributes, levels } => {
                attributes.iter().find_map(|(name, _)| name_fault(name)).or_else(|| {
                    let bent = levels.iter().find(|(_, values)| values.len() != attributes.len());
                    bent.map(|(level, _)| format!("{level:?} of {} has not one number an attribute", knob.name))
                })
            }
        };
        if let Some(fault) = of_domain.or_else(|| knob.fault(&knob.default)) {
            return Some(fault);
        }
    }
    let levels = card.knobs.iter().filter(|knob| matches!(knob.domain, Domain::Levels { .. }));
    if let Some(fault) = levels.map(|knob| knob.name.as_str()).find_map(&mut name_fault) {
        return Some(fault);
    }
    card.observables.iter().find_map(|observable| {
        name_fault(&observable.name).or_else(|| match &observable.kind {
            ObservableKind::Number { resolution, .. } if !(*resolution > 0.0 && resolution.is_finite()) => {
                Some(format!("{} has no resolution above 0", observable.name))
            }
            _ => None,
        })
    })
}
