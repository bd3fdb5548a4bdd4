//! What a laboratory is to the rest: knobs that can be set, observables that come out, and runs that are made for a seed.
//!
//! Nothing here knows what is behind it. The engine is one laboratory (`dunwu-lab`), a planted world of which the law is known another,
//! any program that answers in lines a third.

use crate::unit::Unit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What can be set and seen in a laboratory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabCard {
    /// What it is called, with its version: another name is another laboratory, whose runs are not mixed with these.
    pub name: String,
    /// What can be set.
    pub knobs: Vec<Knob>,
    /// What comes out.
    pub observables: Vec<Observable>,
}

/// Something that can be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knob {
    /// The name in claims: `samples`.
    pub name: String,
    /// What it is, in one line.
    pub tells: String,
    /// What values it may have.
    pub domain: Domain,
    /// The value that it has where nothing else is said.
    pub default: Setting,
}

/// What values a knob may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Numbers between two ends, both allowed.
    Numbers {
        /// The unit.
        unit: Unit,
        /// The least value.
        least: f64,
        /// The largest value.
        most: f64,
        /// Whether only whole numbers are allowed.
        whole: bool,
        /// Whether values are spread evenly by their logarithm.
        logarithmic: bool,
    },
    /// One of a list of names, each with numbers that belong to it: the task `cyclic:23` has M = 23.
    Levels {
        /// The numbers' names and units, the same for all levels.
        attributes: Vec<(String, Unit)>,
        /// The levels with their numbers, in the order of `attributes`.
        levels: Vec<(String, Vec<f64>)>,
    },
}

/// A value of a knob.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Setting {
    /// A number.
    Number(f64),
    /// The name of a level.
    Level(String),
}

/// Something that comes out of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observable {
    /// The name in claims: `t_gen`.
    pub name: String,
    /// What it tells, in one line.
    pub tells: String,
    /// A number or an event.
    pub kind: ObservableKind,
    /// The knob and the level of it that hold this quantity at its value of the run's beginning, where there are such: what mediation needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<(String, String)>,
}

/// Whether an observable is a number or something that happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservableKind {
    /// A number.
    Number {
        /// The unit.
        unit: Unit,
        /// The instrument tells no two values apart that are closer than this: an absolute distance, or a ratio less one where
        /// `logarithmic` is set.
        resolution: f64,
        /// Whether it is positive and its errors are ratios.
        logarithmic: bool,
    },
    /// It happens or it does not.
    Event,
}

/// A setting of every knob that differs from its default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Point(pub BTreeMap<String, Setting>);

/// What came out of a run for one observable. Nothing is ever silently missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A number.
    Value(f64),
    /// Whether it happened.
    Event(bool),
    /// The run was over before it could be seen: it lies above this.
    Censored(f64),
    /// It has no value for this run, and the reason is part of what happened, such as that the run diverged.
    Undefined(String),
    /// The run could not be made or its result was lost.
    Missing(String),
}

/// All that came out of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// By observable.
    pub outcomes: BTreeMap<String, Outcome>,
    /// What it cost, in steps.
    pub steps: u64,
    /// A hash of what makes the run again: the same specification gives the same hash, and its outcome is already known.
    pub specification: String,
}

/// Makes runs. It may be handed from thread to thread, and is asked by one at a time.
pub trait Lab: Send {
    /// What can be set and seen.
    fn card(&self) -> &LabCard;
    /// The most steps that a run at this point can cost; 0 where no run can be made there.
    fn most_steps(&self, point: &Point) -> u64;
    /// Makes a run. The same point and seed give the same reading; a run that fails gives outcomes that say so.
    fn run(&self, point: &Point, seed: u32) -> Reading;
    /// Arrays of a run by name, row by row with their numbers of columns, for claims about tensors; empty where it has none.
    fn states(&self, point: &Point, seed: u32) -> Vec<(String, usize, Vec<f64>)> {
        let _ = (point, seed);
        Vec::new()
    }
    /// Whether equalities of tensors (id, left side, right side) hold on the arrays of a run; those that it cannot tell are left out.
    fn identities(&self, point: &Point, seed: u32, equalities: &[(String, String, String)]) -> Vec<(String, bool)> {
        let _ = (point, seed, equalities);
        Vec::new()
    }
}

impl LabCard {
    /// The knob of this name.
    pub fn knob(&self, name: &str) -> Option<&Knob> {
        self.knobs.iter().find(|knob| knob.name == name)
    }

    /// The knob that sets a number: the one of this name, or the one whose levels have it.
    pub fn owner(&self, name: &str) -> Option<&Knob> {
        let has = |knob: &&Knob| match &knob.domain {
            Domain::Levels { attributes, .. } => knob.name == name || attributes.iter().any(|(of, _)| of == name),
            Domain::Numbers { .. } => knob.name == name,
        };
        self.knobs.iter().find(has)
    }

    /// The observable of this name.
    pub fn observable(&self, name: &str) -> Option<&Observable> {
        self.observables.iter().find(|observable| observable.name == name)
    }

    /// Every number that an expression may name, with its unit: knobs, attributes of levels, observables that are numbers.
    pub fn quantities(&self) -> Vec<(&str, &Unit)> {
        let mut all: Vec<(&str, &Unit)> = Vec::new();
        for knob in &self.knobs {
            match &knob.domain {
                Domain::Numbers { unit, .. } => all.push((&knob.name, unit)),
                Domain::Levels { attributes, .. } => {
                    all.extend(attributes.iter().map(|(name, unit)| (name.as_str(), unit)));
                }
            }
        }
        for observable in &self.observables {
            if let ObservableKind::Number { unit, .. } = &observable.kind {
                all.push((&observable.name, unit));
            }
        }
        all
    }

    /// The setting of a knob at a point.
    pub fn setting<'a>(&'a self, point: &'a Point, knob: &'a Knob) -> &'a Setting {
        point.0.get(&knob.name).unwrap_or(&knob.default)
    }

    /// Every number of a point by name: knobs and attributes of levels.
    pub fn numbers(&self, point: &Point) -> BTreeMap<String, f64> {
        let mut numbers = BTreeMap::new();
        for knob in &self.knobs {
            match (&knob.domain, self.setting(point, knob)) {
                (Domain::Numbers { .. }, Setting::Number(value)) => drop(numbers.insert(knob.name.clone(), *value)),
                (Domain::Levels { attributes, levels }, Setting::Level(level)) => {
                    if let Some((_, values)) = levels.iter().find(|(name, _)| name == level) {
                        numbers.extend(attributes.iter().map(|(name, _)| name.clone()).zip(values.iter().copied()));
                    }
                }
                _ => {}
            }
        }
        numbers
    }

    /// What is wrong with a point, in a sentence with its remedy.
    pub fn fault(&self, point: &Point) -> Option<String> {
        point.0.iter().find_map(|(name, setting)| match self.knob(name) {
            None => Some(format!(
                "{name:?} is no knob of {}; it has {}",
                self.name,
                names(self.knobs.iter().map(|knob| knob.name.as_str()))
            )),
            Some(knob) => knob.fault(setting),
        })
    }
}

impl Knob {
    /// What is wrong with a setting, in a sentence with its remedy.
    pub fn fault(&self, setting: &Setting) -> Option<String> {
        match (&self.domain, setting) {
            (Domain::Numbers { least, most, whole, .. }, Setting::Number(value)) => {
                let is_allowed =
                    value.is_finite() && (*least..=*most).contains(value) && (!whole || value.fract() == 0.0);
                let whole = if *whole { "a whole number " } else { "" };
                (!is_allowed)
                    .then(|| format!("{} = {value} is not allowed; it is {whole}from {least} to {most}", self.name))
            }
            (Domain::Levels { levels, .. }, Setting::Level(level)) => (!levels.iter().any(|(name, _)| name == level))
                .then(|| {
                    format!(
                        "{} = {level:?} is not allowed; it is one of {}",
                        self.name,
                        names(levels.iter().map(|(name, _)| name.as_str()))
                    )
                }),
            (Domain::Numbers { .. }, Setting::Level(level)) => {
                Some(format!("{} = {level:?} is not a number", self.name))
            }
            (Domain::Levels { .. }, Setting::Number(value)) => {
                Some(format!("{} = {value} is not the name of a level", self.name))
            }
        }
    }
}

/// Names as a list in a sentence.
pub(crate) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
