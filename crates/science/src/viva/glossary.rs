//! The glossary: names, units and what they tell. It is all that a listener knows before the explanation.

use crate::lab::{Domain, LabCard, ObservableKind};
use crate::unit::Unit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};

/// The words of a laboratory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Glossary {
    /// The laboratory.
    pub lab: String,
    /// What can be set.
    pub knobs: Vec<Term>,
    /// What comes out.
    pub observables: Vec<Term>,
}

/// A word of a laboratory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Term {
    /// The name.
    pub name: String,
    /// Its unit; empty for pure numbers, events and names of levels.
    pub unit: String,
    /// The values that it can have.
    pub values: String,
    /// What it is, in one line.
    pub tells: String,
}

/// Levels that are named; of longer lists the first and the last are.
const MOST_LEVELS: usize = 6;

impl Glossary {
    /// That of a laboratory.
    pub fn of(card: &LabCard) -> Self {
        let shown = |unit: &Unit| if unit.is_pure() { String::new() } else { unit.to_string() };
        let mut knobs = Vec::new();
        for knob in &card.knobs {
            let (unit, values) = match &knob.domain {
                Domain::Numbers { unit, least, most, .. } => (shown(unit), format!("{least}..{most}")),
                Domain::Levels { levels, .. } => (String::new(), one_of(levels)),
            };
            knobs.push(Term { name: knob.name.clone(), unit, values, tells: knob.tells.clone() });
            if let Domain::Levels { attributes, levels } = &knob.domain {
                for (place, (name, unit)) in attributes.iter().enumerate() {
                    let values = levels.iter().filter_map(|(_, values)| values.get(place).copied());
                    let least = values.clone().fold(f64::INFINITY, f64::min);
                    let most = values.fold(f64::NEG_INFINITY, f64::max);
                    let tells = format!("a number that belongs to {}", knob.name);
                    knobs.push(Term {
                        name: name.clone(),
                        unit: shown(unit),
                        values: format!("{least}..{most}"),
                        tells,
                    });
                }
            }
        }
        let observables = card.observables.iter().map(|observable| {
            let (unit, values) = match &observable.kind {
                ObservableKind::Number { unit, .. } => (shown(unit), "a number".to_owned()),
                ObservableKind::Event => (String::new(), "happens or not".to_owned()),
            };
            Term { name: observable.name.clone(), unit, values, tells: observable.tells.clone() }
        });
        Self { lab: card.name.clone(), knobs, observables: observables.collect() }
    }
}

fn one_of(levels: &[(String, Vec<f64>)]) -> String {
    let names: Vec<&str> = levels.iter().map(|(name, _)| name.as_str()).collect();
    match names.as_slice() {
        [first @ .., last] if names.len() > MOST_LEVELS => {
            format!("{}, … {last} ({} in all)", first[..MOST_LEVELS - 1].join(", "), names.len())
        }
        names => names.join(", "),
    }
}

impl Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        if !self.unit.is_empty() {
            write!(out, " [{}]", self.unit)?;
        }
        write!(out, ": {}", self.values)?;
        if self.tells.is_empty() { Ok(()) } else { write!(out, "; {}", self.tells) }
    }
}

impl Display for Glossary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "laboratory {}", self.lab)?;
        for (title, terms) in [("can be set", &self.knobs), ("comes out", &self.observables)] {
            writeln!(out, "{title}:")?;
            for term in terms {
                writeln!(out, "- {term}")?;
            }
        }
        Ok(())
    }
}
