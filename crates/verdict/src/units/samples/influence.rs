//! Self-influence in a network whose outputs are linear in its inputs: how much a sample's own loss falls for its being there.
//!
//! ```text
//! Iᵢ = gᵢᵀ (H + λ)⁻¹ gᵢ      gᵢ = (pᵢ − yᵢ) ⊗ (xᵢ, 1), H = Σᵢ (diag pᵢ − pᵢpᵢᵀ) ⊗ (xᵢ, 1)(xᵢ, 1)ᵀ
//! ```
//!
//! - λ: a thousandth of the mean of H's diagonal: weights that no sample tells of would count without bound
//! - Source: Koh & Liang 2017, arXiv:1703.04730

use crate::units::matrix::{Matrix, product};
use dunwu::measure::eigen;
use faer::Mat;

/// Weights up to which the Hessian is taken apart.
pub(super) const MOST_WEIGHTS: usize = 4_000;
/// λ over the mean of H's diagonal.
const DAMPING: f64 = 1e-3;

/// Of every sample; `None` where there are more weights than `MOST_WEIGHTS` or the Hessian is not finite.
pub fn self_influence(inputs: &Matrix, labels: &[usize], probabilities: &Matrix) -> Option<Vec<f64>> {
    let (n, width, n_classes) = (inputs.height(), inputs.width() + 1, probabilities.width());
    let size = width * n_classes;
    if size > MOST_WEIGHTS {
        return None;
    }
    let extended = Mat::from_fn(n, width, |i, j| inputs.row(i).get(j).map_or(1.0, |&x| f64::from(x)));
    let p = |i: usize, c: usize| f64::from(probabilities.row(i)[c]);
    let mut hessian = Mat::<f64>::zeros(size, size);
    for a in 0..n_classes {
        for b in 0..=a {
            let weighted = Mat::from_fn(n, width, |i, j| {
                let curvature = p(i, a) * (f64::from(u8::from(a == b)) - p(i, b));
                curvature * extended[(i, j)]
            });
            let block = product(extended.as_ref().transpose(), weighted.as_ref());
            for r in 0..width {
                for c in 0..width {
                    hessian[(a * width + r, b * width + c)] = block[(r, c)];
                    hessian[(b * width + c, a * width + r)] = block[(r, c)];
                }
            }
        }
    }
    let damping = DAMPING * (0..size).map(|k| hessian[(k, k)]).sum::<f64>() / size as f64;
    let gradients = Mat::from_fn(size, n, |k, i| {
        (p(i, k / width) - f64::from(u8::from(labels[i] == k / width))) * extended[(i, k % width)]
    });
    let (values, vectors) = eigen(hessian.as_ref())?;
    let turned = product(vectors.as_ref().transpose(), gradients.as_ref());
    let of = |i: usize| (0..size).map(|k| turned[(k, i)].powi(2) / (values[k].max(0.0) + damping)).sum();
    Some((0..n).map(of).collect())
}
