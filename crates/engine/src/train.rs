//! One run: the loop.

use crate::model::Weights;

/// How a run ended, or stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Test accuracy arrived at its level and stayed.
    Grokked {
        /// First step of the stay.
        step: u64,
    },
    /// The steps ran out first.
    Censored {
        /// The last step.
        step: u64,
    },
    /// The loss or a weight stopped being finite.
    Diverged {
        /// First step at which it was seen.
        step: u64,
    },
    /// Every unit decayed to nothing.
    Collapsed {
        /// First step at which it was seen.
        step: u64,
    },
}

/// Losses and accuracies before step `step`'s update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scalars {
    /// Updates made so far.
    pub step: u64,
    /// Mean loss over the training samples, on the labels as given.
    pub train_loss: f64,
    /// Share of training samples whose largest output is the given label.
    pub train_accuracy: f64,
    /// Mean loss over the samples not trained on; `None` where all are trained on.
    pub test_loss: Option<f64>,
    /// Their accuracy.
    pub test_accuracy: Option<f64>,
    /// Accuracy on corrupted training samples against the corrupted labels; `None` without any.
    pub corrupted_accuracy: Option<f64>,
    /// Accuracy on corrupted training samples against the true labels; `None` without any.
    pub restored_accuracy: Option<f64>,
}

/// The network at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Updates made so far.
    pub step: u64,
    /// The weights.
    pub weights: Weights,
    /// Inner products of the last updates of W, oldest first, `[window][window]` row-major with window ≤ 20: all that is
    /// needed for the spectrum of `D = [vec ΔW …]`, since its singular values squared are this matrix's eigenvalues.
    /// Empty where fewer than two updates were watched.
    pub update_gram: Vec<f64>,
}

/// Everything that is needed to go on from a step with the same bits, as named arrays that a file can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Updates made so far.
    pub step: u64,
    /// Weights and the optimizer's state, by name.
    pub arrays: Vec<(String, Vec<f32>)>,
    /// State of the event rule and of the update window, by name.
    pub numbers: Vec<(String, Vec<f64>)>,
}

/// What one call of [`Training::advance`] did.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Updates made so far.
    pub step: u64,
    /// Losses and accuracies, where this step is evaluated.
    pub scalars: Option<Scalars>,
    /// The network, where this step is recorded.
    pub snapshot: Option<Snapshot>,
    /// How the run ended; after this there is no further step.
    pub outcome: Option<Outcome>,
}

/// A run under way.
pub struct Training;
