//! A tile of rows times a panel in plain Rust: what the other machines must equal bit for bit.
//!
//! ```text
//! y ← 0;   for each group of columns:   y ← fma(Σ code · q (exact), d · s, y);   with minima: y ← fma(m, s Σ q, y)
//! ```

use super::activations::Group;
use super::line::Line;
use super::panel::{Codes, LANES};
use half::{bf16, f16};

/// Numbers of one row of x times 16 rows of weights.
type Lanes = [f32; LANES];

pub(super) fn codes<const NIBBLES: bool, const HALVES: usize, const MINS: bool, const T: usize>(
    panel: &[Line],
    x: &[Group],
    y: &mut [Lanes],
) {
    let layout = Codes { nibbles: NIBBLES, halves: HALVES, mins: MINS };
    let mut sums = [[0.0; LANES]; T];
    let (groups, _) = x.as_chunks::<T>();
    for (stripe, pair) in panel.chunks_exact(layout.stripe_lines()).zip(groups.as_chunks::<2>().0) {
        let (lines, scales) = stripe.split_at(2 * layout.code_lines());
        let (scales, _) = bytemuck::cast_slice::<Line, u8>(scales).as_chunks::<{ 2 * LANES }>();
        for ((lines, scales), x) in
            lines.chunks_exact(layout.code_lines()).zip(scales.chunks_exact(scales.len() / 2)).zip(pair)
        {
            for (sums, x) in sums.iter_mut().zip(x) {
                let parts = integers::<NIBBLES, HALVES, MINS>(lines, x);
                for (half, (part, scales)) in parts.iter().zip(scales.chunks_exact(1 + usize::from(MINS))).enumerate() {
                    let d = halves(&scales[0]);
                    for (lane, sum) in sums.iter_mut().enumerate() {
                        *sum = (part[lane] as f32).mul_add(d[lane] * x.scale, *sum);
                    }
                    if MINS {
                        let (m, scaled) = (halves(&scales[1]), x.scaled[HALVES - 1 + half]);
                        for (lane, sum) in sums.iter_mut().enumerate() {
                            *sum = m[lane].mul_add(scaled, *sum);
                        }
                    }
                }
            }
        }
    }
    y[..T].copy_from_slice(&sums);
}

/// Σ code · q of 16 rows over 32 columns, or over each 16 of them; offsets taken off.
#[inline(always)]
fn integers<const NIBBLES: bool, const HALVES: usize, const MINS: bool>(
    lines: &[Line],
    x: &Group,
) -> [[i32; LANES]; HALVES] {
    let mut parts = std::array::from_fn(|half| [x.correction(NIBBLES, HALVES, MINS, half); LANES]);
    let n_lines = lines.len();
    for (at, Line(line)) in lines.iter().enumerate() {
        let quads = line.as_chunks::<4>().0;
        if NIBBLES {
            let (first, last) = (x.codes[at], x.codes[at + 4]);
            for (sum, quad) in parts[0].iter_mut().zip(quads) {
                *sum += dot(quad.map(|byte| byte & 15), first);
            }
            for (sum, quad) in parts[HALVES - 1].iter_mut().zip(quads) {
                *sum += dot(quad.map(|byte| byte >> 4), last);
            }
        } else {
            for (sum, quad) in parts[at * HALVES / n_lines].iter_mut().zip(quads) {
                *sum += dot(*quad, x.codes[at]);
            }
        }
    }
    parts
}

#[inline(always)]
fn dot(codes: [u8; 4], q: [i8; 4]) -> i32 {
    (0..4).map(|i| i32::from(codes[i]) * i32::from(q[i])).sum()
}

#[inline(always)]
fn halves(bytes: &[u8; 2 * LANES]) -> Lanes {
    std::array::from_fn(|lane| f16::from_le_bytes([bytes[2 * lane], bytes[2 * lane + 1]]).to_f32())
}

pub(super) fn f32s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    numbers::<T, 4>(panel, x, y, f32::from_le_bytes);
}

pub(super) fn f16s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    numbers::<T, 2>(panel, x, y, |bytes| f16::from_le_bytes(bytes).to_f32());
}

pub(super) fn bf16s<const T: usize>(panel: &[Line], x: &[f32], y: &mut [Lanes]) {
    numbers::<T, 2>(panel, x, y, |bytes| bf16::from_le_bytes(bytes).to_f32());
}

/// Even and odd columns are summed apart and then added.
#[inline(always)]
fn numbers<const T: usize, const BYTES: usize>(
    panel: &[Line],
    x: &[f32],
    y: &mut [Lanes],
    widen: impl Fn([u8; BYTES]) -> f32,
) {
    let mut sums = [[[0.0; LANES]; T]; 2];
    let (weights, _) = bytemuck::cast_slice::<Line, u8>(panel).as_chunks::<BYTES>();
    for (at, (weights, x)) in weights.as_chunks::<LANES>().0.iter().zip(x.as_chunks::<T>().0).enumerate() {
        let weights = weights.map(&widen);
        for (sums, x) in sums[at % 2].iter_mut().zip(x) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum = weight.mul_add(*x, *sum);
            }
        }
    }
    let [even, odd] = sums;
    for ((y, even), odd) in y.iter_mut().zip(even).zip(odd) {
        *y = std::array::from_fn(|lane| even[lane] + odd[lane]);
    }
}
