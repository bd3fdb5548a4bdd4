//! What tools are asked with. Comments of fields are what an agent reads of them.

use schemars::JsonSchema;
use serde::Deserialize;

/// Nothing, or one knob to be described whole.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DescribeArguments {
    /// A knob that is a choice, to have all its levels with their numbers listed.
    pub(super) knob: Option<String>,
}

/// A claim, or several.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimArguments {
    /// A claim in one sentence, such as `t_gen = c * M, for some c`, or TOML with at most eight [[claim]] entries.
    #[schemars(length(min = 1, max = 16_000))]
    pub(super) claim: String,
}

/// How many steps.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunArguments {
    /// Steps that the runs may cost together at most. More than is left gets what is left.
    #[schemars(range(min = 1))]
    pub(super) steps: u64,
}

/// What is attacked, and with how many steps.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AttackArguments {
    /// The id of a registered claim.
    pub(super) claim: String,
    /// Steps that the attack may cost at most. More than is left gets what is left.
    #[schemars(range(min = 1))]
    pub(super) steps: u64,
}

/// No arguments.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoArguments {}

/// A derivation.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DerivationArguments {
    /// The derivation in TOML: title, [sizes], [declare], [define], and a [[step]] with from, relation and to for each step.
    #[schemars(length(min = 1, max = 64_000))]
    pub(super) text: String,
}

/// One claim, or a page of all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScoreArguments {
    /// The id of a registered claim; all claims without it.
    pub(super) claim: Option<String>,
    /// Where the list goes on: `nextCursor` of the page before.
    pub(super) cursor: Option<String>,
}

/// A claim with a text that explains it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainArguments {
    /// The id of a registered claim.
    pub(super) claim: String,
    /// The explanation: the claim's sentence or a part of it, `t_gen grows as M / rate`, `t_gen falls with rate`. Other words deliver nothing.
    #[schemars(length(min = 1, max = 4_000))]
    pub(super) text: String,
    /// Bytes that the text may have, 400 if absent. Halve it when a text passes: the shortest that passes is the essential sentence.
    #[schemars(range(min = 1, max = 4_000))]
    pub(super) most_bytes: Option<u32>,
    /// Steps that runs for the questions may cost at most. Without it, questions are about runs made since the text was first given.
    #[schemars(range(min = 1))]
    pub(super) steps: Option<u64>,
}

/// What is said.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InsightArguments {
    /// A claim (a rival), `where CONDITIONS` (holds for all further runs), `objection to ID: WHY [at {"knob": value}]`, `stop`, or a hint in other words.
    #[schemars(length(min = 1, max = 4_000))]
    pub(super) text: String,
}

/// Where the ledger is read on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TailArguments {
    /// `cursor` of the answer before, to read what was written since; the beginning of the ledger without it.
    pub(super) cursor: Option<String>,
    /// Without a cursor: begin so many lines before the end.
    #[schemars(range(min = 1, max = 1_000))]
    pub(super) last: Option<u32>,
}
