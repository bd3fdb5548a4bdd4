//! The words that a run is asked for in: plain data, without files or text formats, and without what the words do.
//!
//! This is the ground floor. The rooms above give the words their meaning ([`crate::kernel`] computes an activation,
//! [`crate::optim`] makes a method's update); nothing here knows them. Only [`Task`], which is a language of its own, is below.
//!
//! The text side (keys, defaults, presets, what is allowed) is the table [`settings::SETTINGS`]; everything that reads or
//! prints a spec walks it.

use crate::task::Task;

mod activation;
mod apply;
pub mod attention;
mod error;
mod gradient;
mod intervention;
mod loss;
mod network;
mod numerics;
mod optimizer;
pub mod presets;
mod setting;
pub mod settings;
mod value;

pub use activation::Activation;
pub use apply::{apply, canonical, check, values};
pub use error::{Side, SpecError, nearest};
pub use gradient::{GradientDirection, GradientFilter, GradientPrecision, GradientSpec};
pub use intervention::{
    ACTIONS, Action, Event, Intervention, Numbers, Quantity, Rows, TIMES, When, parse_interventions,
    spell_interventions,
};
pub use loss::{CrossEntropySpec, FeatureLoss, Loss, Objective, Probabilities};
pub use network::{
    Architecture, Initialization, MlpSpec, ModelSpec, Normalization, OperandTables, TopLayer, TransformerSpec,
};
pub use numerics::Numerics;
pub use optimizer::{AdamSpec, Method, MuonVariant, OptimizerSpec, Schedule};
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
    /// What is done to the run while it trains, in the order in which it is done.
    pub interventions: Vec<Intervention>,
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
    /// A share of a part of the table, or of its pairs, rows or columns; all else is held out.
    Part(Part, f64),
    /// The samples named in a file (path as the user wrote it).
    SplitFile(String),
}

/// What a share of is trained on, where that is not single samples of the whole table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Samples (a, b) with a ≤ b; every (a, b) with a > b is held out.
    OneSided,
    /// Pairs {a, b}: (a, b) and (b, a) are trained on both or neither.
    MirrorPairs,
    /// Tokens of the first operand, with every sample that has one of them.
    Rows,
    /// Tokens of the last operand, with every sample that has one of them.
    Columns,
    /// The first tokens of every operand, `⌊share · tokens⌋` of each: the samples that have no other. Nothing is drawn.
    Inner,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 5] = [Self::OneSided, Self::MirrorPairs, Self::Rows, Self::Columns, Self::Inner];

    /// The setting that asks for it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::OneSided => "data.one_sided",
            Self::MirrorPairs => "data.mirror_pairs",
            Self::Rows => "data.rows",
            Self::Columns => "data.columns",
            Self::Inner => "data.inner",
        }
    }

    /// What its share is of.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OneSided => "the samples (a, b) with a at most b",
            Self::MirrorPairs => "the pairs {a, b}, each in both orders",
            Self::Rows => "the first operand's tokens",
            Self::Columns => "the last operand's tokens",
            Self::Inner => "the tokens of every operand, the first ones",
        }
    }
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
    /// A hidden unit has decayed to nothing when its norm does not reach this share of the largest initial one; a network of
    /// which at most a hundredth of the units is left, or one, has collapsed.
    pub collapsed_norm: f64,
    /// Steps to go on after the outcome is decided; `None` runs to the last step.
    pub stop_after: Option<u64>,
}
