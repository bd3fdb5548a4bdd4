//! [`Mlp`] by the formulas at its head.

use super::norm::{self, Normalized};
use super::{Activations, linear};
use crate::kernel::Scalar;
use crate::model::layered::{Chunk, Input, Mlp, TokenRows};

/// What the way back needs.
pub(crate) struct Passed<S> {
    /// Numbers or embeddings that the first layer multiplies, `[n][inputs]`; empty where its inputs are one-hot.
    x: Vec<S>,
    /// What each layer's activation reads, `[n][K]`.
    read: Vec<Vec<S>>,
    /// Its norm, where there is one.
    norms: Vec<Normalized<S>>,
    /// `f_l`, `[n][K]`.
    features: Vec<Vec<S>>,
    width: usize,
}

impl<S: Scalar> Passed<S> {
    pub(super) fn features(&self) -> &[S] {
        self.features.last().expect("at least one hidden layer")
    }

    pub(super) fn activations(&self) -> Vec<Activations<'_, S>> {
        let layers = self.features.iter().enumerate();
        layers.map(|(l, values)| Activations { name: format!("hidden.{l}"), values, width: self.width }).collect()
    }
}

/// The outputs, `[n][M]`.
pub(super) fn forward<S: Scalar>(mlp: &Mlp, parameters: &[S], chunk: &Chunk) -> (Vec<S>, Passed<S>) {
    let (x, norms) = (first_inputs(mlp, parameters, chunk), Vec::new());
    let mut passed = Passed { x, read: Vec::new(), norms, features: Vec::<Vec<S>>::new(), width: mlp.top.inputs };
    for (l, layer) in mlp.hidden.iter().enumerate() {
        let below = passed.features.last();
        let mut a = match (below, &mlp.input) {
            (Some(below), _) => linear::forward(layer, parameters, below),
            (None, Input::OneHot { rows }) => {
                let table = &parameters[layer.weight.clone()];
                let mut a = linear::start(layer, parameters, chunk.len());
                for (a, rows) in a.chunks_exact_mut(layer.outputs).zip(rows_of(rows, chunk)) {
                    rows.for_each(|row| linear::add(a, &table[row * layer.outputs..][..layer.outputs]));
                }
                a
            }
            (None, _) => linear::forward(layer, parameters, &passed.x),
        };
        if let Some(norm) = mlp.norms.get(l) {
            let normalized = norm::forward(norm, parameters, &a);
            a.clone_from(&normalized.outputs);
            passed.norms.push(normalized);
        }
        let mut f: Vec<S> = a.iter().map(|a| a.activated(mlp.activation)).collect();
        if let Some(below) = below.filter(|_| mlp.residual) {
            linear::add(&mut f, below);
        }
        passed.read.push(a);
        passed.features.push(f);
    }
    (linear::forward(&mlp.top, parameters, passed.features()), passed)
}

/// Adds the gradient of the chunk, from ∂L/∂outputs.
pub(super) fn backward<S: Scalar>(
    mlp: &Mlp,
    parameters: &[S],
    chunk: &Chunk,
    passed: &Passed<S>,
    dz: &[S],
    gradient: &mut [S],
) {
    linear::backward_parameters(&mlp.top, passed.features(), dz, gradient);
    let mut df = linear::backward_inputs(&mlp.top, parameters, dz);
    for (l, layer) in mlp.hidden.iter().enumerate().rev() {
        let slopes = passed.read[l].iter().map(|a| a.slope(mlp.activation));
        let mut da: Vec<S> = df.iter().zip(slopes).map(|(&df, slope)| slope * df).collect();
        if let Some(norm) = mlp.norms.get(l) {
            da = norm::backward(norm, parameters, &passed.norms[l], &da, gradient);
        }
        if l == 0 {
            first_gradient(mlp, parameters, chunk, passed, &da, gradient);
            return;
        }
        linear::backward_parameters(layer, &passed.features[l - 1], &da, gradient);
        let below = linear::backward_inputs(layer, parameters, &da);
        if mlp.residual {
            linear::add(&mut df, &below);
        } else {
            df = below;
        }
    }
}

/// The rows of a table that each sample's tokens stand at.
fn rows_of<'a>(rows: &'a TokenRows, chunk: &'a Chunk) -> impl Iterator<Item = impl Iterator<Item = usize> + 'a> + 'a {
    let samples = chunk.tokens.chunks_exact(rows.offsets.len());
    samples.map(|tokens| tokens.iter().zip(&rows.offsets).map(|(token, offset)| offset + *token as usize))
}

/// x, where it is a product's factor.
fn first_inputs<S: Scalar>(mlp: &Mlp, parameters: &[S], chunk: &Chunk) -> Vec<S> {
    match &mlp.input {
        Input::Values => chunk.values.iter().map(|&value| S::constant(value.into())).collect(),
        Input::OneHot { .. } => Vec::new(),
        Input::Embedded { rows, dimension, stride, table } => {
            let table = &parameters[table.clone()];
            let inputs = mlp.hidden[0].inputs;
            let mut x = vec![S::default(); chunk.len() * inputs];
            for (x, rows) in x.chunks_exact_mut(inputs).zip(rows_of(rows, chunk)) {
                for (operand, row) in rows.enumerate() {
                    linear::add(&mut x[operand * stride..][..*dimension], &table[row * dimension..][..*dimension]);
                }
            }
            x
        }
    }
}

fn first_gradient<S: Scalar>(
    mlp: &Mlp,
    parameters: &[S],
    chunk: &Chunk,
    passed: &Passed<S>,
    da: &[S],
    gradient: &mut [S],
) {
    let first = &mlp.hidden[0];
    match &mlp.input {
        Input::Values => linear::backward_parameters(first, &passed.x, da, gradient),
        Input::OneHot { rows } => {
            linear::backward_bias(first, da, gradient);
            let table = &mut gradient[first.weight.clone()];
            for (da, rows) in da.chunks_exact(first.outputs).zip(rows_of(rows, chunk)) {
                rows.for_each(|row| linear::add(&mut table[row * first.outputs..][..first.outputs], da));
            }
        }
        Input::Embedded { rows, dimension, stride, table } => {
            linear::backward_parameters(first, &passed.x, da, gradient);
            let dx = linear::backward_inputs(first, parameters, da);
            let table = &mut gradient[table.clone()];
            for (dx, rows) in dx.chunks_exact(first.inputs).zip(rows_of(rows, chunk)) {
                for (operand, row) in rows.enumerate() {
                    linear::add(&mut table[row * dimension..][..*dimension], &dx[operand * stride..][..*dimension]);
                }
            }
        }
    }
}
