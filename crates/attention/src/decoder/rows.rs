//! What every row holds on its way through the layers, and all that happens to rows alone.

use crate::kernel::{Activations, Matrix, multiply_all, rms_norm, silu_times};
use crate::model::{Layer, Model};

/// Rows of numbers, `[row][width]` each.
#[derive(Default)]
pub(super) struct Rows {
    residual: Vec<f32>,
    normed: Vec<f32>,
    activations: Activations,
    pub(super) heads: Heads,
    gate: Vec<f32>,
    up: Vec<f32>,
    /// What a layer adds to the residual stream.
    update: Vec<f32>,
}

/// What attention takes and gives, `[row][all heads]` each.
#[derive(Default)]
pub(super) struct Heads {
    pub(super) query: Vec<f32>,
    pub(super) key: Vec<f32>,
    pub(super) value: Vec<f32>,
    pub(super) mixed: Vec<f32>,
}

impl Rows {
    /// Begins with the embeddings of tokens.
    pub(super) fn embed(&mut self, model: &Model, tokens: impl Iterator<Item = u32>) {
        let d_model = model.hyperparameters().d_model;
        self.residual.clear();
        for token in tokens {
            let first = self.residual.len();
            self.residual.resize(first + d_model, 0.0);
            model.embedding.row(token as usize, &mut self.residual[first..]);
        }
    }

    pub(super) fn n_rows(&self, model: &Model) -> usize {
        self.residual.len() / model.hyperparameters().d_model
    }

    /// Queries, keys and values of a layer.
    pub(super) fn project(&mut self, layer: &Layer, epsilon: f32) {
        self.norm(&layer.attention_norm, epsilon);
        let Self { activations, heads: Heads { query, key, value, .. }, .. } = self;
        multiply(activations, [(&layer.query, query), (&layer.key, key), (&layer.value, value)]);
    }

    /// The rest of a layer, once attention has mixed.
    pub(super) fn finish(&mut self, layer: &Layer, epsilon: f32) {
        self.activations.set(&self.heads.mixed, layer.attention_output.n_columns());
        multiply(&self.activations, [(&layer.attention_output, &mut self.update)]);
        add(&mut self.residual, &self.update);

        self.norm(&layer.mlp_norm, epsilon);
        multiply(&self.activations, [(&layer.gate, &mut self.gate), (&layer.up, &mut self.up)]);
        silu_times(&mut self.gate, &self.up);
        self.activations.set(&self.gate, layer.down.n_columns());
        multiply(&self.activations, [(&layer.down, &mut self.update)]);
        add(&mut self.residual, &self.update);
    }

    /// Logits of the rows from `first` on.
    pub(super) fn logits(&mut self, model: &Model, first: usize, logits: &mut Vec<f32>) {
        let d_model = model.hyperparameters().d_model;
        self.residual.drain(..first * d_model);
        self.norm(&model.output_norm, model.hyperparameters().norm_epsilon);
        multiply(&self.activations, [(model.output(), logits)]);
    }

    /// The residual stream's norm as activations.
    fn norm(&mut self, gain: &[f32], epsilon: f32) {
        self.normed.resize(self.residual.len(), 0.0);
        let rows = self.residual.chunks_exact(gain.len());
        rows.zip(self.normed.chunks_exact_mut(gain.len())).for_each(|(x, y)| rms_norm(x, gain, epsilon, y));
        self.activations.set(&self.normed, gain.len());
    }
}

/// Products of the same activations into buffers that are made to fit.
fn multiply<const N: usize>(x: &Activations, products: [(&Matrix, &mut Vec<f32>); N]) {
    multiply_all(
        x,
        products.map(|(matrix, y)| {
            y.resize(x.n_rows() * matrix.n_rows(), 0.0);
            (matrix, &mut y[..])
        }),
    );
}

fn add(to: &mut [f32], what: &[f32]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += what);
}
