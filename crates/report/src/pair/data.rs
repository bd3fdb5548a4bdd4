//! What programs read of a paired comparison.

use super::words;
use crate::data::{SettingValue, setting_value};
use dunwu_studies::paired::{Choice, Comparison, Discordance, Effect, Effects, Tuned};
use schemars::JsonSchema;
use serde::Serialize;

/// Two values of one setting, compared. Ratios and differences are the second value against the first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairData {
    /// The setting.
    pub key: String,
    /// The first value.
    pub a: Option<SettingValue>,
    /// The second value.
    pub b: Option<SettingValue>,
    /// The effects over all pairs.
    #[serde(flatten)]
    pub effects: PairEffects,
    /// Runs of either value without a partner.
    pub unpaired: usize,
    /// Runs left out because they ended with an error.
    pub failed: usize,
    /// The same with another setting chosen for each value, where one was named.
    pub tuned: Option<TunedEffects>,
    /// What it comes to, in one sentence.
    pub verdict: String,
}

/// What a list of pairs says, at equal compute.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairEffects {
    /// Pairs.
    pub pairs: usize,
    /// Ratio of the steps to generalize, over pairs in which both runs do; `null` without any.
    pub steps_ratio: Option<PairEffect>,
    /// Ratio of the seconds of training to generalize; `null` where no time was recorded.
    pub seconds_ratio: Option<PairEffect>,
    /// In how many pairs which run generalized; `null` without pairs.
    pub generalized: Option<PairCounts>,
    /// Difference of the final test accuracies; `null` where they are known in no pair.
    pub test_accuracy_difference: Option<PairEffect>,
}

/// An effect with its interval and the pairs it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairEffect {
    /// The mean over pairs: geometric of ratios, arithmetic of differences.
    pub estimate: f64,
    /// Lower end of its 95 % interval; `null` of a single pair.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval; `null` of a single pair.
    pub high: Option<f64>,
    /// Pairs that it rests on.
    pub pairs: usize,
}

/// In how many pairs which run generalized.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairCounts {
    /// Pairs.
    pub pairs: usize,
    /// Pairs in which the run with the first value generalized.
    pub a: usize,
    /// Pairs in which the run with the second value generalized.
    pub b: usize,
    /// Pairs in which only the run with the first value did.
    pub only_a: usize,
    /// Pairs in which only the run with the second value did.
    pub only_b: usize,
    /// The second share less the first.
    pub difference: f64,
    /// Lower end of the difference's 95 % interval (Newcombe 1998, method 10).
    pub low: f64,
    /// Upper end of the difference's 95 % interval.
    pub high: f64,
    /// Two-sided p of the exact test of discordant pairs (`McNemar` 1947).
    pub p: f64,
}

/// Effects where each value chose another setting for itself, on one half of the seeds, and was judged on the other half.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TunedEffects {
    /// The setting that was chosen.
    pub key: String,
    /// The effects over pairs of chosen runs.
    #[serde(flatten)]
    pub effects: PairEffects,
    /// What the first value chose.
    pub chosen_a: Vec<ChosenValue>,
    /// What the second value chose.
    pub chosen_b: Vec<ChosenValue>,
    /// Groups of runs that differ in nothing but seed, value and chosen setting.
    pub groups: usize,
    /// Groups left out for having fewer than two seeds in common.
    pub left_out: usize,
}

/// A value that was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChosenValue {
    /// The value; `null` where the runs have none.
    pub value: Option<SettingValue>,
    /// How often it was chosen.
    pub times: usize,
    /// Whether it is the least or the largest that was swept, so that a better one may lie beyond.
    pub at_edge: bool,
}

impl PairData {
    pub(super) fn of(comparison: &Comparison) -> Self {
        Self {
            key: comparison.key.clone(),
            a: setting_value(Some(&comparison.a)),
            b: setting_value(Some(&comparison.b)),
            effects: PairEffects::of(&comparison.effects),
            unpaired: comparison.unpaired,
            failed: comparison.failed,
            tuned: comparison.tuned.as_ref().map(TunedEffects::of),
            verdict: words::verdict(comparison),
        }
    }
}

impl PairEffects {
    fn of(effects: &Effects) -> Self {
        let effect = |Effect { estimate, low, high, pairs }: Effect| PairEffect { estimate, low, high, pairs };
        let counts = |did: Discordance| PairCounts {
            pairs: did.pairs,
            a: did.a,
            b: did.b,
            only_a: did.only_a,
            only_b: did.only_b,
            difference: did.difference,
            low: did.low,
            high: did.high,
            p: did.p,
        };
        Self {
            pairs: effects.pairs,
            steps_ratio: effects.steps_ratio.map(effect),
            seconds_ratio: effects.seconds_ratio.map(effect),
            generalized: effects.generalized.map(counts),
            test_accuracy_difference: effects.test_accuracy_difference.map(effect),
        }
    }
}

impl TunedEffects {
    fn of(tuned: &Tuned) -> Self {
        let chosen = |choice: &Choice| ChosenValue {
            value: setting_value(choice.value.as_ref()),
            times: choice.times,
            at_edge: choice.is_at_edge,
        };
        let [chosen_a, chosen_b] = tuned.choices.each_ref().map(|choices| choices.iter().map(chosen).collect());
        Self {
            key: tuned.key.clone(),
            effects: PairEffects::of(&tuned.effects),
            chosen_a,
            chosen_b,
            groups: tuned.groups,
            left_out: tuned.left_out,
        }
    }
}
