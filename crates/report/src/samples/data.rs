//! The data of the answer of `dunwu samples`, which `--json` prints.

use dunwu_verdict::units::samples::{SampleScore, SamplesVerdict};
use schemars::JsonSchema;
use serde::Serialize;

/// How much each training sample is memorized.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SamplesData {
    /// What was scored, as it was named.
    pub subject: String,
    /// How samples were scored.
    pub score: SampleScore,
    /// The penalty of the regression over the mean of the kernel's diagonal; `null` by self-influence.
    pub penalty: Option<f64>,
    /// Whether units that samples lean on were looked for.
    pub has_units: bool,
    /// Samples of which the regression without them gives another label; `null` by self-influence.
    pub contradicted: Option<usize>,
    /// One a training sample, in their order.
    pub samples: Vec<SampleData>,
}

/// A training sample.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SampleData {
    /// Its index.
    pub sample: usize,
    /// Its label.
    pub label: usize,
    /// How much it is memorized: by regression from about −1 to about 1, above 0 where the others contradict its label; by self-influence
    /// from 0 on without a bound.
    pub memorization: f64,
    /// The label by the regression without it; `null` by self-influence.
    pub left_out: Option<usize>,
    /// Units that give it more than twice what they give any held-out sample.
    pub units: Vec<usize>,
}

impl SamplesData {
    pub(super) fn of(subject: &str, verdict: &SamplesVerdict) -> Self {
        let sample = |(sample, judged): (usize, &dunwu_verdict::units::samples::JudgedSample)| SampleData {
            sample,
            label: judged.label,
            memorization: judged.score,
            left_out: judged.left_out,
            units: judged.units.clone(),
        };
        Self {
            subject: subject.to_owned(),
            score: verdict.score,
            penalty: verdict.penalty,
            has_units: verdict.has_units,
            contradicted: verdict.contradicted(),
            samples: verdict.samples.iter().enumerate().map(sample).collect(),
        }
    }
}
