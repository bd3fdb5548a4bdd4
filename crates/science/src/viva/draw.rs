//! Items are drawn from runs that were made after the explanation.

use super::answer::{Answer, Truth};
use super::item::{Asked, Item, ItemKind, turned};
use crate::claim::{Claim, Condition, Scope, Statement};
use crate::expression::Expression;
use crate::judge::{Axes, Expectation, Memory, Rival, RunRecord, Scale, expectation, held};
use crate::lab::{LabCard, ObservableKind, Outcome, Point};
use std::collections::BTreeSet;

/// What a quiz is about and what was known before it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The laboratory's card.
    pub card: &'a LabCard,
    /// Conditions of the question, which hold for whatever is said.
    pub question: &'a Scope,
    /// Runs that were known before the explanation.
    pub known: &'a [RunRecord],
}

/// Items with what came out, and how many runs had no outcome to ask for.
pub(super) struct Drawn {
    pub(super) items: Vec<(Item, Truth)>,
    pub(super) left_out: usize,
}

/// What a claim is about, as far as it can be asked for.
enum Subject<'a> {
    Observable(&'a str),
    Pairs { knob: &'a str, of: &'a str },
    Order { first: &'a str, then: &'a str },
}

fn subject<'a>(card: &LabCard, claim: &'a Claim) -> Option<Subject<'a>> {
    Some(match &claim.statement {
        Statement::Law { target: name, .. } | Statement::Boundary { event: name, .. } => Subject::Observable(name),
        Statement::Invariant { quantity, .. } | Statement::Collapse { quantity, .. } => {
            Subject::Observable(quantity.names().into_iter().find(|name| card.observable(name).is_some())?)
        }
        Statement::Cause { change, of, .. } | Statement::Mediation { change, of, .. } => {
            Subject::Pairs { knob: &change.knob, of }
        }
        Statement::Order { first, then, .. } => Subject::Order { first, then },
        Statement::Identity { .. } => return None,
    })
}

/// Draws at most `most` items about a claim from runs of the future. Each run is asked for once, so that the bits of the items add up.
pub(super) fn draw(frame: Frame<'_>, claim: &Claim, future: &[RunRecord], most: usize) -> Drawn {
    let Frame { card, question, known } = frame;
    let held = held(card, question, claim);
    let mut seen: BTreeSet<&str> = known.iter().map(|run| run.specification.as_str()).collect();
    let fresh: Vec<&RunRecord> = future
        .iter()
        .filter(|run| held.has(card, &run.point))
        .filter(|run| run.specification.is_empty() || seen.insert(&run.specification))
        .collect();
    let Some(subject) = subject(card, claim) else { return Drawn { items: Vec::new(), left_out: 0 } };
    let drawing = Drawing { card, question, claim, known };
    match subject {
        Subject::Observable(name) => drawing.observable(name, &fresh, most),
        Subject::Pairs { knob, of } => drawing.pairs_of(knob, of, &fresh, most),
        Subject::Order { first, then } => drawing.order(first, then, &fresh, most),
    }
}

struct Drawing<'a> {
    card: &'a LabCard,
    question: &'a Scope,
    claim: &'a Claim,
    known: &'a [RunRecord],
}

/// A run with what came out of it.
type Told<'a> = (&'a RunRecord, Truth);

/// How near to an end of a scope is its edge, as a share of the axis.
const NEAR: f64 = 0.02;

impl Drawing<'_> {
    fn told<'a>(&self, name: &str, runs: &[&'a RunRecord]) -> (Vec<Told<'a>>, usize) {
        let scale = self.card.observable(name).and_then(Scale::of);
        let told: Vec<Told<'a>> =
            runs.iter().filter_map(|run| Some((*run, truth(scale, run.outcomes.get(name)?)?))).collect();
        let left_out = runs.len() - told.len();
        (told, left_out)
    }

    fn observable(&self, name: &str, runs: &[&RunRecord], most: usize) -> Drawn {
        let (mut told, left_out) = self.told(name, runs);
        // Which runs are asked for when there are more than enough follows from what they are, and nobody chooses.
        told.sort_by_key(|(run, _)| *blake3::hash(format!("{} {}", run.specification, run.line).as_bytes()).as_bytes());
        let is_event = self.card.observable(name).is_some_and(|of| of.kind == ObservableKind::Event);
        let (asked, usual) = if is_event { (Asked::Event, ItemKind::Event) } else { (Asked::Number, ItemKind::Value) };
        let marginal = self.marginal(name);
        let mut items = Vec::new();
        let quarter = most.min(told.len()) / 4;
        for (from, to) in self.pairs(name, &told, quarter.min(told.len() / 4), |_| true) {
            items.push(self.rise(name, from, to));
        }
        let used: BTreeSet<u64> = items.iter().flat_map(|(item, _)| item.runs.clone()).collect();
        let (edges, inner): (Vec<Told<'_>>, Vec<Told<'_>>) =
            told.into_iter().filter(|(run, _)| !used.contains(&run.line)).partition(|(run, _)| self.is_edge(run));
        let n_edges = edges.len().min((most - items.len()).saturating_sub(inner.len()).max(quarter));
        let (edges, more) = edges.split_at(n_edges);
        let kinds = edges
            .iter()
            .map(|told| (ItemKind::Edge, told))
            .chain(inner.iter().map(|told| (usual, told)))
            .chain(more.iter().map(|told| (ItemKind::Edge, told)));
        let left = most.saturating_sub(items.len());
        for (kind, (run, truth)) in kinds.take(left) {
            let item = Item {
                number: 0,
                kind,
                observable: name.to_owned(),
                at: run.point.clone(),
                asked: asked.clone(),
                marginal: marginal.clone(),
                runs: vec![run.line],
            };
            items.push((item, truth.clone()));
        }
        Drawn { items: numbered(items), left_out }
    }

    fn pairs_of(&self, knob: &str, of: &str, runs: &[&RunRecord], most: usize) -> Drawn {
        let (told, left_out) = self.told(of, runs);
        let pairs = self.pairs(of, &told, most, |turned| turned == [knob]);
        let items = pairs.into_iter().map(|(from, to)| self.rise(of, from, to)).collect();
        Drawn { items: numbered(items), left_out }
    }

    fn rise(&self, name: &str, from: &Told<'_>, to: &Told<'_>) -> (Item, Truth) {
        let scale = self.card.observable(name).and_then(Scale::of);
        let item = Item {
            number: 0,
            kind: ItemKind::Direction,
            observable: name.to_owned(),
            at: from.0.point.clone(),
            asked: Asked::Rise { to: to.0.point.clone() },
            marginal: Answer::Chance(0.5),
            runs: vec![from.0.line, to.0.line],
        };
        (item, Truth::Yes(rises(scale, &from.1, &to.1).unwrap_or(false)))
    }

    /// Pairs of runs of which it is known which is larger, those that differ in least first; no run is in two of them.
    fn pairs<'t, 'r>(
        &self,
        name: &str,
        told: &'t [Told<'r>],
        most: usize,
        fits: impl Fn(&[&str]) -> bool,
    ) -> Vec<(&'t Told<'r>, &'t Told<'r>)> {
        let scale = self.card.observable(name).and_then(Scale::of);
        let mut all: Vec<(usize, bool, usize, usize)> = Vec::new();
        for (i, a) in told.iter().enumerate() {
            for (j, b) in told.iter().enumerate().skip(i + 1) {
                let turned = turned(&a.0.point, &b.0.point);
                if !turned.is_empty() && fits(&turned) && rises(scale, &a.1, &b.1).is_some() {
                    all.push((turned.len(), a.0.seed != b.0.seed, i, j));
                }
            }
        }
        all.sort_unstable();
        let mut used = BTreeSet::new();
        let mut pairs = Vec::new();
        for (_, _, i, j) in all {
            if pairs.len() < most && !used.contains(&i) && !used.contains(&j) {
                used.extend([i, j]);
                pairs.push((&told[i], &told[j]));
            }
        }
        pairs
    }

    fn order(&self, first: &str, then: &str, runs: &[&RunRecord], most: usize) -> Drawn {
        let is_first = |run: &RunRecord| {
            let number = |name: &str| match run.outcomes.get(name) {
                Some(Outcome::Value(value)) if value.is_finite() => Some((*value, false)),
                Some(Outcome::Censored(after)) => Some((*after, true)),
                _ => None,
            };
            match (number(first)?, number(then)?) {
                ((a, false), (b, false)) => Some(a < b),
                ((a, false), (b, true)) => (a <= b).then_some(true),
                ((a, true), (b, false)) => (a >= b).then_some(false),
                _ => None,
            }
        };
        let before: Vec<bool> = self.known.iter().filter_map(is_first).collect();
        let often = (before.iter().filter(|first| **first).count() as f64 + 0.5) / (before.len() as f64 + 1.0);
        let cases: Vec<(&RunRecord, bool)> = runs.iter().filter_map(|run| Some((*run, is_first(run)?))).collect();
        let left_out = runs.len() - cases.len();
        let items = cases.into_iter().take(most).map(|(run, is_first)| {
            let item = Item {
                number: 0,
                kind: ItemKind::Order,
                observable: first.to_owned(),
                at: run.point.clone(),
                asked: Asked::Before { then: then.to_owned() },
                marginal: Answer::Chance(often),
                runs: vec![run.line],
            };
            (item, Truth::Yes(is_first))
        });
        Drawn { items: numbered(items.collect()), left_out }
    }

    /// What the runs known before came to, whatever was set.
    fn marginal(&self, name: &str) -> Answer {
        let Some(observable) = self.card.observable(name) else { return Answer::Silence };
        let c = || Expression::name("c");
        let statement = match observable.kind {
            ObservableKind::Event => {
                Statement::Boundary { event: name.to_owned(), left: c(), right: Expression::Number(1.0) }
            }
            ObservableKind::Number { .. } => Statement::Law { target: name.to_owned(), value: c() },
        };
        let constants = vec![crate::claim::Constant { name: "c".to_owned(), fixed: None }];
        let anything = Claim { statement, constants, scope: Scope::default(), because: Vec::new() };
        let expected = expectation(
            self.card,
            self.question,
            &anything,
            Rival::Constant,
            self.known,
            &[Point::default()],
            &mut Memory::default(),
        );
        match (expected.first().copied().flatten(), Scale::of(observable)) {
            (Some(Expectation::Number(middle, width)), Some(scale)) => Answer::from_scale(scale, middle, width),
            (Some(Expectation::Event(p)), _) => Answer::Chance(p),
            _ => Answer::Silence,
        }
    }

    /// Whether a run lies at an end of the claim's scope or outside of it; without a scope, at an end of what the claim names.
    fn is_edge(&self, run: &RunRecord) -> bool {
        let (card, scope) = (self.card, &self.claim.scope);
        if !scope.has(card, &run.point) {
            return true;
        }
        let axes = Axes::of(card);
        let numbers = axes.numbers(card, &run.point);
        let share = |name: &str, value: f64| {
            axes.names.iter().position(|axis| axis == name).map(|axis| axes.share(axis, value))
        };
        let here = |name: &str| axes.names.iter().position(|axis| axis == name).map(|axis| numbers[axis]);
        let at_range = scope.0.iter().any(|condition| match condition {
            Condition::In(name, range) if range.least < range.most => {
                [range.least, range.most].into_iter().filter(|end| end.is_finite()).any(|end| {
                    share(name, end)
                        .zip(here(name).and_then(|value| share(name, value)))
                        .is_some_and(|(end, value)| (end - value).abs() <= NEAR)
                })
            }
            _ => false,
        });
        let named = self.claim.statement.expressions().into_iter().flat_map(Expression::names);
        let at_domain =
            || named.filter_map(|name| share(name, here(name)?)).any(|share| !(NEAR..=1.0 - NEAR).contains(&share));
        at_range || scope.0.is_empty() && at_domain()
    }
}

fn numbered(items: Vec<(Item, Truth)>) -> Vec<(Item, Truth)> {
    items.into_iter().enumerate().map(|(place, (item, truth))| (Item { number: place + 1, ..item }, truth)).collect()
}

/// What came out, where it is something that can be asked for.
fn truth(scale: Option<Scale>, outcome: &Outcome) -> Option<Truth> {
    match (outcome, scale) {
        (Outcome::Value(value), Some(scale)) => scale.scaled(*value).map(|_| Truth::Number(*value)),
        (Outcome::Censored(after), Some(scale)) => scale.scaled(*after).map(|_| Truth::Above(*after)),
        (Outcome::Event(happened), None) => Some(Truth::Yes(*happened)),
        _ => None,
    }
}

/// Whether the second is larger, where the instrument can tell.
fn rises(scale: Option<Scale>, from: &Truth, to: &Truth) -> Option<bool> {
    match (from, to, scale) {
        (Truth::Yes(a), Truth::Yes(b), _) => (a != b).then_some(*b),
        (Truth::Number(a), Truth::Number(b), Some(scale)) => {
            let change = scale.scaled(*b)? - scale.scaled(*a)?;
            (change.abs() > scale.resolution).then_some(change > 0.0)
        }
        (Truth::Number(a), Truth::Above(b), _) => (b > a).then_some(true),
        (Truth::Above(a), Truth::Number(b), _) => (a > b).then_some(false),
        _ => None,
    }
}
