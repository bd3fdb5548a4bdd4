//! Products of matrices of any shape and stride, for networks that have no fused kernel.

use super::product::{LANES, multiply};
use super::{Buffer, Shape, Strided};
use crate::spec::Numerics;
use pulp::{Arch, Simd, WithSimd};
use std::cell::RefCell;

/// Columns of B that are packed at a time: a panel of depth 2048 is then 512 KB and stays in the second-level cache.
const PANEL: usize = 64;
/// Rows of A from which on copying B pays.
const WORTH_A_COPY: usize = 32;

/// `C = A B`, or `C += A B` if `accumulate`: A is `rows × depth`, B `depth × columns`, both with any strides; entry (r, c) of
/// C is `c.0[r * c.1 + c]`.
///
/// Each entry is one chain of multiply-adds in ascending depth, which is added to C at its end. So the bits of an entry
/// depend on its row of A and its column of B alone, not on the other rows and columns that are computed with it.
///
/// B is read in place where its rows are contiguous and either close together or soon done with; otherwise, and in columns
/// beyond the last whole vector, it is copied panel by panel first, at a cost of `1 / rows` of the product: rows far apart
/// fall into a few sets of the first-level cache and push each other out (128 rows of 512 floats: a fifth slower).
pub fn product(
    numerics: Numerics,
    shape: Shape,
    a: Strided<'_>,
    b: Strided<'_>,
    (c, c_row): (&mut [f32], usize),
    accumulate: bool,
) {
    product_on(Arch::new(), numerics, shape, a, b, (c, c_row), accumulate);
}

fn product_on(
    arch: Arch,
    numerics: Numerics,
    shape: Shape,
    a: Strided<'_>,
    b: Strided<'_>,
    (c, c_row): (&mut [f32], usize),
    accumulate: bool,
) {
    if shape.rows == 0 || shape.columns == 0 {
        return;
    }
    SCRATCH.with_borrow_mut(|scratch| {
        arch.dispatch(Product { numerics, shape, a, b, c, c_row, accumulate, scratch });
    });
}

thread_local! {
    /// Kept between calls, so that a training step allocates nothing.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch { panel: Buffer::zeros(0), ragged: Buffer::zeros(0) });
}

struct Scratch {
    /// Columns of B, `[depth][width]`.
    panel: Buffer,
    /// The last columns of C, `[rows][LANES]`.
    ragged: Buffer,
}

/// The first `len` floats of `buffer`, which grows if it must.
fn room(buffer: &mut Buffer, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        *buffer = Buffer::zeros(len);
    }
    &mut buffer[..len]
}

struct Product<'a> {
    numerics: Numerics,
    shape: Shape,
    a: Strided<'a>,
    b: Strided<'a>,
    c: &'a mut [f32],
    c_row: usize,
    accumulate: bool,
    scratch: &'a mut Scratch,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { numerics, shape, a, b, c, c_row, accumulate, scratch } = self;
        let Shape { rows, depth, columns } = shape;
        let whole = columns - columns % LANES;
        let mut panels = (0..whole).step_by(PANEL);
        if b.column == 1 && whole > 0 && (rows < WORTH_A_COPY || b.row <= PANEL + LANES) {
            panels = (0..0).step_by(PANEL);
            multiply(simd, numerics, Shape { columns: whole, ..shape }, a, (b.values, b.row), (c, c_row), accumulate);
        }
        for first in panels {
            let width = PANEL.min(whole - first);
            let panel = room(&mut scratch.panel, depth * width);
            pack(b, first, width, panel, width);
            let shape = Shape { columns: width, ..shape };
            multiply(simd, numerics, shape, a, (panel, width), (&mut c[first..], c_row), accumulate);
        }
        if whole < columns {
            let panel = room(&mut scratch.panel, depth * LANES);
            pack(b, whole, columns - whole, panel, LANES);
            let ragged = room(&mut scratch.ragged, rows * LANES);
            multiply(simd, numerics, Shape { columns: LANES, ..shape }, a, (panel, LANES), (ragged, LANES), false);
            for (c, sums) in c.chunks_mut(c_row).zip(ragged.chunks_exact(LANES)) {
                for (c, sum) in c[whole..columns].iter_mut().zip(sums) {
                    *c = if accumulate { *c + sum } else { *sum };
                }
            }
        }
    }
}

/// Columns `first..first + width` of B as contiguous rows, `stride` apart; what lies between is zero.
#[inline(always)]
fn pack(b: Strided<'_>, first: usize, width: usize, panel: &mut [f32], stride: usize) {
    if width < stride {
        panel.fill(0.0);
    }
    // Eight columns at a time: their cache lines stay in the first level while the rows go by, whatever the stride.
    for start in (0..width).step_by(8) {
        let end = (start + 8).min(width);
        for (k, row) in panel.chunks_exact_mut(stride).enumerate() {
            for (j, value) in (start..end).zip(&mut row[start..end]) {
                *value = b.values[k * b.row + (first + j) * b.column];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::machines;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    struct Case {
        shape: Shape,
        a_transposed: bool,
        b_transposed: bool,
        /// Floats between the end of a row and the start of the next, in every matrix.
        gap: usize,
        accumulate: bool,
        seed: u64,
    }

    fn cases() -> impl Strategy<Value = Case> {
        let shape = (0usize..40, 0usize..70, 0usize..180);
        (shape, any::<bool>(), any::<bool>(), 0usize..3, any::<bool>(), any::<u64>()).prop_map(
            |((rows, depth, columns), a_transposed, b_transposed, gap, accumulate, seed)| Case {
                shape: Shape { rows, depth, columns },
                a_transposed,
                b_transposed,
                gap,
                accumulate,
                seed,
            },
        )
    }

    /// A matrix of values in [−1, 1) as stored floats with its strides.
    fn draw(rows: usize, columns: usize, transposed: bool, gap: usize, state: &mut u64) -> (Vec<f32>, usize, usize) {
        let (lines, length) = if transposed { (columns, rows) } else { (rows, columns) };
        let stride = length + gap;
        let values = (0..lines * stride).map(|_| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*state >> 40) as f32 / (1 << 23) as f32 - 1.0
        });
        let values = values.collect();
        if transposed { (values, 1, stride) } else { (values, stride, 1) }
    }

    /// C of a case on one machine, with what was in C before.
    fn run(case: &Case, arch: Arch, numerics: Numerics) -> (Vec<f32>, Vec<f32>) {
        let mut state = case.seed;
        let Shape { rows, depth, columns } = case.shape;
        let (a, row, column) = draw(rows, depth, case.a_transposed, case.gap, &mut state);
        let a = Strided { values: &a, row, column };
        let (b, row, column) = draw(depth, columns, case.b_transposed, case.gap, &mut state);
        let b = Strided { values: &b, row, column };
        let (before, c_row, _) = draw(rows, columns, false, case.gap, &mut state);
        let mut c = before.clone();
        product_on(arch, numerics, case.shape, a, b, (&mut c, c_row), case.accumulate);
        (before, c)
    }

    /// The definition in f64: each entry with the sum of the magnitudes that went into it.
    fn reference(case: &Case) -> Vec<Option<(f64, f64)>> {
        let mut state = case.seed;
        let Shape { rows, depth, columns } = case.shape;
        let (a, a_row, a_column) = draw(rows, depth, case.a_transposed, case.gap, &mut state);
        let (b, b_row, b_column) = draw(depth, columns, case.b_transposed, case.gap, &mut state);
        let (c, c_row, _) = draw(rows, columns, false, case.gap, &mut state);
        let mut expected = vec![None; c.len()];
        for i in 0..rows {
            for j in 0..columns {
                let before = if case.accumulate { f64::from(c[i * c_row + j]) } else { 0.0 };
                let terms =
                    (0..depth).map(|k| f64::from(a[i * a_row + k * a_column]) * f64::from(b[k * b_row + j * b_column]));
                let (sum, size) = terms.fold((before, before.abs()), |(sum, size), t| (sum + t, size + t.abs()));
                expected[i * c_row + j] = Some((sum, size));
            }
        }
        expected
    }

    proptest! {
        #[test]
        fn every_path_agrees_with_the_triple_loop(case in cases()) {
            let expected = reference(&case);
            for (name, arch) in machines() {
                for numerics in [Numerics::Fast, Numerics::Exact] {
                    let (before, c) = run(&case, arch, numerics);
                    for ((c, before), expected) in c.iter().zip(before).zip(&expected) {
                        let Some((sum, size)) = expected else {
                            prop_assert_eq!(*c, before, "{} {:?} wrote between the rows", name, numerics);
                            continue;
                        };
                        // At most depth + 1 sums and depth products, each rounded by ε/2 of at most `size`.
                        let bound = f64::from(f32::EPSILON) * (case.shape.depth as f64 + 1.0) * size;
                        prop_assert!((f64::from(*c) - sum).abs() <= bound, "{} {:?}: {} for {}", name, numerics, c, sum);
                    }
                }
            }
        }

        #[test]
        fn exact_bits_are_those_of_the_plain_loop_on_every_machine(case in cases()) {
            let (_, alone) = run(&case, Arch::Scalar, Numerics::Exact);
            for (name, arch) in machines() {
                let (_, c) = run(&case, arch, Numerics::Exact);
                let bits = |c: &[f32]| c.iter().map(|c| c.to_bits()).collect::<Vec<_>>();
                prop_assert_eq!(bits(&c), bits(&alone), "{}", name);
            }
        }
    }

    /// 1 + ε squared is 1 + 2ε + ε²: fused, the ε² survives until −1 − 2ε is added; rounded first, it does not.
    #[test]
    fn exact_rounds_every_product_and_fast_fuses_where_it_can() {
        let x = 1.0 + f32::EPSILON;
        for (name, arch) in machines() {
            for (numerics, expected) in [
                (Numerics::Exact, 0.0),
                (Numerics::Fast, if name == "portable" { 0.0 } else { f32::EPSILON * f32::EPSILON }),
            ] {
                let mut c = [0.0];
                let a = Strided { values: &[-1.0 - 2.0 * f32::EPSILON, x], row: 2, column: 1 };
                let b = Strided { values: &[1.0, x], row: 1, column: 1 };
                let shape = Shape { rows: 1, depth: 2, columns: 1 };
                product_on(arch, numerics, shape, a, b, (&mut c, 1), false);
                assert_eq!(c, [expected], "{name} {numerics:?}");
            }
        }
    }
}
