//! Numbers into the formats that this build writes, with the rounding of ggml's reference: for models of tests, and to have the
//! same model in another format.

use super::format::Format;
use half::{bf16, f16};

impl Format {
    /// Whether [`Self::encode`] has it.
    pub fn is_written(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::Bf16 | Self::Q4_0 | Self::Q4_1 | Self::Q8_0)
    }

    /// Numbers, a whole number of blocks of them, in a format that [is written](Self::is_written).
    pub fn encode(self, values: &[f32]) -> Vec<u8> {
        let encode_block = match self {
            Self::F32 => |x: &[f32], bytes: &mut Vec<u8>| bytes.extend(x[0].to_le_bytes()),
            Self::F16 => |x: &[f32], bytes: &mut Vec<u8>| bytes.extend(f16::from_f32(x[0]).to_le_bytes()),
            Self::Bf16 => |x: &[f32], bytes: &mut Vec<u8>| bytes.extend(bf16::from_f32(x[0]).to_le_bytes()),
            Self::Q4_0 => q4_0,
            Self::Q4_1 => q4_1,
            Self::Q8_0 => q8_0,
            Self::Q5_0 | Self::Q5_1 | Self::Q2K | Self::Q3K | Self::Q4K | Self::Q5K | Self::Q6K => {
                panic!("{} is read and not written", self.name())
            }
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
