//! Leave-one-out ridge regression with a kernel: what the other samples say of each.
//!
//! ```text
//! s₋ᵢ = yᵢ − [C y]ᵢ / Cᵢᵢ      C = (K + λ)⁻¹, y: one-hot labels less their means
//! ```
//!
//! - λ: of 9 multiples of the mean of the kernel's diagonal, 10⁻⁴ to 1, the one with the least squared error left out
//! - Cost: the eigenvectors of K, O(n³), and O(n²) for each multiple; [`MOST_SAMPLES`] bounds n
//! - Source: Allen 1974, Technometrics 16, 125; for kernels Rasmussen & Williams 2006, equation 5.12

use crate::units::arrays::ArraysError;
use crate::units::matrix::{Matrix, product};
use dunwu::measure::eigen;
use faer::Mat;

/// Samples that a kernel between all pairs is solved for: at 4,000 its eigenvectors take minutes on one core.
pub const MOST_SAMPLES: usize = 4_000;
/// Multiples of the kernel's mean diagonal: 10^(−4 + i/2).
const PENALTIES: usize = 9;

/// What ridge regression says of samples that it was not fitted on.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Scores `[sample][class]`.
    pub scores: Mat<f64>,
    /// λ over the mean of the kernel's diagonal.
    pub penalty: f64,
}

/// Scores of every sample by the regression without it.
pub fn leave_one_out(kernel: &Mat<f64>, labels: &[usize], n_classes: usize) -> Result<LeftOut, ArraysError> {
    let n = labels.len();
    if n > MOST_SAMPLES {
        return Err(ArraysError::TooMany { n, most: MOST_SAMPLES });
    }
    let mean_diagonal = (0..n).map(|i| kernel[(i, i)]).sum::<f64>() / n.max(1) as f64;
    let mut offsets = vec![0.0; n_classes];
    labels.iter().for_each(|&label| offsets[label] += 1.0 / n as f64);
    let y = Mat::from_fn(n, n_classes, |i, c| f64::from(u8::from(labels[i] == c)) - offsets[c]);
    let (values, vectors) = eigen(kernel.as_ref()).ok_or(ArraysError::NotAKernel)?;
    let turned = product(vectors.as_ref().transpose(), y.as_ref());
    let squared = Mat::from_fn(n, n, |i, k| vectors[(i, k)].powi(2));
    let mut best: Option<(f64, LeftOut)> = None;
    for step in 0..PENALTIES {
        let penalty = 10.0_f64.powf(-4.0 + step as f64 / 2.0);
        // Rounding leaves eigenvalues a little below 0.
        let weight = |k: usize| 1.0 / (values[k].max(0.0) + penalty * mean_diagonal);
        let shrunk = Mat::from_fn(n, n_classes, |k, c| turned[(k, c)] * weight(k));
        let solved = product(vectors.as_ref(), shrunk.as_ref());
        let diagonal = product(squared.as_ref(), Mat::from_fn(n, 1, |k, _| weight(k)).as_ref());
        let residual = Mat::from_fn(n, n_classes, |i, c| solved[(i, c)] / diagonal[(i, 0)]);
        let error: f64 = (0..n_classes).map(|c| (0..n).map(|i| residual[(i, c)].powi(2)).sum::<f64>()).sum();
        if error.is_finite() && best.as_ref().is_none_or(|best| error < best.0) {
            let scores = Mat::from_fn(n, n_classes, |i, c| y[(i, c)] - residual[(i, c)] + offsets[c]);
            best = Some((error, LeftOut { scores, penalty }));
        }
    }
    best.map(|best| best.1).ok_or(ArraysError::NotAKernel)
}

/// The tangent kernel of a wide network with one hidden layer of rectified units, inputs extended by a constant 1.
///
/// ```text
/// Θ(x, x') = |x||x'| (u κ₀(u) + κ₁(u))      κ₀ = (π − arccos u)/π, κ₁ = (u (π − arccos u) + (1 − u²)^½)/π, u = cos ∠(x, x')
/// ```
///
/// Source: Jacot et al. 2018, arXiv:1806.07572; Cho & Saul 2009 for κ.
pub fn relu_tangent_kernel(inputs: &Matrix) -> Mat<f64> {
    let n = inputs.height();
    let extended = Mat::from_fn(n, inputs.width() + 1, |i, j| inputs.row(i).get(j).map_or(1.0, |&x| f64::from(x)));
    let gram = product(extended.as_ref(), extended.as_ref().transpose());
    let length: Vec<f64> = (0..n).map(|i| gram[(i, i)].sqrt()).collect();
    Mat::from_fn(n, n, |i, k| {
        let size = length[i] * length[k];
        let u = (gram[(i, k)] / size).clamp(-1.0, 1.0);
        let angle = std::f64::consts::PI - u.acos();
        size * (2.0 * u * angle + (1.0 - u * u).max(0.0).sqrt()) / std::f64::consts::PI
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;

    fn inputs(n: usize, d: usize) -> Matrix {
        let mut draw = Draw::of(903, n as u64);
        Matrix::from_fn(n, d, |_, _| draw.normal() as f32)
    }

    /// The definition: one system of equations a sample, without it.
    #[test]
    fn what_is_left_out_is_that_of_regressions_without_each_sample() {
        let x = inputs(14, 3);
        let labels: Vec<usize> = (0..14).map(|i| usize::from(x.row(i)[0] > 0.0)).collect();
        let kernel = relu_tangent_kernel(&x);
        let found = leave_one_out(&kernel, &labels, 2).unwrap();
        let mean_diagonal = (0..14).map(|i| kernel[(i, i)]).sum::<f64>() / 14.0;
        let share = [0, 1].map(|c| labels.iter().filter(|&&label| label == c).count() as f64 / 14.0);
        for out in 0..14 {
            let kept: Vec<usize> = (0..14).filter(|&i| i != out).collect();
            let system = Mat::from_fn(13, 13, |i, k| {
                kernel[(kept[i], kept[k])] + if i == k { found.penalty * mean_diagonal } else { 0.0 }
            });
            let right = Mat::from_fn(13, 2, |i, c| f64::from(u8::from(labels[kept[i]] == c)) - share[c]);
            let (values, vectors) = eigen(system.as_ref()).unwrap();
            let turned = product(vectors.as_ref().transpose(), right.as_ref());
            let turned = Mat::from_fn(13, 2, |k, c| turned[(k, c)] / values[k]);
            let solved = product(vectors.as_ref(), turned.as_ref());
            for c in 0..2 {
                let said: f64 = (0..13).map(|i| kernel[(out, kept[i])] * solved[(i, c)]).sum::<f64>() + share[c];
                assert!((said - found.scores[(out, c)]).abs() < 1e-9, "{said} and {}", found.scores[(out, c)]);
            }
        }
    }

    /// The kernel is the mean over random units: of relu relu' and of the steps times xᵀx'.
    #[test]
    fn the_tangent_kernel_is_that_of_a_wide_network() {
        let x = inputs(4, 2);
        let kernel = relu_tangent_kernel(&x);
        let mut draw = Draw::of(904, 0);
        let n_units = 200_000;
        let mut sampled = Mat::<f64>::zeros(4, 4);
        let extended = |i: usize| [f64::from(x.row(i)[0]), f64::from(x.row(i)[1]), 1.0];
        for _ in 0..n_units {
            let w: [f64; 3] = std::array::from_fn(|_| draw.normal());
            let pre: Vec<f64> = (0..4).map(|i| extended(i).iter().zip(w).map(|(x, w)| x * w).sum()).collect();
            for i in 0..4 {
                for k in 0..4 {
                    let inner: f64 = extended(i).iter().zip(extended(k)).map(|(a, b)| a * b).sum();
                    let both = pre[i] > 0.0 && pre[k] > 0.0;
                    sampled[(i, k)] += 2.0 * f64::from(u8::from(both)) * (pre[i] * pre[k] + inner) / f64::from(n_units);
                }
            }
        }
        // One term has a spread of a few |x||x'|: the mean over 200,000 is within 0.03 of them.
        for i in 0..4 {
            for k in 0..4 {
                let size = (kernel[(i, i)] * kernel[(k, k)]).sqrt();
                assert!(
                    (sampled[(i, k)] - kernel[(i, k)]).abs() < 0.03 * size,
                    "{} and {}",
                    sampled[(i, k)],
                    kernel[(i, k)]
                );
            }
        }
    }
}
