//! One pass over the attention weights of each query, as the decoder hands them out.

use super::{COUNTED_MASS, Head, MAP_TOKENS, MEASURES, Plan, Row, SINK_KEY, SINKS, Sink, Sparsity, Spread};
use crate::decoder::Watch;
use crate::model::Hyperparameters;

/// Sees attention weights and keeps what [`Sparsity`] tells.
pub struct Observer {
    plan: Plan,
    n_layers: usize,
    n_heads: usize,
    n_sharing: usize,
    /// By distance of a key from its query: after how many of `edges` it lies.
    edge_of_distance: Vec<u8>,
    /// Distances at which a window ends, ascending, each once.
    edges: Vec<usize>,
    heads: Vec<OfHead>,
    counter: Counter,
}

/// What one head did so far.
struct OfHead {
    /// One list a measure, one number a query.
    values: Vec<Vec<f32>>,
    /// Mass on keys past the first ones, by where among the edges they lie; summed over queries.
    mass_between_edges: Vec<f64>,
    /// Mass that each key drew from queries from which it is not recent.
    drawn: Vec<f64>,
    map: Vec<Vec<f32>>,
}

impl Observer {
    pub(super) fn new(shape: &Hyperparameters, plan: Plan) -> Self {
        assert!(plan.from < plan.n_tokens, "queries from {} on of {} tokens are none", plan.from, plan.n_tokens);
        let windows = plan.sizes().into_iter().map(|size| size - SINKS);
        let mut edges: Vec<usize> = windows.chain([plan.recent]).collect();
        edges.sort_unstable();
        edges.dedup();
        let edge = |distance: usize| edges.partition_point(|edge| *edge <= distance) as u8;
        let of_head = || OfHead {
            values: MEASURES.iter().map(|_| Vec::with_capacity(plan.n_queries())).collect(),
            mass_between_edges: vec![0.0; edges.len() + 1],
            drawn: vec![0.0; plan.n_tokens],
            map: Vec::new(),
        };
        Self {
            edge_of_distance: (0..plan.n_tokens).map(edge).collect(),
            heads: (0..shape.n_layers * shape.n_heads).map(|_| of_head()).collect(),
            edges,
            plan,
            n_layers: shape.n_layers,
            n_heads: shape.n_heads,
            n_sharing: shape.n_heads / shape.n_key_heads,
            counter: Counter::default(),
        }
    }

    /// What was seen; all queries of the plan have to have been.
    pub fn finish(self) -> Sparsity {
        let sinks = self.sinks();
        let n_queries = self.plan.n_queries() as f64;
        let sizes = self.plan.sizes();
        let edge_of = |size: usize| self.edges.binary_search(&(size - SINKS)).expect("an edge a size");
        let lost =
            |of: &OfHead, size: usize| of.mass_between_edges[edge_of(size) + 1..].iter().sum::<f64>() / n_queries;
        let losses: Vec<Vec<f64>> =
            self.heads.iter().map(|of| sizes.iter().map(|size| lost(of, *size)).collect()).collect();
        let heads = self.heads.into_iter().zip(losses).enumerate();
        let heads = heads.map(|(i, (of, lost))| {
            assert_eq!(of.values[0].len(), self.plan.n_queries(), "every query of every head is seen once");
            let head = i % self.n_heads;
            Head {
                layer: i / self.n_heads,
                head,
                key_head: head / self.n_sharing,
                measures: of.values.into_iter().map(spread).collect(),
                lost,
                map: of.map,
            }
        });
        let heads = heads.collect();
        Sparsity { plan: self.plan, n_heads: self.n_heads, n_sharing: self.n_sharing, heads, sinks }
    }

    /// Keys besides the first that draw much from queries from which they are not recent: from at least a quarter of all
    /// queries that count, so that a key near the end, which few queries saw, is none.
    fn sinks(&self) -> Vec<Sink> {
        let Plan { n_tokens, from, recent } = self.plan;
        let mut sinks = Vec::new();
        for position in 1..n_tokens.saturating_sub(recent) {
            let n_far = n_tokens - from.max(position + recent);
            if 4 * n_far < self.plan.n_queries() {
                break;
            }
            let drawn = |of: &OfHead| of.drawn[position] / n_far as f64;
            let n_heads = self.heads.iter().filter(|of| drawn(of) > SINK_KEY).count();
            let (i, mass) = self.heads.iter().map(drawn).enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).expect("heads");
            if n_heads > 0 {
                sinks.push(Sink { position, mass, layer: i / self.n_heads, head: i % self.n_heads, n_heads });
            }
        }
        sinks.sort_by(|a, b| b.mass.total_cmp(&a.mass));
        sinks
    }
}

impl Watch for Observer {
    fn attention(&mut self, layer: usize, head: usize, query: u64, positions: &[u64], weights: &[f32]) {
        assert!(
            layer < self.n_layers && head < self.n_heads,
            "layer {layer}, head {head} of the shape it was made for"
        );
        let query = query as usize;
        if query >= self.plan.n_tokens {
            return;
        }
        let of = &mut self.heads[layer * self.n_heads + head];
        if query < MAP_TOKENS {
            of.map.push(by_position(positions, weights));
        }
        if query < self.plan.from {
            return;
        }
        let mut row = Row { n_keys: weights.len() as f64, ..Row::default() };
        for (position, weight) in positions.iter().zip(weights) {
            let (position, mass) = (*position as usize, f64::from(*weight));
            let distance = query - position;
            match position {
                0 => row.first += mass,
                1..SINKS => row.next += mass,
                _ => of.mass_between_edges[usize::from(self.edge_of_distance[distance])] += mass,
            }
            if distance < self.plan.recent {
                row.recent += mass;
            } else {
                of.drawn[position] += mass;
            }
            if *weight > 0.0 {
                row.entropy -= mass * f64::from(weight.ln());
            }
        }
        // −1·ln 1 is −0, which would be printed so.
        row.entropy = row.entropy.max(0.0);
        row.keys = self.counter.keys_for(COUNTED_MASS, weights) as f64;
        for (values, measure) in of.values.iter_mut().zip(MEASURES) {
            values.push((measure.value)(&row) as f32);
        }
    }
}

/// Weights in the order of their keys' positions, which is not promised.
fn by_position(positions: &[u64], weights: &[f32]) -> Vec<f32> {
    let mut keys: Vec<(u64, f32)> = positions.iter().copied().zip(weights.iter().copied()).collect();
    keys.sort_by_key(|(position, _)| *position);
    keys.into_iter().map(|(_, weight)| weight).collect()
}

fn spread(mut values: Vec<f32>) -> Spread {
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64;
    values.sort_unstable_by(f32::total_cmp);
    let at = |share: f64| f64::from(values[((values.len() - 1) as f64 * share).round() as usize]);
    Spread { mean, low: at(0.1), median: at(0.5), high: at(0.9) }
}

/// Counts largest weights without sorting all of them: they are thrown into bins by exponent and three bits of mantissa, and only
/// the bin in which the sum is reached is sorted.
struct Counter {
    /// Weights and their sum of each bin; weights of a softmax are at most 1, bin 1016.
    bins: Vec<(u32, f64)>,
    within: Vec<f32>,
}

impl Default for Counter {
    fn default() -> Self {
        Self { bins: vec![(0, 0.0); 1 << 11], within: Vec::new() }
    }
}

impl Counter {
    /// The least number of weights that together are `share` of all. Sums of 32-bit weights are not exact: what is within a
    /// millionth of the share is that share.
    fn keys_for(&mut self, share: f64, weights: &[f32]) -> usize {
        let bin_of = |weight: f32| (weight.to_bits() >> 20) as usize & 0x7ff;
        self.bins.fill((0, 0.0));
        let mut total = 0.0;
        for weight in weights {
            let (n, sum) = &mut self.bins[bin_of(*weight)];
            *n += 1;
            *sum += f64::from(*weight);
            total += f64::from(*weight);
        }
        let wanted = (share - 1e-6) * total;
        let (mut keys, mut held) = (0, 0.0);
        for (bin, (n, sum)) in self.bins.iter().enumerate().rev() {
            if held + sum < wanted {
                (keys, held) = (keys + *n as usize, held + sum);
                continue;
            }
            self.within.clear();
            self.within.extend(weights.iter().copied().filter(|weight| bin_of(*weight) == bin));
            self.within.sort_unstable_by(|a, b| b.total_cmp(a));
            for weight in &self.within {
                if held >= wanted {
                    break;
                }
                (keys, held) = (keys + 1, held + f64::from(*weight));
            }
            break;
        }
        keys
    }
}
