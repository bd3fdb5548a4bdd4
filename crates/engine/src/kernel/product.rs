//! `C (+)= A B` in register tiles: the one inner loop that all three products of a step run through.

#![expect(
    unsafe_code,
    reason = "bounds checks in the innermost loop cost a third of its speed; asserted once at the door"
)]

use crate::spec::Numerics;
use pulp::{Simd, WithSimd};

/// Floats in a vector of the widest instruction set: padded rows are a multiple of it whatever the machine, so that layouts
/// agree.
pub(crate) const LANES: usize = 16;

/// A matrix to read: entry (r, c) at `values[r * row + c * column]`.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    /// Storage.
    pub values: &'a [f32],
    /// Distance from a row to the next.
    pub row: usize,
    /// Distance from a column to the next.
    pub column: usize,
}

/// A product's shape: C is `rows × columns`, summed over `depth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of A and C.
    pub rows: usize,
    /// Columns of A, rows of B.
    pub depth: usize,
    /// Columns of B and C.
    pub columns: usize,
}

/// What becomes of a product's entries, tile by tile as they are computed.
pub(crate) trait Sink {
    /// HEIGHT rows from row `row` on, of these WIDTH vectors of columns from vector `first` on.
    fn take<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &mut self,
        simd: S,
        row: usize,
        first: usize,
        tile: [[S::f32s; WIDTH]; HEIGHT],
    );
}

/// `C = A B`, or `C += A B` if `accumulate`. B's rows and C's rows are contiguous, `b_row` and `c_row` apart, their columns a
/// multiple of 16. Each entry of C is one chain of multiply-adds in ascending depth, whatever the tiling.
#[inline(always)]
pub(crate) fn multiply<S: Simd>(
    simd: S,
    numerics: Numerics,
    shape: Shape,
    a: Strided<'_>,
    b: (&[f32], usize),
    (c, c_row): (&mut [f32], usize),
    accumulate: bool,
) {
    let Shape { rows, columns, .. } = shape;
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(c.len() >= (rows - 1) * c_row + columns, "C holds the product");
    multiply_into(simd, numerics, shape, a, b, &mut Matrix { c: c.as_mut_ptr(), c_row, accumulate });
}

/// `A B` into `sink`, the rows in order within each column of tiles.
#[inline(always)]
pub(crate) fn multiply_into<S: Simd>(
    simd: S,
    numerics: Numerics,
    shape: Shape,
    a: Strided<'_>,
    (b, b_row): (&[f32], usize),
    sink: &mut impl Sink,
) {
    let Shape { rows, depth, columns } = shape;
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(columns.is_multiple_of(LANES), "columns come in whole vectors");
    if depth > 0 {
        assert!(b.len() >= (depth - 1) * b_row + columns, "B has depth rows");
        assert!(a.values.len() > (rows - 1) * a.row + (depth - 1) * a.column, "A has rows × depth entries");
    }
    let (a_row, a_column) = (a.row, a.column);
    let tile = Tile { depth, a: a.values.as_ptr(), a_row, a_column, b: b.as_ptr(), b_row, row: 0, first: 0 };
    match numerics {
        Numerics::Fast => tiles::<S, true>(simd, rows, columns / S::F32_LANES, tile, sink),
        Numerics::Exact | Numerics::Double => tiles::<S, false>(simd, rows, columns / S::F32_LANES, tile, sink),
    }
}

/// C, where [`multiply`] has asserted that all tiles lie inside it.
struct Matrix {
    c: *mut f32,
    c_row: usize,
    accumulate: bool,
}

impl Sink for Matrix {
    #[inline(always)]
    fn take<S: Simd, const HEIGHT: usize, const WIDTH: usize>(
        &mut self,
        simd: S,
        row: usize,
        first: usize,
        tile: [[S::f32s; WIDTH]; HEIGHT],
    ) {
        for (i, sums) in tile.iter().enumerate() {
            // SAFETY: `multiply` asserted that C holds `rows` rows of `columns` floats, of which this tile is a part.
            unsafe {
                let c_i = self.c.add((row + i) * self.c_row).cast::<S::f32s>().add(first);
                for (j, &value) in sums.iter().enumerate() {
                    let place = c_i.add(j);
                    let value = if self.accumulate { simd.add_f32s(place.read_unaligned(), value) } else { value };
                    place.write_unaligned(value);
                }
            }
        }
    }
}

/// All tiles: `vectors` vectors of columns from `start` on.
#[inline(always)]
fn tiles<S: Simd, const FUSED: bool>(simd: S, rows: usize, vectors: usize, start: Tile, sink: &mut impl Sink) {
    let mut done = 0;
    while done < vectors {
        let width = tile_width::<S>(vectors - done);
        let tile = Tile { b: start.b.wrapping_add(done * S::F32_LANES), first: done, ..start };
        match width {
            1 => column_of_tiles::<S, 1, FUSED>(simd, rows, tile, sink),
            2 => column_of_tiles::<S, 2, FUSED>(simd, rows, tile, sink),
            3 => column_of_tiles::<S, 3, FUSED>(simd, rows, tile, sink),
            4 => column_of_tiles::<S, 4, FUSED>(simd, rows, tile, sink),
            _ => column_of_tiles::<S, 5, FUSED>(simd, rows, tile, sink),
        }
        done += width;
    }
}

/// Vectors in the next column of tiles, so that the columns come out even: 5, 8 = 4 + 4, 7 = 4 + 3 with 32 registers.
#[inline(always)]
fn tile_width<S: Simd>(vectors: usize) -> usize {
    let widest = if S::REGISTER_COUNT >= 32 { 5 } else { 3 };
    vectors.div_ceil(vectors.div_ceil(widest))
}

/// Rows of a tile: as many accumulators as registers allow beside one row of B and a broadcast.
const fn tile_height<S: Simd>(width: usize) -> usize {
    match (S::REGISTER_COUNT >= 32, width) {
        (true, 1) => 16,
        (true, 2) => 12,
        (true, 3) => 8,
        (true, 4) => 6,
        (true, _) => 5,
        (false, 1) => 10,
        (false, 2) => 6,
        (false, _) => 4,
    }
}

#[derive(Clone, Copy)]
struct Tile {
    depth: usize,
    a: *const f32,
    a_row: usize,
    a_column: usize,
    b: *const f32,
    b_row: usize,
    /// The tile's first row and vector of columns.
    row: usize,
    first: usize,
}

#[inline(always)]
fn column_of_tiles<S: Simd, const WIDTH: usize, const FUSED: bool>(
    simd: S,
    rows: usize,
    mut tile: Tile,
    sink: &mut impl Sink,
) {
    while tile.row < rows {
        let height = (rows - tile.row).min(tile_height::<S>(WIDTH));
        tile_of_height::<S, WIDTH, FUSED>(simd, height, tile, sink);
        tile.row += height;
        // `wrapping_add`: after the last tile the pointer may lie outside its slice; it is not read then.
        tile.a = tile.a.wrapping_add(height * tile.a_row);
    }
}

/// A tile of `height` rows. The arms that cannot be reached with this width are constants that the compiler drops.
#[inline(always)]
fn tile_of_height<S: Simd, const WIDTH: usize, const FUSED: bool>(
    simd: S,
    height: usize,
    tile: Tile,
    sink: &mut impl Sink,
) {
    macro_rules! first_that_fits {
        ($($rows:literal)*) => {
            $(if const { $rows <= tile_height::<S>(WIDTH) } && height == $rows {
                simd.vectorize(Sized::<_, $rows, WIDTH, FUSED> { tile, sink });
            } else)* {
                unreachable!("a tile is no higher than its width allows");
            }
        };
    }
    first_that_fits!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
}

/// One tile of HEIGHT rows by WIDTH vectors, accumulated in registers.
struct Sized<'a, T, const HEIGHT: usize, const WIDTH: usize, const FUSED: bool> {
    tile: Tile,
    sink: &'a mut T,
}

impl<T: Sink, const HEIGHT: usize, const WIDTH: usize, const FUSED: bool> WithSimd
    for Sized<'_, T, HEIGHT, WIDTH, FUSED>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Tile { depth, a, a_row, a_column, b, b_row, row, first } = self.tile;
        let mut sum = [[simd.splat_f32s(0.0); WIDTH]; HEIGHT];
        for k in 0..depth {
            // SAFETY: `multiply_into` asserted that A holds rows × depth entries and B depth rows of `columns` floats; this
            // tile lies inside them, and reads are unaligned.
            unsafe {
                let b_k = b.add(k * b_row).cast::<S::f32s>();
                let mut row_of_b = [simd.splat_f32s(0.0); WIDTH];
                for (j, vector) in row_of_b.iter_mut().enumerate() {
                    *vector = b_k.add(j).read_unaligned();
                }
                let a_k = a.add(k * a_column);
                for (i, sums) in sum.iter_mut().enumerate() {
                    let factor = simd.splat_f32s(*a_k.add(i * a_row));
                    for (entry, &vector) in sums.iter_mut().zip(&row_of_b) {
                        *entry = if FUSED {
                            simd.mul_add_e_f32s(factor, vector, *entry)
                        } else {
                            simd.add_f32s(simd.mul_f32s(factor, vector), *entry)
                        };
                    }
                }
            }
        }
        self.sink.take(simd, row, first, sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Multiply<'a> {
        shape: Shape,
        a: Strided<'a>,
        b: &'a [f32],
        c: &'a mut [f32],
        accumulate: bool,
    }

    impl WithSimd for Multiply<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let columns = self.shape.columns;
            multiply(simd, Numerics::Fast, self.shape, self.a, (self.b, columns), (self.c, columns), self.accumulate);
        }
    }

    proptest! {
        /// Integers below 2^24 are exact in f32, so every path must agree with the triple loop to the last bit.
        #[test]
        fn tiles_equal_the_triple_loop(
            rows in 0usize..20, depth in 0usize..70, vectors in 1usize..9, transposed: bool, accumulate: bool, seed: u32,
        ) {
            let columns = vectors * LANES;
            let mut state = seed;
            let mut small = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as f32 - 128.0
            };
            let a: Vec<f32> = (0..rows * depth).map(|_| small()).collect();
            let b: Vec<f32> = (0..depth * columns).map(|_| small()).collect();
            let start: Vec<f32> = (0..rows * columns).map(|_| small()).collect();
            let (row, column) = if transposed { (1, rows) } else { (depth, 1) };
            let mut expected = start.clone();
            for i in 0..rows {
                for j in 0..columns {
                    let sum: f32 = (0..depth).map(|k| a[i * row + k * column] * b[k * columns + j]).sum();
                    expected[i * columns + j] = if accumulate { start[i * columns + j] + sum } else { sum };
                }
            }
            let shape = Shape { rows, depth, columns };
            let a = Strided { values: &a, row, column };
            let mut c = start.clone();
            pulp::Arch::new().dispatch(Multiply { shape, a, b: &b, c: &mut c, accumulate });
            prop_assert_eq!(&c, &expected);
            c.copy_from_slice(&start);
            pulp::Simd::vectorize(pulp::Scalar::new(), Multiply { shape, a, b: &b, c: &mut c, accumulate });
            prop_assert_eq!(&c, &expected);
        }
    }
}
