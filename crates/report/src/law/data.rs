//! What programs read of a scaling law.

use super::words;
use crate::data::Interval;
use dunwu_studies::law::{Decision, Estimate, Form, Further, LawFit, Study, Threshold};
use schemars::JsonSchema;
use serde::Serialize;

/// Thresholds, laws and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LawData {
    /// The family of the tasks: `cyclic`.
    pub family: String,
    /// The critical sample size of each task, in ascending order of M.
    pub thresholds: Vec<TaskThreshold>,
    /// Every law with what the runs leave of it.
    pub laws: Vec<FittedLaw>,
    /// The best of the four laws with a constant of their own.
    pub best: Form,
    /// The one after it.
    pub next: Form,
    /// How many bits of evidence the best is ahead of the next; a bit is a factor of 2.
    pub bits: f64,
    /// Whether that is enough to tell them apart: 4 bits, odds of 16 to 1.
    pub tells: bool,
    /// How many bits the evidence of no law is ahead of the best law's; negative where the law is ahead.
    pub no_law_ahead: f64,
    /// Which law the runs prefer, or that they cannot tell, in one sentence.
    pub verdict: String,
    /// Further runs that would tell the best two apart, or the most telling that are affordable; `null` where none are needed or none
    /// can be named.
    pub decide: Option<FurtherRuns>,
    /// Runs that count.
    pub runs: usize,
    /// Runs that failed and count nowhere.
    pub left_out: usize,
    /// Runs that diverged and count as not generalized.
    pub diverged: usize,
    /// Runs that generalized and lost it again, which count as not generalized.
    pub lost: usize,
    /// Runs that collapsed and count as not generalized.
    pub collapsed: usize,
    /// Settings that differ between tasks beside the size: the law is of both together.
    pub following: Vec<String>,
}

/// How much data a task needs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TaskThreshold {
    /// The task: `cyclic:23`.
    pub task: String,
    /// Its number of labels M.
    pub m: usize,
    /// Training samples with which half of the runs generalize; `null` where the runs give only a bound or nothing.
    pub n_critical: Option<f64>,
    /// Lower end of its 95 % interval, or a lower bound.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval, or an upper bound.
    pub high: Option<f64>,
    /// The critical sample size in units of M ln M.
    pub n_mlogm: Option<f64>,
    /// Slope b of the logistic curve 1 / (1 + (`n_critical` / n)^b).
    pub slope: Option<f64>,
    /// Runs of the task.
    pub runs: usize,
    /// Of these, runs that generalized.
    pub generalized: usize,
    /// Distinct seeds.
    pub seeds: usize,
    /// Distinct amounts of data.
    pub amounts: usize,
    /// What limits the estimate; `null` where nothing does.
    pub note: Option<String>,
}

/// What the runs leave of one law.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FittedLaw {
    /// The law.
    pub name: Form,
    /// Its equation with its unknowns.
    pub formula: String,
    /// How many bits of evidence it is behind the best of all.
    pub bits: f64,
    /// Its constant c; the author's is given and has no interval; `null` for no law.
    pub scale: Option<Interval>,
    /// Its exponent a, where it is free.
    pub exponent: Option<Interval>,
    /// Mean scatter of a threshold's logarithm about the law; `null` for no law.
    pub scatter: Option<f64>,
}

/// Further runs at one size.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FurtherRuns {
    /// The command that makes them; `null` where even these are not expected to decide.
    pub command: Option<String>,
    /// Bits of evidence that they are expected to give, whichever of both laws is true.
    pub expected_bits: f64,
    /// The number of labels M of their task.
    pub m: usize,
    /// Their amounts of training samples.
    pub n: Vec<usize>,
    /// Seeds at each amount.
    pub seeds: usize,
    /// What they cost, over what all runs so far cost.
    pub cost: f64,
    /// What they take, in seconds on one core.
    pub seconds: f64,
}

impl LawData {
    pub(super) fn of(study: &Study) -> Self {
        let (runs, verdict) = (&study.runs, study.verdict);
        Self {
            family: runs.family.clone(),
            thresholds: study.thresholds.iter().map(TaskThreshold::of).collect(),
            laws: study.laws.iter().map(FittedLaw::of).collect(),
            best: verdict.best,
            next: verdict.next,
            bits: verdict.bits,
            tells: verdict.tells(),
            no_law_ahead: verdict.no_law_ahead,
            verdict: words::verdict(study),
            decide: match &study.decision {
                Decision::By(further) => Some(FurtherRuns::of(further, Some(&further.command))),
                Decision::OutOfReach(further) => Some(FurtherRuns::of(further, None)),
                Decision::Made | Decision::NoneFits | Decision::NoFurtherSize => None,
            },
            runs: runs.len(),
            left_out: runs.failed,
            diverged: runs.diverged,
            collapsed: runs.collapsed,
            lost: runs.lost,
            following: runs.following.clone(),
        }
    }
}

impl TaskThreshold {
    fn of(threshold: &Threshold) -> Self {
        Self {
            task: threshold.task.clone(),
            m: threshold.m,
            n_critical: threshold.n_critical,
            low: threshold.low,
            high: threshold.high,
            n_mlogm: threshold.n_critical.map(|n| n / (threshold.m as f64 * (threshold.m as f64).ln())),
            slope: threshold.slope,
            runs: threshold.runs,
            generalized: threshold.generalized,
            seeds: threshold.seeds,
            amounts: threshold.amounts,
            note: threshold.note(),
        }
    }
}

impl FittedLaw {
    fn of(law: &LawFit) -> Self {
        let interval =
            |Estimate { value, low, high }: Estimate| Interval { value: Some(value), low: Some(low), high: Some(high) };
        // The author's constant is given, not estimated.
        let scale = law.scale.map(|scale| match law.form {
            Form::Author => Interval { value: Some(scale.value), low: None, high: None },
            _ => interval(scale),
        });
        Self {
            name: law.form,
            formula: law.form.formula().to_owned(),
            bits: law.bits,
            scale,
            exponent: law.exponent.map(interval),
            scatter: law.scatter,
        }
    }
}

impl FurtherRuns {
    fn of(further: &Further, command: Option<&str>) -> Self {
        Self {
            command: command.map(str::to_owned),
            expected_bits: further.expected_bits,
            m: further.m,
            n: further.amounts.clone(),
            seeds: further.seeds,
            cost: further.cost,
            seconds: further.seconds,
        }
    }
}
