//! Runs that are parked while they train, because they look hopeless.
//!
//! ```text
//! look: park? ── no ─▶ train on
//!        └─ yes ─▶ is the run one of the audited twentieth? ── yes ─▶ train on, and note that it would have been parked
//!                                                            └─ no ─▶ its row says where it was parked
//! ```
//!
//! Whether a run is parked depends on its spec and its own past alone, and whether it is audited on its identity, so that the table is
//! the same however the runs were shared out.

use dunwu::run::Past;
use dunwu::store::RunId;
use dunwu_engine::RunSpec;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One run in so many that would be parked trains on, as an audit.
pub const AUDITED: u64 = 20;

/// Who says which runs are hopeless.
pub trait Judge: fmt::Debug + Send + Sync {
    /// What its rows are kept under, a part of a path: another name for whatever judges otherwise.
    fn name(&self) -> String;

    /// The steps at which it looks at a run of this spec, ascending.
    fn looks(&self, spec: &RunSpec) -> Vec<u64>;

    /// The probability that the run generalizes, where that is low enough to park it at this look.
    fn parks(&self, past: &Past<'_>) -> Option<f64>;

    /// How much a run is worth making early: the chance that it generalizes for each step that it takes. `None` where nothing is known.
    fn worth(&self, past: &Past<'_>) -> Option<f64>;
}

/// Where a run was parked, or would have been.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parked {
    /// The step of the look.
    pub step: u64,
    /// The probability that it was given then.
    pub probability: f64,
    /// Whether it trained on, as an audit.
    pub audited: bool,
    /// Whether it went on later, because steps of the budget were left. Rows do not hold it: it depends on the budget.
    #[serde(skip)]
    pub resumed: bool,
}

/// Whether the run trains on where it would be parked.
pub(super) fn is_audited(run: &RunId) -> bool {
    // The identity is a hash, so that its digits are as good as drawn.
    let digits: String = run.as_str().chars().filter(char::is_ascii_hexdigit).take(15).collect();
    u64::from_str_radix(&digits, 16).is_ok_and(|number| number.is_multiple_of(AUDITED))
}
