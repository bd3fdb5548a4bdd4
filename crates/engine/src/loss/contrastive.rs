//! Supervised contrastive loss: samples of one label attract, all others repel.

use super::{largest, sum};
use crate::elementary::exp;
use crate::kernel::{Shape, Strided, product};
use crate::spec::Numerics;

/// Length below which features have no direction; what PyTorch's `normalize` divides by at least.
const SMALLEST_NORM: f64 = 1e-12;

/// Loss of a sample's features and ∂L/∂F, both a mean over the samples that share their label with another:
///
/// ```text
/// uᵢ = fᵢ/‖fᵢ‖      sᵢⱼ = uᵢ·uⱼ/τ      P(i) = {j ≠ i : yⱼ = yᵢ}      A = {i : P(i) ≠ ∅}
/// L = (1/|A|) Σ_{i∈A} [ ln Σ_{a≠i} exp sᵢₐ − (1/|P(i)|) Σ_{p∈P(i)} sᵢₚ ]
/// ∂L/∂uᵢ = (1/τ) Σⱼ (Dᵢⱼ + Dⱼᵢ) uⱼ      Dᵢⱼ = (1/|A|) (softmaxᵢ(s)ⱼ − [j ∈ P(i)]/|P(i)|), 0 for i ∉ A
/// ∂L/∂fᵢ = (∂L/∂uᵢ − uᵢ (uᵢ·∂L/∂uᵢ)) / ‖fᵢ‖
/// ```
///
/// - Shapes: features and gradient `[n][K]`, labels `[n]`; time 4n²K flops, memory n² floats
/// - Unit: nats; ln|P| from below where every sample has |P| positives, ln(n − 1) where all features are one
/// - Source: Khosla et al. 2020, arXiv:2004.11362, equation 2 (sum outside the logarithm)
/// - Differs: a mean over A instead of a sum over all samples, so that rates carry over from other losses
/// - Zero: where no two samples share a label. Features without a direction repel and attract as zeros and move nothing.
pub(super) fn differentiate(
    numerics: Numerics,
    temperature: f64,
    features: &[f32],
    n_features: usize,
    labels: &[u32],
    gradient: &mut [f32],
) -> f64 {
    let n = labels.len();
    let positives = positives(labels);
    let n_anchors = positives.iter().filter(|&&count| count > 0).count();
    if n_anchors == 0 {
        gradient.fill(0.0);
        return 0.0;
    }
    let norms: Vec<f64> = features.chunks_exact(n_features).map(norm).collect();
    let mut directions = features.to_vec();
    for (row, &norm) in directions.chunks_exact_mut(n_features).zip(&norms) {
        // A norm that is not a number has to show in the loss, so it is not caught here.
        let scale = if norm < SMALLEST_NORM { 0.0 } else { norm.recip() };
        row.iter_mut().for_each(|x| *x = (f64::from(*x) * scale) as f32);
    }
    let u = Strided { values: &directions, row: n_features, column: 1 };
    let u_transposed = Strided { values: &directions, row: 1, column: n_features };
    let mut pull = vec![0.0; n * n];
    product(numerics, Shape { rows: n, depth: n_features, columns: n }, u, u_transposed, (&mut pull, n), false);

    // The C library's logarithm is another one on another machine; what was trained with it goes on with it.
    let log = |x: f64| if numerics == Numerics::Fast { x.ln() } else { libm::log(x) };
    let share = (n_anchors as f64).recip();
    let mut anchors = Vec::with_capacity(n);
    let mut exponentials = vec![0.0; n];
    let mut loss = 0.0;
    for (i, row) in pull.chunks_exact_mut(n).enumerate() {
        row.iter_mut().for_each(|s| *s = (f64::from(*s) / temperature) as f32);
        let Some(weight) = (positives[i] > 0).then(|| share / positives[i] as f64) else {
            anchors.push(Anchor { log_sum: 0.0, share: 0.0, attraction: 0.0 });
            continue;
        };
        row[i] = f32::NEG_INFINITY;
        let top = largest(row);
        exponentials.iter_mut().zip(&*row).for_each(|(e, &s)| *e = exp(s - top));
        exponentials[i] = 0.0;
        let log_sum = f64::from(top) + log(sum(&exponentials, |e| e));
        let others = row.iter().zip(labels).enumerate().filter(|&(j, (_, label))| j != i && *label == labels[i]);
        let attraction: f64 = others.map(|(_, (&s, _))| f64::from(s)).sum();
        loss += share * log_sum - weight * attraction;
        anchors.push(Anchor { log_sum: log_sum as f32, share: share as f32, attraction: weight as f32 });
    }
    // s is symmetric, so D + Dᵀ needs no transpose: entry (i, j) is made from sᵢⱼ and the sums of both rows.
    for (i, row) in pull.chunks_exact_mut(n).enumerate() {
        let own = anchors[i];
        for (s, other) in row.iter_mut().zip(&anchors) {
            *s = own.share * exp(*s - own.log_sum) + other.share * exp(*s - other.log_sum);
        }
        // Samples of one label have equally many positives, so what i gives j gives back.
        for (d, label) in row.iter_mut().zip(labels) {
            if *label == labels[i] {
                *d -= 2.0 * own.attraction;
            }
        }
        row[i] = 0.0;
    }
    let pull = Strided { values: &pull, row: n, column: 1 };
    product(numerics, Shape { rows: n, depth: n, columns: n_features }, pull, u, (gradient, n_features), false);

    let rows = gradient.chunks_exact_mut(n_features).zip(directions.chunks_exact(n_features));
    for ((g, u), &norm) in rows.zip(&norms) {
        let scale = if norm < SMALLEST_NORM { 0.0 } else { (temperature * norm).recip() };
        let along: f64 = g.iter().zip(u).map(|(&g, &u)| f64::from(g) * f64::from(u)).sum();
        g.iter_mut().zip(u).for_each(|(g, &u)| *g = ((f64::from(*g) - along * f64::from(u)) * scale) as f32);
    }
    loss
}

/// What a sample brings into row and column of D + Dᵀ; nothing for one without a positive.
#[derive(Clone, Copy)]
struct Anchor {
    /// ln Σ_{a≠i} exp sᵢₐ
    log_sum: f32,
    /// 1/|A|
    share: f32,
    /// 1/(|A| |P(i)|)
    attraction: f32,
}

/// |P(i)| of every sample.
fn positives(labels: &[u32]) -> Vec<usize> {
    let mut counts = vec![0_usize; labels.iter().max().map_or(0, |&label| label as usize + 1)];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    labels.iter().map(|&label| counts[label as usize] - 1).collect()
}

fn norm(row: &[f32]) -> f64 {
    row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt()
}
