//! Sums of small decision trees, fitted by gradient boosting (Friedman 2001; second order as in Chen and Guestrin 2016,
//! arXiv:1603.02754).
//!
//! ```text
//! f(x) = f₀ + Σ_t T_t(x)      T_t: for each region the step −G/(H + λ) times the learning rate, G and H sums of first and second
//!                             derivatives of the loss over the rows in it
//! ```
//!
//! Thresholds are taken from at most 64 quantiles of each input. Sums run in the order of the rows, so that the same rows give the same
//! bits on every machine.

use crate::draw::Draw;

/// Levels of every tree.
pub const DEPTH: usize = 4;
const SPLITS: usize = (1 << DEPTH) - 1;
const NODES: usize = 2 * SPLITS + 1;
const BINS: usize = 64;

/// Numbers by rows, all rows of one length.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Numbers of a row.
    pub width: usize,
    /// `[rows][width]`.
    pub values: Vec<f32>,
}

impl Rows {
    /// No rows yet.
    pub fn new(width: usize) -> Self {
        Self { width, values: Vec::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The row at `place`.
    pub fn row(&self, place: usize) -> &[f32] {
        &self.values[place * self.width..][..self.width]
    }

    /// Adds a row.
    pub fn push(&mut self, row: impl IntoIterator<Item = f32>) {
        self.values.extend(row);
        debug_assert!(self.values.len().is_multiple_of(self.width));
    }
}

/// A tree of [`DEPTH`] levels; node i has the children 2i + 1 and 2i + 2.
#[derive(Clone, Debug, PartialEq)]
struct Tree {
    /// The input that each node asks about.
    inputs: [u8; SPLITS],
    /// A row goes to the second child where its input is above this.
    thresholds: [f32; SPLITS],
    /// What the rows of each node are worth; a row's value is that of its last node.
    values: [f32; NODES],
}

/// A sum of trees.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    base: f32,
    trees: Vec<Tree>,
}

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Targets are 0 or 1, and f is a log odds.
    LogOdds,
    /// The absolute error, smoothed within 0.1: f is a median.
    Median,
}

/// How a forest is fitted.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// What is minimised.
    pub aim: Aim,
    /// How many trees.
    pub trees: usize,
    /// Learning rate.
    pub rate: f64,
    /// λ.
    pub ridge: f64,
    /// Least sum of second derivatives in a region.
    pub least: f64,
    /// Share of the rows and of the inputs that a tree sees.
    pub share: f64,
}

impl Fit {
    /// What the shipped forests of log odds are fitted with.
    pub const ODDS: Self = Self { aim: Aim::LogOdds, trees: 240, rate: 0.08, ridge: 5.0, least: 2.0, share: 0.6 };
    /// The same of foreign runs, with a stronger pull towards saying nothing.
    pub const TRANSFER: Self = Self { ridge: 20.0, least: 15.0, ..Self::ODDS };
    /// The same of times, one third as large.
    pub const TIMES: Self = Self { aim: Aim::Median, trees: 120, rate: 0.12, least: 8.0, ..Self::ODDS };

    /// Fits a forest to the rows.
    pub fn forest(&self, rows: &Rows, targets: &[f32]) -> Forest {
        assert_eq!(rows.len(), targets.len(), "a target a row");
        let binned = Binned::of(rows);
        let mean = targets.iter().map(|&target| f64::from(target)).sum::<f64>() / targets.len().max(1) as f64;
        let base = match self.aim {
            Aim::LogOdds => {
                let p = mean.clamp(1e-3, 1.0 - 1e-3);
                libm::log(p / (1.0 - p)) as f32
            }
            Aim::Median => mean as f32,
        };
        let mut forest = Forest { base, trees: Vec::new() };
        let mut scores = vec![f64::from(base); targets.len()];
        for tree in 0..self.trees {
            let mut draw = Draw::of(0x7ee, tree as u64);
            let inputs: Vec<usize> = (0..rows.width).filter(|_| draw.is(self.share)).collect();
            let sampled: Vec<u32> = (0..targets.len() as u32).filter(|_| draw.is(self.share)).collect();
            let slopes: Vec<(f64, f64)> = sampled
                .iter()
                .map(|&row| self.derivatives(scores[row as usize], f64::from(targets[row as usize])))
                .collect();
            let (tree, split_bins) = self.tree(&binned, &inputs, &sampled, &slopes);
            for (row, score) in scores.iter_mut().enumerate() {
                *score += f64::from(
                    tree.values[leaf(|node| binned.columns[usize::from(tree.inputs[node])][row] > split_bins[node])],
                );
            }
            forest.trees.push(tree);
        }
        forest
    }

    /// First and second derivative of a row's loss.
    fn derivatives(&self, score: f64, target: f64) -> (f64, f64) {
        match self.aim {
            Aim::LogOdds => {
                let p = probability(score);
                (p - target, (p * (1.0 - p)).max(1e-6))
            }
            Aim::Median => {
                const SMOOTH: f64 = 0.1;
                let error = score - target;
                (error / (error * error + SMOOTH * SMOOTH).sqrt(), 1.0)
            }
        }
    }

    /// One tree, and the bin of each of its thresholds.
    fn tree(&self, binned: &Binned, inputs: &[usize], sampled: &[u32], slopes: &[(f64, f64)]) -> (Tree, [u8; SPLITS]) {
        let mut tree = Tree { inputs: [0; SPLITS], thresholds: [f32::INFINITY; SPLITS], values: [0.0; NODES] };
        let mut bins = [u8::MAX; SPLITS];
        let mut nodes = vec![0_u8; sampled.len()];
        for level in 0..DEPTH {
            let first = (1_usize << level) - 1;
            let mut best = vec![Split::NONE; 1 << level];
            let mut sums = vec![[(0.0, 0.0); BINS]; 1 << level];
            for &input in inputs {
                sums.iter_mut().for_each(|sums| *sums = [(0.0, 0.0); BINS]);
                let column = &binned.columns[input];
                for ((&row, &node), &(slope, curve)) in sampled.iter().zip(&nodes).zip(slopes) {
                    let sum = &mut sums[usize::from(node)][usize::from(column[row as usize])];
                    sum.0 += slope;
                    sum.1 += curve;
                }
                for (best, sums) in best.iter_mut().zip(&sums) {
                    best.improve(input, sums, self);
                }
            }
            for (place, best) in best.iter().enumerate() {
                let node = first + place;
                if best.bin < BINS - 1 {
                    tree.inputs[node] = best.input as u8;
                    tree.thresholds[node] = binned.edges[best.input][best.bin];
                    bins[node] = best.bin as u8;
                }
            }
            for (&row, node) in sampled.iter().zip(&mut nodes) {
                let at = first + usize::from(*node);
                let is_above = binned.columns[usize::from(tree.inputs[at])][row as usize] > bins[at];
                *node = 2 * *node + u8::from(is_above);
            }
        }
        let mut sums = [(0.0, 0.0); NODES];
        for (&node, &(slope, curve)) in nodes.iter().zip(slopes) {
            let mut at = SPLITS + usize::from(node);
            loop {
                sums[at].0 += slope;
                sums[at].1 += curve;
                if at == 0 {
                    break;
                }
                at = (at - 1) / 2;
            }
        }
        tree.values = sums.map(|(slope, curve)| (-self.rate * slope / (curve + self.ridge)) as f32);
        (tree, bins)
    }
}

/// The best split of a node so far.
#[derive(Clone, Copy)]
struct Split {
    gain: f64,
    input: usize,
    /// Rows up to this bin go to the first child.
    bin: usize,
}

impl Split {
    const NONE: Self = Self { gain: 1e-9, input: 0, bin: BINS - 1 };

    fn improve(&mut self, input: usize, sums: &[(f64, f64); BINS], fit: &Fit) {
        let (slope, curve) = sums.iter().fold((0.0, 0.0), |all, sum| (all.0 + sum.0, all.1 + sum.1));
        let worth = |slope: f64, curve: f64| slope * slope / (curve + fit.ridge);
        let whole = worth(slope, curve);
        let (mut left, mut left_curve) = (0.0, 0.0);
        for (bin, sum) in sums.iter().enumerate().take(BINS - 1) {
            left += sum.0;
            left_curve += sum.1;
            if left_curve < fit.least || curve - left_curve < fit.least {
                continue;
            }
            let gain = worth(left, left_curve) + worth(slope - left, curve - left_curve) - whole;
            if gain > self.gain {
                *self = Self { gain, input, bin };
            }
        }
    }
}

/// The rows as bins, a column an input.
struct Binned {
    columns: Vec<Vec<u8>>,
    /// Upper edge of every bin.
    edges: Vec<Vec<f32>>,
}

impl Binned {
    fn of(rows: &Rows) -> Self {
        let n = rows.len();
        let (mut columns, mut edges) = (Vec::new(), Vec::new());
        for input in 0..rows.width {
            let column: Vec<f32> = (0..n).map(|row| rows.values[row * rows.width + input]).collect();
            let mut sorted = column.clone();
            sorted.sort_by(f32::total_cmp);
            let mut cuts: Vec<f32> = (1..BINS).filter_map(|bin| sorted.get(bin * n / BINS).copied()).collect();
            // Values that are rare, such as a kind of network, have a bin of their own.
            let mut distinct = sorted;
            distinct.dedup();
            if distinct.len() < BINS {
                cuts = distinct;
            }
            cuts.dedup();
            // A cut between two values that occur, so that a value which is written down and read again stays on its side.
            let bin = |value: f32| cuts.partition_point(|&cut| cut < value) as u8;
            columns.push(column.iter().map(|&value| bin(value)).collect());
            edges.push(cuts);
        }
        Self {
            columns,
            edges: edges
                .into_iter()
                .map(|mut edges: Vec<f32>| {
                    edges.resize(BINS, f32::INFINITY);
                    edges
                })
                .collect(),
        }
    }
}

/// The last node of a row, which goes to the second child where `is_above` says so.
fn leaf(is_above: impl Fn(usize) -> bool) -> usize {
    (0..DEPTH).fold(0, |node, _| 2 * node + 1 + usize::from(is_above(node)))
}

/// 1/(1 + e⁻ˣ), with the same bits on every machine.
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

impl Forest {
    /// f of a row.
    pub fn score(&self, row: &[f32]) -> f64 {
        let values = self.trees.iter().map(|tree| f64::from(tree.values[tree.leaf(row)]));
        f64::from(self.base) + values.sum::<f64>()
    }

    /// How much each input of a row moves its score away from that of all rows: along its path through each tree, what a node's value
    /// changes at a split is put down to the input that is asked about (Saabas 2014). The sum with the base is the score, up to the
    /// roots' values.
    pub fn effects(&self, row: &[f32]) -> Vec<f64> {
        let mut effects = vec![0.0; row.len()];
        for tree in &self.trees {
            let mut node = 0;
            while node < SPLITS {
                let child = tree.child(node, row);
                effects[usize::from(tree.inputs[node])] += f64::from(tree.values[child] - tree.values[node]);
                node = child;
            }
        }
        effects
    }

    /// The forest as bytes, little-endian.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend((self.trees.len() as u32).to_le_bytes());
        bytes.extend(self.base.to_le_bytes());
        for tree in &self.trees {
            bytes.extend(tree.inputs);
            tree.thresholds.iter().chain(&tree.values).for_each(|number| bytes.extend(number.to_le_bytes()));
        }
    }

    /// A forest that was encoded, taken from the front of `bytes`; `None` where they are too few.
    pub fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let n = u32::from_le_bytes(*take(bytes)?);
        let base = f32::from_le_bytes(*take(bytes)?);
        let mut trees = Vec::new();
        for _ in 0..n {
            let mut tree = Tree { inputs: *take(bytes)?, thresholds: [0.0; SPLITS], values: [0.0; NODES] };
            for number in tree.thresholds.iter_mut().chain(&mut tree.values) {
                *number = f32::from_le_bytes(*take(bytes)?);
            }
            trees.push(tree);
        }
        Some(Self { base, trees })
    }
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(first)
}

impl Tree {
    fn child(&self, node: usize, row: &[f32]) -> usize {
        let is_above = row[usize::from(self.inputs[node])] > self.thresholds[node];
        2 * node + 1 + usize::from(is_above)
    }

    fn leaf(&self, row: &[f32]) -> usize {
        (0..DEPTH).fold(0, |node, _| self.child(node, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of five inputs, the last of which says nothing.
    fn rows(n: usize, stream: u64) -> (Rows, Vec<f64>) {
        let mut draw = Draw::of(3, stream);
        let (mut rows, mut log_odds) = (Rows::new(5), Vec::new());
        for _ in 0..n {
            let row: [f64; 5] = std::array::from_fn(|_| draw.between(-2.0, 2.0));
            log_odds.push(2.0 * row[0] + 1.5 * row[1] * row[2] - row[3].abs());
            rows.push(row.map(|value| value as f32));
        }
        (rows, log_odds)
    }

    /// The truth is known: on rows never seen, the score comes near the log odds that labels were drawn with, and an input that says
    /// nothing has no effect.
    #[test]
    fn what_was_planted_is_found() {
        let (train, truth) = rows(6_000, 0);
        let mut draw = Draw::of(4, 0);
        let targets: Vec<f32> = truth.iter().map(|&score| f32::from(u8::from(draw.is(probability(score))))).collect();
        let forest = Fit::ODDS.forest(&train, &targets);
        let (fresh, truth) = rows(2_000, 1);
        let found: Vec<f64> = (0..fresh.len()).map(|row| forest.score(fresh.row(row))).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (a, b) = (mean(&found), mean(&truth));
        let product =
            |x: &[f64], y: &[f64], a: f64, b: f64| x.iter().zip(y).map(|(x, y)| (x - a) * (y - b)).sum::<f64>();
        let correlation =
            product(&found, &truth, a, b) / (product(&found, &found, a, a) * product(&truth, &truth, b, b)).sqrt();
        assert!(correlation > 0.93, "{correlation}");
        let sizes = (0..fresh.len()).fold([0.0; 5], |mut sizes, row| {
            let effects = forest.effects(fresh.row(row));
            sizes.iter_mut().zip(effects).for_each(|(size, effect)| *size += effect.abs());
            sizes
        });
        assert!(sizes[..4].iter().all(|size| *size > 2.0 * sizes[4]), "{sizes:?}");
    }

    #[test]
    fn a_median_is_that_of_the_targets_where_no_input_tells_more() {
        let mut rows = Rows::new(1);
        let mut targets = Vec::new();
        let mut draw = Draw::of(5, 0);
        for _ in 0..4_000 {
            let side = draw.is(0.5);
            rows.push([f32::from(u8::from(side))]);
            // Medians ln 2 = 0.69 and 3.69 of an exponential distribution, means 1 and 4.
            targets.push((-(1.0 - draw.unit()).ln() + if side { 3.0 } else { 0.0 }) as f32);
        }
        let forest = Fit { aim: Aim::Median, trees: 400, share: 1.0, ..Fit::ODDS }.forest(&rows, &targets);
        let (low, high) = (forest.score(&[0.0]), forest.score(&[1.0]));
        assert!((low - 0.69).abs() < 0.08 && (high - 3.69).abs() < 0.08, "{low} {high}");
    }

    #[test]
    fn a_forest_is_read_as_it_was_written_and_is_the_same_again() {
        let (train, truth) = rows(500, 2);
        let targets: Vec<f32> = truth.iter().map(|&score| f32::from(u8::from(score > 0.0))).collect();
        let fit = Fit { trees: 9, ..Fit::ODDS };
        let forest = fit.forest(&train, &targets);
        assert_eq!(fit.forest(&train, &targets), forest);
        let mut bytes = Vec::new();
        forest.encode(&mut bytes);
        assert_eq!(Forest::decode(&mut bytes.as_slice()), Some(forest));
        assert_eq!(Forest::decode(&mut &bytes[..bytes.len() - 1]), None);
    }
}
