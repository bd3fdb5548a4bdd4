//! The arithmetic of a decoder: matrices in panels times activations, and attention over cached keys.

mod elementwise;
mod lanes;
mod slots;

pub(crate) use elementwise::{rms_norm, silu_times, softmax, surprise};
pub(crate) use slots::Slots;

use crate::file::RawTensor;

/// A weight matrix W, packed for the machine.
pub struct Matrix {}

/// Rows of activations x [t][column], in f32, and as the integers that quantised weights are multiplied with.
#[derive(Default)]
pub struct Activations {}

impl Matrix {
    /// Packs a tensor; output row r is the tensor's row `row_order(r)`.
    pub fn pack(_tensor: &RawTensor, _row_order: impl Fn(usize) -> usize) -> Self {
        todo!()
    }

    /// Outputs.
    pub fn n_rows(&self) -> usize {
        todo!()
    }

    /// Inputs.
    pub fn n_columns(&self) -> usize {
        todo!()
    }

    /// Bytes that a multiplication reads.
    pub fn bytes(&self) -> usize {
        todo!()
    }

    /// y[t][r] = Σ_c W[r][c] x[t][c]; each y\[t\] has the same bits whatever other rows and threads there are.
    pub fn multiply(&self, _x: &Activations, _y: &mut [f32]) {
        todo!()
    }

    /// The same into a buffer that is made to fit.
    pub fn multiply_into(&self, x: &Activations, y: &mut Vec<f32>) {
        let _ = (x, y);
        todo!()
    }

    /// Row r as numbers: the embedding of a token.
    pub fn row(&self, _r: usize, _values: &mut [f32]) {
        todo!()
    }
}

impl Activations {
    /// Takes x [t][column] over, keeping what is allocated.
    pub fn set(&mut self, _x: &[f32], _n_columns: usize) {
        todo!()
    }
}
