//! Errors as an agent reads them: the field, what is wrong, what to do.

use dunwu_mcp::ToolError;
use dunwu_science::campaign::{CampaignError, Refusal};
use dunwu_science::ledger::State;
use std::fmt::Display;

/// A sentence about an argument; what stands behind its first semicolon is the remedy.
pub(super) fn about(field: &str, sentence: impl Display, remedy: &str) -> ToolError {
    let sentence = sentence.to_string();
    match sentence.split_once("; ") {
        Some((problem, remedy)) => ToolError::argument(field, problem, remedy),
        None => ToolError::argument(field, sentence, remedy),
    }
}

/// What a campaign says no to, in the field that asked for it.
pub(super) fn of_campaign(field: &str, error: &CampaignError) -> ToolError {
    match error {
        CampaignError::Question(_) | CampaignError::NoClaim { .. } => about(field, error, "lab_describe has the names"),
        CampaignError::Ledger(_) => ToolError::failed(error.to_string()),
        other => ToolError::refused(other.to_string(), "score and brief say how the claims stand"),
    }
}

pub(super) fn of_refusal(field: &str, refusal: &Refusal) -> ToolError {
    match refusal {
        Refusal::Campaign(error) => of_campaign(field, error),
        other => about(field, other, "claim_check says what fits; a repeat has to say something else"),
    }
}

/// A claim that is not there.
pub(super) fn no_claim(state: &State, id: &str) -> ToolError {
    let ids: Vec<&str> = state.claims.iter().map(|claim| claim.id.as_str()).collect();
    let remedy = if ids.is_empty() {
        "register one with claim_register".to_owned()
    } else {
        format!("ids are {}", ids.join(", "))
    };
    ToolError::argument("claim", format!("there is no claim {id:?}"), remedy)
}

/// Something that has to wait for the runs that are being made.
pub(super) fn busy(what: &str) -> ToolError {
    ToolError::refused(
        format!("runs are being made, and {what} has to wait for them"),
        "wait for the call that makes them, or cancel it; insight_add is read before the next run, and a claim said so becomes a rival",
    )
}
