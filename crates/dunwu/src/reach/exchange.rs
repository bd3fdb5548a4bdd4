//! What pairs of positions can exchange through some layers: how many are blind, how many hops the others need, and where a token
//! hears less than the token before it.

use super::map::ReachMap;
use super::spread::Spread;
use dunwu_engine::spec::attention::{LayerSight, Sight};
use std::collections::BTreeMap;

/// Texts up to this length are looked at query by query; of longer ones so many queries are.
const ALL_QUERIES: usize = 1024;
/// Queries of a longer text.
const SOME_QUERIES: usize = 512;
/// Distances of which hops are listed, at most.
const DISTANCES: usize = 64;
/// Borders of each kind of chunk whose two sides are looked at.
const BORDERS: usize = 8;

/// What pairs of positions can exchange through some layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Layers that it is about.
    pub n_layers: usize,
    /// Queries that were looked at, each with every position before it (of designs that look ahead: every other one).
    pub n_queries: usize,
    /// Whether these are all queries.
    pub is_exact: bool,
    /// Pairs of two positions that were looked at.
    pub pairs: u64,
    /// How many of them need so many hops at least, from one hop on.
    pub by_hops: Vec<u64>,
    /// Hops by distance, ascending.
    pub distances: Vec<DistanceReach>,
    /// The largest distance between a query that was looked at and a position that it hears of.
    pub farthest: usize,
    /// How many positions before it each of some queries hears of without a gap: `(query, positions)`, ascending.
    pub sights: Vec<(usize, usize)>,
    /// Queries that hear of fewer positions without a gap than the query before them, among those that were looked at with the query
    /// before them.
    pub n_falls: usize,
    /// The query that hears least of them.
    pub worst: Option<BlindSpot>,
    /// Who hears of whom, at the beginning of the text.
    pub map: ReachMap,
}

/// A query that hears of fewer positions without a gap than the query before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlindSpot {
    /// Where it is.
    pub query: usize,
    /// Positions before it that it hears of without a gap.
    pub sight: usize,
    /// The same of the query before it.
    pub before: usize,
}

impl BlindSpot {
    /// The nearest position before it of which it hears nothing.
    pub fn first_blind(&self) -> usize {
        self.query - self.sight - 1
    }
}

/// Pairs at one distance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistanceReach {
    /// |i − j|.
    pub distance: usize,
    /// Pairs that were looked at.
    pub pairs: usize,
    /// How many of them need so many hops at least, from one hop on.
    pub by_hops: Vec<usize>,
}

impl DistanceReach {
    /// Pairs that exchange nothing.
    pub fn blind(&self) -> usize {
        self.pairs - self.by_hops.iter().sum::<usize>()
    }

    /// The fewest hops of any pair; `None` where all are blind.
    pub fn fewest(&self) -> Option<usize> {
        self.by_hops.iter().position(|&pairs| pairs > 0).map(|index| index + 1)
    }

    /// The hops of the pair that needs the most among those that exchange something.
    pub fn most(&self) -> Option<usize> {
        self.by_hops.iter().rposition(|&pairs| pairs > 0).map(|index| index + 1)
    }
}

impl Exchange {
    /// Through these layers, given from the bottom; a map of the first `extent` positions.
    pub(super) fn of(layers: &[&LayerSight], length: usize, extent: usize) -> Self {
        let is_causal = layers.iter().all(|layer| layer.heads.iter().all(Sight::is_causal));
        let even = even_queries(length);
        let distances = listed_distances(length);
        let mut of_distance: BTreeMap<usize, DistanceReach> = distances
            .iter()
            .map(|&distance| (distance, DistanceReach { distance, pairs: 0, by_hops: Vec::new() }))
            .collect();
        let (mut pairs, mut by_hops) = (0, Vec::new());
        let mut sights: BTreeMap<usize, usize> = BTreeMap::new();
        let mut farthest = 0;
        for &query in &even {
            let spread = Spread::of(layers, query, length);
            farthest = farthest.max(spread.farthest(query));
            sights.insert(query, spread.sight(query));
            let high = if is_causal { query } else { length - 1 };
            // The query itself is no pair.
            pairs += high as u64;
            for (hops, count) in spread.counts(0, high).into_iter().enumerate().skip(1) {
                add(&mut by_hops, hops, count as u64);
            }
            for (&distance, reach) in &mut of_distance {
                let after = Some(query + distance).filter(|&position| !is_causal && position < length);
                for position in query.checked_sub(distance).into_iter().chain(after) {
                    reach.pairs += 1;
                    if let Some(hops) = spread.hops_from(position) {
                        add(&mut reach.by_hops, hops, 1);
                    }
                }
            }
        }
        for query in border_queries(layers, length) {
            sights.entry(query).or_insert_with(|| {
                let spread = Spread::of(layers, query, length);
                farthest = farthest.max(spread.farthest(query));
                spread.sight(query)
            });
        }
        let falls = falls(&sights);
        Self {
            n_layers: layers.len(),
            n_queries: even.len(),
            is_exact: even.len() == length,
            pairs,
            by_hops,
            distances: of_distance.into_values().filter(|reach| reach.pairs > 0).collect(),
            farthest,
            n_falls: falls.len(),
            worst: falls.into_iter().min_by_key(|spot| (spot.sight, std::cmp::Reverse(spot.before))),
            sights: sights.into_iter().collect(),
            map: ReachMap::of(layers, length, extent, is_causal),
        }
    }

    /// Pairs that exchange nothing, in either number of hops.
    pub fn blind(&self) -> u64 {
        self.pairs - self.by_hops.iter().sum::<u64>()
    }

    /// The share of the pairs that exchange nothing, in [0, 1]; 0 where there is no pair.
    pub fn blind_share(&self) -> f64 {
        if self.pairs == 0 { 0.0 } else { self.blind() as f64 / self.pairs as f64 }
    }

    /// The distance from which on every pair is blind; `None` where there is none in a text of this length.
    pub fn horizon(&self, length: usize) -> Option<usize> {
        Some(self.farthest + 1).filter(|&distance| distance < length)
    }

    /// The smallest distance at which some pair is blind.
    pub fn first_blind_distance(&self) -> Option<usize> {
        self.distances.iter().find(|reach| reach.blind() > 0).map(|reach| reach.distance)
    }
}

/// Counts things that need so many hops, from one on.
fn add<N: std::ops::AddAssign + Default + Clone>(by_hops: &mut Vec<N>, hops: usize, count: N) {
    if by_hops.len() < hops {
        by_hops.resize(hops, N::default());
    }
    by_hops[hops - 1] += count;
}

/// All queries of a short text; of a longer one, places that no period of chunks meets more often than its share: the golden ratio's
/// multiples modulo 1 (Weyl's equidistribution).
fn even_queries(length: usize) -> Vec<usize> {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    if length <= ALL_QUERIES {
        return (0..length).collect();
    }
    let place = |index: usize| ((index as f64 + 0.5) * GOLDEN).fract() * length as f64;
    let mut queries: Vec<usize> = (0..SOME_QUERIES).map(|index| (place(index) as usize).min(length - 1)).collect();
    queries.push(length - 1);
    queries.sort_unstable();
    queries.dedup();
    queries
}

/// Queries on both sides of the first borders of chunks.
fn border_queries(layers: &[&LayerSight], length: usize) -> Vec<usize> {
    let chunks = layers.iter().flat_map(|layer| &layer.heads).filter_map(|sight| match *sight {
        Sight::Chunked { size, shift } => Some((size, shift)),
        _ => None,
    });
    let borders = chunks.flat_map(|(size, shift)| (0..=BORDERS).map(move |chunk| shift + chunk * size));
    let mut queries: Vec<usize> = borders.flat_map(|border| [border.wrapping_sub(1), border]).collect();
    queries.retain(|&query| query < length);
    queries.sort_unstable();
    queries.dedup();
    queries
}

/// All distances of a short text; of a longer one, evenly by their logarithm, the largest too.
fn listed_distances(length: usize) -> Vec<usize> {
    let most = length - 1;
    if most <= DISTANCES {
        return (1..length).collect();
    }
    let step = (most as f64).ln() / (DISTANCES - 1) as f64;
    let mut distances: Vec<usize> = (0..DISTANCES).map(|index| (step * index as f64).exp().round() as usize).collect();
    distances.retain(|&distance| (1..=most).contains(&distance));
    distances.push(most);
    distances.dedup();
    distances
}

/// Neighbouring queries of which the later hears less.
fn falls(sights: &BTreeMap<usize, usize>) -> Vec<BlindSpot> {
    let pairs = sights.iter().zip(sights.iter().skip(1));
    let falling = pairs.filter(|((a, before), (b, sight))| **b == **a + 1 && sight < before);
    falling.map(|((_, &before), (&query, &sight))| BlindSpot { query, sight, before }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::spread::tests::by_search;
    use super::*;
    use dunwu_engine::spec::attention::AttentionPattern;

    fn exchange(written: &str, length: usize) -> Exchange {
        let pattern: AttentionPattern = written.parse().unwrap();
        Exchange::of(&pattern.layers.iter().collect::<Vec<_>>(), length, length)
    }

    #[test]
    fn pairs_distances_and_falls_are_those_of_a_search() {
        for written in ["3xchunked:6", "3xwindow:5", "chunked:6/chunked:6+3/chunked:6", "3xdilated:3x3", "2xglobal:1+2"]
        {
            let pattern: AttentionPattern = written.parse().unwrap();
            let layers: Vec<&LayerSight> = pattern.layers.iter().collect();
            let (length, found) = (24, exchange(written, 24));
            let hops: Vec<Vec<Option<usize>>> = (0..length).map(|query| by_search(&layers, query, length)).collect();
            let is_pair = |i: usize, j: usize| i != j && (j < i || !pattern.is_causal());
            let pairs = || (0..length).flat_map(|i| (0..length).map(move |j| (i, j))).filter(|&(i, j)| is_pair(i, j));
            assert!(found.is_exact);
            assert_eq!(found.pairs, pairs().count() as u64, "{written}");
            assert_eq!(found.blind(), pairs().filter(|&(i, j)| hops[i][j].is_none()).count() as u64, "{written}");
            for reach in &found.distances {
                let at = || pairs().filter(|&(i, j)| i.abs_diff(j) == reach.distance);
                assert_eq!(reach.pairs, at().count());
                assert_eq!(reach.blind(), at().filter(|&(i, j)| hops[i][j].is_none()).count(), "{written}");
                assert_eq!(reach.fewest(), at().filter_map(|(i, j)| hops[i][j]).min(), "{written}");
                assert_eq!(reach.most(), at().filter_map(|(i, j)| hops[i][j]).max(), "{written}");
            }
            let farthest = pairs().filter(|&(i, j)| hops[i][j].is_some()).map(|(i, j)| i.abs_diff(j)).max();
            assert_eq!(Some(found.farthest), farthest, "{written}");
            let sight = |i: usize| (0..i).rev().take_while(|&j| hops[i][j].is_some()).count();
            let falls = (1..length).filter(|&i| sight(i) < sight(i - 1));
            assert_eq!(found.n_falls, falls.count(), "{written}");
        }
    }

    /// Of chunks of 6 alone, a token that begins one hears of nobody, in any number of layers.
    #[test]
    fn a_chunk_begins_blind_and_a_window_never_does() {
        let chunks = exchange("3xchunked:6", 24);
        let worst = chunks.worst.unwrap();
        assert_eq!((worst.query, worst.sight, worst.before, worst.first_blind()), (6, 0, 5, 5));
        assert_eq!((chunks.n_falls, chunks.horizon(24), chunks.first_blind_distance()), (3, Some(6), Some(1)));
        let window = exchange("3xwindow:5", 24);
        assert_eq!((window.worst, window.horizon(24)), (None, Some(13)), "3 layers of 4 positions each");
        assert_eq!(window.distances[11].fewest(), Some(3));
    }

    /// A sample of queries estimates the share that all of them have.
    #[test]
    fn a_long_text_is_estimated_and_its_borders_are_found() {
        let short = exchange("chunked:64", 1024);
        let long = exchange("chunked:64", 64 * 1024);
        assert!(short.is_exact && !long.is_exact);
        // A query sees (64 − 1)/2 of its predecessors on the average: of all pairs the share 63/(n − 1).
        let wanted = 1.0 - 63.0 / (64.0 * 1024.0 - 1.0);
        assert!((long.blind_share() - wanted).abs() < 2e-4, "{} {wanted}", long.blind_share());
        let worst = long.worst.unwrap();
        assert_eq!((worst.query, worst.sight, worst.before), (64, 0, 63));
        assert_eq!(long.horizon(64 * 1024), Some(64), "the last of a chunk is looked at, and hears of its first");
        assert_eq!(exchange("full", 1).blind_share(), 0.0);
    }
}
