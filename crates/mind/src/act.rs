//! What an action does to a campaign: checked whole before anything is written.

use crate::action::Action;
use crate::ask::line;
use crate::turn::Took;
use dunwu_derive::{Derivation, Options, check};
use dunwu_science::campaign::{Campaign, CampaignError, Refusal};
use dunwu_science::claim::{Claim, claim_from_sentence};
use dunwu_science::judge::is_same;
use dunwu_science::lab::{Point, Setting};
use dunwu_science::ledger::{Event, Insight, State};
use dunwu_science::viva::{ControlledEnglish, Listener as _};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Characters of a text that is kept.
const MOST_TEXT: usize = 600;
/// Longer relations are none.
const MOST_RELATION: usize = 8;

/// An action that was checked.
pub(crate) enum Checked {
    Claim(Claim),
    Event(Box<Event>, Took),
}

/// Checks an action against a campaign.
///
/// # Errors
///
/// What is wrong, in a sentence that can be sent back.
pub(crate) fn checked(campaign: &Campaign, action: Action, by: &str) -> Result<Checked, String> {
    let state = campaign.state();
    match action {
        Action::Propose { claim } => propose(campaign, &claim),
        Action::Predict { claim, at, value, error } => {
            known(state, &claim)?;
            let at = point(state, at)?;
            if !value.is_finite() || !error.is_finite() || error < 0.0 {
                return Err("a prediction has a finite value and an error that is not below 0".to_owned());
            }
            let text = format!("foretells {} = {value} give or take {error}", state.question.target);
            Ok(objection(by, &claim, &text, Some(at)))
        }
        Action::Object { claim, text, at } => {
            known(state, &claim)?;
            let at = at.map(|at| point(state, at)).transpose()?;
            let text = said(&text)?;
            Ok(objection(by, &claim, &text, at))
        }
        Action::Explain { claim, text } => {
            known(state, &claim)?;
            let text = said(&text)?;
            // It is given here; the quiz is on runs that are made from here on.
            let listener = ControlledEnglish::default().name().to_owned();
            let event =
                Event::Explained { claim: claim.clone(), text: text.clone(), listener, bits: 0.0, passed: false };
            Ok(Checked::Event(Box::new(event), Took::Explained { claim, text }))
        }
        Action::DeriveStep { from, relation, to, declare } => derive(&from, &relation, &to, &declare),
    }
}

/// Writes what was checked.
pub(crate) fn done(campaign: &mut Campaign, checked: Checked, by: &str) -> Result<Took, CampaignError> {
    match checked {
        Checked::Claim(claim) => match campaign.register(&claim, by) {
            Ok(registration) => Ok(Took::Proposed { id: registration.id, sentence: registration.sentence }),
            Err(Refusal::Campaign(error)) => Err(error),
            // It was checked a moment ago against the same ledger.
            Err(refusal) => unreachable!("{refusal}"),
        },
        Checked::Event(event, took) => campaign.append(*event).map(|_| took),
    }
}

fn propose(campaign: &Campaign, sentence: &str) -> Result<Checked, String> {
    let state = campaign.state();
    let claim = claim_from_sentence(sentence).map_err(|error| error.to_string())?;
    claim.check(&state.card).map_err(|fault| fault.to_string())?;
    let Some(old) = state.claims.iter().find(|old| is_same(&state.card, &old.claim, &claim)) else {
        return Ok(Checked::Claim(claim));
    };
    let judged = campaign.judged();
    let verdict = judged
        .iter()
        .find(|judged| judged.id == old.id)
        .map_or_else(|| "open".to_owned(), |judged| judged.verdict.words());
    Err(format!(
        "this was claimed before as {} ({}), which is {verdict}; say something else",
        old.id,
        old.claim.sentence()
    ))
}

fn objection(by: &str, claim: &str, text: &str, at: Option<Point>) -> Checked {
    let insight = Insight::Objection { claim: claim.to_owned(), text: text.to_owned(), at };
    Checked::Event(
        Box::new(Event::Said { insight, by: by.to_owned() }),
        Took::Objected { claim: claim.to_owned(), text: text.to_owned() },
    )
}

fn known(state: &State, id: &str) -> Result<(), String> {
    if state.claim(id).is_some() {
        return Ok(());
    }
    let ids: Vec<&str> = state.claims.iter().rev().take(6).map(|claim| claim.id.as_str()).collect();
    let there = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    Err(format!("there is no claim {:?}; there is {there}", line(id, 40)))
}

fn point(state: &State, at: BTreeMap<String, Setting>) -> Result<Point, String> {
    let point = Point(at);
    match state.card.fault(&point) {
        Some(fault) => Err(fault),
        None if !state.scope.has(&state.card, &point) => {
            Err(format!("runs are made where {}, and that point is outside", state.scope))
        }
        None => Ok(point),
    }
}

fn said(text: &str) -> Result<String, String> {
    let text = line(text, MOST_TEXT);
    if text.is_empty() { Err("the text is empty".to_owned()) } else { Ok(text) }
}

/// One equality or inequality, tried on random tensors of two to five rows.
fn derive(from: &str, relation: &str, to: &str, declare: &BTreeMap<String, String>) -> Result<Checked, String> {
    if relation.len() > MOST_RELATION {
        return Err(format!("{:?} is no relation; relations are like = and <=", line(relation, 20)));
    }
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let shape = |text: &str| {
        text.split([' ', ',']).filter(|size| !size.is_empty()).map(ToOwned::to_owned).collect::<Vec<String>>()
    };
    let sizes: BTreeSet<String> =
        declare.values().flat_map(|text| shape(text)).filter(|size| size.parse::<u64>().is_err()).collect();
    let mut text = format!("title = {}\n\n[sizes]\n", quoted(&line(&format!("{from} {relation} {to}"), 100)));
    for size in &sizes {
        let _ = writeln!(text, "{} = \"2..5\"", quoted(size));
    }
    text.push_str("\n[declare]\n");
    for (name, of) in declare {
        let sizes: Vec<String> = shape(of).iter().map(|size| quoted(size)).collect();
        let _ = writeln!(text, "{} = {{ shape = [{}] }}", quoted(name), sizes.join(", "));
    }
    let _ = writeln!(text, "\n[[step]]\nfrom = {}\nrelation = {}\nto = {}", quoted(from), quoted(relation), quoted(to));
    let derivation = Derivation::parse(&text).map_err(|error| line(&error.to_string(), MOST_TEXT))?;
    let report = check(&derivation, &Options::default());
    let (title, ok, first_false) = (report.title.clone(), report.ok, report.first_false);
    let event = Event::Derived {
        title: title.clone(),
        text: blake3::hash(text.as_bytes()).to_hex().to_string(),
        ok,
        first_false,
    };
    Ok(Checked::Event(Box::new(event), Took::Derived { title, ok }))
}
