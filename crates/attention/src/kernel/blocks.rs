//! The blocks of quantised formats, opened into groups of 32 columns: codes, and what they are multiplied with.
//!
//! The formats are llama.cpp's (`ggml-common.h`, `ggml-quants.c`); every block of 256 is eight groups here.

use super::activations::GROUP;
use crate::file::Format;
use half::f16;

/// 32 weights `scale · (code − offset) + min`; scale and min of each 16, twice the same where 32 share them.
pub(super) struct Block {
    /// Unsigned: signed ones have 8 (four bits) or 128 (eight bits) added.
    pub codes: [u8; GROUP],
    pub scales: [f32; 2],
    pub mins: [f32; 2],
}

/// Calls `each` with the groups of a row in order.
pub(super) fn blocks(format: Format, row: &[u8], mut each: impl FnMut(&Block)) {
    match format {
        Format::F32 | Format::F16 | Format::Bf16 => unreachable!("numbers have no blocks"),
        Format::Q4_0 => {
            for [d0, d1, codes @ ..] in row.as_chunks::<18>().0 {
                each(&Block::new(nibbles(codes), number([*d0, *d1]), 0.0));
            }
        }
        Format::Q4_1 => {
            for [d0, d1, m0, m1, codes @ ..] in row.as_chunks::<20>().0 {
                each(&Block::new(nibbles(codes), number([*d0, *d1]), number([*m0, *m1])));
            }
        }
        Format::Q5_0 => {
            for [d0, d1, h0, h1, h2, h3, codes @ ..] in row.as_chunks::<22>().0 {
                let codes = with_fifth_bits(nibbles(codes), u32::from_le_bytes([*h0, *h1, *h2, *h3]));
                each(&Block::new(codes.map(|code| code + 112), number([*d0, *d1]), 0.0)); // 128 − 16
            }
        }
        Format::Q5_1 => {
            for [d0, d1, m0, m1, h0, h1, h2, h3, codes @ ..] in row.as_chunks::<24>().0 {
                let codes = with_fifth_bits(nibbles(codes), u32::from_le_bytes([*h0, *h1, *h2, *h3]));
                each(&Block::new(codes, number([*d0, *d1]), number([*m0, *m1])));
            }
        }
        Format::Q8_0 => {
            for [d0, d1, codes @ ..] in row.as_chunks::<34>().0 {
                each(&Block::new(codes.map(|code| code ^ 128), number([*d0, *d1]), 0.0));
            }
        }
        Format::Q2K => row.as_chunks::<84>().0.iter().for_each(|block| q2_k(block, &mut each)),
        Format::Q3K => row.as_chunks::<110>().0.iter().for_each(|block| q3_k(block, &mut each)),
        Format::Q4K => row.as_chunks::<144>().0.iter().for_each(|block| q4_k(block, &mut each)),
        Format::Q5K => row.as_chunks::<176>().0.iter().for_each(|block| q5_k(block, &mut each)),
        Format::Q6K => row.as_chunks::<210>().0.iter().for_each(|block| q6_k(block, &mut each)),
    }
}

impl Block {
    fn new(codes: [u8; GROUP], scale: f32, min: f32) -> Self {
        Self { codes, scales: [scale; 2], mins: [min; 2] }
    }
}

fn number(bytes: [u8; 2]) -> f32 {
    f16::from_le_bytes(bytes).to_f32()
}

/// Low halves of the 16 bytes, then the high ones.
fn nibbles(bytes: &[u8; 16]) -> [u8; GROUP] {
    std::array::from_fn(|i| if i < 16 { bytes[i] & 15 } else { bytes[i - 16] >> 4 })
}

fn with_fifth_bits(codes: [u8; GROUP], bits: u32) -> [u8; GROUP] {
    std::array::from_fn(|i| codes[i] | ((bits >> i & 1) as u8) << 4)
}

/// 16 × (scale, min of four bits), 256 codes of two bits, d, d of the minima.
fn q2_k(block: &[u8; 84], each: &mut impl FnMut(&Block)) {
    let (scales, codes) = (&block[..16], &block[16..80]);
    let (d, d_min) = (number([block[80], block[81]]), number([block[82], block[83]]));
    for group in 0..8 {
        let bytes = &codes[group / 4 * 32..][..32];
        let pair = [scales[2 * group], scales[2 * group + 1]];
        each(&Block {
            codes: std::array::from_fn(|i| bytes[i] >> (2 * (group % 4)) & 3),
            scales: pair.map(|scale| d * f32::from(scale & 15)),
            mins: pair.map(|scale| -d_min * f32::from(scale >> 4)),
        });
    }
}

/// The third bits of 256 codes, their two lower bits, 16 scales of six bits, d. A code stands for code − 4, held as a minimum.
fn q3_k(block: &[u8; 110], each: &mut impl FnMut(&Block)) {
    let (thirds, codes, packed) = (&block[..32], &block[32..96], &block[96..108]);
    let d = number([block[108], block[109]]);
    let scale = |i: usize| {
        let low = if i < 8 { packed[i] & 15 } else { packed[i - 8] >> 4 };
        let high = packed[8 + i % 4] >> (2 * (i / 4)) & 3;
        d * (f32::from(low | high << 4) - 32.0)
    };
    for group in 0..8 {
        let bytes = &codes[group / 4 * 32..][..32];
        let scales = [scale(2 * group), scale(2 * group + 1)];
        each(&Block {
            codes: std::array::from_fn(|i| bytes[i] >> (2 * (group % 4)) & 3 | (thirds[i] >> group & 1) << 2),
            scales,
            mins: scales.map(|scale| -4.0 * scale),
        });
    }
}

/// d, d of the minima, 8 × (scale, min of six bits), 256 codes of four bits.
fn q4_k(block: &[u8; 144], each: &mut impl FnMut(&Block)) {
    let (d, d_min) = (number([block[0], block[1]]), number([block[2], block[3]]));
    for group in 0..8 {
        let (scale, min) = scale_and_min(&block[4..16], group);
        let bytes = &block[16 + group / 2 * 32..][..32];
        let codes = std::array::from_fn(|i| bytes[i] >> (4 * (group % 2)) & 15);
        each(&Block::new(codes, d * scale, -d_min * min));
    }
}

/// As `q4_k` with the fifth bits of 256 codes before the others.
fn q5_k(block: &[u8; 176], each: &mut impl FnMut(&Block)) {
    let (d, d_min) = (number([block[0], block[1]]), number([block[2], block[3]]));
    let fifths = &block[16..48];
    for group in 0..8 {
        let (scale, min) = scale_and_min(&block[4..16], group);
        let bytes = &block[48 + group / 2 * 32..][..32];
        let codes = std::array::from_fn(|i| bytes[i] >> (4 * (group % 2)) & 15 | (fifths[i] >> group & 1) << 4);
        each(&Block::new(codes, d * scale, -d_min * min));
    }
}

/// Scale and minimum of one of the eight groups in the twelve bytes of `q4_k` and `q5_k`.
fn scale_and_min(packed: &[u8], group: usize) -> (f32, f32) {
    let (scale, min) = if group < 4 {
        (packed[group] & 63, packed[group + 4] & 63)
    } else {
        let bytes = packed[group + 4];
        (bytes & 15 | packed[group - 4] >> 6 << 4, bytes >> 4 | packed[group] >> 6 << 4)
    };
    (f32::from(scale), f32::from(min))
}

/// The lower four bits of 256 codes, their upper two, 16 scales of eight bits, d. A code stands for code − 32.
fn q6_k(block: &[u8; 210], each: &mut impl FnMut(&Block)) {
    let (lows, highs, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let d = number([block[208], block[209]]);
    for group in 0..8 {
        let (side, quarter) = (group / 4, group % 4);
        let low = &lows[64 * side + 32 * (quarter % 2)..][..32];
        let high = &highs[32 * side..][..32];
        let code = |i: usize| low[i] >> (4 * (quarter / 2)) & 15 | (high[i] >> (2 * quarter) & 3) << 4;
        each(&Block {
            codes: std::array::from_fn(|i| code(i) + 96), // 128 − 32
            scales: [2 * group, 2 * group + 1].map(|i| d * f32::from(scales[i] as i8)),
            mins: [0.0; 2],
        });
    }
}
