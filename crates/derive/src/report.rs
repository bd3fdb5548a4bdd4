//! What a check says: the standing of every step and, of the first false one, all that helps to mend it.

use crate::tensor::Tensor;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The result of trying a derivation. The same derivation, seed and states give the same report, bit by bit.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The title of the derivation.
    pub title: String,
    /// Whether every step stood on every draw. That is evidence and no proof.
    pub ok: bool,
    /// The first step that is false, counted from 1.
    pub first_false: Option<usize>,
    /// The first step that is vacuous, counted from 1.
    pub first_vacuous: Option<usize>,
    /// An example in which the first false step fails, as small as was found.
    pub witness: Option<Witness>,
    /// Every step in order.
    pub steps: Vec<StepReport>,
    /// Why nothing could be drawn, if so: the assumption that nothing meets.
    pub empty: Option<String>,
    /// Declared or defined tensors that are zero in every draw.
    pub identically_zero: Vec<String>,
    /// Further assumptions, each of which alone makes the first false step stand.
    pub saved_by: Vec<String>,
    /// The factor, if the left side of the first false step is one fixed multiple of the right side in every draw.
    pub factor: Option<f64>,
    /// What could be written instead of the first false step, in words.
    pub correction: Option<String>,
    /// Recorded states that could not be used, and why.
    pub states_left_out: Vec<String>,
}

/// How far a step is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It held on every draw that could tell.
    Stands,
    /// It failed clearly, and again with another seed.
    False,
    /// Both sides are zero in every draw: the step says that 0 is 0.
    Vacuous,
    /// Rounding, an undefined value or a slow trend leaves it open.
    CannotTell,
}

impl Standing {
    /// The standing in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::False => "false",
            Self::Vacuous => "vacuous",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// One step and how it fared.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StepReport {
    /// What the author says of the step.
    pub says: String,
    /// The left side, the relation and the right side.
    pub claim: String,
    /// How far it is to be trusted.
    pub standing: Standing,
    /// The number of draws in which it was tried.
    pub draws: usize,
    /// The draws in which it failed.
    pub failed: usize,
    /// The largest relative difference of its sides over all draws; for an inequality, what it is missed by.
    pub worst_relative: f64,
    /// For an order or a limit: the slope of log difference against log value.
    pub slope: Option<f64>,
    /// What else there is to say.
    pub note: Option<String>,
    /// The step on states of real runs.
    pub states: Vec<StateReport>,
}

/// A step on the tensors of a real run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StateReport {
    /// The name of the state.
    pub state: String,
    /// How it fared there.
    pub standing: Standing,
    /// The relative difference of the two sides.
    pub relative: f64,
}

/// An example in which a step fails.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Witness {
    /// The step, counted from 1.
    pub step: usize,
    /// The seed with which it was drawn.
    pub seed: u64,
    /// The number of the draw.
    pub draw: u64,
    /// The recorded state, if it is one.
    pub state: Option<String>,
    /// All sizes: the smallest found at which the step fails.
    pub sizes: BTreeMap<String, usize>,
    /// Groups, representations and activations, in words.
    pub choices: BTreeMap<String, String>,
    /// The left side.
    pub left: Shown,
    /// The right side.
    pub right: Shown,
    /// The largest difference of two entries.
    pub largest_difference: f64,
    /// Whether tensors were replaced by simpler ones in which the step still fails.
    pub simplified: bool,
    /// The tensors that were drawn.
    pub tensors: BTreeMap<String, Shown>,
}

/// A matrix in a report. Large ones are shown by their shape and norm.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Shown {
    /// Rows and columns.
    pub shape: [usize; 2],
    /// The Frobenius norm.
    pub norm: f64,
    /// The entries, row by row, if there are at most 64.
    pub entries: Option<Vec<Vec<f64>>>,
    /// The imaginary parts likewise, if there are any.
    pub imaginary: Option<Vec<Vec<f64>>>,
}

/// The most entries that are shown.
const MOST_ENTRIES: usize = 64;

impl Shown {
    pub(crate) fn of(tensor: &Tensor) -> Self {
        let (rows, cols) = (tensor.rows(), tensor.cols());
        let small = rows * cols <= MOST_ENTRIES;
        let table = |part: &[f64]| part.chunks(cols.max(1)).map(<[f64]>::to_vec).collect();
        Self {
            shape: [rows, cols],
            norm: tensor.norm(),
            entries: small.then(|| table(tensor.re())),
            imaginary: tensor.im().filter(|_| small).map(table),
        }
    }
}
