//! Whoever listens: a person, a model, or the deterministic reader of controlled English.

use super::answer::{Answer, digits};
use super::english::{Direction, Said, Understood, understand};
use super::glossary::Glossary;
use super::item::{Asked, Item, settings};
use crate::claim::{Claim, Scope, Statement};
use crate::judge::{Expectation, Memory, Rival, RunRecord, Scale, expectation};
use crate::lab::{LabCard, Outcome, Point};

/// What a listener is given.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// The words.
    pub glossary: &'a Glossary,
    /// The explanation.
    pub explanation: &'a str,
    /// The laboratory's card, from which the glossary is.
    pub card: &'a LabCard,
    /// Conditions of the question, which hold for whatever is said.
    pub question: &'a Scope,
    /// Runs that were known before the explanation, from which free constants can be found.
    pub known: &'a [RunRecord],
}

/// Runs of the past that a person or a model is shown, at most.
const MOST_SHOWN: usize = 12;

impl Lesson<'_> {
    /// Some of the runs that were known, a line each, spread over all of them: what a person or a model finds the constants from.
    pub fn past(&self) -> String {
        let every = self.known.len().div_ceil(MOST_SHOWN).max(1);
        let line = |run: &RunRecord| {
            let outcomes = run.outcomes.iter().filter_map(|(name, outcome)| match outcome {
                Outcome::Value(value) => Some(format!("{name} = {}", digits(*value))),
                Outcome::Event(is_so) => Some(format!("{name} = {}", if *is_so { "yes" } else { "no" })),
                _ => None,
            });
            format!("- {}: {}", settings(&run.point), outcomes.collect::<Vec<_>>().join(", "))
        };
        let lines: Vec<String> = self.known.iter().step_by(every).map(line).collect();
        if lines.is_empty() { String::new() } else { format!("runs of the past:\n{}", lines.join("\n")) }
    }
}

/// Whoever listens to an explanation and answers questions about runs that were made after it.
pub trait Listener {
    /// What it is called in the ledger.
    fn name(&self) -> &str;
    /// Begins afresh: what was heard before is forgotten.
    fn listen(&mut self, lesson: &Lesson<'_>);
    /// Answers a question.
    fn answer(&mut self, item: &Item) -> Answer;
    /// Answers all questions in turn.
    fn answer_all(&mut self, items: &[Item]) -> Vec<Answer> {
        items.iter().map(|item| self.answer(item)).collect()
    }
}

/// A listener that knows the glossary and says nothing more: the zero of every count.
#[derive(Clone, Copy, Debug, Default)]
pub struct GlossaryAlone;

impl Listener for GlossaryAlone {
    fn name(&self) -> &'static str {
        "the glossary alone"
    }

    fn listen(&mut self, _lesson: &Lesson<'_>) {}

    fn answer(&mut self, _item: &Item) -> Answer {
        Answer::Silence
    }
}

/// Reads sentences of the claim language and their short forms, takes them at their word, and ignores the rest.
#[derive(Clone, Debug, Default)]
pub struct ControlledEnglish {
    heard: Option<Heard>,
}

#[derive(Clone, Debug)]
struct Heard {
    card: LabCard,
    question: Scope,
    known: Vec<RunRecord>,
    understood: Understood,
}

/// The probability that what was said of a direction is so.
const TRUST: f64 = 0.9;

impl ControlledEnglish {
    /// What was understood of the last explanation.
    pub fn understood(&self) -> Option<&Understood> {
        self.heard.as_ref().map(|heard| &heard.understood)
    }
}

impl Listener for ControlledEnglish {
    fn name(&self) -> &'static str {
        "controlled English"
    }

    fn listen(&mut self, lesson: &Lesson<'_>) {
        let understood = understand(lesson.card, lesson.explanation);
        self.heard = Some(Heard {
            card: lesson.card.clone(),
            question: lesson.question.clone(),
            known: lesson.known.to_vec(),
            understood,
        });
    }

    fn answer(&mut self, item: &Item) -> Answer {
        self.answer_all(std::slice::from_ref(item)).pop().unwrap_or(Answer::Silence)
    }

    fn answer_all(&mut self, items: &[Item]) -> Vec<Answer> {
        let Some(heard) = &self.heard else { return vec![Answer::Silence; items.len()] };
        let mut observables: Vec<&str> = items.iter().map(|item| item.observable.as_str()).collect();
        observables.sort_unstable();
        observables.dedup();
        let mut answers = vec![Answer::Silence; items.len()];
        for observable in observables {
            let of_it: Vec<usize> = (0..items.len()).filter(|place| items[*place].observable == observable).collect();
            let points = of_it.iter().flat_map(|place| {
                let item = &items[*place];
                let to = if let Asked::Rise { to } = &item.asked { to } else { &item.at };
                [item.at.clone(), to.clone()]
            });
            let points: Vec<Point> = points.collect();
            let expected = heard.expected(observable, &points);
            for (place, pair) in of_it.iter().zip(expected.chunks_exact(2)) {
                answers[*place] = heard.answer(&items[*place], pair[0], pair[1]);
            }
        }
        answers
    }
}

impl Heard {
    fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.understood.said.iter().filter_map(|said| match said {
            Said::Claim(claim) => Some(claim),
            Said::Direction(_) => None,
        })
    }

    /// What the first claim that speaks of the observable there foretells at each point.
    fn expected(&self, observable: &str, points: &[Point]) -> Vec<Option<Expectation>> {
        let mut expected = vec![None; points.len()];
        let mut memory = Memory::default();
        for claim in self.claims() {
            let law = match &claim.statement {
                Statement::Law { target: name, .. } | Statement::Boundary { event: name, .. } if name == observable => {
                    claim.clone()
                }
                Statement::Invariant { .. } => match super::english::as_law(&self.card, claim) {
                    Some(law) if law.statement.subject() == observable => law,
                    _ => continue,
                },
                _ => continue,
            };
            let said =
                expectation(&self.card, &self.question, &law, Rival::Claim(&law), &self.known, points, &mut memory);
            for ((place, said), point) in expected.iter_mut().zip(said).zip(points) {
                if place.is_none() && law.scope.has(&self.card, point) {
                    *place = said;
                }
            }
        }
        expected
    }

    fn answer(&self, item: &Item, here: Option<Expectation>, there: Option<Expectation>) -> Answer {
        let scale = self.card.observable(&item.observable).and_then(Scale::of);
        match (&item.asked, here, there) {
            (Asked::Number, Some(Expectation::Number(middle, width)), _) => {
                scale.map_or(Answer::Silence, |scale| Answer::from_scale(scale, middle, width))
            }
            (Asked::Event, Some(Expectation::Event(p)), _) => Answer::Chance(p),
            (Asked::Rise { .. }, Some(Expectation::Number(a, of_a)), Some(Expectation::Number(b, of_b))) => {
                scale.map_or(Answer::Silence, |scale| Answer::chance_of_rise(scale, (a, of_a), (b, of_b)))
            }
            // Of two runs that differ, one has it and the other has not.
            (Asked::Rise { .. }, Some(Expectation::Event(a)), Some(Expectation::Event(b))) => {
                let (up, down) = (b * (1.0 - a), a * (1.0 - b));
                Answer::Chance(if up + down > 0.0 { up / (up + down) } else { 0.5 })
            }
            (Asked::Rise { to }, ..) => self.direction(item, to),
            (Asked::Before { then }, ..) => self.order(&item.observable, then, &item.at, &item.marginal),
            _ => Answer::Silence,
        }
    }

    /// What was said of turning a knob.
    fn direction(&self, item: &Item, to: &Point) -> Answer {
        let causes = self.claims().filter_map(|claim| match &claim.statement {
            Statement::Cause { change, raises, of, at_least }
                if *of == item.observable && claim.scope.has(&self.card, to) =>
            {
                let knob = self.card.knob(&change.knob)?;
                let is_only = item.turned(to).iter().all(|name| *name == change.knob);
                let (from, to) = (self.card.setting(&item.at, knob), self.card.setting(to, knob));
                let is_on = (from, to) == (&change.from, &change.to);
                let is_back = (from, to) == (&change.to, &change.from);
                (is_only && (is_on || is_back)).then_some((is_on == *raises, *at_least))
            }
            _ => None,
        });
        let mut causes = causes;
        if let Some((is_up, share)) = causes.next() {
            // Of a share of "at least s" the middle is what is expected.
            let share = f64::midpoint(share.max(0.5), 1.0);
            return Answer::Chance(if is_up { share } else { 1.0 - share });
        }
        let (from, to) = (self.card.numbers(&item.at), self.card.numbers(to));
        let signs = self.understood.said.iter().filter_map(|said| match said {
            Said::Direction(direction) if direction.is_about(&self.card, &item.observable) => {
                let (from, to) = (from.get(&direction.turned)?, to.get(&direction.turned)?);
                (from != to).then_some((to > from) == direction.rises)
            }
            _ => None,
        });
        let signs: Vec<bool> = signs.collect();
        match signs.first() {
            Some(is_up) if signs.iter().all(|other| other == is_up) => {
                Answer::Chance(if *is_up { TRUST } else { 1.0 - TRUST })
            }
            _ => Answer::Silence,
        }
    }

    fn order(&self, first: &str, then: &str, at: &Point, often: &Answer) -> Answer {
        let said = self.claims().find_map(|claim| match &claim.statement {
            Statement::Order { first: a, then: b, at_least }
                if a == first && b == then && claim.scope.has(&self.card, at) =>
            {
                Some(*at_least)
            }
            _ => None,
        });
        match (said, often) {
            (Some(share), Answer::Chance(often)) => Answer::Chance(share.max(*often)),
            _ => Answer::Silence,
        }
    }
}

impl Direction {
    /// Whether it speaks of this observable.
    fn is_about(&self, card: &LabCard, observable: &str) -> bool {
        match &self.target {
            Some(target) => target == observable,
            // "Sooner" is said of whatever is counted in steps.
            None if self.is_of_time => card.observable(observable).is_some_and(|observable| match &observable.kind {
                crate::lab::ObservableKind::Number { unit, .. } => unit.is_same(&crate::unit::Unit::base("step")),
                crate::lab::ObservableKind::Event => false,
            }),
            None => true,
        }
    }
}
