//! The K-quants of ggml: blocks of 256 numbers, whose sub-blocks of 16 or 32 have small integers as scales.
//!
//! In all of them the numbers lie in two halves of 128, each of four runs of 32: run j has its low bits in the same 32 bytes as
//! the other runs, 2j (or 4j) bits up.

use super::format::half_at;

/// y = d s q − d′ s′, two bits, scales s and s′ in four bits for each 16.
pub(super) fn q2_k(block: &[u8], y: &mut [f32]) {
    let (scales, q2) = (&block[..16], &block[16..80]);
    let (d, d_min) = (half_at(block, 80), half_at(block, 82));
    for (i, y) in y.iter_mut().enumerate() {
        let scale = scales[i / 16];
        let q = two_bits(q2, i);
        *y = d * f32::from(scale & 15) * f32::from(q) - d_min * f32::from(scale >> 4);
    }
}

/// y = d s q, three bits and a sign (q from −4 to 3), scales s in six bits for each 16.
pub(super) fn q3_k(block: &[u8], y: &mut [f32]) {
    let (high, q2, scales) = (&block[..32], &block[32..96], &block[96..108]);
    let d = half_at(block, 108);
    for (i, y) in y.iter_mut().enumerate() {
        let s = i / 16;
        let low_bits = if s < 8 { scales[s] & 15 } else { scales[s - 8] >> 4 };
        let high_bits = scales[8 + s % 4] >> (2 * (s / 4)) & 3;
        let scale = (low_bits | high_bits << 4).cast_signed() - 32;
        // The high bits say what is *not* subtracted.
        let offset = if high[i % 32] >> (i / 32) & 1 == 1 { 0 } else { 4 };
        *y = d * f32::from(scale) * f32::from(two_bits(q2, i).cast_signed() - offset);
    }
}

/// y = d s q − d′ s′, four bits, scales s and s′ in six bits for each 32.
pub(super) fn q4_k(block: &[u8], y: &mut [f32]) {
    let (d, d_min) = (half_at(block, 0), half_at(block, 2));
    let (scales, q4) = (&block[4..16], &block[16..144]);
    for (s, y) in y.chunks_exact_mut(32).enumerate() {
        let (scale, min) = scale_and_min(scales, s);
        let (scale, min) = (d * f32::from(scale), d_min * f32::from(min));
        for (l, y) in y.iter_mut().enumerate() {
            *y = scale * f32::from(four_bits(q4, s, l)) - min;
        }
    }
}

/// As [`q4_k`], with a fifth bit: sub-block s has its in bit s of 32 bytes.
pub(super) fn q5_k(block: &[u8], y: &mut [f32]) {
    let (d, d_min) = (half_at(block, 0), half_at(block, 2));
    let (scales, high, q4) = (&block[4..16], &block[16..48], &block[48..176]);
    for (s, y) in y.chunks_exact_mut(32).enumerate() {
        let (scale, min) = scale_and_min(scales, s);
        let (scale, min) = (d * f32::from(scale), d_min * f32::from(min));
        for (l, y) in y.iter_mut().enumerate() {
            *y = scale * f32::from(four_bits(q4, s, l) | (high[l] >> s & 1) << 4) - min;
        }
    }
}

/// y = d s q, six bits (q from −32 to 31), scales s are bytes for each 16.
pub(super) fn q6_k(block: &[u8], y: &mut [f32]) {
    let (q4, q2, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let d = half_at(block, 208);
    for (i, y) in y.iter_mut().enumerate() {
        let (half, run, l) = (i / 128, i / 32 % 4, i % 32);
        let low = q4[half * 64 + run % 2 * 32 + l] >> (run / 2 * 4) & 15;
        let q = (low | two_bits(q2, i) << 4).cast_signed() - 32;
        *y = d * f32::from(scales[i / 16].cast_signed()) * f32::from(q);
    }
}

fn two_bits(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3
}

/// Number l of sub-block s: two sub-blocks share 32 bytes.
fn four_bits(bytes: &[u8], s: usize, l: usize) -> u8 {
    bytes[s / 2 * 32 + l] >> (s % 2 * 4) & 15
}

/// The six-bit scale and minimum of sub-block s, of eight in twelve bytes: those of 0 to 3 are the low bits of bytes 0 to 3 and 4
/// to 7; those of 4 to 7 have four bits in bytes 8 to 11 and two in the high bits of the former.
fn scale_and_min(scales: &[u8], s: usize) -> (u8, u8) {
    if s < 4 {
        (scales[s] & 63, scales[s + 4] & 63)
    } else {
        let low = scales[s + 4];
        (low & 15 | scales[s - 4] >> 6 << 4, low >> 4 | scales[s] >> 6 << 4)
    }
}
