//! Layer norm: each row at mean 0 and variance 1, then a trained gain and bias.
//!
//! ```text
//! x̂ = (x − mean x) / √(var x + ε)      y = g ∘ x̂ + b
//! dg += dy ∘ x̂      db += dy      dx̂ = g ∘ dy      dx = (dx̂ − mean dx̂ − x̂ mean(dx̂ ∘ x̂)) / √(var x + ε)
//! ```
//!
//! - Shape: rows of d numbers; the variance is the biased one, over d
//! - Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450; ε and the biased variance as in PyTorch's `LayerNorm`

use super::sums::{dot, sum};
use super::{Layout, Start, room};
use pulp::Arch;
use std::ops::Range;

/// ε, PyTorch's default.
const EPSILON: f32 = 1e-5;

/// A trained normalisation of rows of `width` numbers.
#[derive(Clone, Debug)]
pub(crate) struct LayerNorm {
    pub(in crate::model) width: usize,
    pub(in crate::model) gain: Range<usize>,
    pub(in crate::model) bias: Range<usize>,
}

/// What the way back needs.
#[derive(Default)]
pub(crate) struct Tape {
    /// x̂, `[rows][width]`.
    normalized: Vec<f32>,
    /// 1/√(var x + ε), `[rows]`.
    scales: Vec<f32>,
    /// y, `[rows][width]`.
    outputs: Vec<f32>,
}

impl Tape {
    /// y of the rows that went forward last.
    pub(crate) fn outputs(&self, len: usize) -> &[f32] {
        &self.outputs[..len]
    }

    /// Room for x̂, the scales and y of `len` numbers in rows of `width`.
    pub(super) fn rooms(&mut self, len: usize, width: usize) -> (&mut [f32], &mut [f32], &mut [f32]) {
        let Self { normalized, scales, outputs } = self;
        (room(normalized, len), room(scales, len / width), room(outputs, len))
    }

    /// x̂ of `len` numbers, and the scales of all rows.
    pub(super) fn normalized(&self, len: usize) -> (&[f32], &[f32]) {
        (&self.normalized[..len], &self.scales)
    }
}

impl LayerNorm {
    /// Adds `NAME.gain`, ones, and `NAME.bias`, zeros.
    pub(crate) fn add(layout: &mut Layout, name: &str, width: usize) -> Self {
        let gain = layout.add(format!("{name}.gain"), &[width], Start::Constant(1.0));
        let bias = layout.add(format!("{name}.bias"), &[width], Start::Constant(0.0));
        Self { width, gain, bias }
    }

    /// y of every row of x, onto the tape.
    pub(crate) fn forward(&self, parameters: &[f32], x: &[f32], tape: &mut Tape) {
        let (gain, bias) = (&parameters[self.gain.clone()], &parameters[self.bias.clone()]);
        let (normalized, scales, outputs) = tape.rooms(x.len(), self.width);
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let rows = x.chunks_exact(self.width).zip(normalized.chunks_exact_mut(self.width));
                for (((x, normalized), y), scale) in rows.zip(outputs.chunks_exact_mut(self.width)).zip(scales) {
                    let mean = sum(x) / self.width as f32;
                    normalized.iter_mut().zip(x).for_each(|(normalized, x)| *normalized = x - mean);
                    *scale = 1.0 / (dot(normalized, normalized) / self.width as f32 + EPSILON).sqrt();
                    let entries = y.iter_mut().zip(normalized).zip(gain.iter().zip(bias));
                    for ((y, normalized), (gain, bias)) in entries {
                        *normalized *= *scale;
                        *y = gain * *normalized + bias;
                    }
                }
            },
        );
    }

    /// Adds ∂L/∂x to `dx` and the gradient of gain and bias to `gradient`; `dy` is used up.
    pub(crate) fn backward(
        &self,
        parameters: &[f32],
        tape: &Tape,
        dy: &mut [f32],
        dx: &mut [f32],
        gradient: &mut [f32],
    ) {
        let gain = &parameters[self.gain.clone()];
        let width = self.width;
        for (row, normalized) in dy.chunks_exact(width).zip(tape.normalized.chunks_exact(width)) {
            let sums = &mut gradient[self.gain.clone()];
            sums.iter_mut().zip(row).zip(normalized).for_each(|((sum, dy), normalized)| *sum += dy * normalized);
            gradient[self.bias.clone()].iter_mut().zip(row).for_each(|(sum, dy)| *sum += dy);
        }
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let rows = dy.chunks_exact_mut(width).zip(tape.normalized.chunks_exact(width));
                for (((dy, normalized), dx), scale) in rows.zip(dx.chunks_exact_mut(width)).zip(&tape.scales) {
                    dy.iter_mut().zip(gain).for_each(|(dy, gain)| *dy *= gain);
                    let mean = sum(dy) / width as f32;
                    let along = dot(dy, normalized) / width as f32;
                    for ((dx, dy), normalized) in dx.iter_mut().zip(dy).zip(normalized) {
                        *dx += scale * (*dy - mean - normalized * along);
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_mean_0_and_variance_1_before_gain_and_bias() {
        for width in [1, 5, 16, 37] {
            let mut layout = Layout::default();
            let norm = LayerNorm::add(&mut layout, "norm", width);
            let mut parameters = layout.draw(0);
            let x: Vec<f32> = (0..3 * width).map(|i| 3.0 + 2.0 * (i as f32 * 1.7).sin()).collect();
            let mut tape = Tape::default();
            norm.forward(&parameters, &x, &mut tape);
            let plain = tape.outputs(3 * width).to_vec();
            for (row, x) in plain.chunks_exact(width).zip(x.chunks_exact(width)) {
                let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / width as f64;
                let centre = mean(&mut x.iter().map(|&x| f64::from(x)));
                let variance = mean(&mut x.iter().map(|&x| (f64::from(x) - centre).powi(2)));
                // Entries are off by a few roundings of x, 5 · 6e-8, before the division by a deviation of about 1.4.
                assert!(mean(&mut row.iter().map(|&y| f64::from(y))).abs() < 2e-6);
                let found = mean(&mut row.iter().map(|&y| f64::from(y).powi(2)));
                assert!((found - variance / (variance + 1e-5)).abs() < 4e-6, "{found}");
            }
            parameters[..width].fill(2.0);
            parameters[width..].fill(-1.0);
            norm.forward(&parameters, &x, &mut tape);
            let expected: Vec<f32> = plain.iter().map(|y| 2.0 * y - 1.0).collect();
            assert_eq!(tape.outputs(3 * width), expected);
        }
    }
}
