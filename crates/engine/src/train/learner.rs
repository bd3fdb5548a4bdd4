//! What the loop needs of a network that learns, whatever it is made of.

use super::TrainError;
use super::arrays::{Arrays, Kept};
use super::interventions::Conditions;
use crate::model::{Parameters, Weights};
use crate::optim::Optimizer;

/// A network with its samples.
pub(super) trait Learner: Send {
    /// Takes the loss, the batches and the samples that hold from now on.
    fn arrange(&mut self, conditions: &Conditions<'_>);

    /// Replaces the top layer by its ridge solution for the features as they are; `false` where there is none.
    fn solve_top(&mut self, eta: f64) -> bool;

    /// Mean loss of the batch that the update of `step` sees; what [`Learner::update`] needs of this pass is kept.
    fn forward(&mut self, step: u64) -> f64;

    /// The whole training sample; costs nothing where the last [`Learner::forward`] saw all of it.
    fn evaluate_train(&mut self) -> Evaluation;

    /// The samples that are not trained on; `None` without any.
    fn evaluate_test(&mut self) -> Option<Evaluation>;

    /// One update along the gradient of the last forward pass.
    fn update(&mut self, optimizer: &Optimizer);

    /// The weights that features have and outputs read, as a two-layer network has them, and every other network's arrays.
    fn weights(&self) -> (Weights, Parameters);

    /// Replaces what `into` holds by all weights below the top layer, in a fixed order and in f32.
    fn copy_hidden(&self, into: &mut Vec<f32>);

    /// The norm of the weights that each unit reads by.
    fn unit_norms(&self) -> Vec<f64>;

    /// The gradient of the last update, as named arrays: `gradient` where weights are `weights`.
    fn gradients(&self) -> Arrays;

    /// Places among all training samples of the batch that the update of `step` sees; `None` where it is all that are trained on.
    fn batch(&mut self, step: u64) -> Option<Vec<u32>>;

    /// Threads in use.
    fn n_threads(&self) -> usize;

    /// Weights and moments as named arrays.
    fn arrays(&self) -> Arrays;

    /// Weights and second moments as named arrays: what is looked at of an update. Others may be among them.
    fn watched_arrays(&self) -> Arrays {
        self.arrays()
    }

    /// Takes the arrays of [`Learner::arrays`] back.
    fn restore(&mut self, kept: Kept<'_>) -> Result<(), TrainError>;
}

/// A sample seen through the network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Evaluation {
    /// Mean loss.
    pub(super) loss: f64,
    /// Share of samples predicted right.
    pub(super) accuracy: f64,
    /// The predicted label of each sample.
    pub(super) predictions: Vec<u32>,
}
