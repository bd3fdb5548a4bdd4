//! The words for what is done to a run while it trains: when, and what.
//!
//! ```text
//! at 300 set optimizer.learning_rate 0.001
//! from 300 to 320 corrupt rows 4,17
//! on memorized freeze hidden
//! when test_accuracy >= 0.5 ablate units 3-7
//! ```
//!
//! One a line, or separated by `;`. What they do to weights and samples is in [`crate::train`].

mod read;
mod spelled;
#[cfg(test)]
mod tests;

use super::error::SpecError;
use super::value::Value;
use read::refused;

/// When it is done, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervention {
    /// When.
    pub when: When,
    /// What.
    pub action: Action,
}

/// When something is done to a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// Before the forward pass of this step, and from then on where it lasts.
    At(u64),
    /// From the first step to before the second, and then taken back.
    During(u64, u64),
    /// Before the step after the evaluation at which this is decided.
    On(Event),
    /// Before the step after the first evaluation at which the quantity is at least, or at most, the level.
    Crossing {
        /// What is watched.
        quantity: Quantity,
        /// Whether it has to be at least the level, or at most.
        rises: bool,
        /// The level.
        level: f64,
    },
}

/// What a run reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Train accuracy has stayed at its level for `events.sustained` steps.
    Memorized,
    /// Test accuracy has stayed at its level for `events.sustained` steps.
    Generalized,
}

/// What an evaluation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Mean loss over the training samples.
    TrainLoss,
    /// Share of training samples answered right.
    TrainAccuracy,
    /// Mean loss over the held-out samples.
    TestLoss,
    /// Share of held-out samples answered right.
    TestAccuracy,
}

/// What is done to a run. A part is an array of the network by its name, or every array whose name begins so: `hidden`, `top`,
/// `block.0.attention`; `all` is every one.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A setting gets another value.
    Set {
        /// Which.
        key: &'static str,
        /// The value.
        value: Value,
    },
    /// The part keeps its weights and moments.
    Freeze(String),
    /// What froze exactly this part does so no more.
    Thaw(String),
    /// The part's weights are drawn again, other than at the beginning, and its moments are zero.
    Reinitialize(String),
    /// The part's weights are what they were before the first step, and its moments are zero.
    Rewind(String),
    /// The part's weights are multiplied by the factor.
    Scale(String, f64),
    /// A number is added to each of the part's weights.
    Shift(String, f64),
    /// A number is added to one of the part's weights.
    Nudge {
        /// The part.
        part: String,
        /// Which weight of it, counted from 0.
        index: u64,
        /// What is added.
        by: f64,
    },
    /// After every update the part is scaled down to a norm that it exceeds: a given one, or its own when this begins.
    Clamp(String, Option<f64>),
    /// What hidden units of the last layer send on is multiplied by the factor.
    ScaleUnits(Numbers, f64),
    /// What hidden units of the last layer send on is zero, and stays so.
    Ablate(Numbers),
    /// Training samples get a wrong label.
    Corrupt(Rows),
    /// The inputs of training samples are multiplied by the factor.
    Magnify(Rows, f64),
    /// Training samples are trained on no more.
    Drop(Rows),
    /// Training samples are held out instead.
    HoldOut(Rows),
    /// Held-out samples, counted by their place among them, are trained on instead.
    Train(Rows),
    /// A batch holds its first so many samples again and again, as from a data loader that is stuck.
    Repeat(u64),
}

/// Samples, by their place in the training sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// These.
    List(Numbers),
    /// A share of them, drawn.
    Share(f64),
}

/// Numbers from 0, ascending, spelled `3,5,7-9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers(pub Vec<u32>);

/// The form of every action, and what it does.
pub const ACTIONS: &[(&str, &str)] = &[
    ("set KEY VALUE", "gives a setting that may change during a run another value"),
    ("freeze PART", "keeps the part's weights and moments as they are"),
    ("thaw PART", "ends what froze exactly this part"),
    ("reinitialize PART", "draws the part's weights again and sets its moments to zero"),
    ("rewind PART", "gives the part its initial weights again and sets its moments to zero"),
    ("scale PART by X", "multiplies the part's weights; with FROM and TO, before every step"),
    ("shift PART by X", "adds a number to each of the part's weights; with FROM and TO, before every step"),
    ("nudge PART INDEX by X", "adds a number to one weight of the part"),
    ("clamp PART [to X]", "holds the part's norm at or below X, or below its own norm at that step"),
    ("scale units N,N-N by X", "multiplies what hidden units of the last layer send on"),
    ("ablate units N,N-N", "sets what hidden units of the last layer send on to zero and keeps it there"),
    ("corrupt rows N,N-N", "gives training samples a wrong label; `corrupt SHARE of rows` draws them"),
    ("magnify rows N,N-N by X", "multiplies the inputs of training samples, where inputs are numbers"),
    ("drop rows N,N-N", "trains on these samples no more"),
    ("hold-out rows N,N-N", "moves training samples to the held-out ones"),
    ("train rows N,N-N", "moves held-out samples, counted among themselves, to the training samples"),
    ("repeat N rows", "a batch holds its first N samples again and again"),
];

/// The form of every time.
pub const TIMES: &[(&str, &str)] = &[
    ("at STEP", "before that step, and from then on where it lasts"),
    ("from STEP to STEP", "from the first to before the second, and then taken back"),
    ("on memorized", "once train accuracy has stayed at its level; `on generalized` likewise"),
    (
        "when train_loss <= X",
        "after the first evaluation where it holds; also train_accuracy, test_loss, test_accuracy, and >=",
    ),
];

/// What all of a text says, in the order in which it is done: times first, then events as they were written.
pub fn parse_interventions(text: &str) -> Result<Vec<Intervention>, SpecError> {
    let lines = text.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let mut all = lines.map(Intervention::parse).collect::<Result<Vec<_>, _>>()?;
    sort(&mut all);
    let mut set = std::collections::BTreeSet::new();
    for one in &all {
        if let Action::Set { key, .. } = one.action
            && !set.insert((one.when.to_string(), key))
        {
            return Err(refused(&one.to_string(), "the same setting is set twice at one time; keep one"));
        }
    }
    Ok(all)
}

/// As [`parse_interventions`] reads them.
pub fn spell_interventions(interventions: &[Intervention]) -> String {
    interventions.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Sorts by step; at one step samples before weights before what is held before settings, else as written.
fn sort(interventions: &mut [Intervention]) {
    interventions.sort_by_key(|one| {
        let key = match one.action {
            Action::Set { key, .. } => key,
            _ => "",
        };
        (one.when.first_step().unwrap_or(u64::MAX), one.action.rank(), key)
    });
}

impl When {
    /// The step, where it is known before the run.
    pub fn first_step(self) -> Option<u64> {
        match self {
            Self::At(step) | Self::During(step, _) => Some(step),
            Self::On(_) | Self::Crossing { .. } => None,
        }
    }
}

impl Action {
    fn rank(&self) -> u8 {
        match self {
            Self::Corrupt(_) | Self::Magnify(..) | Self::Drop(_) | Self::HoldOut(_) | Self::Train(_) => 0,
            Self::Reinitialize(_) | Self::Rewind(_) => 1,
            Self::Scale(..) | Self::Shift(..) | Self::Nudge { .. } | Self::ScaleUnits(..) => 2,
            Self::Freeze(_) | Self::Thaw(_) | Self::Clamp(..) | Self::Ablate(_) | Self::Repeat(_) => 3,
            Self::Set { .. } => 4,
        }
    }

    /// Whether it is done at one moment and leaves nothing that could be taken back.
    fn is_momentary(&self) -> bool {
        matches!(self, Self::Reinitialize(_) | Self::Rewind(_) | Self::Nudge { .. })
    }
}
