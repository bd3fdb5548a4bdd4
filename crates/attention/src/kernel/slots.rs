//! Cached keys and values of one key head, and what queries do with them: scores, and mixtures of values.
//!
//! ```text
//! score[q][s] = Σ_d query[q][d] key[s][d]        mixture[q][d] = Σ_s weight[q][s] value[s][d]
//! ```
//!
//! Keys lie in blocks of sixteen, dimension by dimension (a vector is one dimension of sixteen keys); values lie one after the
//! other. So neither product sums across a vector, and each load serves all query heads that share the key, and in a batch
//! several tokens. A token's attention over N slots reads 2·N·d numbers a key head: the half precision of the default makes that
//! 23.6 MB for 1024 slots of a model with 30 layers and 3 key heads of width 64.
//!
//! Each sum runs over d, or over the slots, in order, whatever else is computed beside it: one query or many, the bits are the same.

use super::lanes::{Job, LANES, Lanes, dispatch, prefetch};
use crate::cache::Precision;
use bytemuck::Zeroable;
use half::f16;
use std::ops::Range;

/// Queries that are few enough to wait for memory, not for products: of these, what comes next is asked for ahead. A token at depth
/// 1024 of a 135M model then takes 0.91 of the time (three pairs of runs in alternation, 4.02 to 4.23 ms against 4.36 to 4.57).
const FEW: usize = 4;

/// Values that are asked for ahead.
const AHEAD: usize = 32;

/// Keys and values in slots of one number format.
pub(crate) struct Slots {
    d_head: usize,
    len: usize,
    numbers: Numbers,
}

/// Keys `[block][d_head][16]` and values `[slot][d_head padded to 16]`, with scales `[slot]` where numbers are bytes.
enum Numbers {
    F32 { keys: Vec<f32>, values: Vec<f32> },
    F16 { keys: Vec<f16>, values: Vec<f16> },
    Int8 { keys: Vec<i8>, values: Vec<i8>, key_scales: Vec<f32>, value_scales: Vec<f32> },
}

impl Slots {
    /// No slots yet.
    pub(crate) fn new(d_head: usize, precision: Precision) -> Self {
        let numbers = match precision {
            Precision::F32 => Numbers::F32 { keys: Vec::new(), values: Vec::new() },
            Precision::F16 => Numbers::F16 { keys: Vec::new(), values: Vec::new() },
            Precision::Int8 => {
                Numbers::Int8 { keys: Vec::new(), values: Vec::new(), key_scales: Vec::new(), value_scales: Vec::new() }
            }
        };
        Self { d_head, len: 0, numbers }
    }

    /// Makes room for at least `n_slots`; what is there stays where it is.
    pub(crate) fn grow(&mut self, n_slots: usize) {
        fn fill<T: Zeroable + Clone>(numbers: &mut Vec<T>, len: usize) {
            numbers.resize(len, T::zeroed());
        }
        self.len = n_slots.next_multiple_of(LANES);
        let (n_keys, n_values) = (self.len * self.d_head, self.len * self.d_value());
        match &mut self.numbers {
            Numbers::F32 { keys, values } => (fill(keys, n_keys), fill(values, n_values)),
            Numbers::F16 { keys, values } => (fill(keys, n_keys), fill(values, n_values)),
            Numbers::Int8 { keys, values, key_scales, value_scales } => {
                fill(key_scales, self.len);
                fill(value_scales, self.len);
                (fill(keys, n_keys), fill(values, n_values))
            }
        };
    }

    /// How many there are: a multiple of sixteen.
    pub(crate) fn n_slots(&self) -> usize {
        self.len
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.parts().map(<[u8]>::len).sum()
    }

    /// All that they hold, as bytes.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let parts: [&[u8]; 4] = match &self.numbers {
            Numbers::F32 { keys, values } => [bytemuck::cast_slice(keys), bytemuck::cast_slice(values), &[], &[]],
            Numbers::F16 { keys, values } => [bytemuck::cast_slice(keys), bytemuck::cast_slice(values), &[], &[]],
            Numbers::Int8 { keys, values, key_scales, value_scales } => [
                bytemuck::cast_slice(keys),
                bytemuck::cast_slice(values),
                bytemuck::cast_slice(key_scales),
                bytemuck::cast_slice(value_scales),
            ],
        };
        parts.into_iter()
    }

    /// The same, to be written over.
    pub(crate) fn parts_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let parts: [&mut [u8]; 4] = match &mut self.numbers {
            Numbers::F32 { keys, values } => {
                [bytemuck::cast_slice_mut(keys), bytemuck::cast_slice_mut(values), &mut [], &mut []]
            }
            Numbers::F16 { keys, values } => {
                [bytemuck::cast_slice_mut(keys), bytemuck::cast_slice_mut(values), &mut [], &mut []]
            }
            Numbers::Int8 { keys, values, key_scales, value_scales } => [
                bytemuck::cast_slice_mut(keys),
                bytemuck::cast_slice_mut(values),
                bytemuck::cast_slice_mut(key_scales),
                bytemuck::cast_slice_mut(value_scales),
            ],
        };
        parts.into_iter()
    }

    /// Puts a key and its value into a slot.
    pub(crate) fn put(&mut self, slot: usize, key: &[f32], value: &[f32]) {
        assert!(slot < self.len && key.len() == self.d_head && value.len() == self.d_head, "a key for a slot");
        let first = slot * self.d_value();
        let value_range = first..first + self.d_head;
        let key_at = |d: usize| key_index(self.d_head, slot, d);
        match &mut self.numbers {
            Numbers::F32 { keys, values } => {
                key.iter().enumerate().for_each(|(d, &x)| keys[key_at(d)] = x);
                values[value_range].copy_from_slice(value);
            }
            Numbers::F16 { keys, values } => {
                key.iter().enumerate().for_each(|(d, &x)| keys[key_at(d)] = f16::from_f32(x));
                values[value_range].iter_mut().zip(value).for_each(|(to, &x)| *to = f16::from_f32(x));
            }
            Numbers::Int8 { keys, values, key_scales, value_scales } => {
                let scale = byte_scale(key);
                key_scales[slot] = scale;
                key.iter().enumerate().for_each(|(d, &x)| keys[key_at(d)] = byte(x, scale));
                let scale = byte_scale(value);
                value_scales[slot] = scale;
                values[value_range].iter_mut().zip(value).for_each(|(to, &x)| *to = byte(x, scale));
            }
        }
    }

    /// What a slot holds.
    pub(crate) fn get(&self, slot: usize, key: &mut [f32], value: &mut [f32]) {
        assert!(slot < self.len && key.len() == self.d_head && value.len() == self.d_head, "a key from a slot");
        let first = slot * self.d_value();
        for d in 0..self.d_head {
            let (at, value_at) = (key_index(self.d_head, slot, d), first + d);
            (key[d], value[d]) = match &self.numbers {
                Numbers::F32 { keys, values } => (keys[at], values[value_at]),
                Numbers::F16 { keys, values } => (keys[at].to_f32(), values[value_at].to_f32()),
                Numbers::Int8 { keys, values, key_scales, value_scales } => {
                    (f32::from(keys[at]) * key_scales[slot], f32::from(values[value_at]) * value_scales[slot])
                }
            };
        }
    }

    /// Scores of queries \[q\]\[`d_head`\] with the slots of a range of blocks, written to `scores[q · stride + slot]`, slots counted
    /// from the first of all.
    pub(crate) fn score(&self, blocks: Range<usize>, queries: &[f32], scores: &mut [f32], stride: usize) {
        let d_head = self.d_head;
        match &self.numbers {
            Numbers::F32 { keys, .. } => {
                dispatch(Score { keys, scales: None, d_head, blocks, queries, scores, stride });
            }
            Numbers::F16 { keys, .. } => {
                dispatch(Score { keys, scales: None, d_head, blocks, queries, scores, stride });
            }
            Numbers::Int8 { keys, key_scales, .. } => {
                dispatch(Score { keys, scales: Some(key_scales), d_head, blocks, queries, scores, stride });
            }
        }
    }

    /// Adds the values of a range of slots, weighted by `weights[q · stride + slot]`, to `mixtures[q]`, rows of [`Self::d_value`].
    /// Weights are written over where numbers are bytes.
    pub(crate) fn mix(&self, slots: Range<usize>, weights: &mut [f32], stride: usize, mixtures: &mut [f32]) {
        let n_vectors = self.d_value() / LANES;
        match &self.numbers {
            Numbers::F32 { values, .. } => dispatch(Mix { values, slots, n_vectors, weights, stride, mixtures }),
            Numbers::F16 { values, .. } => dispatch(Mix { values, slots, n_vectors, weights, stride, mixtures }),
            Numbers::Int8 { values, value_scales, .. } => {
                for row in weights.chunks_mut(stride) {
                    row[slots.clone()]
                        .iter_mut()
                        .zip(&value_scales[slots.clone()])
                        .for_each(|(weight, scale)| *weight *= scale);
                }
                dispatch(Mix { values, slots, n_vectors, weights, stride, mixtures });
            }
        }
    }

    /// Width of a key and a value.
    pub(crate) fn d_head(&self) -> usize {
        self.d_head
    }

    /// Width of a value with its padding.
    pub(crate) fn d_value(&self) -> usize {
        self.d_head.next_multiple_of(LANES)
    }
}

/// Where dimension d of a slot's key is.
fn key_index(d_head: usize, slot: usize, d: usize) -> usize {
    (slot / LANES * d_head + d) * LANES + slot % LANES
}

/// What one step of a byte is worth, so that the largest number is 127 steps.
fn byte_scale(numbers: &[f32]) -> f32 {
    numbers.iter().fold(0.0, |largest: f32, x| largest.max(x.abs())) / 127.0
}

fn byte(x: f32, scale: f32) -> i8 {
    if scale > 0.0 { (x / scale).round_ties_even() as i8 } else { 0 }
}

/// A number format that vectors are loaded from.
trait Element: Copy {
    fn load<M: Lanes>(m: M, numbers: &[Self; LANES]) -> M::V;
}

impl Element for f32 {
    #[inline(always)]
    fn load<M: Lanes>(m: M, numbers: &[f32; LANES]) -> M::V {
        m.load(numbers)
    }
}

impl Element for f16 {
    #[inline(always)]
    fn load<M: Lanes>(m: M, numbers: &[f16; LANES]) -> M::V {
        m.load_f16(numbers)
    }
}

impl Element for i8 {
    #[inline(always)]
    fn load<M: Lanes>(m: M, numbers: &[i8; LANES]) -> M::V {
        m.load_i8(numbers)
    }
}

struct Score<'a, T> {
    keys: &'a [T],
    scales: Option<&'a [f32]>,
    d_head: usize,
    blocks: Range<usize>,
    queries: &'a [f32],
    scores: &'a mut [f32],
    stride: usize,
}

impl<T: Element> Job for Score<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<M: Lanes>(mut self, m: M) {
        let n_queries = self.queries.len() / self.d_head;
        let mut first = 0;
        // Twelve sums hide the latency of a multiply-add; a vector of keys serves as many queries as there are.
        while first < n_queries {
            first += match n_queries - first {
                12.. => self.tile::<M, 12, 1>(m, first),
                6.. => self.tile::<M, 6, 2>(m, first),
                4.. => self.tile::<M, 4, 3>(m, first),
                3 => self.tile::<M, 3, 4>(m, first),
                2 => self.tile::<M, 2, 6>(m, first),
                _ => self.tile::<M, 1, 8>(m, first),
            };
        }
    }
}

impl<T: Element> Score<'_, T> {
    /// Q queries from `first` on with all blocks, B blocks at a time. Gives Q.
    #[inline(always)]
    fn tile<M: Lanes, const Q: usize, const B: usize>(&mut self, m: M, first: usize) -> usize {
        let mut block = self.blocks.start;
        while block + B <= self.blocks.end {
            self.blocks_at::<M, Q, B>(m, first, block);
            block += B;
        }
        while block < self.blocks.end {
            self.blocks_at::<M, Q, 1>(m, first, block);
            block += 1;
        }
        Q
    }

    #[inline(always)]
    fn blocks_at<M: Lanes, const Q: usize, const B: usize>(&mut self, m: M, first: usize, block: usize) {
        let d_head = self.d_head;
        let block_len = d_head * LANES;
        let keys: [&[[T; LANES]]; B] =
            std::array::from_fn(|b| self.keys[(block + b) * block_len..][..block_len].as_chunks().0);
        let queries: [&[f32]; Q] = std::array::from_fn(|q| &self.queries[(first + q) * d_head..][..d_head]);
        let mut sums = [[m.splat(0.0); B]; Q];
        for d in 0..d_head {
            // One in each cache line.
            if Q <= FEW && d % (64 / size_of::<[T; LANES]>()).max(1) == 0 {
                for b in 0..B {
                    prefetch(self.keys, (block + B + b) * block_len + d * LANES);
                }
            }
            let vectors: [M::V; B] = std::array::from_fn(|b| T::load(m, &keys[b][d]));
            for q in 0..Q {
                let query = m.splat(queries[q][d]);
                for b in 0..B {
                    sums[q][b] = m.mul_add(query, vectors[b], sums[q][b]);
                }
            }
        }
        for (q, sums) in sums.into_iter().enumerate() {
            for (b, mut sum) in sums.into_iter().enumerate() {
                let slot = (block + b) * LANES;
                if let Some(scales) = self.scales {
                    sum = m.mul(sum, m.load(lanes_at(scales, slot)));
                }
                let to = (first + q) * self.stride + slot;
                m.store(sum, (&mut self.scores[to..to + LANES]).try_into().expect("it has that length"));
            }
        }
    }
}

fn lanes_at(numbers: &[f32], at: usize) -> &[f32; LANES] {
    numbers[at..at + LANES].try_into().expect("it has that length")
}

struct Mix<'a, T> {
    values: &'a [T],
    slots: Range<usize>,
    n_vectors: usize,
    weights: &'a [f32],
    stride: usize,
    mixtures: &'a mut [f32],
}

impl<T: Element> Job for Mix<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<M: Lanes>(mut self, m: M) {
        let n_queries = self.mixtures.len() / (self.n_vectors * LANES);
        let mut vector = 0;
        // Up to 24 sums in registers: six queries times four vectors (the 64 dimensions of the usual head).
        while vector < self.n_vectors {
            vector += match self.n_vectors - vector {
                4.. => self.columns::<M, 4>(m, vector, n_queries),
                2.. => self.columns::<M, 2>(m, vector, n_queries),
                _ => self.columns::<M, 1>(m, vector, n_queries),
            };
        }
    }
}

impl<T: Element> Mix<'_, T> {
    /// V vectors of the values from `vector` on, for all queries. Gives V.
    #[inline(always)]
    fn columns<M: Lanes, const V: usize>(&mut self, m: M, vector: usize, n_queries: usize) -> usize {
        let mut first = 0;
        while first < n_queries {
            first += match n_queries - first {
                6.. => self.tile::<M, 6, V>(m, first, vector),
                3.. => self.tile::<M, 3, V>(m, first, vector),
                2 => self.tile::<M, 2, V>(m, first, vector),
                _ => self.tile::<M, 1, V>(m, first, vector),
            };
        }
        V
    }

    #[inline(always)]
    fn tile<M: Lanes, const Q: usize, const V: usize>(&mut self, m: M, first: usize, vector: usize) -> usize {
        let width = self.n_vectors * LANES;
        let column = vector * LANES;
        let weights: [&[f32]; Q] =
            std::array::from_fn(|q| &self.weights[(first + q) * self.stride..][self.slots.clone()]);
        let mut sums: [[M::V; V]; Q] = std::array::from_fn(|q| {
            let row = (first + q) * width + column;
            std::array::from_fn(|v| m.load(lanes_at(self.mixtures, row + v * LANES)))
        });
        let values = &self.values[self.slots.start * width..self.slots.end * width];
        for (slot, row) in values.chunks_exact(width).enumerate() {
            let row = row[column..column + V * LANES].as_chunks::<LANES>().0;
            let vectors: [M::V; V] = std::array::from_fn(|v| T::load(m, &row[v]));
            if Q <= FEW {
                for v in 0..V {
                    prefetch(self.values, (self.slots.start + slot + AHEAD) * width + column + v * LANES);
                }
            }
            for q in 0..Q {
                let weight = m.splat(weights[q][slot]);
                for v in 0..V {
                    sums[q][v] = m.mul_add(weight, vectors[v], sums[q][v]);
                }
            }
        }
        for (q, sums) in sums.iter().enumerate() {
            for (v, &sum) in sums.iter().enumerate() {
                let to = (first + q) * width + column + v * LANES;
                m.store(sum, (&mut self.mixtures[to..to + LANES]).try_into().expect("it has that length"));
            }
        }
        Q
    }
}
