//! The fewest hops to one query from every position before it, without walking through positions.

use super::positions::Positions;
use dunwu_engine::spec::attention::LayerSight;

/// What one query hears of.
pub(super) struct Spread {
    /// From which positions in at most so many hops: the query itself in none, then ascending.
    within: Vec<Positions>,
}

impl Spread {
    /// Of the query at a position of a text of `length`, through these layers, given from the bottom.
    ///
    /// ```text
    /// S_h ← S_h ∪ keys_l(S_{h−1})        for l from the top, h from the most hops so far down to 1        S_0 = {query}
    /// ```
    ///
    /// Every query sees itself, so that S grows with h and a layer that is not needed can be passed.
    pub(super) fn of(layers: &[&LayerSight], query: usize, length: usize) -> Self {
        let mut within = vec![Positions::one(query)];
        for layer in layers.iter().rev() {
            let seen = within.last().map(|last| last.seen_in(layer, length));
            for hops in (1..within.len()).rev() {
                // What one hop fewer leads to is seen in this layer; what was reached without the layer is among it or is kept.
                within[hops] = within[hops - 1].seen_in(layer, length).joined(&within[hops]);
            }
            if let Some(seen) = seen
                && within.last().is_some_and(|last| *last != seen)
            {
                within.push(seen);
            }
        }
        Self { within }
    }

    /// The fewest hops from a position; `None` where nothing comes from there.
    pub(super) fn hops_from(&self, position: usize) -> Option<usize> {
        self.within.iter().position(|set| set.has(position))
    }

    /// Positions within a range from which so many hops are the fewest, by hops.
    pub(super) fn counts(&self, low: usize, high: usize) -> Vec<usize> {
        let mut before = 0;
        let count = |set: &Positions| {
            let all = set.count_between(low, high);
            let new = all - before;
            before = all;
            new
        };
        self.within.iter().map(count).collect()
    }

    /// The distance to the farthest position that is heard of.
    pub(super) fn farthest(&self, query: usize) -> usize {
        self.within.last().map_or(0, |all| all.farthest_from(query))
    }

    /// How many positions before the query are heard of without a gap.
    pub(super) fn sight(&self, query: usize) -> usize {
        self.within.last().map_or(0, |all| query - all.unbroken_from(query))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use dunwu_engine::spec::attention::{AttentionPattern, Sight};

    /// Fewest hops from every position to a query by breadth-first search over (layer, position): the definition of the module.
    pub(crate) fn by_search(layers: &[&LayerSight], query: usize, length: usize) -> Vec<Option<usize>> {
        let mut hops: Vec<Option<usize>> = vec![None; length];
        hops[query] = Some(0);
        for layer in layers.iter().rev() {
            let mut below = hops.clone();
            for (i, so_far) in hops.iter().enumerate() {
                let Some(so_far) = *so_far else { continue };
                for (j, best) in below.iter_mut().enumerate() {
                    if i != j && layer.sees(i, j) && best.is_none_or(|best| so_far + 1 < best) {
                        *best = Some(so_far + 1);
                    }
                }
            }
            hops = below;
        }
        hops
    }

    /// Every layer of one kind of head with sizes up to 3, and some with two kinds.
    fn small_layers() -> Vec<LayerSight> {
        let mut sights = vec![Sight::Full];
        for a in 1..4 {
            sights.push(Sight::Window { recent: a });
            for b in 0..3 {
                sights.push(Sight::Sinks { first: b, recent: a });
                sights.push(Sight::Dilated { keys: a, stride: b + 1 });
                if b < a + 1 {
                    sights.push(Sight::Chunked { size: a + 1, shift: b });
                }
            }
        }
        let mut layers: Vec<LayerSight> = sights.into_iter().map(LayerSight::of).collect();
        for mixed in ["window:2,dilated:2x3", "chunked:3,chunked:3+1", "chunked:4,window:2", "sinks:1+1,dilated:2x2"] {
            layers.extend(mixed.parse::<AttentionPattern>().unwrap().layers);
        }
        layers
    }

    fn assert_agrees(layers: &[&LayerSight], length: usize) {
        for query in 0..length {
            let spread = Spread::of(layers, query, length);
            let wanted = by_search(layers, query, length);
            let found: Vec<_> = (0..length).map(|position| spread.hops_from(position)).collect();
            assert_eq!(found, wanted, "query {query} of {length}, {layers:?}");
            let counts = spread.counts(0, length - 1);
            for (hops, count) in counts.iter().enumerate() {
                assert_eq!(*count, wanted.iter().filter(|fewest| **fewest == Some(hops)).count(), "{layers:?}");
            }
            let sight = (0..query).rev().take_while(|&j| wanted[j].is_some()).count();
            assert_eq!(spread.sight(query), sight, "{layers:?}");
        }
    }

    #[test]
    fn every_small_design_is_what_a_search_finds() {
        let layers = small_layers();
        let mut designs = 0;
        for a in &layers {
            assert_agrees(&[a], 9);
            for b in &layers {
                assert_agrees(&[a, b], 9);
                for c in &layers {
                    assert_agrees(&[a, b, c], 9);
                    designs += 1;
                }
            }
        }
        assert_eq!(designs, layers.len().pow(3));
    }

    #[test]
    fn designs_that_look_ahead_and_deep_ones_are_what_a_search_finds() {
        let global: Vec<LayerSight> =
            (0..3).flat_map(|first| (0..3).map(move |side| LayerSight::of(Sight::Global { first, side }))).collect();
        for a in &global {
            for b in &global {
                for c in &global {
                    assert_agrees(&[a, b, c], 9);
                }
            }
        }
        for deep in ["8xwindow:2", "2xchunked:5/2xchunked:5+2/2xdilated:3x4", "4xdilated:2x3/3xsinks:1+2"] {
            let pattern: AttentionPattern = deep.parse().unwrap();
            assert_agrees(&pattern.layers.iter().collect::<Vec<_>>(), 31);
        }
    }
}
