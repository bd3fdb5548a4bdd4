//! What programs read of a passkey test.

use dunwu::stats::Share;
use dunwu_attention::passkey::{CHANCE, Cell, Tally};
use dunwu_streams::PasskeyRun;
use schemars::JsonSchema;
use serde::Serialize;

/// Which keys that were hidden in a text a model still knows under each cache policy.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PasskeyData {
    /// The model's file as it was named.
    pub model: String,
    /// The filler's file as it was named.
    pub text: String,
    /// Keys for each policy and distance.
    pub trials: usize,
    /// From which keys and filler were drawn.
    pub seed: u64,
    /// Whether the prompts were written with the model's chat template.
    pub chat_template: bool,
    /// Probability of guessing a key.
    pub chance: f64,
    /// Tokens of the longest prompt.
    pub longest_prompt: usize,
    /// Tokens of the longest text that the model was trained on.
    pub trained_context: usize,
    /// Whether the model knows at least half of the keys at the smallest distance with all keys kept; `null` where the policy `full`
    /// was not tried.
    pub manages: Option<bool>,
    /// The policies, in the order in which they were named.
    pub policies: Vec<PolicyData>,
}

/// What a model knew under one policy.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PolicyData {
    /// As it was written.
    pub policy: String,
    /// One for each distance, ascending.
    pub cells: Vec<CellData>,
}

/// One policy at one distance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CellData {
    /// Tokens between key and question.
    pub distance: usize,
    /// Keys that were asked for.
    pub trials: usize,
    /// Keys that were known.
    pub right: usize,
    /// Share of keys that were known.
    pub accuracy: f64,
    /// Lower end of its 95 % interval (Wilson).
    pub low: f64,
    /// Upper end of its 95 % interval (Wilson).
    pub high: f64,
    /// Mean ln p of a key; `null` where it is not finite.
    pub log_probability: Option<f64>,
    /// Whether the cache still holds the key when its last token is asked for; `null` where that depends on the text.
    pub key_held: Option<bool>,
}

impl PasskeyData {
    pub(super) fn of(run: &PasskeyRun) -> Self {
        Self {
            model: run.model.clone(),
            text: run.text.clone(),
            trials: run.trials,
            seed: run.seed,
            chat_template: run.is_chat,
            chance: CHANCE,
            longest_prompt: run.longest,
            trained_context: run.trained_context,
            manages: run.manages(),
            policies: run.tallies.iter().map(PolicyData::of).collect(),
        }
    }
}

impl PolicyData {
    fn of(tally: &Tally) -> Self {
        let cell = |cell: &Cell| CellData::of(cell, tally.holds(cell.distance));
        Self { policy: tally.policy.clone(), cells: tally.cells.iter().map(cell).collect() }
    }
}

impl CellData {
    fn of(cell: &Cell, key_held: Option<bool>) -> Self {
        let share = Share::of(cell.right, cell.trials);
        Self {
            distance: cell.distance,
            trials: cell.trials,
            right: cell.right,
            accuracy: share.share,
            low: share.low,
            high: share.high,
            log_probability: Some(cell.log_probability()).filter(|nats| nats.is_finite()),
            key_held,
        }
    }
}
