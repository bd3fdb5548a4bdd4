//! Layer norm and RMS norm; the formulas are at the heads of their files in [`crate::model::layered`].

use super::linear::{add, dot, sum};
use crate::kernel::Scalar;
use crate::model::layered::{LayerNorm, Norm, RmsNorm};

/// ε of both.
const EPSILON: f64 = 1e-5;

/// What the way back needs.
pub(super) struct Normalized<S> {
    /// x̂, `[rows][width]`.
    x_hat: Vec<S>,
    /// 1/√(var x + ε), `[rows]`.
    scales: Vec<S>,
    /// y, `[rows][width]`.
    pub(super) outputs: Vec<S>,
}

/// y of every row of x.
pub(super) fn forward<S: Scalar>(norm: &Norm, parameters: &[S], x: &[S]) -> Normalized<S> {
    match norm {
        Norm::Layer(LayerNorm { width, gain, bias }) => {
            let (gain, bias) = (&parameters[gain.clone()], &parameters[bias.clone()]);
            normalize(*width, (gain, Some(bias)), x)
        }
        Norm::Rms(norm) => forward_rms(norm, parameters, x),
    }
}

pub(super) fn forward_rms<S: Scalar>(norm: &RmsNorm, parameters: &[S], x: &[S]) -> Normalized<S> {
    normalize(norm.width, (&parameters[norm.gain.clone()], None), x)
}

/// With a bias the mean is taken away, too.
fn normalize<S: Scalar>(width: usize, (gain, bias): (&[S], Option<&[S]>), x: &[S]) -> Normalized<S> {
    let n = S::constant(width as f64);
    let mut all = Normalized { x_hat: x.to_vec(), scales: Vec::new(), outputs: Vec::new() };
    for row in all.x_hat.chunks_exact_mut(width) {
        if bias.is_some() {
            let mean = sum(row) / n;
            row.iter_mut().for_each(|x| *x -= mean);
        }
        let scale = S::constant(1.0) / (dot(row, row) / n + S::constant(EPSILON)).sqrt();
        row.iter_mut().for_each(|x| *x = *x * scale);
        all.scales.push(scale);
        let first = all.outputs.len();
        all.outputs.extend(row.iter().zip(gain).map(|(&x, &gain)| gain * x));
        if let Some(bias) = bias {
            add(&mut all.outputs[first..], bias);
        }
    }
    all
}

/// ∂L/∂x; the gradient of gain and bias is added to `gradient`.
pub(super) fn backward<S: Scalar>(
    norm: &Norm,
    parameters: &[S],
    passed: &Normalized<S>,
    dy: &[S],
    gradient: &mut [S],
) -> Vec<S> {
    match norm {
        Norm::Layer(LayerNorm { width, gain, bias }) => {
            dy.chunks_exact(*width).for_each(|dy| add(&mut gradient[bias.clone()], dy));
            let dx_hat = scaled_by_gain(*width, &parameters[gain.clone()], passed, dy, &mut gradient[gain.clone()]);
            back(*width, true, passed, dx_hat)
        }
        Norm::Rms(norm) => backward_rms(norm, parameters, passed, dy, gradient),
    }
}

pub(super) fn backward_rms<S: Scalar>(
    norm: &RmsNorm,
    parameters: &[S],
    passed: &Normalized<S>,
    dy: &[S],
    gradient: &mut [S],
) -> Vec<S> {
    let range = norm.gain.clone();
    let dx_hat = scaled_by_gain(norm.width, &parameters[range.clone()], passed, dy, &mut gradient[range]);
    back(norm.width, false, passed, dx_hat)
}

/// `dx̂ = g ∘ dy`, with `dg += dy ∘ x̂`.
fn scaled_by_gain<S: Scalar>(
    width: usize,
    gain: &[S],
    passed: &Normalized<S>,
    dy: &[S],
    gain_gradient: &mut [S],
) -> Vec<S> {
    let rows = dy.chunks_exact(width).zip(passed.x_hat.chunks_exact(width));
    for (dy, x_hat) in rows {
        gain_gradient.iter_mut().zip(dy).zip(x_hat).for_each(|((sum, &dy), &x)| *sum += dy * x);
    }
    dy.chunks_exact(width).flat_map(|dy| dy.iter().zip(gain).map(|(&dy, &gain)| gain * dy)).collect()
}

/// `dx = (dx̂ − [mean dx̂] − x̂ mean(dx̂ ∘ x̂)) · scale`.
fn back<S: Scalar>(width: usize, is_centred: bool, passed: &Normalized<S>, mut dx: Vec<S>) -> Vec<S> {
    let n = S::constant(width as f64);
    let rows = dx.chunks_exact_mut(width).zip(passed.x_hat.chunks_exact(width));
    for ((dx, x_hat), &scale) in rows.zip(&passed.scales) {
        let mean = if is_centred { sum(dx) / n } else { S::default() };
        let along = dot(dx, x_hat) / n;
        dx.iter_mut().zip(x_hat).for_each(|(dx, &x)| *dx = scale * (*dx - mean - x * along));
    }
    dx
}
