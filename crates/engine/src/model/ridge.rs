//! The top layer solved instead of trained: the paper's Stage I limit, kept at every step.

use super::{Activation, Weights};
use crate::kernel::Real;
use crate::kernel::double::{Matrix, gram, solve_positive, transposed_product};
use crate::spec::Numerics;
use crate::task::Samples;

/// V of the least centred MSE's sum over samples plus ridge, `[K][M]`, for features `[n][K]`:
///
/// ```text
/// V = argmin ½‖Y − 1/M − F V‖² + η/2 ‖V‖² = (FᵀF + ηI)⁻¹ Fᵀ(Y − 1/M) = Fᵀ(FFᵀ + ηI)⁻¹(Y − 1/M)
/// ```
///
/// F is not centred over samples, as in the paper's script. The smaller of the two systems is solved by Cholesky in f64.
/// `None` where it has no solution in f64: η = 0 with dependent features, or features that are not finite.
pub(crate) fn solve_ridge<R: Real>(
    numerics: Numerics,
    features: &[R],
    n_features: usize,
    labels: &[u32],
    n_labels: usize,
    eta: f64,
) -> Option<Vec<R>> {
    let (k, m, n) = (n_features, n_labels, labels.len());
    let features = Matrix::from_fn(n, k, |i, j| features[i * k + j].wide());
    let target = Matrix::from_fn(n, m, |i, c| f64::from(u8::from(labels[i] as usize == c)) - 1.0 / m as f64);
    let system = |mut gram: Matrix| {
        (0..gram.rows).for_each(|i| gram.values[i * gram.columns + i] += eta);
        gram
    };
    let solution = if k <= n {
        let right = transposed_product(numerics, &features, &target);
        solve_positive(numerics, system(gram(numerics, &features.transposed())), right)
    } else {
        let dual = solve_positive(numerics, system(gram(numerics, &features)), target);
        dual.map(|dual| transposed_product(numerics, &features, &dual))
    };
    Some(solution?.values.iter().map(|&value| R::of(value)).collect())
}

/// Replaces V of a two-layer network by that of its features; `false` where there is no solution.
pub(crate) fn solve_top(
    numerics: Numerics,
    weights: &mut Weights,
    samples: &Samples,
    offsets: &[usize],
    activation: Activation,
    eta: f64,
) -> bool {
    let (k, n) = (weights.n_units, samples.len());
    let row = |i: usize, o: usize| &weights.hidden[(offsets[o] + samples.operands[o][i] as usize) * k..][..k];
    let mut features = vec![0.0; n * k];
    for (i, features) in features.chunks_exact_mut(k).enumerate() {
        for operand in 0..offsets.len() {
            features.iter_mut().zip(row(i, operand)).for_each(|(f, w)| *f += w);
        }
        features.iter_mut().for_each(|f| *f = activation.value(*f));
    }
    let Some(top) = solve_ridge(numerics, &features, k, &samples.labels, weights.n_labels, eta) else { return false };
    weights.top = top;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gradient of the objective vanishes at the solution, in both the small-K and the small-n form.
    #[test]
    fn the_solution_is_a_stationary_point() {
        let m = 5_usize;
        let shapes = [(6, 20, 0.1), (40, 20, 0.1), (20, 20, 1e-3)];
        let cases = shapes.iter().flat_map(|&shape| [(shape, Numerics::Fast), (shape, Numerics::Exact)]);
        for ((k, n, eta), numerics) in cases {
            let mut weights = Weights::zeros(2 * m, k, m);
            for (i, w) in weights.hidden.iter_mut().enumerate() {
                *w = ((i * 7919 % 101) as f32 - 50.0) / 40.0;
            }
            let operands = vec![(0..n).map(|i| (i / m) as u32).collect(), (0..n).map(|i| (i % m) as u32).collect()];
            let labels = (0..n).map(|i| ((i / m + i) % m) as u32).collect();
            let samples = Samples { operands, values: vec![], labels };
            assert!(solve_top(numerics, &mut weights, &samples, &[0, m], Activation::Relu, eta));
            let feature = |i: usize, j: usize| {
                let h = weights.hidden[(i / m) * k + j] + weights.hidden[(m + i % m) * k + j];
                f64::from(h.max(0.0))
            };
            for j in 0..k {
                for c in 0..m {
                    let mut gradient = eta * f64::from(weights.top[j * m + c]);
                    for i in 0..n {
                        let output: f64 = (0..k).map(|l| feature(i, l) * f64::from(weights.top[l * m + c])).sum();
                        let target = f64::from(u8::from(samples.labels[i] as usize == c)) - 1.0 / m as f64;
                        gradient -= feature(i, j) * (target - output);
                    }
                    // V is stored in f32: n·|f|²·ε·|V| ≈ 20·6·6e-8·|V|.
                    let size = weights.top.iter().fold(1.0_f32, |size, v| size.max(v.abs()));
                    assert!(gradient.abs() < 1e-4 * f64::from(size) * k as f64, "K={k} n={n}: {gradient}");
                }
            }
        }
    }

    #[test]
    fn an_unsolvable_system_is_said_to_be_one() {
        let mut weights = Weights::zeros(4, 3, 2);
        weights.hidden[0] = f32::NAN;
        let samples = Samples { operands: vec![vec![0, 1], vec![0, 1]], values: vec![], labels: vec![0, 1] };
        for numerics in [Numerics::Fast, Numerics::Exact] {
            assert!(!solve_top(numerics, &mut weights, &samples, &[0, 2], Activation::Square, 0.1));
        }
    }
}
