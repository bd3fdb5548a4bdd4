//! The doctor on cases whose truth is known: how often it is right, and how often it cries.
//!
//! ```text
//! network, seed ─▶ twin ──────────────────────────────┐
//!       └─ fault drawn at random ─▶ plant ─▶ harm beside the twin ─▶ every switch thrown at the true place ─▶ certified healing set
//!                                     └─▶ doctor, which knows neither ─▶ verdict, reason: is it in that set?
//! ```
//!
//! A planted label is not the truth: where another switch heals as well, it is as right. So each plant is certified by forks.

mod cases;
mod judging;
mod summary;

pub use cases::{Case, Class, NETWORKS, Network};
pub use judging::{bench, judge_again};
pub use summary::{DetectorRates, Kind, Rate, Summary, summarize};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many cases of each class.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Plants of each kind in each network.
    pub plants: u64,
    /// Decoys of each kind in each network.
    pub decoys: u64,
    /// Clean runs of each network; of presets, a share that their cost allows.
    pub clean: u64,
    /// What they are drawn from.
    pub seed: u64,
}

/// One case and what was said of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// `plant`, `decoy` or `clean`.
    pub class: String,
    /// The network, or the preset.
    pub network: String,
    /// The planted reason; empty for clean runs.
    pub planted: String,
    /// How the case is asked for, so that anybody can make it again.
    pub words: String,
    /// The step from which the fault acts.
    pub onset: Option<u64>,
    /// The first step at which it is harmed beside its twin.
    pub harmed_at: Option<u64>,
    /// The reasons whose switch heals at the true place, joined by `+`.
    pub certified: String,
    /// `sick`, `well` or `cannot_tell`.
    pub verdict: String,
    /// The reason that was named.
    pub reason: String,
    /// The step of the first alarm.
    pub alarm: Option<u64>,
    /// The reasons of all alarms, joined by `+`.
    pub alarms: String,
    /// What the spec alone gave away, joined by `+`.
    pub lints: String,
    /// Whether the switch of the planted reason heals at the true place.
    pub right_heals: Option<bool>,
    /// Specific switches of other reasons that were thrown at the true place; a lower rate is none.
    pub wrong: u64,
    /// How many of them healed.
    pub wrong_heal: u64,
    /// Whether the null fork heals.
    pub null_heals: Option<bool>,
    /// Of each detector, in the order of [`DETECTORS`](super::detectors::DETECTORS): the largest score.
    pub largest: Vec<Option<f64>>,
    /// The first step at which it is beyond its customary threshold.
    pub customary: Vec<Option<u64>>,
    /// The first step at which it is beyond the threshold that the clean runs of its network never reach.
    pub calibrated: Vec<Option<u64>>,
    /// Why it could not be made.
    pub error: String,
}
