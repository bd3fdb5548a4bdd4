//! The losses of the outputs by their definitions, in f64: for measures, and as the twin of the fast ones.

use super::shaped::Coarse;
use crate::spec::{CrossEntropySpec, Loss, Probabilities};

impl Loss {
    /// Loss of one sample with outputs `z`, `[M]`, and label `label`; `z` becomes ∂loss/∂z.
    pub fn differentiate_f64(self, z: &mut [f64], label: usize) -> f64 {
        match self {
            Self::Mse => squared_error(z, label),
            Self::CrossEntropy => cross_entropy(&CrossEntropySpec::PLAIN, z, label),
            Self::Shaped(spec) => cross_entropy(&spec, z, label),
        }
    }
}

/// `‖z − mean z − (e_y − 1/M)‖²`.
fn squared_error(z: &mut [f64], label: usize) -> f64 {
    let m = z.len() as f64;
    let mean = z.iter().sum::<f64>() / m;
    let mut loss = 0.0;
    for (c, z) in z.iter_mut().enumerate() {
        let residual = *z - mean - (f64::from(u8::from(c == label)) - m.recip());
        loss += residual * residual;
        *z = 2.0 * residual;
    }
    loss
}

/// The formulas at the head of `shaped.rs`.
fn cross_entropy(spec: &CrossEntropySpec, z: &mut [f64], label: usize) -> f64 {
    let CrossEntropySpec { probabilities, temperature, label_smoothing, z_loss, soft_cap, probability_bits } = *spec;
    let share = |z: f64| if soft_cap > 0.0 { libm::tanh(z / soft_cap) } else { 0.0 };
    let inside = |z: f64| if soft_cap > 0.0 { soft_cap * share(z) } else { z } / temperature;
    let top = z.iter().map(|&z| inside(z)).fold(f64::NEG_INFINITY, f64::max);
    let weight = |v: f64| match probabilities {
        Probabilities::Softmax => libm::exp(v - top),
        Probabilities::StableMax if v >= 0.0 => v + 1.0,
        Probabilities::StableMax => 1.0 / (1.0 - v),
    };
    let sum = |part: &[f64]| part.iter().map(|&z| weight(inside(z))).sum::<f64>();
    let (own, others) = (weight(inside(z[label])), sum(&z[..label]) + sum(&z[label + 1..]));
    let total = own + others;
    let log_partition = top + libm::log(total);
    let coarse = Coarse::of(probability_bits);
    let cost = |z: f64| match (&coarse, probabilities) {
        (Some(coarse), _) => coarse.cost(weight(inside(z)) / total),
        (None, Probabilities::Softmax) => log_partition - inside(z),
        (None, Probabilities::StableMax) => libm::log(total) - libm::log(weight(inside(z))),
    };
    let own_cost = if coarse.is_none() && own > 0.5 { libm::log1p(others / own) } else { cost(z[label]) };
    let everyone = label_smoothing / z.len() as f64;
    let spread = if label_smoothing > 0.0 { everyone * z.iter().map(|&z| cost(z)).sum::<f64>() } else { 0.0 };
    let (extra, pull) =
        if z_loss > 0.0 { (z_loss * log_partition * log_partition, 2.0 * z_loss * log_partition) } else { (0.0, 0.0) };
    for (c, z) in z.iter_mut().enumerate() {
        let (v, slope) = (inside(*z), (1.0 - share(*z) * share(*z)) / temperature);
        let p = weight(v) / total;
        let excess = match &coarse {
            Some(coarse) => coarse.round(p) - f64::from(u8::from(c == label)),
            None if c == label => -others / total,
            None => p,
        };
        let target = if c == label { label_smoothing - everyone } else { -everyone };
        let flatness = if probabilities == Probabilities::StableMax { 1.0 / (1.0 + v.abs()) } else { 1.0 };
        *z = (excess + target + pull * p) * flatness * slope;
    }
    (1.0 - label_smoothing) * own_cost + spread + extra
}
