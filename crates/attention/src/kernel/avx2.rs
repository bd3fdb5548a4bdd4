//! A tile of rows times a panel with AVX2, in two halves of eight lanes.
//!
//! Without `vpdpbusd` a product of bytes goes over 16 bits. Nibbles times bytes stay within them: two products are at most
//! 2 · 15 · 128. Bytes times bytes do not, so their even and odd columns are widened first and multiplied apart.

use super::activations::{Group, quantize as quantize_row};
use super::line::Line;
use super::panel::{Codes, LANES};
use std::arch::x86_64::{
    __m128i, __m256, __m256i, _mm256_add_epi16, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256, _mm256_castsi256_ps,
    _mm256_cvtepi32_ps, _mm256_cvtepu16_epi32, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setzero_ps, _mm256_setzero_si256, _mm256_slli_epi16, _mm256_slli_epi32, _mm256_srai_epi16,
    _mm256_srli_epi16,
};

/// Numbers of one row of x times 16 rows of weights.
type Lanes = [f32; LANES];

#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn codes<const NIBBLES: bool, const HALVES: usize, const MINS: bool, const T: usize>(
    panel: &[Line],
    x: &[Group],
    y: &mut [Lanes],
) {
    let layout = const { Codes { nibbles: NIBBLES, halves: HALVES, mins: MINS } };
    let mut sums = [[_mm256_setzero_ps(); 2]; T];
    let (groups, _) = x.as_chunks::<T>();
    for (stripe, pair) in panel.chunks_exact(layout.stripe_lines()).zip(groups.as_chunks::<2>().0) {
        let (lines, scales) = stripe.split_at(2 * layout.code_lines());
        let scales: &[__m128i] = bytemuck::cast_slice(scales);
        for (at, x) in pair.iter().enumerate() {
            let lines: &[__m256i] = bytemuck::cast_slice(&lines[at * layout.code_lines()..][..layout.code_lines()]);
            let scales = &scales[at * scales.len() / 2..][..scales.len() / 2];
            for side in 0..2 {
                for (sums, x) in sums.iter_mut().zip(x) {
                    let parts = integers::<NIBBLES, HALVES, MINS>(lines, side, x);
                    for half in 0..HALVES {
                        let scales = &scales[2 * half * (1 + usize::from(MINS))..];
                        let scale = _mm256_mul_ps(_mm256_cvtph_ps(scales[side]), _mm256_set1_ps(x.scale));
                        let sum = &mut sums[side];
                        *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(parts[half]), scale, *sum);
                        if MINS {
                            let scaled = _mm256_set1_ps(x.scaled[HALVES - 1 + half]);
                            *sum = _mm256_fmadd_ps(_mm256_cvtph_ps(scales[2 + side]), scaled, *sum);
                        }
                    }
                }
            }
        }
    }
    for (y, sum) in y.iter_mut().zip(sums) {
        *y = bytemuck::cast(sum);
    }
}

/// Σ code · q of eight rows over 32 columns, or over each 16 of them; offsets taken off.
#[inline]
#[target_feature(enable = "avx2")]
fn integers<const NIBBLES: bool, const HALVES: usize, const MINS: bool>(
    lines: &[__m256i],
    side: usize,
    x: &Group,
) -> [__m256i; HALVES] {
    let mut parts = [_mm256_setzero_si256(); HALVES];
    for (half, part) in parts.iter_mut().enumerate() {
        *part = _mm256_set1_epi32(x.correction(NIBBLES, HALVES, MINS, half));
    }
    let (low, ones, even) = (_mm256_set1_epi8(15), _mm256_set1_epi16(1), _mm256_set1_epi16(255));
    if NIBBLES {
        // Four sums of two products each stay within 16 bits: 4 · 2 · 15 · 127 = 15 240.
        let (mut first, mut last) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for quad in 0..4 {
            let line = lines[2 * quad + side];
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(line), low);
            first = _mm256_add_epi16(first, _mm256_maddubs_epi16(_mm256_and_si256(line, low), broadcast(x, quad)));
            last = _mm256_add_epi16(last, _mm256_maddubs_epi16(high, broadcast(x, quad + 4)));
        }
        parts[0] = _mm256_add_epi32(parts[0], _mm256_madd_epi16(first, ones));
        parts[HALVES - 1] = _mm256_add_epi32(parts[HALVES - 1], _mm256_madd_epi16(last, ones));
    } else {
        for quad in 0..8 {
            let (line, q, half) = (lines[2 * quad + side], broadcast(x, quad), quad * HALVES / 8);
            let q_even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(q));
            let evens = _mm256_madd_epi16(_mm256_and_si256(line, even), q_even);
            let odds = _mm256_madd_epi16(_mm256_srli_epi16::<8>(line), _mm256_srai_epi16::<8>(q));
            parts[half] = _mm256_add_epi32(parts[half], _mm256_add_epi32(evens, odds));
        }
    }
    parts
}

/// The codes of four columns in every lane.
#[inline]
#[target_feature(enable = "avx2")]
fn broadcast(x: &Group, quad: usize) -> __m256i {
    _mm256_set1_epi32(i32::from_le_bytes(bytemuck::cast(x.codes[quad])))
}

#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn f32s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    numbers::<T, [__m256; 2]>(bytemuck::cast_slice(panel), x, y, |weights| *weights);
}

#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn f16s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    let widen = |weights: &[__m128i; 2]| [_mm256_cvtph_ps(weights[0]), _mm256_cvtph_ps(weights[1])];
    numbers::<T, [__m128i; 2]>(bytemuck::cast_slice(panel), x, y, widen);
}

#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn bf16s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    let widen = |weights: __m128i| _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(weights)));
    numbers::<T, [__m128i; 2]>(bytemuck::cast_slice(panel), x, y, |weights| [widen(weights[0]), widen(weights[1])]);
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn numbers<const T: usize, W>(panel: &[W], x: &[f32], y: &mut [Lanes], widen: impl Fn(&W) -> [__m256; 2]) {
    let mut sums = [[[_mm256_setzero_ps(); 2]; T]; 2];
    for (at, (weights, x)) in panel.iter().zip(x.as_chunks::<T>().0).enumerate() {
        let weights = widen(weights);
        for (sums, &x) in sums[at % 2].iter_mut().zip(x) {
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum = _mm256_fmadd_ps(weights, _mm256_set1_ps(x), *sum);
            }
        }
    }
    let [even, odd] = sums;
    for ((y, even), odd) in y.iter_mut().zip(even).zip(odd) {
        *y = bytemuck::cast([_mm256_add_ps(even[0], odd[0]), _mm256_add_ps(even[1], odd[1])]);
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn quantize(values: &[f32], groups: &mut [Group], stride: usize) {
    quantize_row(values, groups, stride);
}
