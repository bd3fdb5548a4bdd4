//! [`Transformer`] by the formulas at its head.

use super::norm::{self, Normalized};
use super::{Activations, block, linear};
use crate::kernel::Scalar;
use crate::model::layered::{Chunk, Transformer};

/// What the way back needs.
pub(crate) struct Passed<S> {
    blocks: Vec<block::Passed<S>>,
    norm: Option<Normalized<S>>,
    /// What the top layer reads, `[n][d]`.
    read: Vec<S>,
    reads_stream: bool,
    /// Hidden units of each block's MLP.
    width: usize,
}

impl<S: Scalar> Passed<S> {
    pub(super) fn features(&self) -> &[S] {
        if self.reads_stream { &self.read } else { &self.blocks.last().expect("at least one block").features }
    }

    pub(super) fn activations(&self) -> Vec<Activations<'_, S>> {
        let activations = |(l, block): (usize, &'_ block::Passed<S>)| (format!("block.{l}.mlp"), block.features.len());
        let blocks = self.blocks.iter().enumerate();
        blocks
            .map(|(l, block)| {
                let (name, len) = activations((l, block));
                Activations { name, values: &block.features[..len], width: self.width }
            })
            .collect()
    }

    pub(super) fn heads(&self) -> Vec<(usize, usize, f64, f64)> {
        let blocks = self.blocks.iter().enumerate();
        let heads = |(l, block): (usize, &block::Passed<S>)| {
            let heads = block.attention.heads().into_iter().enumerate();
            heads.map(move |(head, (largest, entropy))| (l, head, largest, entropy)).collect::<Vec<_>>()
        };
        blocks.flat_map(heads).collect()
    }

    pub(super) fn largest_scores(&self) -> Vec<f64> {
        self.blocks.iter().flat_map(|block| block.attention.largest_scores()).collect()
    }
}

/// The outputs, `[n][M]`.
pub(super) fn forward<S: Scalar>(transformer: &Transformer, parameters: &[S], chunk: &Chunk) -> (Vec<S>, Passed<S>) {
    let d = transformer.dimension;
    let (table, positions) = (&parameters[transformer.embedding.clone()], &parameters[transformer.position.clone()]);
    let mut x = Vec::with_capacity(chunk.len() * positions.len());
    for (row, position) in transformer.tokens.rows(chunk).zip(positions.chunks_exact(d).cycle()) {
        x.extend(table[row * d..][..d].iter().zip(position).map(|(&e, &p)| e + p));
    }
    let mut blocks = Vec::new();
    for (l, block) in transformer.blocks.iter().enumerate() {
        let (out, passed) = block::forward(block, parameters, transformer.rows(l, chunk.len()), &x);
        x = out;
        blocks.push(passed);
    }
    let norm = transformer.norm.as_ref().map(|norm| norm::forward(norm, parameters, &x));
    let read = norm.as_ref().map_or(x, |norm| norm.outputs.clone());
    let outputs = linear::forward(&transformer.top, parameters, &read);
    let width = transformer.blocks[0].mlp_in.outputs;
    (outputs, Passed { blocks, norm, read, reads_stream: transformer.reads_stream, width })
}

/// Adds the gradient of the chunk, from ∂L/∂outputs.
pub(super) fn backward<S: Scalar>(
    transformer: &Transformer,
    parameters: &[S],
    chunk: &Chunk,
    passed: &Passed<S>,
    dz: &[S],
    gradient: &mut [S],
) {
    linear::backward_parameters(&transformer.top, &passed.read, dz, gradient);
    let mut dx = linear::backward_inputs(&transformer.top, parameters, dz);
    if let (Some(norm), Some(normalized)) = (&transformer.norm, &passed.norm) {
        dx = norm::backward(norm, parameters, normalized, &dx, gradient);
    }
    for (block, passed) in transformer.blocks.iter().zip(&passed.blocks).rev() {
        dx = block::backward(block, parameters, passed, &dx, gradient);
    }
    let d = transformer.dimension;
    let n_positions = transformer.tokens.n_positions();
    for (i, (dx, row)) in dx.chunks_exact(d).zip(transformer.tokens.rows(chunk)).enumerate() {
        linear::add(&mut gradient[transformer.embedding.clone()][row * d..][..d], dx);
        linear::add(&mut gradient[transformer.position.clone()][i % n_positions * d..][..d], dx);
    }
}
