//! What a slab does with each of its units apart from products: sums of table rows, σ and σ′, and the way back into the rows.

use super::activate::Arithmetic;
use super::product::Sink;
use crate::spec::Activation;
use pulp::Simd;

/// Vectors of a row of the table that are handled as one: a whole row of 64 units in the widest instruction set.
const UNROLLED: usize = 4;

/// Which rows of a slab's table of W each sample of a block adds up.
#[derive(Clone, Copy)]
pub(crate) struct Sums<'a> {
    /// `[samples][n_operands]`.
    pub(crate) rows: &'a [u32],
    pub(crate) n_operands: usize,
    /// Floats in a row of the table: the slab's width, a multiple of 16.
    pub(crate) width: usize,
}

impl Sums<'_> {
    #[inline(always)]
    fn row<S: Simd>(self, table: &[f32], row: u32) -> &[S::f32s] {
        S::as_simd_f32s(&table[row as usize * self.width..][..self.width]).0
    }

    /// `store(place, h)` for all vectors of h, a few at a time and in order; `place` counts them from the first sample's.
    #[inline(always)]
    fn for_each_sum<S: Simd>(self, simd: S, table: &[f32], mut store: impl FnMut(usize, &[S::f32s])) {
        let mut place = 0;
        for rows in self.rows.chunks_exact(self.n_operands) {
            if let [first, second] = *rows {
                let (first, first_rest) = self.row::<S>(table, first).as_chunks::<UNROLLED>();
                let (second, second_rest) = self.row::<S>(table, second).as_chunks::<UNROLLED>();
                for (a, b) in first.iter().zip(second) {
                    let mut h = *a;
                    for (h, &b) in h.iter_mut().zip(b) {
                        *h = simd.add_f32s(*h, b);
                    }
                    store(place, &h);
                    place += UNROLLED;
                }
                for (&a, &b) in first_rest.iter().zip(second_rest) {
                    store(place, &[simd.add_f32s(a, b)]);
                    place += 1;
                }
            } else {
                for vector in 0..self.width / S::F32_LANES {
                    let mut sum = simd.splat_f32s(0.0);
                    for &row in rows {
                        sum = simd.add_f32s(sum, self.row::<S>(table, row)[vector]);
                    }
                    store(place, &[sum]);
                    place += 1;
                }
            }
        }
    }
}

/// One arm for each activation, so that the choice is made once a block and the loop inside is vector code.
macro_rules! for_activation {
    ($activation:expr, |$a:ident| $body:expr) => {
        for_activation!($activation, |$a| $body, Square Cube Relu ReluSquared Silu Gelu Abs)
    };
    ($activation:expr, |$a:ident| $body:expr, $($name:ident)*) => {
        match $activation {
            $(Activation::$name => {
                const $a: Activation = Activation::$name;
                $body
            })*
        }
    };
}

pub(super) use for_activation;

/// `f = σ(h)`, `[samples][width]`, for a block's samples and a slab's units; h is a sum of rows of W.
#[inline(always)]
pub(crate) fn gather<S: Simd, const FUSED: bool>(
    arithmetic: Arithmetic<S, FUSED>,
    activation: Activation,
    table: &[f32],
    rows: Sums<'_>,
    features: &mut [f32],
) {
    let features = S::as_mut_simd_f32s(features).0;
    for_activation!(activation, |A| rows.for_each_sum(
        arithmetic.0,
        table,
        #[inline(always)]
        |place, h| {
            for (f, &h) in features[place..][..h.len()].iter_mut().zip(h) {
                *f = arithmetic.value(A, h);
            }
        },
    ));
}

/// The same with `σ′(h)` beside it.
#[inline(always)]
pub(crate) fn gather_with_slopes<S: Simd, const FUSED: bool>(
    arithmetic: Arithmetic<S, FUSED>,
    activation: Activation,
    table: &[f32],
    rows: Sums<'_>,
    features: &mut [f32],
    slopes: &mut [f32],
) {
    let (features, slopes) = (S::as_mut_simd_f32s(features).0, S::as_mut_simd_f32s(slopes).0);
    for_activation!(activation, |A| rows.for_each_sum(
        arithmetic.0,
        table,
        #[inline(always)]
        |place, h| {
            let (features, slopes) = (&mut features[place..][..h.len()], &mut slopes[place..][..h.len()]);
            for ((f, slope), &h) in features.iter_mut().zip(slopes).zip(h) {
                (*f, *slope) = arithmetic.value_and_slope(A, h);
            }
        },
    ));
}

/// σ in place, of whole vectors.
#[inline(always)]
pub(crate) fn activate_in_place<S: Simd, const FUSED: bool>(
    arithmetic: Arithmetic<S, FUSED>,
    activation: Activation,
    values: &mut [f32],
) {
    for_activation!(activation, |A| for h in S::as_mut_simd_f32s(values).0 {
        *h = arithmetic.value(A, *h);
    });
}

/// The same with σ′ beside it.
#[inline(always)]
pub(crate) fn activate_in_place_with_slopes<S: Simd, const FUSED: bool>(
    arithmetic: Arithmetic<S, FUSED>,
    activation: Activation,
    values: &mut [f32],
    slopes: &mut [f32],
) {
    let (values, slopes) = (S::as_mut_simd_f32s(values).0, S::as_mut_simd_f32s(slopes).0);
    for_activation!(activation, |A| for (h, slope) in values.iter_mut().zip(slopes) {
        (*h, *slope) = arithmetic.value_and_slope(A, *h);
    });
}

/// `dW[x] += σ′(h) ∘ df` for each operand's row x of each sample, df being the rows of a product as they are computed.
pub(crate) struct Scatter<'a> {
    pub(crate) rows: Sums<'a>,
    /// σ′(h), `[samples][width]`.
    pub(crate) slopes: &'a [f32],
    /// dW.
    pub(crate) table: &'a mut [f32],
}

impl Scatter<'_> {
    #[inline(always)]
    fn sums<S: Simd, const WIDTH: usize>(&mut self, row: u32, first: usize) -> &mut [S::f32s; WIDTH] {
        let row = &mut self.table[row as usize * self.rows.width..][..self.rows.width];
        S::as_mut_simd_f32s(row).0[first..].first_chunk_mut().expect("a tile lies inside the table's rows")
    }
}

impl Sink for Scatter<'_> {
    #[inline(always)]
    fn take<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &mut self,
        simd: S,
        row: usize,
        first: usize,
        tile: [[S::f32s; WIDTH]; HEIGHT],
    ) {
        let Sums { rows, n_operands, width } = self.rows;
        let rows = &rows[row * n_operands..][..HEIGHT * n_operands];
        let slopes = &self.slopes[row * width..][..HEIGHT * width];
        if n_operands == 2 {
            // Samples in order share their first operand's row with the next, as a rule, so its sums stay in registers
            // until another comes; the operands' tables lie apart, so the second row is never this one.
            let mut held = rows[0];
            let mut sums: [S::f32s; WIDTH] = *self.sums::<S, WIDTH>(held, first);
            for (i, mut gradient) in tile.into_iter().enumerate() {
                if rows[2 * i] != held {
                    *self.sums::<S, WIDTH>(held, first) = sums;
                    held = rows[2 * i];
                    sums = *self.sums::<S, WIDTH>(held, first);
                }
                let slopes = &S::as_simd_f32s(&slopes[i * width..][..width]).0[first..][..WIDTH];
                let second = self.sums::<S, WIDTH>(rows[2 * i + 1], first);
                for j in 0..WIDTH {
                    gradient[j] = simd.mul_f32s(gradient[j], slopes[j]);
                    sums[j] = simd.add_f32s(sums[j], gradient[j]);
                    second[j] = simd.add_f32s(second[j], gradient[j]);
                }
            }
            *self.sums::<S, WIDTH>(held, first) = sums;
        } else {
            for (i, gradient) in tile.into_iter().enumerate() {
                let slopes = &S::as_simd_f32s(&slopes[i * width..][..width]).0[first..][..WIDTH];
                for &row in &rows[i * n_operands..][..n_operands] {
                    let sums = self.sums::<S, WIDTH>(row, first);
                    for j in 0..WIDTH {
                        sums[j] = simd.add_f32s(sums[j], simd.mul_f32s(gradient[j], slopes[j]));
                    }
                }
            }
        }
    }
}
