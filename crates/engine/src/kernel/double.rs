//! Matrices in f64 for what is small or done once: Muon's iteration, the ridge system of the top layer.
//!
//! Fast goes through `faer`, whose order of sums depends on the machine; exact through plain loops with a fixed one. Both
//! are sequential, so that the bits do not depend on the number of threads.

use crate::spec::Numerics;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, MatMut, MatRef, Par};
use pulp::Arch;

/// A matrix in f64, `[rows][columns]` row-major.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
}

impl Matrix {
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }

    pub(crate) fn from_fn(rows: usize, columns: usize, mut entry: impl FnMut(usize, usize) -> f64) -> Self {
        let mut values = Vec::with_capacity(rows * columns);
        for i in 0..rows {
            values.extend((0..columns).map(|j| entry(i, j)));
        }
        Self { rows, columns, values }
    }

    pub(crate) fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |i, j| self.values[j * self.columns + i])
    }

    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..][..self.columns]
    }

    fn view(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.values, self.rows, self.columns)
    }

    fn view_mut(&mut self) -> MatMut<'_, f64> {
        MatMut::from_row_major_slice_mut(&mut self.values, self.rows, self.columns)
    }
}

/// `A B`.
pub(crate) fn product(numerics: Numerics, a: &Matrix, b: &Matrix) -> Matrix {
    assert_eq!(a.columns, b.rows, "the shapes fit");
    let mut c = Matrix::zeros(a.rows, b.columns);
    match numerics {
        Numerics::Fast => matmul(c.view_mut(), Accum::Replace, a.view(), b.view(), 1.0, Par::Seq),
        Numerics::Exact | Numerics::Double => Arch::new().dispatch(|| add_product(&mut c, a, b, |_| 0)),
    }
    c
}

/// `Aᵀ B`.
pub(crate) fn transposed_product(numerics: Numerics, a: &Matrix, b: &Matrix) -> Matrix {
    match numerics {
        Numerics::Fast => {
            assert_eq!(a.rows, b.rows, "the shapes fit");
            let mut c = Matrix::zeros(a.columns, b.columns);
            matmul(c.view_mut(), Accum::Replace, a.view().transpose(), b.view(), 1.0, Par::Seq);
            c
        }
        Numerics::Exact | Numerics::Double => product(numerics, &a.transposed(), b),
    }
}

/// `A Aᵀ`, both halves.
pub(crate) fn gram(numerics: Numerics, a: &Matrix) -> Matrix {
    let mut gram = Matrix::zeros(a.rows, a.rows);
    match numerics {
        Numerics::Fast => {
            let (upper, whole) = (BlockStructure::TriangularUpper, BlockStructure::Rectangular);
            let (view, transposed) = (a.view(), a.view().transpose());
            let gram = gram.view_mut();
            triangular::matmul(gram, upper, Accum::Replace, view, whole, transposed, whole, 1.0, Par::Seq);
        }
        Numerics::Exact | Numerics::Double => {
            let transposed = a.transposed();
            Arch::new().dispatch(|| add_product(&mut gram, a, &transposed, |i| i));
        }
    }
    for i in 0..a.rows {
        for j in 0..i {
            gram.values[i * a.rows + j] = gram.values[j * a.rows + i];
        }
    }
    gram
}

/// `C += A B` from column `first(i)` of row i on: a row of B at a time, so that each entry is summed in ascending depth and
/// the inner loop is vector code, in which nothing is contracted.
#[inline(always)]
fn add_product(c: &mut Matrix, a: &Matrix, b: &Matrix, first: impl Fn(usize) -> usize) {
    for (i, sums) in c.values.chunks_exact_mut(c.columns.max(1)).enumerate() {
        let sums = &mut sums[first(i)..];
        for (k, &factor) in a.row(i).iter().enumerate() {
            for (sum, &value) in sums.iter_mut().zip(&b.row(k)[first(i)..]) {
                *sum += factor * value;
            }
        }
    }
}

/// X with `matrix X = right` by Cholesky, for a symmetric positive matrix; `None` where f64 finds it not to be one.
pub(crate) fn solve_positive(numerics: Numerics, mut matrix: Matrix, mut right: Matrix) -> Option<Matrix> {
    let n = matrix.rows;
    match numerics {
        Numerics::Fast => {
            let scratch = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, faer::Spec::default());
            let mut memory = MemBuffer::new(scratch);
            let (stack, rule) = (MemStack::new(&mut memory), llt::factor::LltRegularization::default());
            llt::factor::cholesky_in_place(matrix.view_mut(), rule, Par::Seq, stack, faer::Spec::default()).ok()?;
            llt::solve::solve_in_place(matrix.view(), right.view_mut(), Par::Seq, MemStack::new(&mut []));
        }
        Numerics::Exact | Numerics::Double => {
            let factored = Arch::new().dispatch(|| factor(&mut matrix));
            factored?;
            Arch::new().dispatch(|| substitute(&matrix, &mut right));
        }
    }
    right.values.iter().all(|value| value.is_finite()).then_some(right)
}

/// U with `UᵀU` the matrix, over its upper half: rows of U in turn, each taken from the rows below it.
#[inline(always)]
fn factor(matrix: &mut Matrix) -> Option<()> {
    let n = matrix.columns;
    for i in 0..n {
        let (done, below) = matrix.values.split_at_mut((i + 1) * n);
        let row = &mut done[i * n + i..];
        let pivot = row[0];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        let root = pivot.sqrt();
        row.iter_mut().for_each(|value| *value /= root);
        for (offset, other) in (1..).zip(below.chunks_exact_mut(n)) {
            let factor = row[offset];
            for (value, &u) in other[i + offset..].iter_mut().zip(&row[offset..]) {
                *value -= factor * u;
            }
        }
    }
    Some(())
}

/// `UᵀU X = right` in place: down the rows with Uᵀ, up again with U.
#[inline(always)]
fn substitute(upper: &Matrix, right: &mut Matrix) {
    let (n, width) = (upper.rows, right.columns);
    if width == 0 {
        return;
    }
    for i in 0..n {
        let (done, below) = right.values.split_at_mut((i + 1) * width);
        let row = &mut done[i * width..];
        let pivot = upper.row(i)[i];
        row.iter_mut().for_each(|value| *value /= pivot);
        for (&factor, other) in upper.row(i)[i + 1..].iter().zip(below.chunks_exact_mut(width)) {
            other.iter_mut().zip(row.iter()).for_each(|(value, x)| *value -= factor * x);
        }
    }
    for i in (0..n).rev() {
        let (head, solved) = right.values.split_at_mut((i + 1) * width);
        let row = &mut head[i * width..];
        for (&factor, x) in upper.row(i)[i + 1..].iter().zip(solved.chunks_exact(width)) {
            row.iter_mut().zip(x).for_each(|(value, x)| *value -= factor * x);
        }
        let pivot = upper.row(i)[i];
        row.iter_mut().for_each(|value| *value /= pivot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::machines;

    const BOTH: [Numerics; 2] = [Numerics::Fast, Numerics::Exact];

    fn draw(rows: usize, columns: usize, seed: usize) -> Matrix {
        Matrix::from_fn(rows, columns, |i, j| ((i * 7919 + j * 104_729 + seed * 31) % 1009) as f64 / 504.5 - 1.0)
    }

    fn close(a: &Matrix, b: &Matrix, tolerance: f64) -> bool {
        (a.rows, a.columns) == (b.rows, b.columns)
            && a.values.iter().zip(&b.values).all(|(a, b)| (a - b).abs() <= tolerance)
    }

    #[test]
    fn products_are_the_triple_loop() {
        for (rows, depth, columns) in [(1, 1, 1), (3, 40, 7), (17, 5, 33), (20, 0, 4), (0, 3, 2)] {
            let (a, b) = (draw(rows, depth, 1), draw(depth, columns, 2));
            let expected = Matrix::from_fn(rows, columns, |i, j| {
                (0..depth).map(|k| a.values[i * depth + k] * b.values[k * columns + j]).sum()
            });
            for numerics in BOTH {
                // At most 40 terms of size at most 1, each rounded by 1.1e-16 of at most 40.
                assert!(close(&product(numerics, &a, &b), &expected, 4e-13));
                assert!(close(&transposed_product(numerics, &a.transposed(), &b), &expected, 4e-13));
                assert!(close(&gram(numerics, &a), &product(numerics, &a, &a.transposed()), 4e-13));
            }
        }
    }

    /// The loops are vector code of another width on each machine, and nothing in them is contracted.
    #[test]
    fn exact_bits_do_not_depend_on_the_instruction_set() {
        let (a, b) = (draw(20, 20, 5), draw(20, 37, 6));
        let mut positive = gram(Numerics::Exact, &a);
        (0..20).for_each(|i| positive.values[i * 20 + i] += 1.0);
        let results = machines().into_iter().map(|(_, arch)| {
            let (mut product, mut upper, mut solution) = (Matrix::zeros(20, 37), positive.clone(), b.clone());
            arch.dispatch(|| add_product(&mut product, &a, &b, |_| 0));
            arch.dispatch(|| factor(&mut upper)).expect("a positive matrix");
            arch.dispatch(|| substitute(&upper, &mut solution));
            [product, upper, solution].map(|matrix| matrix.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>())
        });
        let results: Vec<_> = results.collect();
        assert!(results.iter().all(|bits| *bits == results[0]));
    }

    #[test]
    fn a_positive_system_is_solved_and_no_other() {
        for (n, width) in [(1, 1), (7, 3), (40, 5)] {
            let mut matrix = gram(Numerics::Exact, &draw(n, 2 * n, 3));
            (0..n).for_each(|i| matrix.values[i * n + i] += 1.0);
            let solution = draw(n, width, 4);
            let right = product(Numerics::Exact, &matrix, &solution);
            for numerics in BOTH {
                let found = solve_positive(numerics, matrix.clone(), right.clone()).unwrap();
                // Condition at most ‖A‖ ≤ 1 + 2n² = 3201, times n ε.
                assert!(close(&found, &solution, 3201.0 * 40.0 * 2.2e-16));
            }
            matrix.values[n * n - 1] = -1.0;
            assert!(BOTH.iter().all(|&numerics| solve_positive(numerics, matrix.clone(), right.clone()).is_none()));
        }
    }
}
