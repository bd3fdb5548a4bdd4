//! A run opened: the record with everything derived from it.

use crate::group::Irrep;
use crate::measure::Quantity;
use dunwu_engine::{Outcome, RunSpec, Scalars};

/// What a unit is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitLabel {
    /// Its contribution to the fit carries over to data it has not seen.
    Generalizing,
    /// Its contribution is to the training sample only.
    Memorizing,
    /// It contributes nothing significant yet.
    Undecided,
    /// Its weights have decayed to nothing.
    Dead,
}

/// The paper's stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Hidden units still random; the top layer fits them.
    Lazy,
    /// Each unit climbs its own energy.
    Independent,
    /// Units repel, and the gradient points at what is missing.
    Interactive,
}

/// A stage with its boundaries, in steps; `to` is the next stage's `from` or the last step.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StageSpan {
    /// Which.
    pub name: Stage,
    /// First step.
    pub from: u64,
    /// Last step.
    pub to: u64,
    /// Why it begins here, with the number that decided.
    pub evidence: String,
}

/// All measures of one snapshot.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Frame {
    /// Updates made so far.
    pub step: u64,
    /// Values in the order of [`crate::measure::MEASURES`].
    pub values: Vec<Option<Quantity>>,
    /// One label a unit.
    pub labels: Vec<UnitLabel>,
}

/// A run with everything derived from its record.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What was asked.
    pub spec: RunSpec,
    /// Canonical name of the task, e.g. `cyclic:71`.
    pub task: String,
    /// Labels M.
    pub n_labels: usize,
    /// Training samples.
    pub n_train: usize,
    /// All samples.
    pub n_population: usize,
    /// Irreps, the trivial one first; `None` where the task is no group.
    pub irreps: Option<Vec<Irrep>>,
    /// Losses and accuracies, by step.
    pub scalars: Vec<Scalars>,
    /// Measures of every snapshot, by step.
    pub frames: Vec<Frame>,
    /// Step at which train accuracy arrived.
    pub memorized: Option<u64>,
    /// Step at which test accuracy arrived.
    pub generalized: Option<u64>,
    /// Stages passed through, in order.
    pub stages: Vec<StageSpan>,
    /// How it ended.
    pub outcome: Outcome,
    /// Plain sentences about this run, in reading order.
    pub story: Vec<String>,
}

impl Opened {
    /// The value of measure `name` in `frame`; `None` where it is undefined there or [`crate::measure::MEASURES`] does not
    /// list it.
    pub fn value<'a>(&self, frame: &'a Frame, name: &str) -> Option<&'a Quantity> {
        let index = crate::measure::MEASURES.iter().position(|m| m.name == name)?;
        frame.values.get(index)?.as_ref()
    }
}
