//! Number formats of weights, as ggml defines them: blocks of numbers that share a scale, or plain floats.

use super::k_quants;
use half::{bf16, f16};

/// How numbers are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name in the GGUF specification")]
pub enum Format {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
}

/// What is to be known of a format: itself, its number in GGUF files, its name, the length and the bytes of a block.
const TABLE: [(Format, u32, &str, usize, usize); 13] = [
    (Format::F32, 0, "F32", 1, 4),
    (Format::F16, 1, "F16", 1, 2),
    (Format::Bf16, 30, "BF16", 1, 2),
    (Format::Q4_0, 2, "Q4_0", 32, 18),
    (Format::Q4_1, 3, "Q4_1", 32, 20),
    (Format::Q5_0, 6, "Q5_0", 32, 22),
    (Format::Q5_1, 7, "Q5_1", 32, 24),
    (Format::Q8_0, 8, "Q8_0", 32, 34),
    (Format::Q2K, 10, "Q2_K", 256, 84),
    (Format::Q3K, 11, "Q3_K", 256, 110),
    (Format::Q4K, 12, "Q4_K", 256, 144),
    (Format::Q5K, 13, "Q5_K", 256, 176),
    (Format::Q6K, 14, "Q6_K", 256, 210),
];

/// Formats that GGUF files may have and this build does not read, so that they are refused by name.
const OTHERS: [(u32, &str); 17] = [
    (9, "Q8_1"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
    (40, "NVFP4"),
];

impl Format {
    /// All that can be read.
    pub const ALL: [Self; 13] = {
        let mut all = [Self::F32; 13];
        let mut i = 0;
        while i < all.len() {
            all[i] = TABLE[i].0;
            i += 1;
        }
        all
    };

    /// Numbers that are written together; a row is a whole number of blocks.
    pub fn block_len(self) -> usize {
        self.entry().3
    }

    /// Bytes of such a block.
    pub fn block_bytes(self) -> usize {
        self.entry().4
    }

    /// Bytes of a row of numbers, which are whole blocks.
    pub fn row_bytes(self, n_columns: usize) -> usize {
        assert!(
            n_columns.is_multiple_of(self.block_len()),
            "{n_columns} columns are not whole blocks of {}",
            self.name()
        );
        n_columns / self.block_len() * self.block_bytes()
    }

    /// Its name in llama.cpp: `Q4_K`.
    pub fn name(self) -> &'static str {
        self.entry().2
    }

    /// The numbers of whole blocks.
    pub fn decode(self, bytes: &[u8], values: &mut [f32]) {
        assert_eq!(bytes.len(), self.row_bytes(values.len()), "bytes of {} numbers in {}", values.len(), self.name());
        let decode_block = match self {
            Self::F32 => {
                |bytes: &[u8], y: &mut [f32]| y[0] = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
            }
            Self::F16 => |bytes: &[u8], y: &mut [f32]| y[0] = half_at(bytes, 0),
            Self::Bf16 => |bytes: &[u8], y: &mut [f32]| y[0] = bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32(),
            Self::Q4_0 => q4_0,
            Self::Q4_1 => q4_1,
            Self::Q5_0 => q5_0,
            Self::Q5_1 => q5_1,
            Self::Q8_0 => q8_0,
            Self::Q2K => k_quants::q2_k,
            Self::Q3K => k_quants::q3_k,
            Self::Q4K => k_quants::q4_k,
            Self::Q5K => k_quants::q5_k,
            Self::Q6K => k_quants::q6_k,
        };
        for (block, y) in bytes.chunks_exact(self.block_bytes()).zip(values.chunks_exact_mut(self.block_len())) {
            decode_block(block, y);
        }
    }

    /// The format of that number, or else what others call it.
    pub(super) fn from_gguf_number(number: u32) -> Result<Self, String> {
        if let Some(entry) = TABLE.iter().find(|entry| entry.1 == number) {
            return Ok(entry.0);
        }
        let name = OTHERS.iter().find(|other| other.0 == number).map(|other| other.1.to_owned());
        Err(name.unwrap_or_else(|| format!("number {number}")))
    }

    fn entry(self) -> &'static (Self, u32, &'static str, usize, usize) {
        TABLE.iter().find(|entry| entry.0 == self).expect("the table has every format")
    }
}

/// The half-precision number at a place.
pub(super) fn half_at(bytes: &[u8], place: usize) -> f32 {
    f16::from_le_bytes([bytes[place], bytes[place + 1]]).to_f32()
}

/// y = d (q − 8)
fn q4_0(block: &[u8], y: &mut [f32]) {
    let d = half_at(block, 0);
    nibbles(&block[2..], |i, q| y[i] = d * (f32::from(q) - 8.0));
}

/// y = d q + m
fn q4_1(block: &[u8], y: &mut [f32]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    nibbles(&block[4..], |i, q| y[i] = d * f32::from(q) + m);
}

/// y = d (q − 16); the fifth bits are apart, number i's in bit i.
fn q5_0(block: &[u8], y: &mut [f32]) {
    let d = half_at(block, 0);
    nibbles(&block[6..], |i, q| y[i] = d * (f32::from(q | fifth_bit(&block[2..6], i)) - 16.0));
}

/// y = d q + m
fn q5_1(block: &[u8], y: &mut [f32]) {
    let (d, m) = (half_at(block, 0), half_at(block, 2));
    nibbles(&block[8..], |i, q| y[i] = d * f32::from(q | fifth_bit(&block[4..8], i)) + m);
}

/// y = d q
fn q8_0(block: &[u8], y: &mut [f32]) {
    let d = half_at(block, 0);
    for (y, &q) in y.iter_mut().zip(&block[2..]) {
        *y = d * f32::from(q.cast_signed());
    }
}

/// Sixteen bytes hold 32 numbers: the first half of them in the low nibbles, the second half in the high ones.
fn nibbles(bytes: &[u8], mut each: impl FnMut(usize, u8)) {
    for (i, &byte) in bytes.iter().enumerate() {
        each(i, byte & 15);
        each(i + 16, byte >> 4);
    }
}

fn fifth_bit(bits: &[u8], i: usize) -> u8 {
    (bits[i / 8] >> (i % 8) & 1) << 4
}
