//! What the ablation of a single unit says of its label.
//!
//! ```text
//! memory: flagged − twins > 2 standard errors      generalization: held-out > 2 standard errors
//! ```
//!
//! A claim that was proved is contradicted where its effect does not show; one that was refuted is contradicted where the effect passes
//! what refuting it rules out, with two standard errors to spare.

use super::evidence::{Estimate, Evidence};
use super::label::{RULED_OUT, Standing, UnitLabel};
use super::layer::Ablation;
use schemars::JsonSchema;
use serde::Serialize;

/// How an ablation stands to a unit's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirmed {
    /// Both claims show as the label says.
    Confirmed,
    /// At least one does not.
    Contradicted,
    /// The label claims nothing that an ablation could show.
    NothingClaimed,
}

/// What ablating a unit does, and what that says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confirmation {
    /// Taken from flagged samples beyond what is taken from their twins.
    pub memory: Estimate,
    /// Taken from held-out samples.
    pub held_out: Estimate,
    /// How it stands to the label.
    pub confirmed: Confirmed,
}

/// Standard errors at which an effect shows.
const SHOWS: f64 = 2.0;
/// H/a below which a unit does not generalize.
const NO_GENERALIZATION_RATIO: f64 = 0.1;

/// Holds a label against an ablation.
pub(super) fn confirm(evidence: &Evidence, label: &UnitLabel, ablation: &Ablation) -> Confirmation {
    // Flagged samples and twins are different samples: their errors add.
    let memory = Estimate {
        mean: ablation.flagged.mean - ablation.twins.mean,
        error: ablation.flagged.error.hypot(ablation.twins.error),
    };
    let held_out = ablation.held_out;
    let claims = [
        (label.memory.standing, memory, RULED_OUT.0),
        (label.generalization.standing, held_out, NO_GENERALIZATION_RATIO),
    ];
    let agrees = |(standing, effect, ratio): (Standing, Estimate, f64)| match standing {
        Standing::Proved => Some(effect.mean > SHOWS * effect.error),
        Standing::Refuted => Some(effect.mean - SHOWS * effect.error <= ratio * evidence.scale),
        Standing::Open => None,
    };
    let answers: Vec<bool> = claims.into_iter().filter_map(agrees).collect();
    let confirmed = match (answers.is_empty() || label.is_dead, answers.iter().all(|&agrees| agrees)) {
        (true, _) => Confirmed::NothingClaimed,
        (false, true) => Confirmed::Confirmed,
        (false, false) => Confirmed::Contradicted,
    };
    Confirmation { memory, held_out, confirmed }
}
