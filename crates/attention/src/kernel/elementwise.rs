//! What is not a product: norms, the gate of the MLP, softmax. All sums are over sixteen lanes first, then over the lanes in
//! order, so that their bits do not depend on the machine.

use super::lanes::{Job, LANES, Lanes, dispatch};

/// y = x / √(mean x² + ε) ∘ g, the root mean square norm of one row (Zhang & Sennrich 2019, arXiv:1910.07467).
pub(crate) fn rms_norm(x: &[f32], gain: &[f32], epsilon: f32, y: &mut [f32]) {
    assert!(x.len() == gain.len() && x.len() == y.len(), "a row, its gain and its result are equally long");
    dispatch(RmsNorm { x, gain, epsilon, y });
}

/// gate ← silu(gate) ∘ up, with silu(x) = x / (1 + e⁻ˣ).
pub(crate) fn silu_times(gate: &mut [f32], up: &[f32]) {
    assert_eq!(gate.len(), up.len(), "the two halves of an MLP are equally wide");
    dispatch(SiluTimes { gate, up });
}

/// Turns scores into attention weights, exp(s − max s) / Σ exp(s − max s), where a score of −∞ weighs nothing.
pub(crate) fn softmax(scores: &mut [f32]) {
    let maximum = dispatch(Maximum { values: scores });
    let sum = dispatch(ExpInPlace { values: scores, shift: maximum });
    dispatch(Scale { values: scores, factor: 1.0 / sum });
}

/// −ln softmax(logits)\[target\] in nats: how surprising the target was.
pub(crate) fn surprise(logits: &[f32], target: usize) -> f32 {
    let maximum = dispatch(Maximum { values: logits });
    let sum = dispatch(ExpSum { values: logits, shift: maximum });
    (f64::from(sum).ln() - (f64::from(logits[target]) - f64::from(maximum))) as f32
}

struct RmsNorm<'a> {
    x: &'a [f32],
    gain: &'a [f32],
    epsilon: f32,
    y: &'a mut [f32],
}

impl Job for RmsNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<M: Lanes>(self, m: M) {
        let Self { x, gain, epsilon, y } = self;
        let mut squares = m.splat(0.0);
        let (vectors, tail) = x.as_chunks();
        for x in vectors {
            let x = m.load(x);
            squares = m.mul_add(x, x, squares);
        }
        let tail = m.load(&padded(tail, 0.0));
        squares = m.mul_add(tail, tail, squares);
        let mean = sum_of(m, squares) / x.len() as f32;
        let factor = 1.0 / (mean + epsilon).sqrt();
        for ((y, &x), &gain) in y.iter_mut().zip(x).zip(gain) {
            *y = x * factor * gain;
        }
    }
}

struct SiluTimes<'a> {
    gate: &'a mut [f32],
    up: &'a [f32],
}

impl Job for SiluTimes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<M: Lanes>(self, m: M) {
        let (gates, gate_tail) = self.gate.as_chunks_mut();
        let (ups, up_tail) = self.up.as_chunks();
        for (gate, up) in gates.iter_mut().zip(ups) {
            m.store(silu_product(m, m.load(gate), m.load(up)), gate);
        }
        let mut last = [0.0; LANES];
        m.store(silu_product(m, m.load(&padded(gate_tail, 0.0)), m.load(&padded(up_tail, 0.0))), &mut last);
        gate_tail.copy_from_slice(&last[..gate_tail.len()]);
    }
}

/// A function and no closure: a closure is compiled without the caller's instructions, and then calls each of its own.
#[inline(always)]
fn silu_product<M: Lanes>(m: M, gate: M::V, up: M::V) -> M::V {
    let denominator = m.add(m.splat(1.0), exp(m, m.sub(m.splat(0.0), gate)));
    m.mul(m.div(gate, denominator), up)
}

#[derive(Clone)]
struct Maximum<'a> {
    values: &'a [f32],
}

impl Job for Maximum<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<M: Lanes>(self, m: M) -> f32 {
        let mut maximum = m.splat(f32::NEG_INFINITY);
        let (vectors, tail) = self.values.as_chunks();
        for values in vectors {
            maximum = m.max(m.load(values), maximum);
        }
        maximum = m.max(m.load(&padded(tail, f32::NEG_INFINITY)), maximum);
        let mut lanes = [0.0; LANES];
        m.store(maximum, &mut lanes);
        lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }
}

struct ExpInPlace<'a> {
    values: &'a mut [f32],
    shift: f32,
}

impl Job for ExpInPlace<'_> {
    type Output = f32;

    /// Replaces each x by exp(x − shift) and gives the sum.
    #[inline(always)]
    fn run<M: Lanes>(self, m: M) -> f32 {
        let shift = m.splat(self.shift);
        let mut sum = m.splat(0.0);
        let (vectors, tail) = self.values.as_chunks_mut();
        for values in vectors {
            let e = exp(m, m.sub(m.load(values), shift));
            m.store(e, values);
            sum = m.add(sum, e);
        }
        let e = exp(m, m.sub(m.load(&padded(tail, f32::NEG_INFINITY)), shift));
        let mut last = [0.0; LANES];
        m.store(e, &mut last);
        tail.copy_from_slice(&last[..tail.len()]);
        sum_of(m, m.add(sum, e))
    }
}

#[derive(Clone)]
struct ExpSum<'a> {
    values: &'a [f32],
    shift: f32,
}

impl Job for ExpSum<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<M: Lanes>(self, m: M) -> f32 {
        let shift = m.splat(self.shift);
        let mut sum = m.splat(0.0);
        let (vectors, tail) = self.values.as_chunks();
        for values in vectors {
            sum = m.add(sum, exp(m, m.sub(m.load(values), shift)));
        }
        sum_of(m, m.add(sum, exp(m, m.sub(m.load(&padded(tail, f32::NEG_INFINITY)), shift))))
    }
}

struct Scale<'a> {
    values: &'a mut [f32],
    factor: f32,
}

impl Job for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<M: Lanes>(self, _machine: M) {
        for value in self.values {
            *value *= self.factor;
        }
    }
}

/// eˣ within 2 units in the last place for −87 ≤ x ≤ 88, and exactly 0 below −87.5, so that −∞ weighs nothing.
///
/// ```text
/// n = round(x / ln 2)    r = x − n ln 2 (in two parts)    eˣ = 2ⁿ · e^r, e^r by Cephes' polynomial of degree 6
/// ```
#[inline(always)]
fn exp<M: Lanes>(m: M, x: M::V) -> M::V {
    // The largest x is bounded so that 2ⁿ exists; below −87 the result is multiplied away.
    let bounded = m.sub(m.splat(0.0), m.max(m.splat(-88.0), m.sub(m.splat(0.0), m.max(x, m.splat(-87.0)))));
    // Adding 1.5 · 2²³ rounds to the nearest whole number.
    let magic = m.splat(12_582_912.0);
    let n = m.sub(m.mul_add(bounded, m.splat(std::f32::consts::LOG2_E), magic), magic);
    let r = m.mul_add(n, m.splat(-0.693_359_4), bounded);
    let r = m.mul_add(n, m.splat(2.121_944_4e-4), r);
    let mut p = m.splat(1.987_569_1e-4);
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = m.mul_add(p, r, m.splat(coefficient));
    }
    let e = m.add(m.mul_add(m.mul(p, r), r, r), m.splat(1.0));
    // 1 for x ≥ −87, 0 for x ≤ −87.5: a difference that is bounded to [0, 1].
    let above = m.max(m.splat(0.0), m.mul_add(m.max(x, m.splat(-88.0)), m.splat(1024.0), m.splat(87.5 * 1024.0)));
    let step = m.sub(m.splat(0.0), m.max(m.splat(-1.0), m.sub(m.splat(0.0), above)));
    m.mul(m.mul(e, m.exp2_whole(n)), step)
}

/// The sum of the lanes, in order.
#[inline(always)]
fn sum_of<M: Lanes>(m: M, v: M::V) -> f32 {
    let mut lanes = [0.0; LANES];
    m.store(v, &mut lanes);
    lanes.into_iter().sum()
}

/// What is left of a row, filled up to a vector.
#[inline(always)]
fn padded(tail: &[f32], filling: f32) -> [f32; LANES] {
    let mut lanes = [filling; LANES];
    lanes[..tail.len()].copy_from_slice(tail);
    lanes
}

#[cfg(test)]
mod tests {
    use super::super::lanes::on_each_machine;
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone)]
    struct Exp<'a>(&'a [f32]);

    impl Job for Exp<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<M: Lanes>(self, m: M) -> Vec<f32> {
            let mut out = Vec::new();
            for x in self.0.chunks(LANES) {
                let mut lanes = [0.0; LANES];
                m.store(exp(m, m.load(&padded(x, 0.0))), &mut lanes);
                out.extend_from_slice(&lanes[..x.len()]);
            }
            out
        }
    }

    #[test]
    fn exp_is_within_two_units_in_the_last_place_on_every_machine() {
        let x: Vec<f32> = (-87_000..=88_000).map(|i| i as f32 / 1000.0).collect();
        let machines = on_each_machine(&Exp(&x));
        for (machine, y) in &machines {
            assert!(*y == machines[0].1, "{machine} has the bits of {}", machines[0].0);
            for (&x, &y) in x.iter().zip(y) {
                let exact = libm::exp(f64::from(x));
                assert!((f64::from(y) - exact).abs() <= 2.0 * exact * f64::from(f32::EPSILON), "exp({x}) = {y}");
            }
        }
        let beyond = [f32::NEG_INFINITY, -1e30, -100.0, -88.0];
        assert_eq!(on_each_machine(&Exp(&beyond))[0].1, [0.0; 4]);
    }

    proptest! {
        #[test]
        fn a_norm_is_its_formula(x in prop::collection::vec(-9.0f32..9.0, 1..70)) {
            let gain: Vec<f32> = (0..x.len()).map(|i| 0.5 + i as f32 / 64.0).collect();
            let mut y = vec![0.0; x.len()];
            rms_norm(&x, &gain, 1e-5, &mut y);
            let mean = x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / x.len() as f64;
            for ((y, &x), &gain) in y.iter().zip(&x).zip(&gain) {
                let exact = f64::from(x) / (mean + 1e-5).sqrt() * f64::from(gain);
                prop_assert!((f64::from(*y) - exact).abs() <= 1e-5 * (1.0 + exact.abs()));
            }
        }

        #[test]
        fn a_gate_is_its_formula(gate in prop::collection::vec(-99.0f32..99.0, 1..70)) {
            let up: Vec<f32> = (0..gate.len()).map(|i| i as f32 / 8.0 - 3.0).collect();
            let mut y = gate.clone();
            silu_times(&mut y, &up);
            for ((y, &gate), &up) in y.iter().zip(&gate).zip(&up) {
                let gate = f64::from(gate);
                let exact = gate / (1.0 + (-gate).exp()) * f64::from(up);
                prop_assert!((f64::from(*y) - exact).abs() <= 1e-6 * (1.0 + exact.abs()), "{y} {exact}");
            }
        }

        #[test]
        fn a_softmax_is_its_formula(scores in prop::collection::vec(prop_oneof![9 => -60.0f32..60.0, 1 => Just(f32::NEG_INFINITY)], 1..70)) {
            let largest = scores.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            prop_assume!(largest.is_finite());
            let mut weights = scores.clone();
            softmax(&mut weights);
            let exps = scores.iter().map(|&score| (f64::from(score) - f64::from(largest)).exp());
            let sum: f64 = exps.clone().sum();
            for (i, (weight, exp)) in weights.iter().zip(exps).enumerate() {
                prop_assert!((f64::from(*weight) - exp / sum).abs() < 1e-6);
                if scores[i].is_finite() {
                    let exact = (sum.ln() - (f64::from(scores[i]) - f64::from(largest))) as f32;
                    prop_assert!((surprise(&scores, i) - exact).abs() < 1e-5);
                } else {
                    prop_assert_eq!(*weight, 0.0);
                }
            }
        }
    }
}
