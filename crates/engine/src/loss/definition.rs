//! The losses of the outputs by their definitions, in f64 or any other numbers: for measures, for training in f64, for Hessians, and
//! as the twin of the fast ones.

use super::shaped::Coarse;
use crate::kernel::Scalar;
use crate::spec::{CrossEntropySpec, Loss, Probabilities};

impl Loss {
    /// Loss of one sample with outputs `z`, `[M]`, and label `label`; `z` becomes ∂loss/∂z.
    pub fn differentiate_f64(self, z: &mut [f64], label: usize) -> f64 {
        self.differentiate_in(z, label)
    }

    /// The same in any numbers. Coarse probabilities have steps, which no derivative sees.
    pub(crate) fn differentiate_in<S: Scalar>(self, z: &mut [S], label: usize) -> S {
        match self {
            Self::Mse => squared_error(z, label),
            Self::CrossEntropy => cross_entropy(&CrossEntropySpec::PLAIN, z, label),
            Self::Shaped(spec) => cross_entropy(&spec, z, label),
        }
    }
}

fn sum<S: Scalar>(terms: impl Iterator<Item = S>) -> S {
    let mut sum = S::default();
    terms.for_each(|term| sum += term);
    sum
}

/// 1 for the right label.
fn indicator(c: usize, label: usize) -> f64 {
    f64::from(u8::from(c == label))
}

/// `‖z − mean z − (e_y − 1/M)‖²`.
fn squared_error<S: Scalar>(z: &mut [S], label: usize) -> S {
    let m = z.len() as f64;
    let mean = sum(z.iter().copied()) / S::constant(m);
    let mut loss = S::default();
    for (c, z) in z.iter_mut().enumerate() {
        let residual = *z - mean - S::constant(indicator(c, label) - m.recip());
        loss += residual * residual;
        *z = S::constant(2.0) * residual;
    }
    loss
}

/// The formulas at the head of `shaped.rs`.
fn cross_entropy<S: Scalar>(spec: &CrossEntropySpec, z: &mut [S], label: usize) -> S {
    let CrossEntropySpec { probabilities, temperature, label_smoothing, z_loss, soft_cap, probability_bits } = *spec;
    let (one, zero, number) = (S::constant(1.0), S::default(), S::constant);
    let share = |z: S| if soft_cap > 0.0 { (z / number(soft_cap)).tanh() } else { zero };
    let inside = |z: S| if soft_cap > 0.0 { number(soft_cap) * share(z) } else { z } / number(temperature);
    let top = number(z.iter().map(|&z| inside(z).value()).fold(f64::NEG_INFINITY, f64::max));
    let weight = |v: S| match probabilities {
        Probabilities::Softmax => (v - top).exp(),
        Probabilities::StableMax if v.value() >= 0.0 => v + one,
        Probabilities::StableMax => one / (one - v),
    };
    let sum_of = |part: &[S]| sum(part.iter().map(|&z| weight(inside(z))));
    let (own, others) = (weight(inside(z[label])), sum_of(&z[..label]) + sum_of(&z[label + 1..]));
    let total = own + others;
    let log_partition = top + total.ln();
    let coarse = Coarse::of(probability_bits);
    let cost = |z: S| match (&coarse, probabilities) {
        (Some(coarse), _) => number(coarse.cost((weight(inside(z)) / total).value())),
        (None, Probabilities::Softmax) => log_partition - inside(z),
        (None, Probabilities::StableMax) => total.ln() - weight(inside(z)).ln(),
    };
    let own_cost = if coarse.is_none() && own.value() > 0.5 { (others / own).ln_1p() } else { cost(z[label]) };
    let everyone = label_smoothing / z.len() as f64;
    let spread = if label_smoothing > 0.0 { number(everyone) * sum(z.iter().map(|&z| cost(z))) } else { zero };
    let (extra, pull) = if z_loss > 0.0 {
        (number(z_loss) * log_partition * log_partition, number(2.0 * z_loss) * log_partition)
    } else {
        (zero, zero)
    };
    for (c, z) in z.iter_mut().enumerate() {
        let (v, slope) = (inside(*z), (one - share(*z) * share(*z)) / number(temperature));
        let p = weight(v) / total;
        let excess = match &coarse {
            Some(coarse) => number(coarse.round(p.value()) - indicator(c, label)),
            None if c == label => -others / total,
            None => p,
        };
        let target = number(if c == label { label_smoothing - everyone } else { -everyone });
        let flatness = if probabilities == Probabilities::StableMax { one / (one + v.abs()) } else { one };
        *z = (excess + target + pull * p) * flatness * slope;
    }
    number(1.0 - label_smoothing) * own_cost + spread + extra
}
