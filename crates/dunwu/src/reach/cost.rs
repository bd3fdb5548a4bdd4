//! What an attention design costs: scores that are computed, and keys that a cache has to hold.

use dunwu_engine::spec::attention::{LayerSight, Sight};

/// Layers of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerKind {
    /// The layer's pattern, as a design spells it: `window:4096`.
    pub written: String,
    /// How many layers of the design have this pattern.
    pub n_layers: usize,
    /// What one of them costs.
    pub cost: LayerCost,
    /// The longest distance between a query and a key that one of its heads sees.
    pub longest: usize,
    /// Whether it knows positions.
    pub has_positions: bool,
}

/// What one layer costs, a mean over its heads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerCost {
    /// Scores of a whole text: Σ over queries of the keys that they see.
    pub scores: f64,
    /// Keys that the cache holds while the last query is answered; `None` for a layer that looks ahead, which keeps no cache.
    pub cached: Option<f64>,
}

/// How large the keys and values of a layer are, where it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheShape {
    /// Key heads.
    pub key_heads: usize,
    /// Numbers of one head's key, and of its value.
    pub head_width: usize,
}

impl CacheShape {
    /// Bytes of a number in the cache: 16 bits.
    pub const NUMBER: usize = 2;

    /// Bytes of one token's keys and values in one layer.
    pub fn bytes_a_key(&self) -> usize {
        2 * self.key_heads * self.head_width * Self::NUMBER
    }
}

/// n (n + 1) / 2.
fn triangle(n: usize) -> u64 {
    n as u64 * (n as u64 + 1) / 2
}

/// Σ over the queries of a text of the keys that they see.
fn scores(sight: Sight, length: usize) -> u64 {
    let within = |window: usize| {
        let growing = window.min(length);
        triangle(growing) + (length - growing) as u64 * window as u64
    };
    match sight {
        Sight::Full => triangle(length),
        Sight::Window { recent } => within(recent),
        Sight::Sinks { first, recent } => within(first + recent),
        Sight::Chunked { size, shift } => {
            let begin = shift.min(length);
            let rest = length - begin;
            triangle(begin) + (rest / size) as u64 * triangle(size) + triangle(rest % size)
        }
        // The key that is k strides back is there for all queries from k strides on.
        Sight::Dilated { keys, stride } => (0..keys).map(|k| length.saturating_sub(k * stride) as u64).sum(),
        Sight::Global { first, side } => {
            let first = first.min(length);
            let others = length - first;
            let near = side.min(others.saturating_sub(1));
            // Pairs of others at each distance up to `side`, both ways, and each with itself.
            let band = others as u64 + 2 * (near as u64 * others as u64 - triangle(near));
            first as u64 * length as u64 + others as u64 * first as u64 + band
        }
    }
}

/// Keys that are held while the last query of a text is answered: those that it or a later one sees.
fn cached(sight: Sight, length: usize) -> Option<usize> {
    let most = match sight {
        Sight::Full => length,
        Sight::Window { recent } => recent,
        Sight::Sinks { first, recent } => first + recent,
        Sight::Chunked { size, .. } => size,
        Sight::Dilated { keys, stride } => (keys - 1) * stride + 1,
        Sight::Global { .. } => return None,
    };
    Some(most.min(length))
}

/// The longest distance that is compared in a text of this length.
fn longest(sight: Sight, length: usize) -> usize {
    let most = match sight {
        Sight::Full | Sight::Sinks { first: 1.., .. } | Sight::Global { first: 1.., .. } => length - 1,
        Sight::Window { recent } | Sight::Sinks { recent, .. } => recent - 1,
        Sight::Chunked { size, .. } => size - 1,
        Sight::Dilated { keys, stride } => (keys - 1) * stride,
        Sight::Global { side, .. } => side,
    };
    most.min(length - 1)
}

impl LayerKind {
    /// The kinds of layers of a design, in the order in which they first stand in it.
    pub(super) fn all(layers: &[LayerSight], length: usize) -> Vec<Self> {
        let mut kinds: Vec<Self> = Vec::new();
        for layer in layers {
            let written = layer.to_string();
            if let Some(kind) = kinds.iter_mut().find(|kind| kind.written == written) {
                kind.n_layers += 1;
                continue;
            }
            let heads = layer.heads.len() as f64;
            let mean = |of: &dyn Fn(Sight) -> Option<f64>| {
                layer.heads.iter().map(|sight| of(*sight)).sum::<Option<f64>>().map(|sum| sum / heads)
            };
            let cost = LayerCost {
                scores: layer.heads.iter().map(|sight| scores(*sight, length) as f64).sum::<f64>() / heads,
                cached: mean(&|sight| cached(sight, length).map(|keys| keys as f64)),
            };
            let longest = layer.heads.iter().map(|sight| longest(*sight, length)).max().unwrap_or(0);
            kinds.push(Self { written, n_layers: 1, cost, longest, has_positions: layer.has_positions });
        }
        kinds
    }

    /// Scores of full attention over the same text: n (n + 1) / 2, or n² where layers look ahead.
    pub fn full_scores(length: usize, is_causal: bool) -> f64 {
        if is_causal { triangle(length) as f64 } else { (length as f64).powi(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reach::small_pattern;
    use dunwu_engine::spec::attention::AttentionPattern;
    use proptest::prelude::*;

    proptest! {
        /// Scores, cache and longest distance by their definitions, query by query.
        #[test]
        fn costs_are_counts(kind in 0usize..6, a in 0usize..9, b in 1usize..9, length in 1usize..40) {
            let written = small_pattern(kind, a, b);
            let pattern: AttentionPattern = written.parse().unwrap();
            let sight = pattern.layers[0].heads[0];
            let pairs = || (0..length).flat_map(|i| (0..length).map(move |j| (i, j))).filter(|&(i, j)| sight.sees(i, j));
            prop_assert_eq!(scores(sight, length), pairs().count() as u64, "{}", &written);
            let furthest = pairs().map(|(i, j)| i.abs_diff(j)).max().unwrap();
            // A first position may be nearer than the window reaches: the bound is that of a longer text.
            prop_assert!(furthest <= longest(sight, length), "{}", &written);
            if kind < 4 && (kind != 2 || length >= 2 * b) {
                prop_assert_eq!(furthest, match sight {
                    Sight::Dilated { keys, stride } => (keys - 1).min((length - 1) / stride) * stride,
                    _ => longest(sight, length),
                }, "{}", &written);
            }
            // At any time, what a query from now on sees of what was read.
            if let Some(held) = cached(sight, length) {
                let needed = |now: usize| (0..=now).filter(|&j| (now..now + 99).any(|i| sight.sees(i, j))).count();
                let most = (0..length).map(needed).max().unwrap();
                prop_assert!(most <= held, "{} {} {}", &written, most, held);
                if kind != 2 || length >= 2 * b {
                    prop_assert_eq!(most, held, "{}", &written);
                }
            }
        }
    }

    #[test]
    fn kinds_are_counted_and_heads_are_averaged() {
        let pattern: AttentionPattern = "3xchunked:4/full-nope".parse().unwrap();
        let kinds = LayerKind::all(&pattern.of_depth(8).unwrap().layers, 16);
        assert_eq!(kinds.iter().map(|kind| kind.n_layers).collect::<Vec<_>>(), [6, 2]);
        assert_eq!((kinds[0].cost.scores, kinds[0].cost.cached, kinds[0].longest), (40.0, Some(4.0), 3));
        assert_eq!((kinds[1].cost.scores, kinds[1].has_positions, kinds[1].longest), (136.0, false, 15));
        let mixed: AttentionPattern = "window:2,window:2,full".parse().unwrap();
        let kinds = LayerKind::all(&mixed.layers, 5);
        // Two heads hold 2 keys, one 5; scores are 9, 9 and 15.
        assert_eq!((kinds[0].cost.cached, kinds[0].cost.scores), (Some(3.0), 11.0));
        assert_eq!(CacheShape { key_heads: 8, head_width: 128 }.bytes_a_key(), 4096);
    }
}
