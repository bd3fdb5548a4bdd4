//! Sets of positions as ranges, and what a layer makes of one.

use dunwu_engine::spec::attention::{LayerSight, Sight};

/// A set of positions: disjoint ranges, ascending, both ends within; no two of them touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Positions {
    ranges: Vec<(usize, usize)>,
}

impl Positions {
    /// One position.
    pub(super) fn one(position: usize) -> Self {
        Self { ranges: vec![(position, position)] }
    }

    fn of(mut ranges: Vec<(usize, usize)>) -> Self {
        ranges.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
        for (from, to) in ranges {
            match joined.last_mut() {
                Some(last) if from <= last.1 + 1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        Self { ranges: joined }
    }

    /// These and others.
    pub(super) fn joined(&self, others: &Self) -> Self {
        Self::of(self.ranges.iter().chain(&others.ranges).copied().collect())
    }

    /// How many.
    #[cfg(test)]
    fn count(&self) -> usize {
        self.count_between(0, usize::MAX)
    }

    /// How many from one position to another, both within.
    pub(super) fn count_between(&self, low: usize, high: usize) -> usize {
        let inside = |&(from, to): &(usize, usize)| (from.max(low), to.min(high));
        self.ranges.iter().map(inside).filter(|(from, to)| from <= to).map(|(from, to)| to - from + 1).sum()
    }

    /// Whether a position is among them.
    pub(super) fn has(&self, position: usize) -> bool {
        let after = self.ranges.partition_point(|range| range.0 <= position);
        after > 0 && self.ranges[after - 1].1 >= position
    }

    /// The farthest of them from a position.
    pub(super) fn farthest_from(&self, position: usize) -> usize {
        let ends = self.ranges.first().into_iter().chain(self.ranges.last());
        ends.flat_map(|&(from, to)| [position.abs_diff(from), position.abs_diff(to)]).max().unwrap_or(0)
    }

    /// The lowest position from which on all up to `position`, which is among them, are among them.
    pub(super) fn unbroken_from(&self, position: usize) -> usize {
        let after = self.ranges.partition_point(|range| range.0 <= position);
        after.checked_sub(1).map_or(position, |index| self.ranges[index].0)
    }

    /// Every key that a query among them sees in this layer, of a text of `length` positions.
    pub(super) fn seen_in(&self, layer: &LayerSight, length: usize) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        for sight in &layer.heads {
            match *sight {
                Sight::Dilated { keys, stride } => ranges.extend(self.dilated(keys, stride).ranges),
                sight => self.ranges.iter().for_each(|range| see(sight, *range, length, &mut ranges)),
            }
        }
        Self::of(ranges)
    }

    /// These and `keys` − 1 copies, each so many positions lower than the one before: by doubling, since copies of copies are copies.
    fn dilated(&self, keys: usize, stride: usize) -> Self {
        let (mut all, mut copies) = (self.clone(), 1);
        while copies < keys {
            let more = copies.min(keys - copies);
            all = all.joined(&all.lowered(more * stride));
            copies += more;
        }
        all
    }

    /// Each position so much lower, as far as there is one.
    fn lowered(&self, by: usize) -> Self {
        let lower = |&(from, to): &(usize, usize)| Some((from.saturating_sub(by), to.checked_sub(by)?));
        Self { ranges: self.ranges.iter().filter_map(lower).collect() }
    }
}

/// The keys that the queries of a range see, as ranges, by a sight that sees ranges.
fn see(sight: Sight, (from, to): (usize, usize), length: usize, ranges: &mut Vec<(usize, usize)>) {
    match sight {
        Sight::Full => ranges.push((0, to)),
        Sight::Window { recent } => ranges.push((from.saturating_sub(recent - 1), to)),
        Sight::Chunked { size, shift } => {
            // The first chunk may be shorter: it ends before `shift`.
            let begin = ((from + size - shift) / size * size + shift).saturating_sub(size);
            ranges.push((begin, to));
        }
        Sight::Sinks { first, recent } => {
            ranges.push((from.saturating_sub(recent - 1), to));
            if first > 0 {
                ranges.push((0, to.min(first - 1)));
            }
        }
        Sight::Dilated { .. } => unreachable!("dilated keys are those of the whole set"),
        Sight::Global { first, side } => {
            if from < first {
                ranges.push((0, length - 1));
                return;
            }
            ranges.push((from.saturating_sub(side), (to + side).min(length - 1)));
            if first > 0 {
                ranges.push((0, first.min(length) - 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reach::small_pattern;
    use dunwu_engine::spec::attention::AttentionPattern;
    use proptest::prelude::*;

    fn brute(layer: &LayerSight, queries: &[usize], length: usize) -> Vec<usize> {
        (0..length).filter(|&j| queries.iter().any(|&i| layer.sees(i, j))).collect()
    }

    proptest! {
        /// What ranges of queries see is what the definition says of each of their queries.
        #[test]
        fn ranges_see_what_their_queries_see(
            kind in 0usize..6, a in 0usize..9, b in 1usize..9, length in 1usize..40, picks in proptest::collection::vec(0usize..40, 1..6)
        ) {
            let written = small_pattern(kind, a, b);
            let layer = written.parse::<AttentionPattern>().unwrap().layers.remove(0);
            let mut queries: Vec<usize> = picks.into_iter().map(|pick| pick % length).collect();
            queries.sort_unstable();
            queries.dedup();
            let set = Positions::of(queries.iter().map(|&q| (q, q)).collect());
            let seen = set.seen_in(&layer, length);
            let wanted = brute(&layer, &queries, length);
            prop_assert_eq!((0..length).filter(|&j| seen.has(j)).collect::<Vec<_>>(), wanted.clone(), "{} {:?}", written, queries);
            prop_assert_eq!(seen.count(), wanted.len());
            prop_assert!(seen.ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
            let unbroken = (0..=queries[0]).rev().take_while(|&j| wanted.contains(&j)).last().unwrap();
            prop_assert_eq!(seen.unbroken_from(queries[0]), unbroken);
        }
    }
}
