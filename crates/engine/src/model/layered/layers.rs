//! What a network made of blocks is to whoever trains it or looks through it.

use super::{Chunk, Layout};
use crate::model::Weights;
use crate::spec::Numerics;

/// A network.
pub(crate) trait Layers: Send + Sync {
    /// What the way back needs of a chunk; its arrays are kept from chunk to chunk, so that a step allocates nothing.
    type Tape: Default + Send;

    /// The parameters' names, shapes and initial distributions.
    fn layout(&self) -> &Layout;

    /// Numbers in a sample's features: hidden units K of the last layer.
    fn n_features(&self) -> usize;

    /// The outputs of a chunk, `[n][M]`, and everything that [`Layers::backward`] and [`Layers::features`] need.
    fn forward(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        chunk: &Chunk,
        tape: &mut Self::Tape,
        outputs: &mut [f32],
    );

    /// The features of the chunk that went forward last, `[n][K]`.
    fn features<'t>(&self, tape: &'t Self::Tape) -> &'t [f32];

    /// Adds the gradient of the chunk that went forward last to `gradient`.
    fn backward(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        chunk: &Chunk,
        tape: &mut Self::Tape,
        upstream: Upstream<'_>,
        gradient: &mut [f32],
    );

    /// Begins to look for the largest attention score of each head anew.
    fn forget_scores(&self, _tape: &mut Self::Tape) {}

    /// The largest score of each head of each block in what went forward since then, `[blocks][heads]`; empty without attention.
    fn largest_scores(&self, _tape: &Self::Tape) -> Vec<f32> {
        Vec::new()
    }

    /// QK-clip: scales the queries and keys of each head whose largest score is above `limit`.
    fn clip_scores(&self, _parameters: &mut [f32], _largest: &[f32], _limit: f32) {}

    /// The features' weights as a two-layer network: V in `top`, and in `hidden` the table that gives each unit's input as a sum
    /// of rows of tokens, empty where there is none.
    fn readout(&self, parameters: &[f32]) -> Weights;
}

/// The activations of one hidden layer on the chunk that went forward last, `[n][width]`.
pub(crate) struct Activity<'t> {
    pub(crate) name: String,
    pub(crate) values: &'t [f32],
    pub(crate) width: usize,
}

/// Where a gradient begins its way back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Upstream<'a> {
    /// ∂L/∂outputs, `[n][M]`.
    Outputs(&'a [f32]),
    /// ∂L/∂features, `[n][K]`; the top layer has no part in the loss.
    Features(&'a [f32]),
}

/// The array with room for `len` numbers, whose old values mean nothing.
pub(crate) fn room(array: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if array.len() < len {
        array.resize(len, 0.0);
    }
    &mut array[..len]
}
