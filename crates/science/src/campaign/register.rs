//! What comes into a campaign from outside: claims, insights, the question itself.

use super::{Campaign, CampaignError};
use crate::claim::{Claim, ClaimFault, Scope, Statement, claim_from_sentence};
use crate::judge::{Verdict, is_same};
use crate::lab::LabCard;
use crate::ledger::{Event, Insight, Question, SEARCH, State};
use crate::propose::search;
use thiserror::Error;

/// A claim that was registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Its id.
    pub id: String,
    /// Its sentence.
    pub sentence: String,
    /// What it costs to state it.
    pub statement_bits: f64,
    /// The line of the ledger.
    pub line: u64,
}

/// Why a claim was not registered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It cannot be about this laboratory.
    #[error(transparent)]
    Fault(#[from] ClaimFault),
    /// It was made before.
    #[error("this was claimed before as {id} ({sentence}), which is {verdict}", verdict = .verdict.words())]
    Repeat {
        /// The old claim's id.
        id: String,
        /// Its sentence.
        sentence: String,
        /// What is said of it.
        verdict: Box<Verdict>,
    },
    /// The ledger.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
}

/// Claims that one search registers at most.
pub(super) const N_PROPOSED: usize = 6;

impl Campaign {
    /// Registers a claim. One that says the same as an older one is refused with what became of that.
    ///
    /// # Errors
    ///
    /// Where it does not fit the laboratory, was made before, or the disk does not take it.
    pub fn register(&mut self, claim: &Claim, by: &str) -> Result<Registration, Refusal> {
        claim.check(&self.state.card)?;
        if let Some(old) = self.state.claims.iter().find(|old| is_same(&self.state.card, &old.claim, claim)) {
            let (id, sentence) = (old.id.clone(), old.claim.sentence());
            let verdict =
                self.judged().into_iter().find(|judged| judged.id == id).map_or(Verdict::Open, |judged| judged.verdict);
            return Err(Refusal::Repeat { id, sentence, verdict: Box::new(verdict) });
        }
        let id = claim.id();
        let statement_bits = claim.statement_bits(&self.state.card, &self.state.scope_of_question());
        let line = self.append(Event::Proposed { id: id.clone(), claim: claim.clone(), by: by.to_owned() })?;
        Ok(Registration { id, sentence: claim.sentence(), statement_bits, line })
    }

    /// Searches for claims about the question's target and registers the best that are new.
    ///
    /// # Errors
    ///
    /// Where the disk does not take a line.
    pub fn search(&mut self) -> Result<Vec<String>, CampaignError> {
        let found = search(&self.state.card, &self.state.question, &self.state.runs, N_PROPOSED);
        let mut new = Vec::new();
        let mut all = Vec::new();
        for claim in &found.claims {
            match self.register(claim, SEARCH) {
                Ok(registration) => {
                    all.push(registration.id.clone());
                    new.push(registration.id);
                }
                Err(Refusal::Repeat { id, .. }) => all.push(id),
                Err(Refusal::Fault(_)) => {}
                Err(Refusal::Campaign(error)) => return Err(error),
            }
        }
        self.append(Event::Searched { by: SEARCH.to_owned(), looked_at: found.looked_at, claims: all })?;
        Ok(new)
    }

    /// Takes in what somebody says. A rival is registered as a claim; one that cannot be is kept as a hint with the reason.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it.
    pub fn hear(&mut self, by: String, insight: Insight) -> Result<(), CampaignError> {
        if let Insight::Rival(sentence) = &insight {
            // Nobody takes the name of the search, whose claims belong together.
            let by = if by == SEARCH { format!("somebody called {SEARCH}") } else { by };
            let outcome = claim_from_sentence(sentence)
                .map_err(|error| error.to_string())
                .map(|claim| self.register(&claim, &by));
            let why = match outcome {
                Ok(Ok(registration)) => format!("{sentence} [registered as {}]", registration.id),
                Ok(Err(Refusal::Campaign(error))) => return Err(error),
                Ok(Err(refusal)) => format!("{sentence} [not registered: {refusal}]"),
                Err(error) => format!("{sentence} [not registered: {error}]"),
            };
            return self.append(Event::Said { insight: Insight::Rival(why), by }).map(drop);
        }
        self.append(Event::Said { insight, by }).map(drop)
    }
}

/// A question with its knobs and conditions checked against the laboratory.
pub(super) fn checked_question(card: &LabCard, question: Question) -> Result<Question, CampaignError> {
    let bad = |message: String| Err(CampaignError::Question(message));
    if card.observable(&question.target).is_none() {
        let all: Vec<&str> = card.observables.iter().map(|observable| observable.name.as_str()).collect();
        return bad(format!("{:?} is no observable of {}; it has {}", question.target, card.name, all.join(", ")));
    }
    let knobs: Vec<&str> = card.knobs.iter().map(|knob| knob.name.as_str()).collect();
    if question.knobs.is_empty() {
        return bad(format!("no knob is named that is to be varied; {} has {}", card.name, knobs.join(", ")));
    }
    if let Some(other) = question.knobs.iter().find(|name| card.knob(name).is_none()) {
        return bad(format!("{other:?} is no knob of {}; it has {}", card.name, knobs.join(", ")));
    }
    if !question.scope.trim().is_empty() {
        conditions(card, &question.scope)?;
    }
    Ok(question)
}

/// Conditions on runs, such as `M in 11..23 and rate = 0.1`, checked against the laboratory.
fn conditions(card: &LabCard, text: &str) -> Result<Scope, CampaignError> {
    let scope = claim_from_sentence(&format!("x = 1, where {text}"))
        .map_err(|error| CampaignError::Question(error.to_string()))?
        .scope;
    check_scope(card, &scope).map_err(|fault| CampaignError::Question(fault.to_string()))?;
    Ok(scope)
}

impl State {
    /// Checks whether runs can still be made if they have to meet these conditions, too.
    ///
    /// # Errors
    ///
    /// Where the conditions cannot be read, do not fit the laboratory, or leave no point beside those that hold already.
    pub fn check_constraint(&self, text: &str) -> Result<(), CampaignError> {
        let mut scope = self.scope.clone();
        scope.0.extend(conditions(&self.card, text)?.0);
        check_scope(&self.card, &scope).map_err(|fault| CampaignError::Question(fault.to_string()))
    }
}

/// Checks a scope alone.
fn check_scope(card: &LabCard, scope: &Scope) -> Result<(), ClaimFault> {
    // Any claim that fits the laboratory will do to carry it.
    let first = &card.observables[0];
    let statement = match first.kind {
        crate::lab::ObservableKind::Event => Statement::Boundary {
            event: first.name.clone(),
            left: crate::expression::Expression::Number(2.0),
            right: crate::expression::Expression::Number(1.0),
        },
        crate::lab::ObservableKind::Number { .. } => {
            Statement::Law { target: first.name.clone(), value: crate::expression::Expression::name("c_0") }
        }
    };
    let constants = match statement {
        Statement::Law { .. } => vec![crate::claim::Constant { name: "c_0".to_owned(), fixed: None }],
        _ => Vec::new(),
    };
    Claim { statement, constants, scope: scope.clone(), because: Vec::new() }.check(card)
}
