//! One block of a transformer, by the formulas at the head of its file in [`crate::model::layered`].

use super::attention;
use super::linear;
use super::norm::{self, Normalized};
use crate::kernel::Scalar;
use crate::model::layered::{Block, Rows};

/// What the way back needs.
pub(super) struct Passed<S> {
    /// What attention multiplies: x, or its norm.
    read_by_attention: Vec<S>,
    pub(super) attention: attention::Passed<S>,
    /// What the MLP multiplies: y, or its norm.
    read_by_mlp: Vec<S>,
    /// a and f, `[samples · queries][width]`.
    inputs: Vec<S>,
    pub(super) features: Vec<S>,
    norm1: Option<Normalized<S>>,
    norm2: Option<Normalized<S>>,
    rows: Rows,
}

/// The stream behind the block, from x, `[samples · positions][d]`.
pub(super) fn forward<S: Scalar>(block: &Block, parameters: &[S], rows: Rows, x: &[S]) -> (Vec<S>, Passed<S>) {
    let d = block.dimension;
    let normalized = |norm: Option<_>, x: &[S]| norm.map(|norm| norm::forward(norm, parameters, x));
    let mut y = vec![S::default(); rows.written() * d];
    rows.pick(d, x, &mut y);
    let mut norm1 = normalized(block.norm1.as_ref().filter(|_| !block.is_post), x);
    let read_by_attention = norm1.as_ref().map_or_else(|| x.to_vec(), |norm| norm.outputs.clone());
    let attention = attention::forward(&block.attention, parameters, rows, &read_by_attention, &mut y);
    if block.is_post {
        norm1 = normalized(block.norm1.as_ref(), &y);
        y = norm1.as_ref().map_or(y, |norm| norm.outputs.clone());
    }
    let mut norm2 = normalized(block.norm2.as_ref().filter(|_| !block.is_post), &y);
    let read_by_mlp = norm2.as_ref().map_or_else(|| y.clone(), |norm| norm.outputs.clone());
    let inputs = linear::forward(&block.mlp_in, parameters, &read_by_mlp);
    let features: Vec<S> = inputs.iter().map(|a| a.activated(block.activation)).collect();
    let mut out = linear::forward(&block.mlp_out, parameters, &features);
    linear::add(&mut out, &y);
    if block.is_post {
        norm2 = normalized(block.norm2.as_ref(), &out);
        out = norm2.as_ref().map_or(out, |norm| norm.outputs.clone());
    }
    (out, Passed { read_by_attention, attention, read_by_mlp, inputs, features, norm1, norm2, rows })
}

/// ∂L/∂x from the gradient behind the block.
pub(super) fn backward<S: Scalar>(
    block: &Block,
    parameters: &[S],
    passed: &Passed<S>,
    dout: &[S],
    gradient: &mut [S],
) -> Vec<S> {
    fn back<S: Scalar>(
        norm: Option<(&crate::model::layered::Norm, &Normalized<S>)>,
        parameters: &[S],
        dy: Vec<S>,
        gradient: &mut [S],
    ) -> Vec<S> {
        match norm {
            Some((norm, normalized)) => norm::backward(norm, parameters, normalized, &dy, gradient),
            None => dy,
        }
    }
    let (norm1, norm2) =
        (block.norm1.as_ref().zip(passed.norm1.as_ref()), block.norm2.as_ref().zip(passed.norm2.as_ref()));
    let (behind1, before1) = if block.is_post { (norm1, None) } else { (None, norm1) };
    let (behind2, before2) = if block.is_post { (norm2, None) } else { (None, norm2) };
    let mut dy = back(behind2, parameters, dout.to_vec(), gradient);
    linear::backward_parameters(&block.mlp_out, &passed.features, &dy, gradient);
    let df = linear::backward_inputs(&block.mlp_out, parameters, &dy);
    let slopes = passed.inputs.iter().map(|a| a.slope(block.activation));
    let da: Vec<S> = df.iter().zip(slopes).map(|(&df, slope)| slope * df).collect();
    linear::backward_parameters(&block.mlp_in, &passed.read_by_mlp, &da, gradient);
    let below = linear::backward_inputs(&block.mlp_in, parameters, &da);
    linear::add(&mut dy, &back(before2, parameters, below, gradient));
    dy = back(behind1, parameters, dy, gradient);
    let below =
        attention::backward(&block.attention, parameters, &passed.read_by_attention, &passed.attention, &dy, gradient);
    let mut dx = back(before1, parameters, below, gradient);
    passed.rows.add_back(block.dimension, &dy, &mut dx);
    dx
}
