//! One turn: a mind is asked at most twice, and where that comes to nothing the search without a model takes the turn.

use crate::act::{checked, done};
use crate::action::action_of;
use crate::ask::{Ask, line};
use crate::budget::Budget;
use crate::mind::Mind;
use crate::paid::{Paid, call};
use dunwu_science::campaign::{Campaign, CampaignError};
use dunwu_science::ledger::{Event, Exchange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a turn came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// Who was asked.
    pub mind: String,
    /// What was done.
    pub took: Took,
    /// How often it was asked.
    pub exchanges: usize,
    /// What was wrong, ask by ask.
    pub faults: Vec<String>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Took {
    /// A claim was registered.
    Proposed {
        /// Its id.
        id: String,
        /// Its sentence.
        sentence: String,
    },
    /// An objection or a prediction stands in the ledger; where it names a point, a run is made there next.
    Objected {
        /// The claim.
        claim: String,
        /// What was said.
        text: String,
    },
    /// A step was tried on random tensors.
    Derived {
        /// The step.
        title: String,
        /// Whether it stood.
        ok: bool,
    },
    /// An explanation was given; its quiz is on runs of the future.
    Explained {
        /// The claim.
        claim: String,
        /// The text.
        text: String,
    },
    /// The search without a model took the turn.
    Offline {
        /// Why.
        why: String,
        /// Ids of the claims that it registered.
        claims: Vec<String>,
    },
}

/// Why a turn is not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TurnError {
    /// The ledger.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
}

/// How often a mind is asked in a turn.
const MOST_ASKED: usize = 2;
/// Characters of an answer that are kept in the ledger.
const MOST_KEPT: usize = 64 * 1024;

/// Under which name a mind's claims are registered: no mind can take the name of a person or of the search.
pub fn by(mind: &str) -> String {
    format!("model {mind}")
}

/// Takes one turn of a campaign, every exchange of which stands in the ledger.
///
/// # Errors
///
/// Where the disk does not take a line.
pub fn take_turn(campaign: &mut Campaign, mind: &mut dyn Mind, budget: &mut Budget) -> Result<Turn, TurnError> {
    let name = mind.name().to_owned();
    let mut ask = Ask::of(campaign);
    let mut faults: Vec<String> = Vec::new();
    let mut exchanges = 0;
    for _ in 0..MOST_ASKED {
        let Some((answer, fault)) = asked(&mut ask, mind, budget, &mut faults) else { break };
        exchanges += 1;
        let action = match fault {
            Some(fault) => Err(fault),
            None => action_of(&answer).and_then(|action| checked(campaign, action, &by(&name))),
        };
        let fault = action.as_ref().err().cloned();
        campaign.append(Event::Asked(Exchange {
            model: name.clone(),
            ask: ask.text(),
            answer: answer.clone(),
            fault,
        }))?;
        match action {
            Ok(checked) => {
                let took = done(campaign, checked, &by(&name))?;
                return Ok(Turn { mind: name, took, exchanges, faults });
            }
            Err(fault) => {
                ask = ask.again(&answer, &fault);
                faults.push(fault);
            }
        }
    }
    let why = faults.last().cloned().unwrap_or_default();
    let claims = campaign.search()?;
    Ok(Turn { mind: name, took: Took::Offline { why, claims }, exchanges, faults })
}

/// Asks once, if it can be paid: what came, and what was wrong with the call. `None` where no call was made.
fn asked(
    ask: &mut Ask,
    mind: &mut dyn Mind,
    budget: &mut Budget,
    faults: &mut Vec<String>,
) -> Option<(String, Option<String>)> {
    match call(mind, ask, budget) {
        Paid::NotMade(why) => {
            faults.push(why);
            None
        }
        Paid::Failed(error) => Some((String::new(), Some(error.to_string()))),
        Paid::Answered(answer) => {
            let fault = (answer.len() > MOST_KEPT).then(|| format!("the answer has {} bytes", answer.len()));
            // What is kept of one that is too long says what it was.
            let kept = if fault.is_some() { line(&answer, 300) } else { answer };
            Some((kept, fault))
        }
    }
}
