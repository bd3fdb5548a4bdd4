//! Random draws of cases and worlds: one numbered stream a case of a kind.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// A generator for one case of one kind.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn of(kind: usize, case: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(case);
        rng.set_stream(kind as u64);
        Self(rng)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform from low to high, both among them.
    pub(crate) fn whole(&mut self, low: usize, high: usize) -> usize {
        low + (self.unit() * (high - low + 1) as f64) as usize
    }

    /// True with this probability.
    pub(crate) fn is(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * libm::log(1.0 - self.unit())).sqrt(), self.unit() * std::f64::consts::TAU);
        radius * libm::cos(angle)
    }

    /// One of these.
    pub(crate) fn of_list<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.whole(0, list.len() - 1)]
    }

    /// The numbers below n in random order.
    pub(crate) fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            let other = self.whole(0, last);
            order.swap(last, other);
        }
        order
    }
}
