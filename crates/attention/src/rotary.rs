//! Positions as rotations of queries and keys.
//!
//! A score depends only on how far apart the two positions are, so a key is turned once, when it is cached, and stays right for ever;
//! what moves is the query. Angles are computed in f64: at position 4·10⁶ an f32 angle may be off by an eighth of a radian.

use crate::model::Rotary;

/// How far each pair turns from one position to the next, in radians.
pub(crate) struct Frequencies(Vec<f64>);

impl Frequencies {
    pub(crate) fn new(rotary: &Rotary) -> Self {
        let frequency = |pair: usize| {
            let factor = rotary.factors.get(pair).copied().map_or(1.0, f64::from);
            libm::pow(rotary.base, -((2 * pair) as f64) / rotary.d_rotated as f64) / factor
        };
        Self((0..rotary.d_rotated / 2).map(frequency).collect())
    }

    /// Cosines of the angles of all pairs at a position, then their sines.
    fn turn(&self, position: f64, turns: &mut [f32]) {
        let (cosines, sines) = turns.split_at_mut(self.0.len());
        for ((cosine, sine), frequency) in cosines.iter_mut().zip(sines).zip(&self.0) {
            let (sin, cos) = libm::sincos(position * frequency);
            (*cosine, *sine) = (cos as f32, sin as f32);
        }
    }

    /// Turns a key that stands at position `from` to position `to`.
    pub(crate) fn move_key(&self, key: &mut [f32], from: u64, to: u64) {
        if from != to {
            let mut turns = vec![0.0; 2 * self.0.len()];
            self.turn(to as f64 - from as f64, &mut turns);
            rotate(key, &turns);
        }
    }
}

/// Cosines and sines of consecutive positions.
#[derive(Default)]
pub(crate) struct Angles {
    n_pairs: usize,
    /// `[position]`: the cosines of all pairs, then the sines.
    turns: Vec<f32>,
}

impl Angles {
    /// Of `n` positions from `first` on.
    pub(crate) fn new(frequencies: &Frequencies, first: u64, n: usize) -> Self {
        let mut angles = Self::default();
        angles.set(frequencies, first, n);
        angles
    }

    /// The same for other positions, in the same memory.
    pub(crate) fn set(&mut self, frequencies: &Frequencies, first: u64, n: usize) {
        self.n_pairs = frequencies.0.len();
        self.turns.resize(n * 2 * self.n_pairs, 0.0);
        for (position, turns) in (first..).zip(self.turns.chunks_exact_mut((2 * self.n_pairs).max(1))) {
            frequencies.turn(position as f64, turns);
        }
    }

    /// Turns a head as the i-th of the positions says.
    pub(crate) fn rotate(&self, i: usize, head: &mut [f32]) {
        let n = 2 * self.n_pairs;
        rotate(head, &self.turns[i * n..(i + 1) * n]);
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.turns[..])
    }
}

/// Turns the pairs (i, i + `n_pairs`) of a head; what is beyond the rotated part stays.
fn rotate(head: &mut [f32], turns: &[f32]) {
    let n_pairs = turns.len() / 2;
    let (cosines, sines) = turns.split_at(n_pairs);
    let (first, rest) = head.split_at_mut(n_pairs);
    for (((x, y), cos), sin) in first.iter_mut().zip(rest).zip(cosines).zip(sines) {
        // Not fused: without the instruction a fused product is a call.
        (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Pairs;
    use proptest::prelude::*;

    fn frequencies(d_rotated: usize) -> Frequencies {
        Frequencies::new(&Rotary { base: 10_000.0, d_rotated, pairs: Pairs::Halves, factors: Vec::new() })
    }

    proptest! {
        /// R(a)q · R(b)k is the real part of Σ q k̄ e^(i(a−b)ω) over the pairs, whatever a and b.
        #[test]
        fn a_score_depends_on_the_distance_alone(
            q in prop::collection::vec(-1.0f32..1.0, 8),
            k in prop::collection::vec(-1.0f32..1.0, 8),
            a in 0u64..5_000_000,
            distance in 0u64..2000,
        ) {
            let frequencies = frequencies(8);
            let (mut turned_q, mut turned_k) = (q.clone(), k.clone());
            Angles::new(&frequencies, a + distance, 1).rotate(0, &mut turned_q);
            Angles::new(&frequencies, a, 1).rotate(0, &mut turned_k);
            let score: f64 = turned_q.iter().zip(&turned_k).map(|(&q, &k)| f64::from(q) * f64::from(k)).sum();
            let expected: f64 = (0..4).map(|i| {
                let angle = distance as f64 * 10_000f64.powf(-2.0 * i as f64 / 8.0);
                let [x, y, u, v] = [q[i], q[i + 4], k[i], k[i + 4]].map(f64::from);
                (x * u + y * v) * angle.cos() + (x * v - y * u) * angle.sin()
            }).sum();
            // Eight products of numbers below √2, turned with cosines that are rounded to f32.
            prop_assert!((score - expected).abs() < 8.0 * 4.0 * f64::from(f32::EPSILON), "{score} {expected}");
        }

        #[test]
        fn a_moved_key_is_the_key_turned_to_there(
            k in prop::collection::vec(-1.0f32..1.0, 6),
            from in 0u64..3_000_000,
            to in 0u64..2000,
        ) {
            let frequencies = frequencies(4);
            let (mut moved, mut turned) = (k.clone(), k);
            Angles::new(&frequencies, from, 1).rotate(0, &mut moved);
            frequencies.move_key(&mut moved, from, to);
            Angles::new(&frequencies, to, 1).rotate(0, &mut turned);
            for (moved, turned) in moved.iter().zip(&turned) {
                prop_assert!((moved - turned).abs() < 8.0 * f32::EPSILON, "{moved} {turned}");
            }
        }
    }
}
