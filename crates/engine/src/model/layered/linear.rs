//! `y = x W (+ b)`.

use super::parameters::{Layout, Start};
use crate::kernel::{Shape, Strided, product};
use crate::spec::Numerics;
use std::ops::Range;

/// A linear map from `inputs` numbers to `outputs`, W `[inputs][outputs]`.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Range<usize>,
    /// `None` without a bias.
    pub(crate) bias: Option<Range<usize>>,
}

impl Linear {
    /// Adds `NAME.weight` and, where it has a start, `NAME.bias`.
    pub(crate) fn add(
        layout: &mut Layout,
        name: &str,
        (inputs, outputs): (usize, usize),
        weight: Start,
        bias: Option<Start>,
    ) -> Self {
        let weight = layout.add(format!("{name}.weight"), &[inputs, outputs], weight);
        let bias = bias.map(|start| layout.add(format!("{name}.bias"), &[outputs], start));
        Self { inputs, outputs, weight, bias }
    }

    /// y from `n` rows of x.
    pub(crate) fn forward(&self, numerics: Numerics, parameters: &[f32], x: &[f32], y: &mut [f32]) {
        self.start(parameters, y);
        self.add_product(numerics, parameters, x, y);
    }

    /// Adds `x W (+ b)` to `n` rows of y.
    pub(crate) fn add_forward(&self, numerics: Numerics, parameters: &[f32], x: &[f32], y: &mut [f32]) {
        if let Some(bias) = &self.bias {
            let bias = &parameters[bias.clone()];
            for row in y.chunks_exact_mut(self.outputs) {
                row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
            }
        }
        self.add_product(numerics, parameters, x, y);
    }

    fn add_product(&self, numerics: Numerics, parameters: &[f32], x: &[f32], y: &mut [f32]) {
        let n = y.len() / self.outputs;
        let shape = Shape { rows: n, depth: self.inputs, columns: self.outputs };
        let w = Strided { values: &parameters[self.weight.clone()], row: self.outputs, column: 1 };
        product(numerics, shape, Strided { values: x, row: self.inputs, column: 1 }, w, (y, self.outputs), true);
    }

    /// The bias in every row of y, or zeros.
    pub(crate) fn start(&self, parameters: &[f32], y: &mut [f32]) {
        match &self.bias {
            Some(bias) => {
                let bias = &parameters[bias.clone()];
                y.chunks_exact_mut(self.outputs).for_each(|row| row.copy_from_slice(bias));
            }
            None => y.fill(0.0),
        }
    }

    /// Adds ∂L/∂W and ∂L/∂b to `gradient`.
    pub(crate) fn backward_parameters(&self, numerics: Numerics, x: &[f32], dy: &[f32], gradient: &mut [f32]) {
        let n = dy.len() / self.outputs;
        let shape = Shape { rows: self.inputs, depth: n, columns: self.outputs };
        let x_t = Strided { values: x, row: 1, column: self.inputs };
        let dy_rows = Strided { values: dy, row: self.outputs, column: 1 };
        product(numerics, shape, x_t, dy_rows, (&mut gradient[self.weight.clone()], self.outputs), true);
        self.backward_bias(dy, gradient);
    }

    /// Adds ∂L/∂b to `gradient`.
    pub(crate) fn backward_bias(&self, dy: &[f32], gradient: &mut [f32]) {
        let Some(bias) = &self.bias else { return };
        let sums = &mut gradient[bias.clone()];
        for row in dy.chunks_exact(self.outputs) {
            sums.iter_mut().zip(row).for_each(|(sum, dy)| *sum += dy);
        }
    }

    /// `dx = dy Wᵀ`, or adds it.
    pub(crate) fn backward_inputs(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        dy: &[f32],
        dx: &mut [f32],
        accumulate: bool,
    ) {
        let n = dy.len() / self.outputs;
        let shape = Shape { rows: n, depth: self.outputs, columns: self.inputs };
        let w_t = Strided { values: &parameters[self.weight.clone()], row: 1, column: self.outputs };
        let dy = Strided { values: dy, row: self.outputs, column: 1 };
        product(numerics, shape, dy, w_t, (dx, self.inputs), accumulate);
    }
}
