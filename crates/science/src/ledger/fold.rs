//! What the lines of a ledger come to.

use super::event::{Ask, Event, Insight, Link, Purpose, Question, seed_of};
use crate::claim::{Condition, Range, Scope};
use crate::judge::{Registered, RunRecord};
use crate::lab::{LabCard, Outcome, Setting};
use std::collections::BTreeMap;

/// The format of ledgers and the version of the judge: another one would judge otherwise.
pub(crate) const FORMAT: u32 = 2;

/// Why batches of an attack are made; runs of such a batch are counted for the claim that they are about.
pub(crate) const ATTACK: &str = "an attack";

/// The name under which the search without a model proposes.
pub const SEARCH: &str = "symbolic search";

/// What the lines come to: the only state that there is.
#[derive(Clone, Debug)]
pub struct State {
    /// How the laboratory is opened.
    pub lab: String,
    /// What it has.
    pub card: LabCard,
    /// What is asked.
    pub question: Question,
    /// Where runs are made.
    pub scope: Scope,
    /// Claims in the order of their registration.
    pub claims: Vec<Registered>,
    /// Results in the order of the ledger; a run that was asked for and never came is among them once its purse is closed.
    pub runs: Vec<RunRecord>,
    /// The batch that is not done: its line, its hash, its runs that are left.
    pub pending: Option<Pending>,
    /// The purse that is open.
    pub purse: Option<Purse>,
    /// What was said.
    pub said: Vec<Noted>,
    /// Runs by claim that shrunk counterexamples ended with.
    pub witnesses: BTreeMap<String, (u64, f64)>,
    /// Steps that were spent in all.
    pub spent: u64,
    /// Batches so far.
    pub n_batches: usize,
    /// Runs at which claims were searched for last.
    pub searched_at: usize,
    /// Whether a search was cut off between two claims that it proposed.
    pub is_searching: bool,
    /// Whether somebody said stop after the last purse was opened.
    pub is_stopped: bool,
    /// Exchanges with models.
    pub n_exchanges: usize,
    /// What batches were about, by line: the claim and why.
    pub batches: BTreeMap<u64, (Option<String>, String)>,
    /// The line of the batch of each run, in the order of `runs`.
    pub batch_of: Vec<u64>,
}

/// A batch of which runs are left.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Its line.
    pub line: u64,
    /// The hash of that line, from which seeds follow.
    pub hash: String,
    /// The runs that are left, with their places in the batch.
    pub left: Vec<(usize, Ask)>,
}

/// Steps that were set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purse {
    /// The line that opened it.
    pub line: u64,
    /// For what.
    pub purpose: Purpose,
    /// How many.
    pub steps: u64,
    /// What is spent of it.
    pub spent: u64,
    /// Runs when it was opened.
    pub n_runs: usize,
}

/// Something that was said, with when and by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    /// The line.
    pub line: u64,
    /// What.
    pub insight: Insight,
    /// Who.
    pub by: String,
}

impl State {
    /// Folds the lines; `None` where there is none.
    pub fn of(links: &[Link]) -> Option<Self> {
        let Event::Opened { lab, card, question, .. } = &links.first()?.event else { return None };
        let scope = question.conditions();
        let mut state = Self {
            lab: lab.clone(),
            card: (**card).clone(),
            question: question.clone(),
            scope,
            claims: Vec::new(),
            runs: Vec::new(),
            pending: None,
            purse: None,
            said: Vec::new(),
            witnesses: BTreeMap::new(),
            spent: 0,
            n_batches: 0,
            searched_at: 0,
            is_searching: false,
            is_stopped: false,
            n_exchanges: 0,
            batches: BTreeMap::new(),
            batch_of: Vec::new(),
        };
        for link in &links[1..] {
            state.hear(link, links);
        }
        Some(state)
    }

    /// Goes on by one line.
    pub fn hear(&mut self, link: &Link, links: &[Link]) {
        match &link.event {
            Event::Proposed { id, claim, by } => {
                self.is_searching |= by == SEARCH;
                self.claims.push(Registered {
                    claim: claim.clone(),
                    id: id.clone(),
                    line: link.line,
                    by: by.clone(),
                    n_runs: self.runs.len(),
                    attack_runs: 0,
                });
            }
            Event::Searched { .. } => {
                self.is_searching = false;
                self.searched_at = self.runs.len();
            }
            Event::Said { insight, by } => {
                self.is_stopped |= *insight == Insight::Stop;
                if let Insight::Constraint(text) = insight {
                    let more = Question { scope: text.clone(), ..self.question.clone() }.conditions();
                    self.scope.0.extend(more.0);
                }
                self.said.push(Noted { line: link.line, insight: insight.clone(), by: by.clone() });
            }
            Event::Purse { purpose, steps } => {
                self.purse = Some(Purse {
                    line: link.line,
                    purpose: purpose.clone(),
                    steps: *steps,
                    spent: 0,
                    n_runs: self.runs.len(),
                });
                self.is_stopped = false;
            }
            Event::Batch { asks, about, why, .. } => {
                self.lose_pending();
                let left = asks.iter().cloned().enumerate().collect();
                self.pending = Some(Pending { line: link.line, hash: link.hash.clone(), left });
                self.n_batches += 1;
                self.batches.insert(link.line, (about.clone(), why.clone()));
            }
            Event::Run { batch, place, seed, outcomes, specification, steps } => {
                let Some(Event::Batch { asks, .. }) = links.get(*batch as usize).map(|link| &link.event) else {
                    return;
                };
                self.take(
                    RunRecord {
                        line: link.line,
                        point: asks[*place].point.clone(),
                        seed: *seed,
                        outcomes: outcomes.clone(),
                        specification: specification.clone(),
                        steps: *steps,
                    },
                    *batch,
                );
                if let Some(Pending { left, .. }) = self.pending.as_mut() {
                    left.retain(|(other, _)| other != place);
                    if left.is_empty() {
                        self.pending = None;
                    }
                }
            }
            Event::Closed { .. } => {
                self.lose_pending();
                self.purse = None;
            }
            Event::Witness { claim, run, bits, .. } => drop(self.witnesses.insert(claim.clone(), (*run, *bits))),
            Event::Asked(_) => self.n_exchanges += 1,
            Event::Opened { .. } | Event::Derived { .. } | Event::Explained { .. } => {}
        }
    }

    fn take(&mut self, run: RunRecord, batch: u64) {
        self.spent += run.steps;
        if let Some(purse) = self.purse.as_mut() {
            purse.spent += run.steps;
        }
        if let Some((Some(id), why)) = self.batches.get(&batch)
            && why == ATTACK
            && let Some(claim) = self.claims.iter_mut().find(|claim| claim.id == *id)
        {
            claim.attack_runs += 1;
        }
        self.runs.push(run);
        self.batch_of.push(batch);
    }

    /// Runs that were asked for and never came count as lost: whoever drops rows leaves a trace.
    fn lose_pending(&mut self) {
        let Some(Pending { line, hash, left }) = self.pending.take() else { return };
        for (_, ask) in left {
            let lost = || Outcome::Missing("it was asked for and no result was written".to_owned());
            let outcomes = self.card.observables.iter().map(|observable| (observable.name.clone(), lost()));
            let run = RunRecord {
                line,
                seed: seed_of(&hash, ask.group),
                outcomes: outcomes.collect(),
                point: ask.point,
                specification: String::new(),
                steps: 0,
            };
            self.take(run, line);
        }
    }

    /// The registered claim of this id.
    pub fn claim(&self, id: &str) -> Option<&Registered> {
        self.claims.iter().find(|claim| claim.id == id)
    }
}

impl Question {
    /// All that holds for its runs: its conditions, and every knob that it does not vary at its default. A claim that names such a knob
    /// speaks about its other settings, too.
    pub fn frame(&self, card: &LabCard) -> Scope {
        let mut frame = self.conditions();
        for knob in card.knobs.iter().filter(|knob| !self.knobs.contains(&knob.name)) {
            let is_said = frame
                .0
                .iter()
                .any(|condition| card.owner(condition.name()).is_some_and(|owner| owner.name == knob.name));
            if !is_said {
                frame.0.push(match &knob.default {
                    Setting::Number(value) => Condition::In(knob.name.clone(), Range { least: *value, most: *value }),
                    Setting::Level(level) => Condition::Is(knob.name.clone(), level.clone()),
                });
            }
        }
        frame
    }

    /// Its conditions, which were checked when it was asked.
    pub(crate) fn conditions(&self) -> Scope {
        if self.scope.trim().is_empty() {
            return Scope::default();
        }
        let sentence = format!("x = 1, where {}", self.scope);
        crate::claim::claim_from_sentence(&sentence).map(|claim| claim.scope).unwrap_or_default()
    }
}
