//! How weights lie in memory: panels of 16 rows, one row to each lane of a 512-bit vector, so that no sum crosses lanes.
//!
//! ```text
//! quantised, 64 columns:   codes of columns 0–31 │ codes of columns 32–63 │ d, m of 16 rows as f16, group by group
//!   bytes    8 lines a group: line j has columns 4j .. 4j+4 of row r in its bytes 4r .. 4r+4
//!   nibbles  4 lines a group: line j has columns 4j .. 4j+4 in the low halves, 16+4j .. 20+4j in the high halves
//! numbers, one column:     16 rows as f32, f16 or bf16
//! ```
//!
//! A matrix takes as many bytes as in its file (K-quants a few more: their scales are multiplied out to f16). Rows that are
//! missing to a multiple of 16 and columns that are missing to a multiple of 64 are zeros.

use super::activations::{GROUP, STRIPE};
use super::blocks::{Block, blocks};
use super::line::{Line, zeros};
use crate::file::{Format, RawTensor};
use half::{bf16, f16};

/// Rows of a panel.
pub(super) const LANES: usize = 16;

/// What a panel is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Integers with scales.
    Codes(Codes),
    /// Numbers.
    F32,
    /// Half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
}

/// How integers and their scales lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codes {
    /// Two codes to a byte, or one.
    pub nibbles: bool,
    /// Scales for 32 columns: 1, or 2 when each 16 have their own.
    pub halves: usize,
    /// A weight is d · code + m; without m it is d · (code − 8) for nibbles and d · (code − 128) for bytes.
    pub mins: bool,
}

impl Layout {
    /// How a format is held.
    pub(super) fn of(format: Format) -> Self {
        let codes = |nibbles, halves, mins| Self::Codes(Codes { nibbles, halves, mins });
        match format {
            Format::F32 => Self::F32,
            Format::F16 => Self::F16,
            Format::Bf16 => Self::Bf16,
            Format::Q4_0 => codes(true, 1, false),
            Format::Q4_1 | Format::Q4K => codes(true, 1, true),
            Format::Q2K | Format::Q3K => codes(true, 2, true),
            Format::Q5_0 | Format::Q8_0 => codes(false, 1, false),
            Format::Q5_1 | Format::Q5K => codes(false, 1, true),
            Format::Q6K => codes(false, 2, false),
        }
    }

    /// Lines of a panel.
    pub(super) fn panel_lines(self, n_columns: usize) -> usize {
        match self {
            Self::Codes(codes) => n_columns.div_ceil(STRIPE) * codes.stripe_lines(),
            Self::F32 => n_columns,
            Self::F16 | Self::Bf16 => n_columns.div_ceil(2),
        }
    }
}

impl Codes {
    /// Lines of the codes of 32 columns.
    pub(super) const fn code_lines(self) -> usize {
        if self.nibbles { 4 } else { 8 }
    }

    /// Lines of 64 columns.
    pub(super) const fn stripe_lines(self) -> usize {
        2 * self.code_lines() + self.halves * (1 + self.mins as usize)
    }

    /// What is taken off a code.
    fn offset(self) -> i32 {
        match (self.mins, self.nibbles) {
            (true, _) => 0,
            (false, true) => 8,
            (false, false) => 128,
        }
    }

    /// Byte and bits to shift of the code of a group's column in one lane.
    fn place(self, lane: usize, column: usize) -> (usize, u32) {
        let (line, shift) = match (self.nibbles, column / 4) {
            (true, quad @ 4..) => (quad - 4, 4),
            (_, quad) => (quad, 0),
        };
        (64 * line + 4 * lane + column % 4, shift)
    }

    /// Byte within a stripe where the f16 of one lane lies: d (`which` = 0) or m (1) of a half of a group.
    fn scale_place(self, group: usize, half: usize, which: usize, lane: usize) -> usize {
        let index = (group * self.halves + half) * (1 + usize::from(self.mins)) + which;
        64 * 2 * self.code_lines() + 32 * index + 2 * lane
    }

    fn write(self, stripe: &mut [u8], group: usize, lane: usize, block: &Block) {
        let codes = &mut stripe[64 * self.code_lines() * group..];
        for (column, &code) in block.codes.iter().enumerate() {
            let (byte, shift) = self.place(lane, column);
            codes[byte] |= code << shift;
        }
        for half in 0..self.halves {
            let mut put = |which, value| {
                let at = self.scale_place(group, half, which, lane);
                stripe[at..at + 2].copy_from_slice(&f16::from_f32(value).to_le_bytes());
            };
            put(0, block.scales[half]);
            if self.mins {
                put(1, block.mins[half]);
            }
        }
    }

    fn read(self, stripe: &[u8], group: usize, lane: usize, values: &mut [f32]) {
        let codes = &stripe[64 * self.code_lines() * group..];
        let get = |half, which| {
            let at = self.scale_place(group, half, which, lane);
            f16::from_le_bytes([stripe[at], stripe[at + 1]]).to_f32()
        };
        for (column, value) in values.iter_mut().enumerate() {
            let (byte, shift) = self.place(lane, column);
            let code = codes[byte] >> shift & if self.nibbles { 15 } else { 255 };
            let half = if self.halves == 1 { 0 } else { column / 16 };
            let min = if self.mins { get(half, 1) } else { 0.0 };
            *value = get(half, 0).mul_add((i32::from(code) - self.offset()) as f32, min);
        }
    }
}

/// Packs the tensor's rows `row_order(0)`, `row_order(1)`, … into panels.
pub(super) fn pack(tensor: &RawTensor, row_order: impl Fn(usize) -> usize) -> Vec<Line> {
    let layout = Layout::of(tensor.format);
    let panel_lines = layout.panel_lines(tensor.n_columns);
    let mut lines = zeros(tensor.n_rows.div_ceil(LANES) * panel_lines);
    let row_bytes = tensor.bytes.len() / tensor.n_rows;
    for r in 0..tensor.n_rows {
        let row = &tensor.bytes[row_order(r) * row_bytes..][..row_bytes];
        let panel: &mut [u8] = bytemuck::cast_slice_mut(&mut lines[r / LANES * panel_lines..][..panel_lines]);
        let lane = r % LANES;
        match layout {
            Layout::Codes(codes) => {
                let mut group = 0;
                blocks(tensor.format, row, |block| {
                    let stripe = &mut panel[64 * codes.stripe_lines() * (group / 2)..];
                    codes.write(stripe, group % 2, lane, block);
                    group += 1;
                });
            }
            Layout::F32 => interleave::<4>(row, panel, lane),
            Layout::F16 | Layout::Bf16 => interleave::<2>(row, panel, lane),
        }
    }
    lines
}

/// Puts a row's numbers of `N` bytes into its lane.
fn interleave<const N: usize>(row: &[u8], panel: &mut [u8], lane: usize) {
    let (numbers, _) = row.as_chunks::<N>();
    for (column, number) in panel.as_chunks_mut::<N>().0.chunks_exact_mut(LANES).zip(numbers) {
        column[lane] = *number;
    }
}

/// The numbers of one lane of a panel: exactly those that a product uses.
pub(super) fn unpack(layout: Layout, panel: &[Line], lane: usize, values: &mut [f32]) {
    let bytes: &[u8] = bytemuck::cast_slice(panel);
    match layout {
        Layout::Codes(codes) => {
            for (at, values) in values.chunks_mut(GROUP).enumerate() {
                codes.read(&bytes[64 * codes.stripe_lines() * (at / 2)..], at % 2, lane, values);
            }
        }
        Layout::F32 => {
            for (value, column) in values.iter_mut().zip(bytes.as_chunks::<4>().0.chunks_exact(LANES)) {
                *value = f32::from_le_bytes(column[lane]);
            }
        }
        Layout::F16 => {
            for (value, column) in values.iter_mut().zip(bytes.as_chunks::<2>().0.chunks_exact(LANES)) {
                *value = f16::from_le_bytes(column[lane]).to_f32();
            }
        }
        Layout::Bf16 => {
            for (value, column) in values.iter_mut().zip(bytes.as_chunks::<2>().0.chunks_exact(LANES)) {
                *value = bf16::from_le_bytes(column[lane]).to_f32();
            }
        }
    }
}
