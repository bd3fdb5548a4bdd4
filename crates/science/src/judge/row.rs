//! A run as a claim sees it: what was set, as numbers, and what came out.

use super::density::{Student, log2_sum};
use crate::lab::{Domain, LabCard, Observable, ObservableKind, Outcome, Point};
use std::collections::BTreeMap;

/// What was set, and what came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was set: the numbers of [`Axes`], in their order.
    pub x: Vec<f64>,
    /// What came out.
    pub seen: Seen,
    /// The place of the run among all.
    pub run: usize,
}

/// What came out, on the scale on which it is judged: the logarithm, where errors are ratios.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen {
    /// A number.
    Number(f64),
    /// It lies above this.
    Above(f64),
    /// It happened or not.
    Event(bool),
}

/// The numbers that can be set, in a fixed order, each with how it is spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// Names of knobs and of the numbers of levels.
    pub names: Vec<String>,
    /// Whether each is spread by its logarithm.
    logarithmic: Vec<bool>,
    /// The ends of each on its scale.
    ends: Vec<(f64, f64)>,
}

impl Axes {
    /// Those of a laboratory.
    pub fn of(card: &LabCard) -> Self {
        let mut axes = Self { names: Vec::new(), logarithmic: Vec::new(), ends: Vec::new() };
        let mut push = |name: &str, logarithmic: bool, least: f64, most: f64| {
            let logarithmic = logarithmic && least > 0.0;
            axes.names.push(name.to_owned());
            axes.logarithmic.push(logarithmic);
            axes.ends.push(if logarithmic { (libm::log(least), libm::log(most)) } else { (least, most) });
        };
        for knob in &card.knobs {
            match &knob.domain {
                Domain::Numbers { least, most, logarithmic, .. } => push(&knob.name, *logarithmic, *least, *most),
                Domain::Levels { attributes, levels } => {
                    for (place, (name, _)) in attributes.iter().enumerate() {
                        let values = levels.iter().map(|(_, values)| values[place]);
                        push(
                            name,
                            true,
                            values.clone().fold(f64::INFINITY, f64::min),
                            values.fold(f64::NEG_INFINITY, f64::max),
                        );
                    }
                }
            }
        }
        axes
    }

    /// The numbers of a point in this order.
    pub fn numbers(&self, card: &LabCard, point: &Point) -> Vec<f64> {
        let numbers: BTreeMap<String, f64> = card.numbers(point);
        self.names.iter().map(|name| numbers.get(name).copied().unwrap_or(0.0)).collect()
    }

    /// A number on the scale of its axis.
    pub(super) fn scaled(&self, axis: usize, value: f64) -> f64 {
        if self.logarithmic[axis] { libm::log(value.max(f64::MIN_POSITIVE)) } else { value }
    }

    /// A number as a share of its axis, from 0 to 1.
    pub fn share(&self, axis: usize, value: f64) -> f64 {
        let (least, most) = self.ends[axis];
        if most > least { (self.scaled(axis, value) - least) / (most - least) } else { 0.0 }
    }

    /// The middle of an axis on its scale.
    pub(super) fn middle(&self, axis: usize) -> f64 {
        f64::midpoint(self.ends[axis].0, self.ends[axis].1)
    }

    /// What makes a number of an axis a natural one: 1 for logarithms, the inverse of its length for others.
    pub(super) fn unit(&self, axis: usize) -> f64 {
        let (least, most) = self.ends[axis];
        if self.logarithmic[axis] || most <= least { 1.0 } else { 1.0 / (most - least) }
    }

    /// The axes along which these rows differ.
    pub(super) fn varied_with(&self, past: &[Row], next: &Row) -> Vec<usize> {
        (0..self.names.len()).filter(|&axis| past.iter().any(|row| row.x[axis] != next.x[axis])).collect()
    }
}

/// How outcomes of an observable are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Whether the logarithm is taken.
    pub logarithmic: bool,
    /// Two values closer than this on that scale are one.
    pub resolution: f64,
}

impl Scale {
    /// That of an observable; `None` for events.
    pub fn of(observable: &Observable) -> Option<Self> {
        match &observable.kind {
            ObservableKind::Number { resolution, logarithmic, .. } => {
                let resolution = if *logarithmic { libm::log1p(*resolution) } else { *resolution };
                Some(Self { logarithmic: *logarithmic, resolution: resolution.max(1e-12) })
            }
            ObservableKind::Event => None,
        }
    }

    /// A value on this scale; `None` where it has none.
    pub fn scaled(self, value: f64) -> Option<f64> {
        let z = if self.logarithmic { libm::log(value) } else { value };
        z.is_finite().then_some(z)
    }

    /// An outcome as it is seen, rounded to the resolution; an error says why there is none.
    pub(super) fn see(self, outcome: &Outcome) -> Result<Seen, Unseen> {
        let round = |z: f64| (z / self.resolution).round() * self.resolution;
        match outcome {
            Outcome::Value(value) => self.scaled(*value).map(|z| Seen::Number(round(z))).ok_or(Unseen::Undefined),
            Outcome::Censored(after) => self.scaled(*after).map(|z| Seen::Above(round(z))).ok_or(Unseen::Undefined),
            Outcome::Undefined(_) => Err(Unseen::Undefined),
            Outcome::Event(_) | Outcome::Missing(_) => Err(Unseen::Missing),
        }
    }
}

/// Why nothing is seen of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unseen {
    /// It has no value, and that is part of what happened.
    Undefined,
    /// The run could not be made, or its result was lost.
    Missing,
}

/// What is foretold of an outcome: a mixture of Student's t for a number, a probability for an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Forecast {
    /// Weights and distributions.
    Number(Vec<(f64, Student)>),
    /// The probability that it happens.
    Event(f64),
}

/// The least probability that is given to an outcome of an event: 2⁻¹⁰, so that one run costs at most 10 bits.
const LEAST: f64 = 1.0 / 1024.0;

impl Forecast {
    /// log₂ of the probability of what was seen, a number at this resolution.
    pub(super) fn log2_mass(&self, seen: Seen, resolution: f64) -> f64 {
        match (self, seen) {
            (Self::Number(mixture), Seen::Number(z)) => {
                log2_sum(mixture.iter().map(|(weight, student)| libm::log2(*weight) + student.log2_mass(z, resolution)))
            }
            (Self::Number(mixture), Seen::Above(z)) => {
                let mass: f64 = mixture.iter().map(|(weight, student)| weight * student.above(z)).sum();
                libm::log2(mass.max(f64::MIN_POSITIVE))
            }
            (Self::Event(p), Seen::Event(happened)) => {
                let p = p.clamp(LEAST, 1.0 - LEAST);
                libm::log2(if happened { p } else { 1.0 - p })
            }
            (Self::Number(_), Seen::Event(_)) | (Self::Event(_), _) => 0.0,
        }
    }

    /// The mass above z of a number.
    pub(super) fn above(&self, z: f64) -> Option<f64> {
        match self {
            Self::Number(mixture) => Some(mixture.iter().map(|(weight, student)| weight * student.above(z)).sum()),
            Self::Event(_) => None,
        }
    }

    /// A number's middle and width, an event's probability and 0.
    pub(super) fn middle(&self) -> (f64, f64) {
        match self {
            Self::Number(mixture) => {
                let mean: f64 = mixture.iter().map(|(weight, student)| weight * student.location).sum();
                let width: f64 = mixture.iter().map(|(weight, student)| weight * student.scale).sum();
                (mean, width)
            }
            Self::Event(p) => (*p, 0.0),
        }
    }
}
