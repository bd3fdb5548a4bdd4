//! What [`Training::advance`] returns for each step: losses and accuracies, the network where it is recorded, how the run ended.

use super::Outcome;
#[cfg(doc)]
use super::{Training, WINDOW};
use crate::model::{Parameters, Weights};

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
    /// The weights; of a network made of blocks, what its features are to its outputs (V in `top`), and the token table of its
    /// units in `hidden`, empty without one.
    pub weights: Weights,
    /// All arrays of a network made of blocks; empty for the fused two-layer network, which `weights` is the whole of.
    pub parameters: Parameters,
    /// Inner products of the last updates of all that is below the top layer, oldest first, `[window][window]` row-major with window ≤ [`WINDOW`]: all that is
    /// needed for the spectrum of `D = [vec ΔW …]`, since its singular values squared are this matrix's eigenvalues.
    /// Its side is the number of updates that were watched, fewer than [`WINDOW`] before that many were made and where
    /// [`Training`] did not know in time that a snapshot would come; empty where fewer than two were watched.
    pub update_gram: Vec<f64>,
}

/// What one call of [`Training::advance`] did.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Updates made before this call.
    pub step: u64,
    /// Mean training loss at this step.
    pub train_loss: f64,
    /// Losses and accuracies, where this step is evaluated.
    pub scalars: Option<Scalars>,
    /// The network, where this step is recorded.
    pub snapshot: Option<Snapshot>,
    /// How the run ended; after this there is no further step.
    pub outcome: Option<Outcome>,
}
