//! Who hears of whom, as a grid of queries and keys.

use super::spread::Spread;
use dunwu_engine::spec::attention::LayerSight;

/// Cells along each side, at most: sixteen for each of four chunks, whose sizes are mostly powers of two.
const CELLS: usize = 64;

/// The first positions of a text in blocks: a row a query, a column a block of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachMap {
    /// Positions that it shows.
    pub extent: usize,
    /// Positions of a block.
    pub block: usize,
    /// The query of each row: the first of its block.
    pub queries: Vec<usize>,
    /// `[row][column]`, from the first query and the first block of keys on.
    pub cells: Vec<Vec<MapCell>>,
}

/// A query against a block of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapCell {
    /// All of the block is later than the query, and nobody looks ahead.
    Later,
    /// Most of the keys are heard of, and most of these in so many hops; 0 is the query itself, alone in its block.
    Hops(usize),
    /// At least half of the keys are not heard of.
    Blind,
}

impl ReachMap {
    /// The first `extent` positions of a text of `length`.
    pub(super) fn of(layers: &[&LayerSight], length: usize, extent: usize, is_causal: bool) -> Self {
        let block = extent.div_ceil(CELLS);
        let queries: Vec<usize> = (0..extent).step_by(block).collect();
        let row = |&query: &usize| {
            let spread = Spread::of(layers, query, length);
            let cell = |&first: &usize| {
                let end = (first + block).min(extent) - 1;
                let last = if is_causal { end.min(query) } else { end };
                if last < first {
                    return MapCell::Later;
                }
                let counts = spread.counts(first, last);
                let blind = last - first + 1 - counts.iter().sum::<usize>();
                if 2 * blind > last - first {
                    return MapCell::Blind;
                }
                // The query itself says nothing where others stand in its block.
                let most = counts.iter().enumerate().skip(1).max_by_key(|(hops, count)| (**count, usize::MAX - hops));
                MapCell::Hops(most.filter(|(_, count)| **count > 0).map_or(0, |(hops, _)| hops))
            };
            queries.iter().map(cell).collect()
        };
        let cells = queries.iter().map(row).collect();
        Self { extent, block, queries, cells }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_engine::spec::attention::AttentionPattern;

    fn drawn(written: &str, length: usize) -> Vec<String> {
        let pattern: AttentionPattern = written.parse().unwrap();
        let layers: Vec<&LayerSight> = pattern.layers.iter().collect();
        let map = ReachMap::of(&layers, length, length, pattern.is_causal());
        let letter = |cell: &MapCell| match cell {
            MapCell::Later => '.',
            MapCell::Blind => 'x',
            MapCell::Hops(hops) => char::from_digit(*hops as u32, 10).unwrap(),
        };
        map.cells.iter().map(|row| row.iter().map(letter).collect()).collect()
    }

    #[test]
    fn a_map_of_a_short_text_is_its_pairs() {
        assert_eq!(drawn("2xchunked:2", 5), ["0....", "10...", "xx0..", "xx10.", "xxxx0"]);
        assert_eq!(drawn("2xwindow:2", 5), ["0....", "10...", "210..", "x210.", "xx210"]);
        assert_eq!(drawn("global:1+1", 4), ["0111", "101x", "1101", "1x10"]);
    }

    #[test]
    fn a_block_is_what_most_of_it_is() {
        // Of the keys 96 to 103 the query at 104 hears of those from where its chunk begins: 4 of 8 and 6 of 8.
        for (size, cell) in [(100, MapCell::Blind), (98, MapCell::Hops(1))] {
            let pattern: AttentionPattern = format!("chunked:{size}").parse().unwrap();
            let map = ReachMap::of(&pattern.layers.iter().collect::<Vec<_>>(), 4800, 480, true);
            assert_eq!(map.cells[13][12], cell, "chunks of {size}");
        }
    }

    #[test]
    fn a_map_of_a_long_text_has_blocks() {
        let pattern: AttentionPattern = "chunked:96".parse().unwrap();
        let map = ReachMap::of(&pattern.layers.iter().collect::<Vec<_>>(), 4800, 480, true);
        assert_eq!((map.block, map.queries.len(), map.queries[1]), (8, 60, 8));
        // A chunk ends with 95: the query at 104 hears of 96 to 103 and not of 88 to 95, of which the one at 88 hears of 80 to 87.
        assert_eq!(
            [map.cells[13][12], map.cells[13][11], map.cells[11][10]],
            [MapCell::Hops(1), MapCell::Blind, MapCell::Hops(1)]
        );
        assert_eq!([map.cells[12][12], map.cells[11][12]], [MapCell::Hops(0), MapCell::Later]);
    }
}
