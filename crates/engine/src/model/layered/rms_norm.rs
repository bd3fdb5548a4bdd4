//! RMS norm: each row at a mean square of 1, then a trained gain.
//!
//! ```text
//! x̂ = x / √(mean x² + ε)      y = g ∘ x̂
//! dg += dy ∘ x̂      dx̂ = g ∘ dy      dx = (dx̂ − x̂ mean(dx̂ ∘ x̂)) / √(mean x² + ε)
//! ```
//!
//! - Shape: rows of d numbers; of queries and keys, one row a head
//! - Source: Zhang & Sennrich 2019, arXiv:1910.07467; ε as in Llama 2

use super::layer_norm::Tape;
use super::sums::dot;
use super::{Layout, Start};
use pulp::Arch;
use std::ops::Range;

const EPSILON: f32 = 1e-5;

/// A trained scale of rows of `width` numbers.
#[derive(Clone, Debug)]
pub(crate) struct RmsNorm {
    pub(in crate::model) width: usize,
    pub(in crate::model) gain: Range<usize>,
}

impl RmsNorm {
    /// Adds `NAME.gain`, ones.
    pub(crate) fn add(layout: &mut Layout, name: &str, width: usize) -> Self {
        Self { width, gain: layout.add(format!("{name}.gain"), &[width], Start::Constant(1.0)) }
    }

    /// y of every row of x, onto the tape.
    pub(crate) fn forward(&self, parameters: &[f32], x: &[f32], tape: &mut Tape) {
        let gain = &parameters[self.gain.clone()];
        let (normalized, scales, outputs) = tape.rooms(x.len(), self.width);
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let rows = x.chunks_exact(self.width).zip(normalized.chunks_exact_mut(self.width));
                for (((x, normalized), y), scale) in rows.zip(outputs.chunks_exact_mut(self.width)).zip(scales) {
                    *scale = 1.0 / (dot(x, x) / self.width as f32 + EPSILON).sqrt();
                    for ((y, normalized), (x, gain)) in y.iter_mut().zip(normalized).zip(x.iter().zip(gain)) {
                        *normalized = x * *scale;
                        *y = gain * *normalized;
                    }
                }
            },
        );
    }

    /// Adds ∂L/∂x to `dx` and the gradient of the gain to `gradient`; `dy` is used up.
    pub(crate) fn backward(
        &self,
        parameters: &[f32],
        tape: &Tape,
        dy: &mut [f32],
        dx: &mut [f32],
        gradient: &mut [f32],
    ) {
        let (gain, width) = (&parameters[self.gain.clone()], self.width);
        let (normalized, scales) = tape.normalized(dy.len());
        for (row, normalized) in dy.chunks_exact(width).zip(normalized.chunks_exact(width)) {
            let sums = &mut gradient[self.gain.clone()];
            sums.iter_mut().zip(row).zip(normalized).for_each(|((sum, dy), normalized)| *sum += dy * normalized);
        }
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let rows = dy.chunks_exact_mut(width).zip(normalized.chunks_exact(width));
                for (((dy, normalized), dx), scale) in rows.zip(dx.chunks_exact_mut(width)).zip(scales) {
                    dy.iter_mut().zip(gain).for_each(|(dy, gain)| *dy *= gain);
                    let along = dot(dy, normalized) / width as f32;
                    for ((dx, dy), normalized) in dx.iter_mut().zip(dy).zip(normalized) {
                        *dx += scale * (*dy - normalized * along);
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
    fn rows_have_a_mean_square_of_1_before_the_gain_and_keep_their_direction() {
        for width in [1, 5, 16, 37] {
            let mut layout = Layout::default();
            let norm = RmsNorm::add(&mut layout, "norm", width);
            let x: Vec<f32> = (0..3 * width).map(|i| 3.0 + 2.0 * (i as f32 * 1.7).sin()).collect();
            let mut tape = Tape::default();
            norm.forward(&layout.draw(0), &x, &mut tape);
            for (y, x) in tape.outputs(3 * width).chunks_exact(width).zip(x.chunks_exact(width)) {
                let square = x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / width as f64;
                for (y, x) in y.iter().zip(x) {
                    let expected = f64::from(*x) / (square + 1e-5).sqrt();
                    // A few roundings of numbers near 1.
                    assert!((f64::from(*y) - expected).abs() < 2e-6, "{y} for {expected}");
                }
            }
        }
    }
}
