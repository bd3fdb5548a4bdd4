//! `VICReg` with labels: samples of one label attract; nothing repels, but features have to vary and not to repeat each other.

use crate::kernel::{Shape, Strided, product};
use crate::spec::Numerics;

/// λ, μ, ν of Bardes et al. 2022, section 4.2.
const INVARIANCE: f64 = 25.0;
const VARIANCE: f64 = 25.0;
const COVARIANCE: f64 = 1.0;
/// γ and ε of their equation 1: the standard deviation that a feature is pushed to, and what keeps its root smooth at zero.
const TARGET: f64 = 1.0;
const EPSILON: f64 = 1e-4;
/// Both branches of the published loss see the same samples here. Its variance is a mean over branches and its covariance a
/// sum, which is twice that of one.
const BRANCHES: f64 = 2.0;

/// Loss of a sample's features and ∂L/∂F:
///
/// ```text
/// P(i) = {j ≠ i : yⱼ = yᵢ}      A = {i : P(i) ≠ ∅}      C = F̃ᵀF̃/(n − 1), F̃ = F − mean over samples
/// I = 1/(|A|K) Σ_{i∈A} (1/|P(i)|) Σ_{p∈P(i)} ‖fᵢ − fₚ‖² = 1/(|A|K) Σ_c 2m_c/(m_c − 1) Σ_{yᵢ=c} ‖fᵢ − f̄_c‖², m_c > 1
/// V = (1/K) Σⱼ max(0, 1 − √(Cⱼⱼ + ε))      O = (1/K) Σ_{j≠l} Cⱼₗ²      L = 25 I + 25 V + 2 O
/// ∂L/∂fᵢⱼ = 100/(|A|K) m_c/(m_c − 1) (fᵢⱼ − f̄_cⱼ) − 25/(K(n − 1)) [sⱼ < 1] f̃ᵢⱼ/sⱼ + 8/(K(n − 1)) Σ_{l≠j} f̃ᵢₗ Cₗⱼ,  sⱼ = √(Cⱼⱼ + ε)
/// ```
///
/// - Shapes: features and gradient `[n][K]`, labels `[n]`; time 4nK² flops, memory nK + K² floats
/// - Unit: squared activations per feature, weighted as published; 25 (1 − √ε) where all features are one
/// - Source: Bardes et al. 2022, arXiv:2105.04906, equations 1 to 6; the second view of a sample is another sample of its label
/// - Differs: I is a mean over features, as in the published code, not the sum that equation 5 writes. The coefficients belong
///   to the mean: with the sum, I outweighs V by a factor K and every feature stays near zero.
/// - Zero: for fewer than two samples.
pub(super) fn differentiate(
    numerics: Numerics,
    features: &[f32],
    n_features: usize,
    labels: &[u32],
    gradient: &mut [f32],
) -> f64 {
    let n = labels.len();
    if n < 2 {
        gradient.fill(0.0);
        return 0.0;
    }
    let degrees = n as f64 - 1.0;
    let per_feature = (n_features as f64).recip();
    let (centred, variances) = centre(features, n_features);
    let deviations: Vec<f64> = variances.iter().map(|variance| (variance + EPSILON).sqrt()).collect();
    // Written so that a deviation that is not a number shows in the loss.
    let hinge: f64 = deviations.iter().map(|&s| if s >= TARGET { 0.0 } else { TARGET - s }).sum();

    let mut covariance = vec![0.0; n_features * n_features];
    let f = Strided { values: &centred, row: n_features, column: 1 };
    let f_transposed = Strided { values: &centred, row: 1, column: n_features };
    let shape = Shape { rows: n_features, depth: n, columns: n_features };
    product(numerics, shape, f_transposed, f, (&mut covariance, n_features), false);
    let mut squares = 0.0;
    for (j, row) in covariance.chunks_exact_mut(n_features).enumerate() {
        row[j] = 0.0;
        for c in row {
            let scaled = f64::from(*c) / degrees;
            squares += scaled * scaled;
            *c = scaled as f32;
        }
    }
    let shape = Shape { rows: n, depth: n_features, columns: n_features };
    let covariance = Strided { values: &covariance, row: n_features, column: 1 };
    product(numerics, shape, f, covariance, (gradient, n_features), false);

    let classes = Classes::of(features, n_features, labels);
    let spread = COVARIANCE * BRANCHES * 4.0 * per_feature / degrees;
    let push: Vec<f64> =
        deviations.iter().map(|&s| if s >= TARGET { 0.0 } else { VARIANCE * per_feature / (degrees * s) }).collect();
    let mut distance = 0.0;
    let rows = gradient.chunks_exact_mut(n_features).zip(features.chunks_exact(n_features));
    for ((g, f), (centred, &label)) in rows.zip(centred.chunks_exact(n_features).zip(labels)) {
        let (pull, mean) = classes.of_label(label);
        let mut own = 0.0;
        for ((((g, &f), &centred), mean), push) in g.iter_mut().zip(f).zip(centred).zip(mean).zip(&push) {
            let from_mean = f64::from(f) - mean;
            own += from_mean * from_mean;
            let slope = 2.0 * INVARIANCE * per_feature * pull * from_mean - push * f64::from(centred);
            *g = (f64::from(*g) * spread + slope) as f32;
        }
        distance += pull * own;
    }
    INVARIANCE * per_feature * distance + VARIANCE * per_feature * hinge + COVARIANCE * BRANCHES * per_feature * squares
}

/// F̃ and the unbiased variance of every feature; for at least two samples.
fn centre(features: &[f32], n_features: usize) -> (Vec<f32>, Vec<f64>) {
    let n = (features.len() / n_features) as f64;
    let mut means = vec![0.0; n_features];
    for row in features.chunks_exact(n_features) {
        means.iter_mut().zip(row).for_each(|(mean, &f)| *mean += f64::from(f) / n);
    }
    let mut variances = vec![0.0; n_features];
    let mut centred = features.to_vec();
    for row in centred.chunks_exact_mut(n_features) {
        for ((f, mean), variance) in row.iter_mut().zip(&means).zip(&mut variances) {
            let difference = f64::from(*f) - mean;
            *variance += difference * difference / (n - 1.0);
            *f = difference as f32;
        }
    }
    (centred, variances)
}

/// The mean features of every label, and how strongly its samples are pulled there.
struct Classes {
    n_features: usize,
    /// `f̄_c`, `[label][feature]`.
    means: Vec<f64>,
    /// `2m_c/((m_c − 1)|A|)`, `[label]`; 0 for a label with a single sample.
    pulls: Vec<f64>,
}

impl Classes {
    fn of(features: &[f32], n_features: usize, labels: &[u32]) -> Self {
        let n_labels = labels.iter().max().map_or(0, |&label| label as usize + 1);
        let mut counts = vec![0_usize; n_labels];
        let mut means = vec![0.0; n_labels * n_features];
        for (row, &label) in features.chunks_exact(n_features).zip(labels) {
            counts[label as usize] += 1;
            let sums = &mut means[label as usize * n_features..][..n_features];
            sums.iter_mut().zip(row).for_each(|(sum, &f)| *sum += f64::from(f));
        }
        for (row, &count) in means.chunks_exact_mut(n_features).zip(&counts) {
            row.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
        }
        let n_anchors: usize = counts.iter().filter(|&&count| count > 1).sum();
        let pull = |count: usize| 2.0 * count as f64 / ((count as f64 - 1.0) * n_anchors as f64);
        let pulls = counts.iter().map(|&count| if count > 1 { pull(count) } else { 0.0 }).collect();
        Self { n_features, means, pulls }
    }

    fn of_label(&self, label: u32) -> (f64, &[f64]) {
        let label = label as usize;
        (self.pulls[label], &self.means[label * self.n_features..][..self.n_features])
    }
}
