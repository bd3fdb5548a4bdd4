//! Causal attention of several heads, without biases.
//!
//! ```text
//! q = x W_Q    k = x W_K    v = x W_V      cut into heads of d / H numbers
//! s_ij = q_i · k_j / √(d/H), j ≤ i      w_ij = softmax_j s_ij      z_i = Σ_j w_ij v_j      y += z W_O
//! dw_ij = dz_i · v_j      ds_ij = w_ij (dw_ij − Σ_l w_il dw_il)
//! dq_i = Σ_j ds_ij k_j / √(d/H)      dk_j = Σ_i ds_ij q_i / √(d/H)      dv_j = Σ_i w_ij dz_i
//! ```
//!
//! Optional, each as published: RMS norm with a trained gain of every head's q and k (Dehghani et al. 2023, arXiv:2302.05442; the
//! gain is shared by the heads as in Qwen3, arXiv:2505.09388), a soft cap κ on the scores, s ← κ tanh(s/κ) (Gemma 2,
//! arXiv:2408.00118), and after an update QK-clip with limit τ (Kimi K2, arXiv:2507.20534):
//!
//! ```text
//! S_h = max over the batch of head h's scores before any cap      γ_h = min(1, τ / S_h)      W_Qh, W_Kh ← √γ_h W_Qh, √γ_h W_Kh
//! ```
//! Where a pattern hides keys from queries ([`LayerSight`]), their weights are exactly zero, and so is all that would flow back.
//!
//! Only the positions whose result is read ask: all of them, or the last.

use super::layer_norm;
use super::norm::in_place;
use super::rms_norm::RmsNorm;
use super::sums::{add_scaled, dot};
use super::{Layout, Linear, Start, room};
use crate::elementary::exp;
use crate::kernel::Real;
use crate::spec::attention::LayerSight;
use crate::spec::{Numerics, TransformerSpec};
use pulp::Arch;
use std::ops::AddAssign;

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
    pub(crate) fn pick<T: Copy>(self, width: usize, all: &[T], picked: &mut [T]) {
        let (long, short) = (self.positions * width, self.queries * width);
        for (all, picked) in all.chunks_exact(long).zip(picked.chunks_exact_mut(short)) {
            picked.copy_from_slice(&all[long - short..]);
        }
    }

    /// Adds the rows that go on to their places among all.
    pub(crate) fn add_back<T: Copy + AddAssign>(self, width: usize, picked: &[T], all: &mut [T]) {
        let (long, short) = (self.positions * width, self.queries * width);
        for (all, picked) in all.chunks_exact_mut(long).zip(picked.chunks_exact(short)) {
            all[long - short..].iter_mut().zip(picked).for_each(|(all, &picked)| *all += picked);
        }
    }
}

/// The four maps, each `[d][d]`, and what is done to scores.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    pub(in crate::model) heads: usize,
    /// κ; 0 for none.
    pub(in crate::model) score_cap: f64,
    pub(in crate::model) query_norm: Option<RmsNorm>,
    pub(in crate::model) key_norm: Option<RmsNorm>,
    pub(in crate::model) hidden: Option<Hidden>,
    pub(in crate::model) query: Linear,
    pub(in crate::model) key: Linear,
    pub(in crate::model) value: Linear,
    pub(in crate::model) output: Linear,
}

/// Keys that queries do not see.
#[derive(Clone, Debug)]
pub(in crate::model) struct Hidden {
    positions: usize,
    /// Whether a key at or before a query is hidden from it, `[heads][positions][positions]`.
    is_hidden: Vec<bool>,
}

impl Hidden {
    /// Of the keys up to the query at position i of a head.
    pub(in crate::model) fn row(&self, head: usize, i: usize) -> &[bool] {
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
    query_norm: layer_norm::Tape,
    key_norm: layer_norm::Tape,
    /// Of queries or keys before their norm.
    raw_gradient: Vec<f32>,
    /// The largest score of each head since [`Tape::forget_scores`], before any cap.
    largest_scores: Vec<f32>,
}

impl Tape {
    /// Begins to look for the largest scores anew.
    pub(super) fn forget_scores(&mut self) {
        self.largest_scores.fill(f32::NEG_INFINITY);
    }

    /// The largest score of each head since then.
    pub(super) fn largest_scores(&self) -> &[f32] {
        &self.largest_scores
    }
}

impl Attention {
    /// Adds `NAME.query.weight` and so on.
    pub(crate) fn add(layout: &mut Layout, name: &str, spec: TransformerSpec, start: Start) -> Self {
        let TransformerSpec { dimension, heads, qk_norm, score_cap, .. } = spec;
        let mut map = |part: &str| Linear::add(layout, &format!("{name}.{part}"), (dimension, dimension), start, None);
        let (query, key, value, output) = (map("query"), map("key"), map("value"), map("output"));
        let mut norm =
            |part: &str| qk_norm.then(|| RmsNorm::add(layout, &format!("{name}.{part}_norm"), dimension / heads));
        let (query_norm, key_norm) = (norm("query"), norm("key"));
        Self { heads, hidden: None, score_cap, query_norm, key_norm, query, key, value, output }
    }

    /// QK-clip: each head whose largest score is above `limit` gets queries and keys that bring it there.
    pub(in crate::model) fn clip_scores<R: Real>(&self, parameters: &mut [R], largest: &[R], limit: R) {
        let (d, width) = (self.query.inputs, self.query.inputs / self.heads);
        for (head, &largest) in largest.iter().enumerate().filter(|(_, largest)| **largest > limit) {
            let factor = (limit / largest).sqrt();
            for map in [&self.query, &self.key] {
                for row in parameters[map.weight.clone()].chunks_exact_mut(d) {
                    row[head * width..][..width].iter_mut().for_each(|w| *w *= factor);
                }
            }
        }
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
        if let (Some(query_norm), Some(key_norm)) = (&self.query_norm, &self.key_norm) {
            query_norm.forward(parameters, &tape.queries[..written], &mut tape.query_norm);
            tape.queries[..written].copy_from_slice(tape.query_norm.outputs(written));
            key_norm.forward(parameters, &tape.keys[..read], &mut tape.key_norm);
            tape.keys[..read].copy_from_slice(tape.key_norm.outputs(read));
        }
        tape.largest_scores.resize(self.heads, f32::NEG_INFINITY);
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
                let hidden = self.hidden.as_ref().map(|hidden| hidden.row(head, last));
                let is_seen = |j: usize| hidden.is_none_or(|hidden| !hidden[j]);
                let largest = &mut tape.largest_scores[head];
                let seen = weights[..=last].iter().enumerate().filter(|(j, _)| is_seen(*j));
                *largest = seen.fold(*largest, |largest, (_, &score)| largest.max(score));
                if self.score_cap > 0.0 {
                    let cap = self.score_cap as f32;
                    weights[..=last].iter_mut().for_each(|score| *score = cap * libm::tanhf(*score / cap));
                }
                match hidden {
                    None => softmax(&mut weights[..=last]),
                    Some(hidden) => hidden_softmax(&mut weights[..=last], hidden),
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
        if let (Some(query_norm), Some(key_norm)) = (&self.query_norm, &self.key_norm) {
            let raw = room(&mut tape.raw_gradient, written);
            let dq = &mut tape.query_gradient[..written];
            in_place(dq, raw, |dy, dx| query_norm.backward(parameters, &tape.query_norm, dy, dx, gradient));
            let raw = room(&mut tape.raw_gradient, read);
            let dk = &mut tape.key_gradient[..read];
            in_place(dk, raw, |dy, dx| key_norm.backward(parameters, &tape.key_norm, dy, dx, gradient));
        }
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

    /// Of each head on the rows that went forward last: the largest |score| before the softmax, and the mean entropy of its weights over
    /// that of equal weights, where there is more than one key.
    pub(crate) fn heads(&self, rows: Rows, tape: &Tape) -> Vec<(f32, f32)> {
        let Rows { samples, positions, queries } = rows;
        let d = self.query.inputs;
        let width = d / self.heads;
        let head_vitals = |head: usize| {
            let (mut largest, mut entropy, mut n) = (0.0_f32, 0.0, 0);
            for row in 0..samples * queries {
                let (sample, last) = (row / queries, positions - queries + row % queries);
                let weights = &tape.weights[(row * self.heads + head) * positions..][..=last];
                let query = &tape.queries[row * d + head * width..][..width];
                let hidden = self.hidden.as_ref().map(|hidden| hidden.row(head, last));
                for j in (0..=last).filter(|&j| hidden.is_none_or(|hidden| !hidden[j])) {
                    let key = &tape.keys[(sample * positions + j) * d + head * width..][..width];
                    largest = largest.max((dot(query, key) * self.scale()).abs());
                }
                if last > 0 {
                    let sum: f64 =
                        weights.iter().map(|&w| f64::from(w)).filter(|&w| w > 0.0).map(|w| -w * libm::log(w)).sum();
                    entropy += sum / libm::log(last as f64 + 1.0);
                    n += 1;
                }
            }
            (largest, (entropy / f64::from(n.max(1))) as f32)
        };
        (0..self.heads).map(head_vitals).collect()
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
                    let mut score_gradient = weight * (weight_gradient(j) - mean) * scale;
                    let (query, key) = (&tape.queries[at..][..width], &tape.keys[key_at(j)..][..width]);
                    if self.score_cap > 0.0 {
                        let share = libm::tanhf(dot(query, key) * scale / self.score_cap as f32);
                        score_gradient *= 1.0 - share * share;
                    }
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
    use crate::spec::Normalization;

    /// With one position there is one key, its weight is 1, and what comes out is its value.
    #[test]
    fn attention_to_one_key_is_its_value() {
        let (d, n) = (6, 5);
        let mut layout = Layout::default();
        let start = Start::Normal(1.0, crate::random::Stream::DeepWeights);
        let spec = TransformerSpec {
            depth: 1,
            dimension: d,
            heads: 3,
            normalization: Normalization::None,
            qk_norm: false,
            score_cap: 0.0,
        };
        let attention = Attention::add(&mut layout, "attention", spec, start);
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
