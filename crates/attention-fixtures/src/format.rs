//! Numbers into formats of weights, with the rounding of ggml's reference.

use half::{bf16, f16};

/// How numbers are written in a file, as the GGUF specification calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name in the GGUF specification")]
pub enum Format {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q8_0,
}

impl Format {
    /// All that can be written.
    pub const ALL: [Self; 6] = [Self::F32, Self::F16, Self::Bf16, Self::Q4_0, Self::Q4_1, Self::Q8_0];

    /// Its name in llama.cpp: `Q4_0`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q8_0 => "Q8_0",
        }
    }

    /// Its number in GGUF files.
    pub fn gguf_number(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Bf16 => 30,
            Self::Q4_0 => 2,
            Self::Q4_1 => 3,
            Self::Q8_0 => 8,
        }
    }

    /// Numbers that are written together; a row is a whole number of blocks.
    pub fn block_len(self) -> usize {
        if matches!(self, Self::F32 | Self::F16 | Self::Bf16) { 1 } else { 32 }
    }

    /// Bytes of a row of numbers, which are whole blocks.
    pub fn row_bytes(self, n_columns: usize) -> usize {
        let block_bytes = match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q8_0 => 34,
        };
        assert!(
            n_columns.is_multiple_of(self.block_len()),
            "{n_columns} columns are not whole blocks of {}",
            self.name()
        );
        n_columns / self.block_len() * block_bytes
    }

    /// The bytes of numbers, which are a whole number of blocks.
    pub fn encode(self, values: &[f32]) -> Vec<u8> {
        let encode_block = match self {
            Self::F32 => |x: &[f32], bytes: &mut Vec<u8>| bytes.extend(x[0].to_le_bytes()),
            Self::F16 => |x: &[f32], bytes: &mut Vec<u8>| bytes.extend(f16::from_f32(x[0]).to_le_bytes()),
            Self::Bf16 => |x: &[f32], bytes: &mut Vec<u8>| bytes.extend(bf16::from_f32(x[0]).to_le_bytes()),
            Self::Q4_0 => q4_0,
            Self::Q4_1 => q4_1,
            Self::Q8_0 => q8_0,
        };
        let mut bytes = Vec::with_capacity(self.row_bytes(values.len()));
        values.chunks_exact(self.block_len()).for_each(|x| encode_block(x, &mut bytes));
        bytes
    }
}

/// The number that is farthest from zero becomes −8.
fn q4_0(x: &[f32], bytes: &mut Vec<u8>) {
    let farthest = x.iter().copied().fold(0.0_f32, |far, x| if x.abs() > far.abs() { x } else { far });
    let d = farthest / -8.0;
    let inverse = inverse_or_zero(d);
    bytes.extend(f16::from_f32(d).to_le_bytes());
    bytes.extend((0..16).map(|i| four_bits(x[i] * inverse + 8.5) | four_bits(x[i + 16] * inverse + 8.5) << 4));
}

/// The smallest number becomes 0, the largest 15.
fn q4_1(x: &[f32], bytes: &mut Vec<u8>) {
    let (min, max) = x.iter().fold((f32::MAX, f32::MIN), |(min, max), &x| (min.min(x), max.max(x)));
    let d = (max - min) / 15.0;
    let inverse = inverse_or_zero(d);
    bytes.extend(f16::from_f32(d).to_le_bytes());
    bytes.extend(f16::from_f32(min).to_le_bytes());
    let q = |x: f32| four_bits((x - min) * inverse + 0.5);
    bytes.extend((0..16).map(|i| q(x[i]) | q(x[i + 16]) << 4));
}

/// The number that is farthest from zero becomes ±127.
fn q8_0(x: &[f32], bytes: &mut Vec<u8>) {
    let d = x.iter().fold(0.0_f32, |far, x| far.max(x.abs())) / 127.0;
    let inverse = inverse_or_zero(d);
    bytes.extend(f16::from_f32(d).to_le_bytes());
    bytes.extend(x.iter().map(|x| ((x * inverse).round() as i8).cast_unsigned()));
}

fn inverse_or_zero(d: f32) -> f32 {
    if d == 0.0 { 0.0 } else { 1.0 / d }
}

/// Towards zero, at most 15.
fn four_bits(q: f32) -> u8 {
    (q as u8).min(15)
}
