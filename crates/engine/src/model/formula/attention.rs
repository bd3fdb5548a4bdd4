//! [`Attention`] by the formulas at its head.

use super::linear::{self, add_scaled, dot, sum};
use super::norm::{self, Normalized};
use crate::kernel::Scalar;
use crate::model::layered::{Attention, Rows};

/// What the way back needs.
pub(super) struct Passed<S> {
    /// The rows of x that ask, `[samples · queries][d]`.
    asking: Vec<S>,
    /// After their norms, `[samples · queries][d]` and `[samples · positions][d]`.
    queries: Vec<S>,
    keys: Vec<S>,
    values: Vec<S>,
    /// `q·k/√(d/H)` before any cap, and w; `[samples · queries][heads][positions]`, zero where nothing is seen.
    scores: Vec<S>,
    weights: Vec<S>,
    /// Whether a key is seen, laid out alike.
    seen: Vec<bool>,
    /// z, `[samples · queries][d]`.
    mixed: Vec<S>,
    query_norm: Option<Normalized<S>>,
    key_norm: Option<Normalized<S>>,
    rows: Rows,
    heads: usize,
}

/// Where a head's part of a query and of a key lies.
#[derive(Clone, Copy)]
struct Place {
    /// Where the attention weights of this query begin in their array.
    first: usize,
    /// Where the query begins in its array.
    query: usize,
    /// Where the key at position 0 begins in its array.
    key: usize,
    /// Position of the query.
    last: usize,
    head: usize,
}

fn places(rows: Rows, heads: usize, d: usize) -> impl Iterator<Item = Place> {
    let Rows { samples, positions, queries } = rows;
    let width = d / heads;
    (0..samples * queries).flat_map(move |row| {
        (0..heads).map(move |head| Place {
            first: (row * heads + head) * positions,
            query: row * d + head * width,
            key: row / queries * positions * d + head * width,
            last: positions - queries + row % queries,
            head,
        })
    })
}

/// Adds the attention's result to y, `[samples · queries][d]`, from x, `[samples · positions][d]`.
pub(super) fn forward<S: Scalar>(
    attention: &Attention,
    parameters: &[S],
    rows: Rows,
    x: &[S],
    y: &mut [S],
) -> Passed<S> {
    let (d, heads) = (attention.query.inputs, attention.heads);
    let width = d / heads;
    let mut asking = vec![S::default(); rows.written() * d];
    rows.pick(d, x, &mut asking);
    let mut queries = linear::forward(&attention.query, parameters, &asking);
    let mut keys = linear::forward(&attention.key, parameters, x);
    let values = linear::forward(&attention.value, parameters, x);
    let query_norm = attention.query_norm.as_ref().map(|norm| norm::forward_rms(norm, parameters, &queries));
    let key_norm = attention.key_norm.as_ref().map(|norm| norm::forward_rms(norm, parameters, &keys));
    if let (Some(query_norm), Some(key_norm)) = (&query_norm, &key_norm) {
        queries.clone_from(&query_norm.outputs);
        keys.clone_from(&key_norm.outputs);
    }
    let scale = S::constant((width as f64).sqrt().recip());
    let cap = S::constant(attention.score_cap);
    let n = rows.written() * heads * rows.positions;
    let (mut scores, mut weights) = (vec![S::default(); n], vec![S::default(); n]);
    let (mut seen, mut mixed) = (vec![false; n], vec![S::default(); rows.written() * d]);
    for at in places(rows, heads, d) {
        let query = &queries[at.query..][..width];
        let is_hidden = attention.hidden.as_ref().map(|hidden| hidden.row(at.head, at.last));
        let sees: Vec<usize> = (0..=at.last).filter(|&j| is_hidden.is_none_or(|hidden| !hidden[j])).collect();
        for &j in &sees {
            scores[at.first + j] = dot(query, &keys[at.key + j * d..][..width]) * scale;
            seen[at.first + j] = true;
        }
        let capped = |score: S| if attention.score_cap > 0.0 { cap * (score / cap).tanh() } else { score };
        let bent: Vec<S> = sees.iter().map(|&j| capped(scores[at.first + j])).collect();
        let largest = bent.iter().fold(f64::NEG_INFINITY, |largest, s| largest.max(s.value()));
        let exponentials: Vec<S> = bent.iter().map(|&s| (s - S::constant(largest)).exp()).collect();
        let total = sum(&exponentials);
        for (&j, &e) in sees.iter().zip(&exponentials) {
            let weight = e / total;
            weights[at.first + j] = weight;
            add_scaled(&mut mixed[at.query..][..width], weight, &values[at.key + j * d..][..width]);
        }
    }
    linear::add_product(&attention.output, parameters, &mixed, y);
    Passed { asking, queries, keys, values, scores, weights, seen, mixed, query_norm, key_norm, rows, heads }
}

/// ∂L/∂x from ∂L/∂y; the maps' gradient is added to `gradient`.
pub(super) fn backward<S: Scalar>(
    attention: &Attention,
    parameters: &[S],
    x: &[S],
    passed: &Passed<S>,
    dy: &[S],
    gradient: &mut [S],
) -> Vec<S> {
    let (d, heads, rows) = (attention.query.inputs, attention.heads, passed.rows);
    let width = d / heads;
    linear::backward_parameters(&attention.output, &passed.mixed, dy, gradient);
    let d_mixed = linear::backward_inputs(&attention.output, parameters, dy);
    let zeros = |like: &[S]| vec![S::default(); like.len()];
    let (mut dq, mut dk, mut dv) = (zeros(&passed.queries), zeros(&passed.keys), zeros(&passed.values));
    let scale = S::constant((width as f64).sqrt().recip());
    let (cap, one) = (S::constant(attention.score_cap), S::constant(1.0));
    for at in places(rows, heads, d) {
        let dz = &d_mixed[at.query..][..width];
        let key_at = |j: usize| at.key + j * d..at.key + j * d + width;
        let sees: Vec<usize> = (0..=at.last).filter(|&j| passed.seen[at.first + j]).collect();
        let dw: Vec<S> = sees.iter().map(|&j| dot(dz, &passed.values[key_at(j)])).collect();
        let mut mean = S::default();
        sees.iter().zip(&dw).for_each(|(&j, &dw)| mean += passed.weights[at.first + j] * dw);
        for (&j, &dw) in sees.iter().zip(&dw) {
            let weight = passed.weights[at.first + j];
            let mut ds = weight * (dw - mean) * scale;
            if attention.score_cap > 0.0 {
                let share = (passed.scores[at.first + j] / cap).tanh();
                ds = ds * (one - share * share);
            }
            add_scaled(&mut dq[at.query..][..width], ds, &passed.keys[key_at(j)]);
            add_scaled(&mut dk[key_at(j)], ds, &passed.queries[at.query..][..width]);
            add_scaled(&mut dv[key_at(j)], weight, dz);
        }
    }
    if let (Some(norm), Some(normalized)) = (&attention.query_norm, &passed.query_norm) {
        dq = norm::backward_rms(norm, parameters, normalized, &dq, gradient);
    }
    if let (Some(norm), Some(normalized)) = (&attention.key_norm, &passed.key_norm) {
        dk = norm::backward_rms(norm, parameters, normalized, &dk, gradient);
    }
    linear::backward_parameters(&attention.query, &passed.asking, &dq, gradient);
    linear::backward_parameters(&attention.key, x, &dk, gradient);
    linear::backward_parameters(&attention.value, x, &dv, gradient);
    let mut dx = linear::backward_inputs(&attention.key, parameters, &dk);
    linear::add(&mut dx, &linear::backward_inputs(&attention.value, parameters, &dv));
    rows.add_back(d, &linear::backward_inputs(&attention.query, parameters, &dq), &mut dx);
    dx
}

impl<S: Scalar> Passed<S> {
    fn of_head(&self, head: usize) -> impl Iterator<Item = Place> {
        places(self.rows, self.heads, self.queries.len() / self.rows.written()).filter(move |at| at.head == head)
    }

    /// The largest score of each head, before any cap.
    pub(super) fn largest_scores(&self) -> Vec<f64> {
        let largest = |head: usize| {
            let keys = self.of_head(head).flat_map(|at| at.first..=at.first + at.last).filter(|&k| self.seen[k]);
            keys.fold(f64::NEG_INFINITY, |largest, key| largest.max(self.scores[key].value()))
        };
        (0..self.heads).map(largest).collect()
    }

    /// Of each head: the largest |score| before the softmax, and the mean entropy of its weights over that of equal weights, where
    /// there is more than one key.
    pub(super) fn heads(&self) -> Vec<(f64, f64)> {
        let vitals = |head: usize| {
            let (mut largest, mut entropy, mut n) = (0.0_f64, 0.0, 0);
            for at in self.of_head(head) {
                let keys = at.first..=at.first + at.last;
                largest = keys.clone().fold(largest, |largest, key| largest.max(self.scores[key].value().abs()));
                if at.last > 0 {
                    let weights = keys.map(|key| self.weights[key].value()).filter(|&w| w > 0.0);
                    entropy += weights.map(|w| -w * libm::log(w)).sum::<f64>() / libm::log(at.last as f64 + 1.0);
                    n += 1;
                }
            }
            (largest, entropy / f64::from(n.max(1)))
        };
        (0..self.heads).map(vitals).collect()
    }
}
