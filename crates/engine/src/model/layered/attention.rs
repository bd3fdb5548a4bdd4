//! Causal attention of several heads, without biases.
//!
//! ```text
//! q = x W_Q    k = x W_K    v = x W_V      cut into heads of d / H numbers
//! s_ij = q_i · k_j / √(d/H), j ≤ i      w_ij = softmax_j s_ij      z_i = Σ_j w_ij v_j      y += z W_O
//! dw_ij = dz_i · v_j      ds_ij = w_ij (dw_ij − Σ_l w_il dw_il)
//! dq_i = Σ_j ds_ij k_j / √(d/H)      dk_j = Σ_i ds_ij q_i / √(d/H)      dv_j = Σ_i w_ij dz_i
//! ```
//!
//! Where a pattern hides keys from queries ([`LayerSight`]), their weights are exactly zero, and so is all that would flow back.
//!
//! Only the positions whose result is read ask: all of them, or the last.

use super::sums::{add_scaled, dot};
use super::{Layout, Linear, Start, room};
use crate::elementary::exp;
use crate::spec::Numerics;
use crate::spec::attention::LayerSight;
use pulp::Arch;

/// The rows of a chunk's residual stream: `samples × positions`, of which the last `queries` of each sample go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    pub(crate) samples: usize,
    pub(crate) positions: usize,
    pub(crate) queries: usize,
}

impl Rows {
    /// Rows that are read.
    pub(crate) fn read(self) -> usize {
        self.samples * self.positions
    }

    /// Rows that go on.
    pub(crate) fn written(self) -> usize {
        self.samples * self.queries
    }

    /// The rows that go on, out of all, each `width` long.
    pub(crate) fn pick(self, width: usize, all: &[f32], picked: &mut [f32]) {
        let (long, short) = (self.positions * width, self.queries * width);
        for (all, picked) in all.chunks_exact(long).zip(picked.chunks_exact_mut(short)) {
            picked.copy_from_slice(&all[long - short..]);
        }
    }

    /// Adds the rows that go on to their places among all.
    pub(crate) fn add_back(self, width: usize, picked: &[f32], all: &mut [f32]) {
        let (long, short) = (self.positions * width, self.queries * width);
        for (all, picked) in all.chunks_exact_mut(long).zip(picked.chunks_exact(short)) {
            all[long - short..].iter_mut().zip(picked).for_each(|(all, picked)| *all += picked);
        }
    }
}

/// The four maps, each `[d][d]`.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    heads: usize,
    hidden: Option<Hidden>,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
}

/// Keys that queries do not see.
#[derive(Clone, Debug)]
struct Hidden {
    positions: usize,
    /// Whether a key at or before a query is hidden from it, `[heads][positions][positions]`.
    is_hidden: Vec<bool>,
}

impl Hidden {
    /// Of the keys up to the query at position i of a head.
    fn row(&self, head: usize, i: usize) -> &[bool] {
        &self.is_hidden[(head * self.positions + i) * self.positions..][..=i]
    }
}

/// What the way back needs, and room for what it makes.
#[derive(Default)]
pub(crate) struct Tape {
    /// The rows of x that ask, `[samples · queries][d]`.
    asking: Vec<f32>,
    /// `[samples · queries][d]`
    queries: Vec<f32>,
    /// `[samples · positions][d]`
    keys: Vec<f32>,
    /// `[samples · positions][d]`
    values: Vec<f32>,
    /// w, zero beyond the query's position, `[samples][queries][heads][positions]`.
    weights: Vec<f32>,
    /// z, `[samples · queries][d]`.
    mixed: Vec<f32>,
    mixed_gradient: Vec<f32>,
    query_gradient: Vec<f32>,
    key_gradient: Vec<f32>,
    value_gradient: Vec<f32>,
}

impl Attention {
    /// Adds `NAME.query.weight` and so on.
    pub(crate) fn add(layout: &mut Layout, name: &str, dimension: usize, heads: usize, start: Start) -> Self {
        let mut map = |part: &str| Linear::add(layout, &format!("{name}.{part}"), (dimension, dimension), start, None);
        Self { heads, hidden: None, query: map("query"), key: map("key"), value: map("value"), output: map("output") }
    }

    /// Hides from the queries of a text of so many positions what this layer does not see.
    pub(crate) fn hide(&mut self, layer: &LayerSight, positions: usize) {
        let sight = |head: usize| layer.heads[head * layer.heads.len() / self.heads];
        let row = |head: usize, i: usize| (0..positions).map(move |j| !sight(head).sees(i, j));
        let is_hidden = (0..self.heads).flat_map(|head| (0..positions).flat_map(move |i| row(head, i))).collect();
        self.hidden = Some(Hidden { positions, is_hidden });
    }

    /// Adds the attention's result to y, `[samples · queries][d]`, from x, `[samples · positions][d]`.
    pub(crate) fn forward(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        rows: Rows,
        x: &[f32],
        tape: &mut Tape,
        y: &mut [f32],
    ) {
        let d = self.query.inputs;
        let (read, written) = (rows.read() * d, rows.written() * d);
        let asking = room(&mut tape.asking, written);
        rows.pick(d, x, asking);
        self.query.forward(numerics, parameters, asking, room(&mut tape.queries, written));
        self.key.forward(numerics, parameters, x, room(&mut tape.keys, read));
        self.value.forward(numerics, parameters, x, room(&mut tape.values, read));
        room(&mut tape.weights, rows.written() * self.heads * rows.positions);
        room(&mut tape.mixed, written);
        Arch::new().dispatch(
            #[inline(always)]
            || self.mix(rows, tape),
        );
        self.output.add_forward(numerics, parameters, &tape.mixed[..written], y);
    }

    /// Weights and mixed values.
    #[inline(always)]
    fn mix(&self, rows: Rows, tape: &mut Tape) {
        let Rows { samples, positions, queries } = rows;
        let d = self.query.inputs;
        let width = d / self.heads;
        let scale = self.scale();
        for row in 0..samples * queries {
            let (sample, last) = (row / queries, positions - queries + row % queries);
            let (keys, values) = (&tape.keys[sample * positions * d..], &tape.values[sample * positions * d..]);
            for head in 0..self.heads {
                let query = &tape.queries[row * d + head * width..][..width];
                let weights = &mut tape.weights[(row * self.heads + head) * positions..][..positions];
                for (j, score) in weights[..=last].iter_mut().enumerate() {
                    *score = dot(query, &keys[j * d + head * width..][..width]) * scale;
                }
                match &self.hidden {
                    None => softmax(&mut weights[..=last]),
                    Some(hidden) => hidden_softmax(&mut weights[..=last], hidden.row(head, last)),
                }
                weights[last + 1..].fill(0.0);
                let mixed = &mut tape.mixed[row * d + head * width..][..width];
                mixed.fill(0.0);
                for (j, &weight) in weights[..=last].iter().enumerate() {
                    add_scaled(mixed, weight, &values[j * d + head * width..][..width]);
                }
            }
        }
    }

    /// `dx` from `dy`, with the maps' gradient added to `gradient`.
    #[expect(clippy::too_many_arguments, reason = "both ends of the block, its parameters and its tape")]
    pub(crate) fn backward(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        rows: Rows,
        x: &[f32],
        tape: &mut Tape,
        (dy, dx): (&[f32], &mut [f32]),
        gradient: &mut [f32],
    ) {
        let d = self.query.inputs;
        let (read, written) = (rows.read() * d, rows.written() * d);
        self.output.backward_parameters(numerics, &tape.mixed[..written], dy, gradient);
        self.output.backward_inputs(numerics, parameters, dy, room(&mut tape.mixed_gradient, written), false);
        room(&mut tape.query_gradient, written).fill(0.0);
        room(&mut tape.key_gradient, read).fill(0.0);
        room(&mut tape.value_gradient, read).fill(0.0);
        Arch::new().dispatch(
            #[inline(always)]
            || self.mix_back(rows, tape),
        );
        let (dq, dk, dv) = (&tape.query_gradient[..written], &tape.key_gradient[..read], &tape.value_gradient[..read]);
        self.query.backward_parameters(numerics, &tape.asking[..written], dq, gradient);
        self.key.backward_parameters(numerics, x, dk, gradient);
        self.value.backward_parameters(numerics, x, dv, gradient);
        self.key.backward_inputs(numerics, parameters, dk, dx, false);
        self.value.backward_inputs(numerics, parameters, dv, dx, true);
        let asking = room(&mut tape.mixed_gradient, written);
        self.query.backward_inputs(numerics, parameters, dq, asking, false);
        rows.add_back(d, asking, dx);
    }

    /// Gradients of queries, keys and values, which are zero before.
    #[inline(always)]
    fn mix_back(&self, rows: Rows, tape: &mut Tape) {
        let Rows { samples, positions, queries } = rows;
        let d = self.query.inputs;
        let width = d / self.heads;
        let scale = self.scale();
        for row in 0..samples * queries {
            let (sample, last) = (row / queries, positions - queries + row % queries);
            for head in 0..self.heads {
                let at = row * d + head * width;
                let key_at = |j: usize| (sample * positions + j) * d + head * width;
                let weights = &tape.weights[(row * self.heads + head) * positions..][..=last];
                let dz = &tape.mixed_gradient[at..][..width];
                let weight_gradient = |j: usize| dot(dz, &tape.values[key_at(j)..][..width]);
                // Two passes instead of an array of unknown length; positions are few.
                let mean: f32 = weights.iter().enumerate().map(|(j, weight)| weight * weight_gradient(j)).sum();
                for (j, &weight) in weights.iter().enumerate() {
                    let score_gradient = weight * (weight_gradient(j) - mean) * scale;
                    let (query, key) = (&tape.queries[at..][..width], &tape.keys[key_at(j)..][..width]);
                    add_scaled(&mut tape.query_gradient[at..][..width], score_gradient, key);
                    add_scaled(&mut tape.key_gradient[key_at(j)..][..width], score_gradient, query);
                    add_scaled(&mut tape.value_gradient[key_at(j)..][..width], weight, dz);
                }
            }
        }
    }

    /// 1/√(d/H).
    fn scale(&self) -> f32 {
        1.0 / ((self.query.inputs / self.heads) as f32).sqrt()
    }
}

/// Scores to weights, in place.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let largest =
        scores.iter().fold(f32::NEG_INFINITY, |largest, &score| if score > largest { score } else { largest });
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = exp(*score - largest);
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}

/// The same over what is not hidden; the weights of what is are zero, where the exponential of the softmax never is.
#[inline(always)]
fn hidden_softmax(scores: &mut [f32], is_hidden: &[bool]) {
    let hide = |scores: &mut [f32], with: f32| {
        scores.iter_mut().zip(is_hidden).filter(|(_, is_hidden)| **is_hidden).for_each(|(score, _)| *score = with);
    };
    hide(scores, f32::NEG_INFINITY);
    softmax(scores);
    hide(scores, 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With one position there is one key, its weight is 1, and what comes out is its value.
    #[test]
    fn attention_to_one_key_is_its_value() {
        let (d, n) = (6, 5);
        let mut layout = Layout::default();
        let start = Start::Normal(1.0, crate::random::Stream::DeepWeights);
        let attention = Attention::add(&mut layout, "attention", d, 3, start);
        let parameters = layout.draw(1);
        let x: Vec<f32> = (0..n * d).map(|i| (i as f32 * 0.9).sin()).collect();
        let rows = Rows { samples: n, positions: 1, queries: 1 };
        let (mut tape, mut y) = (Tape::default(), vec![0.25; n * d]);
        attention.forward(Numerics::Fast, &parameters, rows, &x, &mut tape, &mut y);
        let (mut value, mut expected) = (vec![0.0; n * d], vec![0.25; n * d]);
        attention.value.forward(Numerics::Fast, &parameters, &x, &mut value);
        attention.output.add_forward(Numerics::Fast, &parameters, &value, &mut expected);
        assert_eq!(y, expected);
    }

    #[test]
    fn a_softmax_sums_to_one_and_ignores_a_shift() {
        for shift in [0.0, 64.0, -1024.0] {
            let mut scores = [1.0, -2.0, 0.5].map(|score| score + shift);
            softmax(&mut scores);
            let exact = [1.0_f64, -2.0, 0.5].map(f64::exp);
            let sum: f64 = exact.iter().sum();
            // exp is off by 2 ε, sum and division by one each.
            assert!(scores.iter().zip(exact).all(|(&w, e)| (f64::from(w) - e / sum).abs() < 1e-6), "{scores:?}");
        }
    }
}
