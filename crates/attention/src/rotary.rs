//! Positions as rotations of queries and keys.
//!
//! A score depends only on how far apart the two positions are, so a key is turned once, when it is cached, and stays right for ever;
//! what moves is the query. Angles are computed in f64: at position 4·10⁶ an f32 angle would be off by a quarter of a radian.

use crate::model::Rotary;

/// Cosines and sines of consecutive positions.
pub(crate) struct Angles {
    n_pairs: usize,
    /// `[position]`: the cosines of all pairs, then the sines.
    turns: Vec<f32>,
}

impl Angles {
    /// Of `n` positions from `first` on.
    pub(crate) fn new(rotary: &Rotary, first: u64, n: usize) -> Self {
        let mut angles = Self { n_pairs: rotary.d_rotated / 2, turns: Vec::new() };
        angles.set(rotary, first, n);
        angles
    }

    /// The same for other positions, in the same memory.
    pub(crate) fn set(&mut self, rotary: &Rotary, first: u64, n: usize) {
        self.turns.resize(n * 2 * self.n_pairs, 0.0);
        for (position, turns) in (first..).zip(self.turns.chunks_exact_mut((2 * self.n_pairs).max(1))) {
            turn(rotary, position as f64, turns);
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

/// Turns a key that stands at position `from` to position `to`.
pub(crate) fn move_key(rotary: &Rotary, key: &mut [f32], from: u64, to: u64) {
    if from != to {
        let mut turns = vec![0.0; rotary.d_rotated];
        turn(rotary, to as f64 - from as f64, &mut turns);
        rotate(key, &turns);
    }
}

/// Cosines and sines of the angles of all pairs at a position.
fn turn(rotary: &Rotary, position: f64, turns: &mut [f32]) {
    let (cosines, sines) = turns.split_at_mut(rotary.d_rotated / 2);
    for (pair, (cosine, sine)) in cosines.iter_mut().zip(sines).enumerate() {
        let factor = rotary.factors.get(pair).copied().map_or(1.0, f64::from);
        let frequency = libm::pow(rotary.base, -((2 * pair) as f64) / rotary.d_rotated as f64) / factor;
        let (sin, cos) = libm::sincos(position * frequency);
        (*cosine, *sine) = (cos as f32, sin as f32);
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

    fn rotary(d_rotated: usize) -> Rotary {
        Rotary { base: 10_000.0, d_rotated, pairs: Pairs::Halves, factors: Vec::new() }
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
            let rotary = rotary(8);
            let (mut turned_q, mut turned_k) = (q.clone(), k.clone());
            Angles::new(&rotary, a + distance, 1).rotate(0, &mut turned_q);
            Angles::new(&rotary, a, 1).rotate(0, &mut turned_k);
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
            let rotary = rotary(4);
            let (mut moved, mut turned) = (k.clone(), k);
            Angles::new(&rotary, from, 1).rotate(0, &mut moved);
            move_key(&rotary, &mut moved, from, to);
            Angles::new(&rotary, to, 1).rotate(0, &mut turned);
            for (moved, turned) in moved.iter().zip(&turned) {
                prop_assert!((moved - turned).abs() < 8.0 * f32::EPSILON, "{moved} {turned}");
            }
        }
    }
}
