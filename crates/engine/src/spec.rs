//! What identifies a run: plain data, without files or text formats.
//!
//! The text side (keys, defaults, presets, what is allowed) is the table [`settings::SETTINGS`]; everything that reads or
//! prints a spec walks it.

use crate::kernel::Numerics;
use crate::loss::Objective;
use crate::model::{Activation, Initialization};
use crate::optim::OptimizerSpec;
use crate::task::Task;

mod apply;
mod error;
pub mod presets;
mod setting;
pub mod settings;
mod value;

pub use apply::{apply, canonical, check, values};
pub use error::{Side, SpecError, nearest};
pub use setting::Setting;
pub use settings::SETTINGS;
pub use value::{Allowed, Value, parse_value};

/// Everything that one run was asked to do.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSpec {
    /// The problem: which function of which operands.
    pub task: Task,
    /// Which samples are trained on, and how clean they are.
    pub data: DataSpec,
    /// The network.
    pub model: ModelSpec,
    /// What is minimised.
    pub loss: Objective,
    /// How.
    pub optimizer: OptimizerSpec,
    /// Optimizer steps; with the whole sample as the batch, also epochs.
    pub steps: u64,
    /// Seed of every random draw (split, corruption, weights).
    pub seed: u64,
    /// What is recorded, and when.
    pub record: RecordSpec,
    /// When a run counts as having memorized, generalized, collapsed.
    pub events: EventSpec,
    /// How sums of products are rounded.
    pub numerics: Numerics,
    /// Worker threads; 0 lets the caller choose. Does not change a bit of the result and does not identify a run.
    pub threads: usize,
}

/// Which samples are trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSpec {
    /// How the training sample is drawn.
    pub sampling: Sampling,
    /// Share of the training labels replaced by a uniformly drawn wrong label, in [0, 1].
    pub corrupted: f64,
    /// Exponent s of Zipf's law, by which inputs are drawn: token or, where the inputs are numbers, label r has weight (r + 1)⁻ˢ.
    /// 0 is uniform.
    pub skew: f64,
    /// Training samples an update sees; 0 is all of them. Batches go through the sample in a new random order each epoch, and
    /// what is left over at its end, less than a batch, begins the next.
    pub batch_size: u64,
}

impl DataSpec {
    /// Clean labels, inputs drawn uniformly, all of them in one batch.
    pub fn of(sampling: Sampling) -> Self {
        Self { sampling, corrupted: 0.0, skew: 0.0, batch_size: 0 }
    }
}

/// How the training sample is drawn from the whole table.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampling {
    /// `⌊fraction · population⌋` samples, uniformly without replacement.
    Fraction(f64),
    /// Exactly so many.
    Count(u64),
    /// `round(c · M ln M)` samples, M the number of labels.
    MultipleOfMLogM(f64),
    /// The samples named in a file (path as the user wrote it).
    SplitFile(String),
}

/// The network.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// Of which kind.
    pub architecture: Architecture,
    /// Hidden units K of a layer; of a transformer's MLP.
    pub width: usize,
    /// σ.
    pub activation: Activation,
    /// Distribution of the initial weights.
    pub initialization: Initialization,
    /// Multiplies the initial weights below the top layer.
    pub hidden_scale: f64,
    /// Multiplies the initial top weights; 0 starts the top layer at zero.
    pub top_scale: f64,
    /// How the top layer gets its weights.
    pub top_layer: TopLayer,
}

/// The kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `Ŷ = σ(X W) V` without biases.
    TwoLayer,
    /// Hidden layers, with or without residual connections, biases and a trained embedding.
    Mlp(MlpSpec),
    /// A decoder that reads its operands and `=`, and answers at the last position.
    Transformer(TransformerSpec),
}

impl Architecture {
    /// The name of each kind; settings and help walk this list.
    pub const NAMES: &[&str] = &["two_layer", "mlp", "transformer"];

    /// The kind of this name with its defaults; `None` where there is none.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "two_layer" => Some(Self::TwoLayer),
            "mlp" => Some(Self::Mlp(MlpSpec { depth: 2, residual: false, biases: true, embedding: 0 })),
            "transformer" => Some(Self::Transformer(TransformerSpec {
                depth: 2,
                dimension: 128,
                heads: 4,
                normalization: Normalization::PreLayerNorm,
            })),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TwoLayer => "two_layer",
            Self::Mlp(_) => "mlp",
            Self::Transformer(_) => "transformer",
        }
    }
}

/// Hidden layers of one width:
///
/// ```text
/// h₁ = σ(x W₁ + b₁)      h_l = [h_{l−1} +] σ(h_{l−1} W_l + b_l)      z = h_L V + c
/// ```
///
/// x is what a problem's samples are: numbers, or one-hot tokens, or each operand's row of a trained embedding, one beside the
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MlpSpec {
    /// Hidden layers L.
    pub depth: usize,
    /// Whether a layer adds to the one below (Tian 2025, section 6) instead of replacing it.
    pub residual: bool,
    /// Whether layers, the top one too, have biases.
    pub biases: bool,
    /// Numbers that stand for a token, trained; 0 for one-hot tokens.
    pub embedding: usize,
}

/// Blocks of causal attention and an MLP around a residual stream; see [`crate::model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransformerSpec {
    /// Blocks.
    pub depth: usize,
    /// Width d of the residual stream, a multiple of the heads.
    pub dimension: usize,
    /// Attention heads, each d / heads wide.
    pub heads: usize,
    /// Whether the stream is normalised on its way into each part of a block.
    pub normalization: Normalization,
}

/// Whether a transformer normalises its residual stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// Not at all (Nanda et al. 2023).
    None,
    /// Layer norm before attention, before the MLP and before the top layer.
    PreLayerNorm,
}

/// How the top layer gets its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TopLayer {
    /// By the optimizer, like the hidden layer.
    Trained,
    /// Solved at every step: `V = (FᵀF + ηI)⁻¹ Fᵀ(Y − 1/M)`, the paper's Stage I limit.
    Ridge {
        /// η of ½‖Y − FV‖² + η/2 ‖V‖², sums over samples.
        eta: f64,
    },
}

/// What is recorded, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordSpec {
    /// Losses and accuracies every so many steps (train and test).
    pub evaluate_every: u64,
    /// Snapshots a decade of steps, log-spaced; 0 keeps only the first and the last.
    pub snapshots_per_decade: u32,
    /// Further snapshots every so many steps; 0 for none.
    pub snapshot_every: u64,
    /// Further snapshots when test accuracy first passes a multiple of 0.1, and at each event.
    pub snapshot_at_events: bool,
}

/// The event rule: an accuracy has arrived at the first evaluation from which on it stays at or above its level for
/// `sustained` steps (or to the end of the run).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventSpec {
    /// Train accuracy that counts as memorized.
    pub memorized: f64,
    /// Test accuracy that counts as generalized.
    pub generalized: f64,
    /// For how many steps it must stay there.
    pub sustained: u64,
    /// The network has collapsed when no hidden unit's norm reaches this share of the largest initial one.
    pub collapsed_norm: f64,
    /// Steps to go on after the outcome is decided; `None` runs to the last step.
    pub stop_after: Option<u64>,
}
