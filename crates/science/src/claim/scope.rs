//! Where a claim is meant to hold: conditions on knobs and on numbers that belong to their levels.

use crate::lab::{Domain, LabCard, Point, Setting};
use std::collections::BTreeMap;

/// Every condition has to hold; without any, a claim is about the whole laboratory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope(pub Vec<Condition>);

/// A condition on one name.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A number lies in a range.
    In(String, Range),
    /// A knob has this level.
    Is(String, String),
}

/// Numbers between two ends, both allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least; −∞ where there is none.
    pub least: f64,
    /// The largest; ∞ where there is none.
    pub most: f64,
}

impl Range {
    /// Whether a value lies in it.
    pub fn has(self, value: f64) -> bool {
        (self.least..=self.most).contains(&value)
    }
}

impl Scope {
    /// Whether a point lies in it.
    pub fn has(&self, card: &LabCard, point: &Point) -> bool {
        let numbers = card.numbers(point);
        self.0.iter().all(|condition| condition.holds(card, point, &numbers))
    }

    /// The range that the scope leaves to a number, if it says something of it.
    pub fn range_of(&self, name: &str) -> Option<Range> {
        let ranges = self.0.iter().filter_map(|condition| match condition {
            Condition::In(of, range) if of == name => Some(*range),
            _ => None,
        });
        ranges.reduce(|a, b| Range { least: a.least.max(b.least), most: a.most.min(b.most) })
    }

    /// What a knob can still be within the scope: its domain, cut. `None` where nothing is left.
    pub fn cut(&self, card: &LabCard, knob: &str) -> Option<Domain> {
        let knob = card.knob(knob)?;
        match &knob.domain {
            Domain::Numbers { unit, least, most, whole, logarithmic } => {
                let range = self.range_of(&knob.name).unwrap_or(Range { least: *least, most: *most });
                let (least, most) = (least.max(range.least), most.min(range.most));
                let (least, most) = if *whole { (least.ceil(), most.floor()) } else { (least, most) };
                (least <= most).then(|| Domain::Numbers {
                    unit: unit.clone(),
                    least,
                    most,
                    whole: *whole,
                    logarithmic: *logarithmic,
                })
            }
            Domain::Levels { attributes, levels } => {
                let fits = |(level, values): &&(String, Vec<f64>)| {
                    let is_named = self.0.iter().all(
                        |condition| !matches!(condition, Condition::Is(of, is) if *of == knob.name && is != level),
                    );
                    is_named
                        && attributes
                            .iter()
                            .zip(values)
                            .all(|((name, _), value)| self.range_of(name).is_none_or(|range| range.has(*value)))
                };
                let levels: Vec<(String, Vec<f64>)> = levels.iter().filter(fits).cloned().collect();
                (!levels.is_empty()).then(|| Domain::Levels { attributes: attributes.clone(), levels })
            }
        }
    }

    /// The first condition that nothing in the laboratory meets.
    pub fn emptied_by(&self, card: &LabCard) -> Option<&Condition> {
        let of = |knob: &str| self.cut(card, knob).is_none();
        self.0.iter().find(|condition| {
            let name = condition.name();
            let owner = card.knobs.iter().find(|knob| {
                knob.name == name || matches!(&knob.domain, Domain::Levels { attributes, .. } if attributes.iter().any(|(of, _)| of == name))
            });
            owner.is_some_and(|knob| of(&knob.name))
        })
    }
}

impl Condition {
    /// The name that it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::In(name, _) | Self::Is(name, _) => name,
        }
    }

    fn holds(&self, card: &LabCard, point: &Point, numbers: &BTreeMap<String, f64>) -> bool {
        match self {
            Self::In(name, range) => numbers.get(name).is_some_and(|value| range.has(*value)),
            Self::Is(name, level) => card
                .knob(name)
                .is_some_and(|knob| matches!(card.setting(point, knob), Setting::Level(is) if is == level)),
        }
    }
}
