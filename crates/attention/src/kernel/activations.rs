//! What a matrix is multiplied with: rows of numbers, and the integers that stand for them where weights are quantised.
//!
//! ```text
//! 32 columns of a row:   s = max |x| / 127,   qᵢ = round(xᵢ / s) ties to even,   x̂ᵢ = s qᵢ
//! ```
//!
//! Rows lie in tiles of 8, the last ones in tiles of 4, 2 and 1, and a tile's rows side by side: what a kernel reads while it
//! goes down the columns of a panel is then one stream. A row's integers depend on nothing but the row.

use super::machine::Machine;
use std::sync::OnceLock;

/// Columns that share a scale.
pub(super) const GROUP: usize = 32;
/// Columns that a panel holds together; rows are padded to them by zeros.
pub(super) const STRIPE: usize = 2 * GROUP;
/// Below this largest |x| of a group its numbers count as zeros, because 127 / max |x| must stay finite.
const SMALLEST: f32 = 1e-30;
/// The bits of |x|.
const ABSOLUTE: u32 = 0x7fff_ffff;
/// 1.5 · 2²³: in its neighbourhood f32s are the integers, so that adding it rounds, ties to even.
const ROUND: f32 = 12_582_912.0;

/// Rows of activations x [t][column], in f32, and as the integers that quantised weights are multiplied with.
///
/// A form is made when a matrix first asks for it; from then on [`Self::set`] keeps it ready in the same memory.
#[derive(Default)]
pub struct Activations {
    n_rows: usize,
    n_columns: usize,
    /// As they came.
    values: Vec<f32>,
    /// `[tile][column][row of the tile]`.
    numbers: OnceLock<Vec<f32>>,
    /// `[tile][group of columns][row of the tile]`.
    groups: OnceLock<Vec<Group>>,
}

/// 32 columns of a row as integers, and what undoes the offsets and minima of weights; a cache line.
#[derive(Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(super) struct Group {
    /// q, four to an integer as `vpdpbusd` takes them.
    pub codes: [[i8; 4]; 8],
    /// s.
    pub scale: f32,
    /// −8 Σ q.
    pub minus_8: i32,
    /// −128 Σ q over all, over the first 16 and over the last 16 columns.
    pub minus_128: [i32; 3],
    /// s Σ q over the same.
    pub scaled: [f32; 3],
}

/// Up to eight rows that a kernel takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub first: usize,
    pub n_rows: usize,
}

impl Activations {
    /// Takes x [t][column] over, keeping what is allocated.
    pub fn set(&mut self, x: &[f32], n_columns: usize) {
        assert!(n_columns > 0 && x.len().is_multiple_of(n_columns), "{} numbers are no rows of {n_columns}", x.len());
        self.n_columns = n_columns;
        self.n_rows = x.len() / n_columns;
        self.values.clear();
        self.values.extend_from_slice(x);
        if let Some(mut numbers) = self.numbers.take() {
            self.write_numbers(&mut numbers);
            self.numbers = OnceLock::from(numbers);
        }
        if let Some(mut groups) = self.groups.take() {
            self.write_groups(&mut groups);
            self.groups = OnceLock::from(groups);
        }
    }

    /// How many rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Width of a row.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// The numbers of a tile, `[column][row of the tile]`.
    pub(super) fn numbers(&self, tile: Tile) -> &[f32] {
        let numbers = self.numbers.get_or_init(|| {
            let mut numbers = Vec::new();
            self.write_numbers(&mut numbers);
            numbers
        });
        &numbers[tile.first * self.n_columns..][..tile.n_rows * self.n_columns]
    }

    /// The integers of a tile, `[group][row of the tile]`.
    pub(super) fn groups(&self, tile: Tile) -> &[Group] {
        let groups = self.groups.get_or_init(|| {
            let mut groups = Vec::new();
            self.write_groups(&mut groups);
            groups
        });
        let n_groups = self.n_groups();
        &groups[tile.first * n_groups..][..tile.n_rows * n_groups]
    }

    /// Groups of a row, an even number.
    fn n_groups(&self) -> usize {
        self.n_columns.div_ceil(STRIPE) * (STRIPE / GROUP)
    }

    fn write_numbers(&self, numbers: &mut Vec<f32>) {
        numbers.resize(self.values.len(), 0.0);
        for tile in tiles(self.n_rows) {
            let range = tile.first * self.n_columns..(tile.first + tile.n_rows) * self.n_columns;
            let (from, to) = (&self.values[range.clone()], &mut numbers[range]);
            for (row, values) in from.chunks_exact(self.n_columns).enumerate() {
                for (column, &value) in to.chunks_exact_mut(tile.n_rows).zip(values) {
                    column[row] = value;
                }
            }
        }
    }

    fn write_groups(&self, groups: &mut Vec<Group>) {
        let n_groups = self.n_groups();
        groups.resize(self.n_rows * n_groups, Group::default());
        let machine = Machine::here();
        for tile in tiles(self.n_rows) {
            let to = &mut groups[tile.first * n_groups..][..tile.n_rows * n_groups];
            for row in 0..tile.n_rows {
                let values = &self.values[(tile.first + row) * self.n_columns..][..self.n_columns];
                machine.quantize(values, &mut to[row..], tile.n_rows);
            }
        }
    }
}

impl Group {
    /// The integers of up to 32 numbers.
    #[inline(always)]
    pub(super) fn from_values(values: &[f32; GROUP]) -> Self {
        // As integers, because a maximum of floats is not made of vector instructions; a NaN is the largest of all.
        let largest = values.iter().map(|value| value.to_bits() & ABSOLUTE).fold(0, u32::max);
        let largest = f32::from_bits(largest);
        let (scale, inverse) = if largest < SMALLEST { (0.0, 0.0) } else { (largest / 127.0, 127.0 / largest) };
        // Loops, because calls with closures would not be inlined into functions with more instructions. The integers of a
        // NaN or of infinities are any, but their scale makes each product a NaN.
        let (mut codes, mut bytes) = ([0; GROUP], [0; GROUP]);
        for ((code, byte), value) in codes.iter_mut().zip(&mut bytes).zip(values) {
            *code = ((value * inverse + ROUND).to_bits() as i32 - ROUND.to_bits() as i32) << 24 >> 24;
            *byte = *code as i8;
        }
        let [mut first, mut last] = [0; 2];
        for (a, b) in codes[..16].iter().zip(&codes[16..]) {
            first += a;
            last += b;
        }
        let sums = [first + last, first, last];
        Self {
            codes: bytemuck::cast(bytes),
            scale,
            minus_8: -8 * sums[0],
            minus_128: sums.map(|sum| -128 * sum),
            scaled: sums.map(|sum| scale * sum as f32),
        }
    }
}

impl Group {
    /// What a sum of codes begins with so that it ends as one of code − offset, over 32 columns or half of them.
    #[inline(always)]
    pub(super) fn correction(&self, nibbles: bool, halves: usize, mins: bool, half: usize) -> i32 {
        match (mins, nibbles) {
            (true, _) => 0,
            (false, true) => self.minus_8,
            (false, false) => self.minus_128[halves - 1 + half],
        }
    }
}

/// Writes a row's groups to every `stride`-th place; what the row lacks to whole stripes is zero.
#[inline(always)]
pub(super) fn quantize(values: &[f32], groups: &mut [Group], stride: usize) {
    let (whole, rest) = values.as_chunks::<GROUP>();
    let mut padded = [0.0; GROUP];
    padded[..rest.len()].copy_from_slice(rest);
    let mut places = groups.iter_mut().step_by(stride);
    for (values, place) in whole.iter().zip(&mut places) {
        *place = Group::from_values(values);
    }
    if !rest.is_empty() {
        places.by_ref().take(1).for_each(|place| *place = Group::from_values(&padded));
    }
    places.for_each(|place| *place = Group::default());
}

/// How many rows are cut into tiles: as many of 8 as there are, then 4, 2, 1.
pub(super) fn tiles(n_rows: usize) -> impl Iterator<Item = Tile> {
    let mut first = 0;
    std::iter::from_fn(move || {
        let n_rows = [8, 4, 2, 1].into_iter().find(|n| first + n <= n_rows)?;
        first += n_rows;
        Some(Tile { first: first - n_rows, n_rows })
    })
}
