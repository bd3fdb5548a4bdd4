//! Sums over the weights of one update.

use super::super::arrays::{Arrays, Trained};
use super::super::parts::Span;
use super::PartVitals;
use crate::kernel::Real;
use crate::spec::AdamSpec;

/// Sums over all weights.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) largest: f64,
    pub(super) decay: f64,
    pub(super) rest: f64,
    pub(super) square: f64,
    pub(super) second: f64,
    pub(super) n_second: usize,
    pub(super) n_below: usize,
}

/// What an optimizer does to weights, as far as a look needs it.
pub(super) struct UpdateLaw {
    pub(super) step: u64,
    pub(super) rate: f64,
    pub(super) decay: f64,
    /// Whether decay is beside the gradient and not in it.
    pub(super) decoupled: bool,
    pub(super) adam: Option<AdamSpec>,
    /// 1 − β₂ᵗ before the update and after it.
    pub(super) corrections: Option<[f64; 2]>,
}

impl Sums {
    /// Adds an array's numbers; gives its norms, and the largest entry of its gradient.
    pub(super) fn add<R: Trained>(&mut self, span: &Span, arrays: [&Arrays; 3], law: &UpdateLaw) -> (PartVitals, f64) {
        let [before, _, after] = arrays;
        let kinds = ["weights", "gradient", "weights"];
        let [w, g, new]: [&[R]; 3] = std::array::from_fn(|place| span.read(kinds[place], arrays[place].of()));
        let shrink = law.rate * law.decay;
        // One pass for all sums: each is a chain of additions, and chains side by side take no longer than one.
        let (mut update, mut gradient, mut weight, mut largest) = (0.0, 0.0, 0.0, 0.0_f64);
        for ((&w, &g), &new) in w.iter().zip(g).zip(new) {
            let [w, g, new] = [w, g, new].map(Real::wide);
            let decay = if law.decoupled { shrink * w } else { law.decay * w };
            let moved = new - w;
            let step_taken = if law.decoupled { moved + decay } else { moved };
            self.largest = self.largest.max(step_taken.abs());
            self.decay += decay * decay;
            self.rest += if law.decoupled { step_taken * step_taken } else { g * g };
            update += moved * moved;
            gradient += g * g;
            weight += w * w;
            largest = if g.is_nan() { f64::INFINITY } else { largest.max(g.abs()) };
        }
        if let (Some(adam), Some([earlier, now])) = (law.adam, law.corrections) {
            let second: [&[R]; 2] = [before, after].map(|arrays| span.read("moment2", arrays.of()));
            if law.step > 0 {
                self.square += gradient;
                self.second += second[0].iter().map(|v| v.wide()).sum::<f64>() / earlier;
            }
            let least = adam.epsilon * adam.epsilon * now;
            self.n_second += second[1].len();
            self.n_below += second[1].iter().filter(|v| v.wide() < least).count();
        }
        let [update, gradient, weight] = [update, gradient, weight].map(f64::sqrt);
        (PartVitals { name: span.name().to_owned(), gradient, update, weight }, largest)
    }
}
