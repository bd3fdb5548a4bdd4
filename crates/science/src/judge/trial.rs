//! A claim with the runs that it is tried on.

use super::law::{Constants, Law, Margin};
use super::row::{Axes, Row, Scale, Seen, Unseen};
use super::score::RunRecord;
use crate::claim::{Change, Claim, Scope, Statement};
use crate::expression::{Expression, Program};
use crate::lab::{Domain, LabCard, Outcome, Point, Setting};
use std::collections::{BTreeMap, BTreeSet};

/// What a claim is tried on.
pub(super) enum Trial {
    /// Numbers that a law foretells.
    Numbers { rows: Vec<Row>, resolution: f64 },
    /// Events that a boundary foretells.
    Events { rows: Vec<Row> },
    /// Cases in which something holds or does not, each with its run.
    Cases { cases: Vec<(usize, bool)>, share: f64 },
    /// Rows whose numbers are directions along which nothing should change.
    Sameness { rows: Vec<Row>, most: f64, resolution: f64 },
    /// Rows of which one curve is expected.
    OneCurve { rows: Vec<Row>, resolution: f64 },
}

/// Runs in the scope, and those of which nothing is seen.
pub(super) struct LaidOut {
    pub(super) trial: Trial,
    pub(super) censored: usize,
    pub(super) undefined: usize,
    /// Runs whose result was lost.
    pub(super) missing: usize,
}

/// A program of an expression with the claim's fixed constants in it.
pub(super) fn program(claim: &Claim, expression: &Expression, names: &[String]) -> Program {
    Program::new(&claim.with_values(expression), names, &claim.free_constants())
}

pub(super) fn law_of(claim: &Claim, axes: &Axes, card: &LabCard) -> Option<Law> {
    let Statement::Law { target, value } = &claim.statement else { return None };
    let scale = Scale::of(card.observable(target)?)?;
    let program = program(claim, value, &axes.names);
    let probes = super::rivals::probes(card, axes);
    let constants = Constants::of(&claim.free_constants(), &[value], &[&program], scale.logarithmic, &probes);
    Some(Law::new(program, constants, scale))
}

pub(super) fn margin_of(claim: &Claim, axes: &Axes, card: &LabCard) -> Option<Margin> {
    let Statement::Boundary { left, right, .. } = &claim.statement else { return None };
    let [of_left, of_right] = [left, right].map(|side| program(claim, side, &axes.names));
    let probes = super::rivals::probes(card, axes);
    let constants = Constants::of(&claim.free_constants(), &[left, right], &[&of_left, &of_right], true, &probes);
    Some(Margin::new(of_left, of_right, constants))
}

/// What the question holds for a claim: its conditions on knobs of which the claim says nothing.
pub(crate) fn held(card: &LabCard, question: &Scope, claim: &Claim) -> Scope {
    let named = claim.named_knobs(card);
    Scope(
        question
            .0
            .iter()
            .filter(|condition| card.owner(condition.name()).is_none_or(|knob| !named.contains(&knob.name.as_str())))
            .cloned()
            .collect(),
    )
}

/// Lays out the runs for a claim. A specification that was run before says nothing new and is left out.
pub(super) fn lay_out(card: &LabCard, question: &Scope, axes: &Axes, claim: &Claim, runs: &[RunRecord]) -> LaidOut {
    let mut known = BTreeSet::new();
    let held = held(card, question, claim);
    let in_scope = |(_, run): &(usize, &RunRecord)| claim.scope.has(card, &run.point) && held.has(card, &run.point);
    let fresh: Vec<(usize, &RunRecord)> = runs
        .iter()
        .enumerate()
        .filter(in_scope)
        .filter(|(_, run)| run.specification.is_empty() || known.insert(&run.specification))
        .collect();
    let mut laid = Layer { card, axes, censored: 0, undefined: 0, missing: 0 };
    let trial = match &claim.statement {
        Statement::Law { target, .. } => match card.observable(target).and_then(Scale::of) {
            Some(scale) => {
                Trial::Numbers { rows: laid.rows(&fresh, target, Some(scale)), resolution: scale.resolution }
            }
            None => Trial::Cases { cases: Vec::new(), share: 1.0 },
        },
        Statement::Boundary { event, .. } => Trial::Events { rows: laid.rows(&fresh, event, None) },
        Statement::Order { first, then, at_least } => {
            let cases =
                fresh.iter().filter_map(|(place, run)| Some((*place, laid.comes_before(run, first, then)?))).collect();
            Trial::Cases { cases, share: *at_least }
        }
        Statement::Cause { change, raises, of, at_least } => {
            let pairs = pairs(card, &fresh, change);
            let cases =
                pairs.into_iter().filter_map(|(a, b)| Some((b.0, laid.is_raised(a.1, b.1, of, *raises)?))).collect();
            Trial::Cases { cases, share: *at_least }
        }
        Statement::Mediation { change, of, through, at_least } => {
            Trial::Cases { cases: laid.mediated(&fresh, change, of, through), share: *at_least }
        }
        Statement::Identity { .. } => {
            let name = format!("identity {}", claim.id());
            let cases = fresh.iter().filter_map(|(place, run)| match run.outcomes.get(&name) {
                Some(Outcome::Event(held)) => Some((*place, *held)),
                _ => None,
            });
            Trial::Cases { cases: cases.collect(), share: 0.9 }
        }
        Statement::Invariant { quantity, whatever, within } => {
            let (rows, scale) = laid.of_quantity(&fresh, claim, quantity);
            let directions = directions(card, axes, claim, whatever);
            let rows = rows.into_iter().map(|row| Row {
                x: directions.iter().map(|direction| direction(&row.x, &runs[row.run].point)).collect(),
                ..row
            });
            let most = if scale.logarithmic { libm::log1p(*within) } else { *within };
            Trial::Sameness { rows: rows.collect(), most, resolution: scale.resolution }
        }
        Statement::Collapse { quantity, .. } => {
            let (rows, scale) = laid.of_quantity(&fresh, claim, quantity);
            Trial::OneCurve { rows, resolution: scale.resolution }
        }
    };
    LaidOut { trial, censored: laid.censored, undefined: laid.undefined, missing: laid.missing }
}

struct Layer<'a> {
    card: &'a LabCard,
    axes: &'a Axes,
    censored: usize,
    undefined: usize,
    missing: usize,
}

/// A run with its place.
type Placed<'a> = (usize, &'a RunRecord);

impl Layer<'_> {
    fn rows(&mut self, runs: &[Placed<'_>], name: &str, scale: Option<Scale>) -> Vec<Row> {
        let rows = runs.iter().filter_map(|(place, run)| {
            let seen = match (run.outcomes.get(name), scale) {
                (Some(Outcome::Event(happened)), None) => Ok(Seen::Event(*happened)),
                (Some(outcome), Some(scale)) => scale.see(outcome),
                (Some(Outcome::Undefined(_)), None) => Err(Unseen::Undefined),
                _ => Err(Unseen::Missing),
            };
            Some(Row { x: self.axes.numbers(self.card, &run.point), seen: self.count(seen)?, run: *place })
        });
        rows.collect()
    }

    fn count(&mut self, seen: Result<Seen, Unseen>) -> Option<Seen> {
        match seen {
            Ok(Seen::Above(_)) => self.censored += 1,
            Ok(_) => {}
            Err(Unseen::Undefined) => self.undefined += 1,
            Err(Unseen::Missing) => self.missing += 1,
        }
        seen.ok()
    }

    /// A number of a run with whether it is only known to be larger.
    fn number(&mut self, run: &RunRecord, name: &str) -> Option<(f64, bool)> {
        match run.outcomes.get(name) {
            Some(Outcome::Value(value)) if value.is_finite() => Some((*value, false)),
            Some(Outcome::Censored(after)) => Some((*after, true)),
            Some(Outcome::Event(happened)) => Some((f64::from(u8::from(*happened)), false)),
            Some(Outcome::Undefined(_) | Outcome::Value(_)) => {
                self.undefined += 1;
                None
            }
            Some(Outcome::Missing(_)) | None => {
                self.missing += 1;
                None
            }
        }
    }

    /// `None` where both are not reached.
    fn comes_before(&mut self, run: &RunRecord, first: &str, then: &str) -> Option<bool> {
        let (a, a_is_more) = self.number(run, first)?;
        let (b, b_is_more) = self.number(run, then)?;
        if a_is_more || b_is_more {
            self.censored += 1;
        }
        match (a_is_more, b_is_more) {
            (true, true) => None,
            (true, false) => Some(false),
            (false, true) => Some(a <= b),
            (false, false) => Some(a < b),
        }
    }

    /// `None` where neither side is known well enough.
    fn is_raised(&mut self, without: &RunRecord, with: &RunRecord, of: &str, raises: bool) -> Option<bool> {
        let (a, a_is_more) = self.number(without, of)?;
        let (b, b_is_more) = self.number(with, of)?;
        let (low, low_is_more, high, high_is_more) =
            if raises { (a, a_is_more, b, b_is_more) } else { (b, b_is_more, a, a_is_more) };
        if low_is_more || high_is_more {
            self.censored += 1;
        }
        match (low_is_more, high_is_more) {
            (true, true) => None,
            (true, false) => Some(false),
            (false, true) => Some(high >= low),
            (false, false) => Some(high > low),
        }
    }

    /// Pairs with the mediator held beside the same pairs without: whether less than half of the effect is left.
    fn mediated(&mut self, runs: &[Placed<'_>], change: &Change, of: &str, through: &str) -> Vec<(usize, bool)> {
        let Some((knob, level)) = self.card.observable(through).and_then(|observable| observable.held_by.clone())
        else {
            return Vec::new();
        };
        let scale = self.card.observable(of).and_then(Scale::of);
        let is_held = |run: &RunRecord| {
            self.card
                .knob(&knob)
                .is_some_and(|knob| *self.card.setting(&run.point, knob) == Setting::Level(level.clone()))
        };
        let (held, free): (Vec<Placed<'_>>, Vec<Placed<'_>>) = runs.iter().copied().partition(|(_, run)| is_held(run));
        let bare = |run: &RunRecord| (without(&without(&run.point, &change.knob), &knob), run.seed);
        let of_held = pairs(self.card, &held, change);
        let mut cases = Vec::new();
        for (a, b) in pairs(self.card, &free, change) {
            let Some((c, d)) = of_held.iter().find(|(c, _)| bare(c.1) == bare(a.1)) else { continue };
            let last = a.0.max(b.0).max(c.0).max(d.0);
            let values = [a, b, *c, *d].map(|(_, run)| self.number(run, of));
            let [Some(a), Some(b), Some(c), Some(d)] = values else { continue };
            let at = |value: f64| scale.and_then(|scale| scale.scaled(value)).unwrap_or(value);
            // A value that is only known to be larger leaves the size of an effect open, unless it is the free one that is large.
            if a.1 || c.1 || d.1 {
                self.censored += 1;
                continue;
            }
            cases.push((last, (at(d.0) - at(c.0)).abs() < 0.5 * (at(b.0) - at(a.0)).abs()));
        }
        cases
    }

    /// A quantity with one observable in it, row by row, and its scale.
    fn of_quantity(&mut self, runs: &[Placed<'_>], claim: &Claim, quantity: &Expression) -> (Vec<Row>, Scale) {
        let observed = quantity
            .names()
            .into_iter()
            .find(|name| self.card.observable(name).is_some())
            .unwrap_or_default()
            .to_owned();
        let scale = self
            .card
            .observable(&observed)
            .and_then(Scale::of)
            .unwrap_or(Scale { logarithmic: false, resolution: 1.0 });
        let mut names = self.axes.names.clone();
        names.push(observed.clone());
        let program = program(claim, quantity, &names);
        let rows = runs.iter().filter_map(|(place, run)| {
            let x = self.axes.numbers(self.card, &run.point);
            let value = |y: f64| {
                let mut all = x.clone();
                all.push(y);
                program.at(&all, &[])
            };
            let outcome = match run.outcomes.get(&observed) {
                Some(Outcome::Value(y)) => value(*y).map_or(Outcome::Undefined(String::new()), Outcome::Value),
                Some(Outcome::Censored(y)) => value(*y).map_or(Outcome::Undefined(String::new()), Outcome::Censored),
                Some(other) => other.clone(),
                None => Outcome::Missing(String::new()),
            };
            Some(Row { seen: self.count(scale.see(&outcome))?, x, run: *place })
        });
        (rows.collect(), scale)
    }
}

/// A point without a setting of one knob.
fn without(point: &Point, knob: &str) -> Point {
    let mut point = point.clone();
    point.0.remove(knob);
    point
}

/// Pairs of runs that differ in a knob alone: one seed, all else the same.
fn pairs<'a>(card: &LabCard, runs: &[Placed<'a>], change: &Change) -> Vec<(Placed<'a>, Placed<'a>)> {
    let Some(knob) = card.knob(&change.knob) else { return Vec::new() };
    let key = |run: &RunRecord| {
        let mut all: BTreeMap<String, String> = without(&run.point, &change.knob)
            .0
            .into_iter()
            .map(|(name, setting)| (name, setting.to_string()))
            .collect();
        all.insert(String::new(), run.seed.to_string());
        all
    };
    let is = |run: &RunRecord, setting: &Setting| card.setting(&run.point, knob) == setting;
    let mut firsts: BTreeMap<BTreeMap<String, String>, Placed<'a>> = BTreeMap::new();
    for (place, run) in runs.iter().filter(|(_, run)| is(run, &change.from)) {
        firsts.entry(key(run)).or_insert((*place, run));
    }
    let seconds = runs.iter().filter(|(_, run)| is(run, &change.to));
    seconds.filter_map(|(place, run)| firsts.remove(&key(run)).map(|first| (first, (*place, *run)))).collect()
}

type Direction<'a> = Box<dyn Fn(&[f64], &Point) -> f64 + 'a>;

/// Directions u from −½ to ½ over the scope: an axis of numbers each, and one a level of a knob beyond the first.
fn directions<'a>(card: &'a LabCard, axes: &'a Axes, claim: &'a Claim, whatever: &'a [String]) -> Vec<Direction<'a>> {
    let mut all: Vec<Direction<'a>> = Vec::new();
    for name in whatever {
        if let Some(axis) = axes.names.iter().position(|axis| axis == name) {
            let range = claim.scope.range_of(name);
            let end = |value: Option<f64>, otherwise: f64| {
                value
                    .filter(|value| value.is_finite())
                    .map_or(otherwise, |value| axes.share(axis, value).clamp(0.0, 1.0))
            };
            let (least, most) = (end(range.map(|range| range.least), 0.0), end(range.map(|range| range.most), 1.0));
            let length = (most - least).max(1e-9);
            all.push(Box::new(move |x, _| (axes.share(axis, x[axis]) - least) / length - 0.5));
        } else if let Some(knob) = card.knob(name)
            && let Some(Domain::Levels { levels, .. }) = claim.scope.cut(card, name)
        {
            for (level, _) in levels.into_iter().skip(1) {
                all.push(Box::new(move |_, point| {
                    if *card.setting(point, knob) == Setting::Level(level.clone()) { 0.5 } else { -0.5 }
                }));
            }
        }
    }
    all
}
