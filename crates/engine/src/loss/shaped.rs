//! Cross-entropy with changes of the outputs, the probabilities and the targets, each as published: [`CrossEntropySpec`].
//!
//! ```text
//! u_c = κ tanh(z_c / κ)      v_c = u_c / T      p_c = φ(v_c) / Σ_j φ(v_j)      q_c = (1 − ε) [c = y] + ε / M
//! L = −Σ_c q_c ln p_c + λ (ln Σ_c exp v_c)²
//! φ(v) = exp v, or of StableMax  v + 1 (v ≥ 0),  1 / (1 − v) (v < 0)
//! ∂L/∂z_c = (p_c − q_c + 2λ ln(Σ exp v) p_c) · r_c · (1 − (u_c/κ)²) / T      r_c = 1, of StableMax 1 / (1 + |v_c|)
//! ```
//!
//! - Soft cap κ: Gemma 2 (arXiv:2408.00118); label smoothing ε: Szegedy et al. 2016 (arXiv:1512.00567), as in PyTorch
//! - z-loss λ: `PaLM` (arXiv:2204.02311), 10⁻⁴ there; `StableMax`: Prieto et al. 2025 (arXiv:2501.04697)
//! - Coarse probabilities, a planted fault: p̂, the multiple of 2⁻ᵇ nearest to p, stands for p in p − q, and max(p̂, 2⁻ᵇ) in
//!   the logarithm. A right label with 1 − p < 2⁻ᵇ⁻¹ then sends nothing back.
//!
//! As in plain cross-entropy the right label's p − 1 is the sum of the others, so that nothing is lost next to 1.

use super::largest;
use crate::elementary::exp;
use crate::spec::{CrossEntropySpec, Probabilities};

/// Loss of one sample in nats; see [`super::Loss::differentiate`].
#[inline(never)]
pub(super) fn differentiate(spec: &CrossEntropySpec, z: &mut [f32], n_labels: usize, label: usize, scale: f32) -> f64 {
    let (z, padding) = z.split_at_mut(n_labels);
    padding.fill(0.0);
    let CrossEntropySpec { temperature, label_smoothing, z_loss, soft_cap, .. } = *spec;
    if soft_cap > 0.0 {
        z.iter_mut().for_each(|z| *z = soft_cap as f32 * libm::tanhf(*z / soft_cap as f32));
    }
    if temperature != 1.0 {
        z.iter_mut().for_each(|z| *z /= temperature as f32);
    }
    let top = largest(z);
    let weight = |v: f32| match spec.probabilities {
        Probabilities::Softmax => exp(v - top),
        Probabilities::StableMax => stable(v),
    };
    let sum = |part: &[f32]| part.iter().map(|&v| f64::from(weight(v))).sum::<f64>();
    let own = f64::from(weight(z[label]));
    let others = sum(&z[..label]) + sum(&z[label + 1..]);
    let total = own + others;
    let log_total = libm::log(total);
    let coarse = Coarse::of(spec.probability_bits);
    let cost = |v: f32| match (&coarse, spec.probabilities) {
        (Some(coarse), _) => coarse.cost(f64::from(weight(v)) / total),
        (None, Probabilities::Softmax) => log_total - (f64::from(v) - f64::from(top)),
        (None, Probabilities::StableMax) => log_total - libm::log(f64::from(weight(v))),
    };
    // With the right label on top of a softmax `own` is 1 and nothing cancels; StableMax's never is too small to divide by.
    let own_cost = match spec.probabilities {
        _ if coarse.is_some() => cost(z[label]),
        Probabilities::Softmax if z[label] < top => cost(z[label]),
        Probabilities::Softmax | Probabilities::StableMax => libm::log1p(others / own),
    };
    let mut loss = (1.0 - label_smoothing) * own_cost;
    let everyone = label_smoothing / n_labels as f64;
    if label_smoothing > 0.0 {
        loss += everyone * z.iter().map(|&v| cost(v)).sum::<f64>();
    }
    let log_partition = f64::from(top) + log_total;
    let mut pull = 0.0;
    if z_loss > 0.0 {
        loss += z_loss * log_partition * log_partition;
        pull = 2.0 * z_loss * log_partition;
    }
    let factor = f64::from(scale) / temperature;
    for (c, z) in z.iter_mut().enumerate() {
        let v = *z;
        let p = f64::from(weight(v)) / total;
        let excess = match &coarse {
            Some(coarse) => coarse.round(p) - f64::from(u8::from(c == label)),
            None if c == label => -others / total,
            None => p,
        };
        let target = if c == label { label_smoothing - everyone } else { -everyone };
        let mut g = (excess + target + pull * p) * factor;
        if spec.probabilities == Probabilities::StableMax {
            g /= 1.0 + f64::from(v.abs());
        }
        if soft_cap > 0.0 {
            let share = f64::from(v) * temperature / soft_cap;
            g *= 1.0 - share * share;
        }
        // A subnormal gradient would cost a hundred times as much in the products that follow and move nothing.
        *z = if g.abs() < f64::from(f32::MIN_POSITIVE) { 0.0 } else { g as f32 };
    }
    loss
}

/// φ of `StableMax`.
fn stable(v: f32) -> f32 {
    if v >= 0.0 { v + 1.0 } else { 1.0 / (1.0 - v) }
}

/// Probabilities as multiples of 2⁻ᵇ.
pub(super) struct Coarse {
    n_steps: f64,
}

impl Coarse {
    /// `None` where probabilities are as fine as they come.
    pub(super) fn of(bits: u32) -> Option<Self> {
        (bits > 0).then(|| Self { n_steps: f64::from(1_u32 << bits) })
    }

    /// p̂: the nearest multiple, the even one of two equally near.
    pub(super) fn round(&self, p: f64) -> f64 {
        (p * self.n_steps).round_ties_even() / self.n_steps
    }

    /// −ln max(p̂, 2⁻ᵇ).
    pub(super) fn cost(&self, p: f64) -> f64 {
        -libm::log(self.round(p).max(self.n_steps.recip()))
    }
}
