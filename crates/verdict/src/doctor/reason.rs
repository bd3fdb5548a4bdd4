//! The reasons that a doctor knows.

use schemars::JsonSchema;
use serde::Serialize;

/// Why a run went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Gradients in f16 overflow under their loss scale.
    Overflow,
    /// The learning rate jumped.
    Restart,
    /// A batch holds the same few samples again and again.
    RepeatedRows,
    /// The units of a layer are 0 on every sample.
    DeadUnits,
    /// Weights begin too large or too small.
    Initialization,
    /// ε is larger than the root of the second moments.
    LargeEpsilon,
    /// The second moment forgets faster than the first, or ε is too small to bound an update.
    FastSecondMoment,
    /// The second moment remembers an outlier for longer than the run lasts.
    SlowSecondMoment,
    /// The softmax is so sure that it sends nothing back.
    SoftmaxCollapse,
    /// Decay takes away more than the gradient makes.
    Decay,
    /// Attention scores grow until each query sees one key.
    AttentionGrowth,
    /// Single samples send gradients out of all proportion.
    PoisonedRows,
    /// For a while most samples have other labels.
    LabelBurst,
    /// The rate is too high, or is reached without warm-up.
    Rate,
    /// A part of the network does not learn.
    Frozen,
    /// None of these: what only a generic detector saw, or no switch healed.
    Unknown,
}

impl Reason {
    /// Every reason that a rule can name.
    pub const NAMED: [Self; 15] = [
        Self::Overflow,
        Self::Restart,
        Self::RepeatedRows,
        Self::DeadUnits,
        Self::Initialization,
        Self::LargeEpsilon,
        Self::FastSecondMoment,
        Self::SlowSecondMoment,
        Self::SoftmaxCollapse,
        Self::Decay,
        Self::AttentionGrowth,
        Self::PoisonedRows,
        Self::LabelBurst,
        Self::Frozen,
        Self::Rate,
    ];

    /// Its name, as JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Restart => "restart",
            Self::RepeatedRows => "repeated_rows",
            Self::DeadUnits => "dead_units",
            Self::Initialization => "initialization",
            Self::LargeEpsilon => "large_epsilon",
            Self::FastSecondMoment => "fast_second_moment",
            Self::SlowSecondMoment => "slow_second_moment",
            Self::SoftmaxCollapse => "softmax_collapse",
            Self::Decay => "decay",
            Self::AttentionGrowth => "attention_growth",
            Self::PoisonedRows => "poisoned_rows",
            Self::LabelBurst => "label_burst",
            Self::Rate => "rate",
            Self::Frozen => "frozen",
            Self::Unknown => "unknown",
        }
    }

    /// What it means, in words that follow "because".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Overflow => "gradients in f16 overflow under their loss scale",
            Self::Restart => "the learning rate jumped",
            Self::RepeatedRows => "batches hold the same few samples again and again",
            Self::DeadUnits => "the units of a layer are 0 on every sample",
            Self::Initialization => "weights begin too large or too small",
            Self::LargeEpsilon => "ε is larger than the root of the second moments",
            Self::FastSecondMoment => "the second moment does not bound an update",
            Self::SlowSecondMoment => "the second moment remembers an outlier for longer than the run lasts",
            Self::SoftmaxCollapse => "the softmax is so sure that it sends nothing back",
            Self::Decay => "decay takes away more than the gradient makes",
            Self::AttentionGrowth => "attention scores grow until each query sees one key",
            Self::PoisonedRows => "single samples send gradients out of all proportion",
            Self::LabelBurst => "for a while most samples have other labels",
            Self::Rate => "the learning rate is too high, or is reached without warm-up",
            Self::Frozen => "a part of the network does not learn",
            Self::Unknown => "of something that no switch here heals",
        }
    }
}
