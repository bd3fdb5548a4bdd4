//! What became of a run, as a phase.

use schemars::JsonSchema;
use serde::Serialize;

/// A run that generalizes later than so many times the quickest cell of its line is slow.
///
/// We chose it, from no experiment: clearly more than the spread between seeds, and within one decade.
pub const SLOWER: f64 = 3.0;

/// Share of the way from chance to 1 from which on a test accuracy is not that of memorizing alone.
const SEMI: f64 = 0.25;

/// What became of a run, from the most grokked to the least.
///
/// Published definitions, and what is taken here:
///
/// 1. Liu et al. 2022, arXiv:2205.10343: comprehension, grokking, memorization and confusion, by whether train and test accuracy reach
///    90 %, and comprehension apart from grokking by a delay of 1,000 steps.
/// 2. Varma et al. 2023, arXiv:2309.02390: semi-grokking is delayed generalization to a middling test accuracy near the critical sample
///    size, ungrokking the return to a low one below it; neither has a number.
///
/// We take (1) for memorized and generalized, at the accuracies that the run's own events name, and (2) for what lies between.
/// A delay in steps depends on the learning rate and on the task, so slow is said relative to the quickest cell of the same line
/// ([`SLOWER`]): the slowing down towards the boundary, not the pace of the optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Generalized.
    Grokked,
    /// Generalized, but late.
    SlowGrokked,
    /// Memorized and did not generalize, but knows more of the test samples than chance.
    SemiGrokked,
    /// Generalized, and lost it again before the end.
    Lost,
    /// Memorized, and nothing more.
    Ungrokked,
    /// Memorized, and forgot even that.
    Forgot,
    /// Did not even memorize: confusion.
    #[serde(rename = "not memorized")]
    NotMemorized,
    /// Nothing was held out, so there was nothing to generalize to.
    #[serde(rename = "nothing held out")]
    Untested,
    /// Its units, or all but a handful, decayed to nothing.
    Collapsed,
    /// Its numbers were no longer finite.
    Diverged,
    /// It ended with an error.
    Failed,
}

/// What is known of a run's end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) memorized: bool,
    pub(super) step_generalized: Option<f64>,
    pub(super) test_accuracy: Option<f64>,
    pub(super) n_labels: f64,
    pub(super) is_tested: bool,
}

/// A table's `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Grokked,
    Lost,
    Forgot,
    Censored,
    Diverged,
    Collapsed,
    Failed,
}

impl Outcome {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "grokked" => Self::Grokked,
            "lost" => Self::Lost,
            "forgot" => Self::Forgot,
            // A run that was parked is one that was cut off at that step.
            "censored" | "parked" => Self::Censored,
            "diverged" => Self::Diverged,
            "collapsed" => Self::Collapsed,
            "failed" => Self::Failed,
            _ => return None,
        })
    }
}

impl Phase {
    /// Every phase, from the most grokked to the least.
    pub const ALL: [Self; 11] = [
        Self::Grokked,
        Self::SlowGrokked,
        Self::SemiGrokked,
        Self::Lost,
        Self::Ungrokked,
        Self::Forgot,
        Self::NotMemorized,
        Self::Untested,
        Self::Collapsed,
        Self::Diverged,
        Self::Failed,
    ];

    /// Of a run; `quickest` is the time to generalize of the quickest cell of its line, if one did.
    pub(super) fn of(ending: &Ending, quickest: Option<f64>) -> Self {
        let late = |step: f64| quickest.is_some_and(|quickest| step > SLOWER * quickest);
        match ending.outcome {
            Outcome::Failed => Self::Failed,
            Outcome::Diverged => Self::Diverged,
            Outcome::Collapsed => Self::Collapsed,
            Outcome::Grokked if ending.step_generalized.is_some_and(late) => Self::SlowGrokked,
            Outcome::Grokked => Self::Grokked,
            Outcome::Lost => Self::Lost,
            Outcome::Forgot => Self::Forgot,
            Outcome::Censored if !ending.memorized => Self::NotMemorized,
            Outcome::Censored if !ending.is_tested => Self::Untested,
            Outcome::Censored => {
                let chance = 1.0 / ending.n_labels;
                let semi = chance + SEMI * (1.0 - chance);
                if ending.test_accuracy.is_some_and(|test| test >= semi) { Self::SemiGrokked } else { Self::Ungrokked }
            }
        }
    }

    /// As files and programs know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grokked => "grokked",
            Self::SlowGrokked => "slow-grokked",
            Self::SemiGrokked => "semi-grokked",
            Self::Lost => "lost",
            Self::Ungrokked => "ungrokked",
            Self::Forgot => "forgot",
            Self::NotMemorized => "not memorized",
            Self::Untested => "nothing held out",
            Self::Collapsed => "collapsed",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
        }
    }

    /// The letter that stands for it where there is no room for its name.
    pub fn letter(self) -> char {
        match self {
            Self::Grokked => 'G',
            Self::SlowGrokked => 's',
            Self::SemiGrokked => '½',
            Self::Lost => 'L',
            Self::Ungrokked => 'M',
            Self::Forgot => 'f',
            Self::NotMemorized => '·',
            Self::Untested => '–',
            Self::Collapsed => 'C',
            Self::Diverged => 'D',
            Self::Failed => 'F',
        }
    }

    /// What it means, in half a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Grokked => "generalized, and still does at the end",
            Self::SlowGrokked => {
                "generalized, but later than 3 times the quickest cell of its line along the amount of data (else its row)"
            }
            Self::SemiGrokked => {
                "memorized; test accuracy ends at least a quarter of the way from chance to 1 without reaching its level"
            }
            Self::Lost => "generalized, and was below that accuracy again at the end",
            Self::Ungrokked => "memorized only; test accuracy ends low",
            Self::Forgot => "memorized, and no longer knew its training sample at the end; never generalized",
            Self::NotMemorized => "did not even memorize its training sample",
            Self::Untested => "memorized everything there is; nothing was held out",
            Self::Collapsed => "every hidden unit, or all but a handful, decayed to nothing",
            Self::Diverged => "a loss or a weight was no longer a finite number",
            Self::Failed => "ended with an error",
        }
    }
}
