//! A tile of rows times a panel with AVX-512 and VNNI: a line of codes is an operand of `vpdpbusd` as it lies.
//!
//! Of a row of x and 32 columns: 8 `vpdpbusd` that multiply, then one conversion, one product of scales and one or two fused
//! multiply-adds: 8 of 10 or 11 instructions on the two ports that multiply, which bounds a batch at 73–80 % of the peak.
//! One row alone reads 288 or 320 bytes for that and waits for memory.

use super::activations::{Group, quantize as quantize_row};
use super::line::Line;
use super::panel::{Codes, LANES};
use std::arch::x86_64::*;

/// Numbers of one row of x times 16 rows of weights.
type Lanes = [f32; LANES];

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(super) fn codes<const NIBBLES: bool, const HALVES: usize, const MINS: bool, const T: usize>(
    panel: &[Line],
    x: &[Group],
    y: &mut [Lanes],
) {
    let layout = const { Codes { nibbles: NIBBLES, halves: HALVES, mins: MINS } };
    let low = _mm512_set1_epi8(15);
    let mut sums = [_mm512_setzero_ps(); T];
    let (groups, _) = x.as_chunks::<T>();
    for (stripe, pair) in panel.chunks_exact(layout.stripe_lines()).zip(groups.as_chunks::<2>().0) {
        let (lines, scales) = stripe.split_at(2 * layout.code_lines());
        let scales: &[__m256i] = bytemuck::cast_slice(scales);
        for (at, x) in pair.iter().enumerate() {
            let lines = &lines[at * layout.code_lines()..][..layout.code_lines()];
            let scales = &scales[at * scales.len() / 2..][..scales.len() / 2];
            let mut parts = x.map(|x| {
                std::array::from_fn::<_, HALVES, _>(|half| _mm512_set1_epi32(x.correction(NIBBLES, HALVES, MINS, half)))
            });
            for quad in 0..layout.code_lines() {
                let line: __m512i = bytemuck::cast(lines[quad]);
                if NIBBLES {
                    let (first, last) =
                        (_mm512_and_si512(line, low), _mm512_and_si512(_mm512_srli_epi16::<4>(line), low));
                    for (parts, x) in parts.iter_mut().zip(x) {
                        parts[0] = _mm512_dpbusd_epi32(parts[0], first, broadcast(x, quad));
                        parts[HALVES - 1] = _mm512_dpbusd_epi32(parts[HALVES - 1], last, broadcast(x, quad + 4));
                    }
                } else {
                    let half = quad * HALVES / 8;
                    for (parts, x) in parts.iter_mut().zip(x) {
                        parts[half] = _mm512_dpbusd_epi32(parts[half], line, broadcast(x, quad));
                    }
                }
            }
            for half in 0..HALVES {
                let scales = &scales[half * (1 + MINS as usize)..];
                let d = _mm512_cvtph_ps(scales[0]);
                for ((sum, parts), x) in sums.iter_mut().zip(&parts).zip(x) {
                    let scale = _mm512_mul_ps(d, _mm512_set1_ps(x.scale));
                    *sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(parts[half]), scale, *sum);
                }
                if MINS {
                    let m = _mm512_cvtph_ps(scales[1]);
                    for (sum, x) in sums.iter_mut().zip(x) {
                        *sum = _mm512_fmadd_ps(m, _mm512_set1_ps(x.scaled[HALVES - 1 + half]), *sum);
                    }
                }
            }
        }
    }
    for (y, sum) in y.iter_mut().zip(sums) {
        *y = bytemuck::cast(sum);
    }
}

/// The codes of four columns in every lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn broadcast(x: &Group, quad: usize) -> __m512i {
    _mm512_set1_epi32(i32::from_le_bytes(bytemuck::cast(x.codes[quad])))
}

#[target_feature(enable = "avx512f")]
pub(super) fn f32s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    let panel: &[__m512] = bytemuck::cast_slice(panel);
    let mut sums = [[_mm512_setzero_ps(); T]; 2];
    let (x, _) = x.as_chunks::<T>();
    let ((columns, last_column), (x, last_x)) = (panel.as_chunks::<2>(), x.as_chunks::<2>());
    for (weights, x) in columns.iter().zip(x) {
        for side in 0..2 {
            for (sum, &x) in sums[side].iter_mut().zip(&x[side]) {
                *sum = _mm512_fmadd_ps(weights[side], _mm512_set1_ps(x), *sum);
            }
        }
    }
    if let ([weights], [x]) = (last_column, last_x) {
        for (sum, &x) in sums[0].iter_mut().zip(x) {
            *sum = _mm512_fmadd_ps(*weights, _mm512_set1_ps(x), *sum);
        }
    }
    add::<T>(sums, y);
}

#[target_feature(enable = "avx512f")]
pub(super) fn f16s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    shorts::<T, false>(panel, x, y);
}

#[target_feature(enable = "avx512f")]
pub(super) fn bf16s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    shorts::<T, true>(panel, x, y);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn shorts<const T: usize, const BF16: bool>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    let panel: &[__m256i] = bytemuck::cast_slice(panel);
    let mut sums = [[_mm512_setzero_ps(); T]; 2];
    for (at, (&weights, x)) in panel.iter().zip(x.as_chunks::<T>().0).enumerate() {
        let weights = if BF16 {
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(weights)))
        } else {
            _mm512_cvtph_ps(weights)
        };
        for (sum, &x) in sums[at % 2].iter_mut().zip(x) {
            *sum = _mm512_fmadd_ps(weights, _mm512_set1_ps(x), *sum);
        }
    }
    add::<T>(sums, y);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add<const T: usize>([even, odd]: [[__m512; T]; 2], y: &mut [Lanes]) {
    for ((y, even), odd) in y.iter_mut().zip(even).zip(odd) {
        *y = bytemuck::cast(_mm512_add_ps(even, odd));
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(super) fn quantize(values: &[f32], groups: &mut [Group], stride: usize) {
    quantize_row(values, groups, stride);
}
