//! Questions of a quiz.

use super::answer::Answer;
use crate::lab::Point;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::{self, Display};

/// A question about a run, or about two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// Its number, from 1.
    pub number: usize,
    /// Why it is asked.
    pub kind: ItemKind,
    /// What it is about.
    pub observable: String,
    /// What was set, beside the defaults.
    pub at: Point,
    /// What is asked.
    pub asked: Asked,
    /// What a listener with the glossary alone says: how it was in the runs known before.
    pub marginal: Answer,
    /// Lines of the ledger with the runs that answer it.
    pub runs: Vec<u64>,
}

/// Why an item is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A value with its error.
    Value,
    /// Whether turning a knob raises something.
    Direction,
    /// A value or an event at an end of the claim's scope, or beyond it.
    Edge,
    /// Whether an event happens.
    Event,
    /// What comes first.
    Order,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// The value.
    Number,
    /// Whether it happens.
    Event,
    /// Whether it is larger there than at `at`.
    Rise {
        /// The other point.
        to: Point,
    },
    /// Whether it comes before another observable.
    Before {
        /// The other observable.
        then: String,
    },
}

impl Item {
    /// The names of the knobs that differ between its two points.
    pub fn turned<'a>(&'a self, to: &'a Point) -> Vec<&'a str> {
        turned(&self.at, to)
    }
}

/// Knobs that differ.
pub(super) fn turned<'a>(from: &'a Point, to: &'a Point) -> Vec<&'a str> {
    let names: BTreeSet<&str> = from.0.keys().chain(to.0.keys()).map(String::as_str).collect();
    names.into_iter().filter(|name| from.0.get(*name) != to.0.get(*name)).collect()
}

/// A point in a sentence.
pub(super) fn settings(point: &Point) -> String {
    if point.0.is_empty() {
        return "the defaults".to_owned();
    }
    point.0.iter().map(|(name, setting)| format!("{name} = {setting}")).collect::<Vec<_>>().join(", ")
}

impl Display for Item {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, at) = (&self.observable, settings(&self.at));
        match &self.asked {
            Asked::Number => write!(out, "What is {name} at {at}?"),
            Asked::Event => write!(out, "Does {name} happen at {at}?"),
            Asked::Before { then } => write!(out, "Does {name} come before {then} at {at}?"),
            Asked::Rise { to } => {
                let turned = self.turned(to);
                let side = |point: &Point| {
                    let only = point.0.iter().filter(|(name, _)| turned.contains(&name.as_str()));
                    let only = Point(only.map(|(name, setting)| (name.clone(), setting.clone())).collect());
                    settings(&only)
                };
                let same = Point(
                    self.at
                        .0
                        .iter()
                        .filter(|(name, _)| !turned.contains(&name.as_str()))
                        .map(|(name, setting)| (name.clone(), setting.clone()))
                        .collect(),
                );
                let rest = if same.0.is_empty() { String::new() } else { format!(", with {}", settings(&same)) };
                write!(out, "Does {name} rise from {} to {}{rest}?", side(&self.at), side(to))
            }
        }
    }
}
