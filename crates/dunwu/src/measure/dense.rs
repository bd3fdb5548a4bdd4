//! Dense linear algebra on one thread, so that a measure has the same bits whatever else runs.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::prelude::ReborrowMut;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// `lhs · rhs`.
pub(crate) fn product(lhs: MatRef<'_, f64>, rhs: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(lhs.nrows(), rhs.ncols());
    matmul(&mut out, Accum::Replace, lhs, rhs, 1.0, Par::Seq);
    out
}

/// `into += lhs · rhs`.
pub(crate) fn accumulate(into: &mut Mat<f64>, lhs: MatRef<'_, f64>, rhs: MatRef<'_, f64>) {
    matmul(into, Accum::Add, lhs, rhs, 1.0, Par::Seq);
}

/// Sum over the products of corresponding entries, tr(aᵀ b).
pub(super) fn inner(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> f64 {
    (0..a.ncols()).map(|c| (0..a.nrows()).map(|r| a[(r, c)] * b[(r, c)]).sum::<f64>()).sum()
}

/// A row-major slice as a matrix.
pub(crate) fn rows<T>(values: &[T], n_rows: usize, n_cols: usize) -> MatRef<'_, T> {
    MatRef::from_row_major_slice(values, n_rows, n_cols)
}

/// Eigenvalues of a symmetric matrix (lower triangle read), descending, those below zero by rounding set to zero; `None`
/// where an entry is not finite.
pub(super) fn nonnegative_eigenvalues(matrix: MatRef<'_, f64>) -> Option<Vec<f64>> {
    let n = matrix.nrows();
    if !is_finite(matrix) {
        return None;
    }
    let mut values = vec![0.0; n];
    let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::No, Par::Seq, faer::prelude::default());
    self_adjoint_evd(
        matrix,
        faer::ColMut::from_slice_mut(&mut values).as_diagonal_mut(),
        None,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        faer::prelude::default(),
    )
    .ok()?;
    for value in &mut values {
        *value = value.max(0.0);
    }
    values.sort_by(|a, b| b.total_cmp(a));
    Some(values)
}

/// Eigenvalues, ascending, and eigenvectors of a symmetric matrix; `None` where the iteration fails.
pub fn eigen(matrix: MatRef<'_, f64>) -> Option<(Vec<f64>, Mat<f64>)> {
    let n = matrix.nrows();
    let mut values = faer::diag::Diag::<f64>::zeros(n);
    let mut vectors = Mat::<f64>::zeros(n, n);
    // One thread: the result must not depend on how many there are.
    let scratch = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, faer::prelude::default());
    let mut memory = MemBuffer::new(scratch);
    self_adjoint_evd(
        matrix,
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        faer::prelude::default(),
    )
    .ok()?;
    Some((values.column_vector().iter().copied().collect(), vectors))
}

/// Whether every entry of the lower triangle is finite (of the whole, where the matrix is not square).
fn is_finite(matrix: MatRef<'_, f64>) -> bool {
    let square = matrix.nrows() == matrix.ncols();
    (0..matrix.ncols()).all(|c| (if square { c } else { 0 }..matrix.nrows()).all(|r| matrix[(r, c)].is_finite()))
}

/// L with `matrix = L Lᵀ`, from the lower triangle; `None` where it is not positive definite to working precision.
pub(crate) fn cholesky(mut matrix: Mat<f64>) -> Option<Mat<f64>> {
    if !is_finite(matrix.as_ref()) {
        return None;
    }
    let scratch = cholesky_in_place_scratch::<f64>(matrix.nrows(), Par::Seq, faer::prelude::default());
    cholesky_in_place(
        matrix.as_mut(),
        faer::prelude::default(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        faer::prelude::default(),
    )
    .ok()?;
    is_finite(matrix.as_ref()).then_some(matrix)
}

/// `right ← L⁻¹ right`.
pub(super) fn solve_lower(lower: MatRef<'_, f64>, right: MatMut<'_, f64>) {
    solve_lower_triangular_in_place(lower, right, Par::Seq);
}

/// `right ← (L Lᵀ)⁻¹ right`.
pub(crate) fn solve(lower: MatRef<'_, f64>, mut right: MatMut<'_, f64>) {
    solve_lower(lower, right.rb_mut());
    solve_upper_triangular_in_place(lower.transpose(), right, Par::Seq);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cholesky_solves_what_it_factored() {
        let matrix = Mat::from_fn(5, 5, |r, c| if r == c { 4.0 } else { 1.0 / (1.0 + (r + c) as f64) });
        let lower = cholesky(matrix.clone()).unwrap();
        let mut x = Mat::from_fn(5, 2, |r, c| (r as f64) - (c as f64));
        let right = x.clone();
        solve(lower.as_ref(), x.as_mut());
        let back = product(matrix.as_ref(), x.as_ref());
        for c in 0..2 {
            for r in 0..5 {
                // Condition number below 3, five terms of ε each.
                assert!((back[(r, c)] - right[(r, c)]).abs() < 1e-13);
            }
        }
        assert!(cholesky(Mat::from_fn(2, 2, |_, _| f64::NAN)).is_none());
        assert!(cholesky(Mat::from_fn(2, 2, |r, c| if r == c { -1.0 } else { 0.0 })).is_none());
    }

    #[test]
    fn eigenvalues_come_in_descending_order() {
        let values =
            nonnegative_eigenvalues(Mat::from_fn(2, 2, |r, c| if r == c { 2.0 } else { 1.0 }).as_ref()).unwrap();
        assert!((values[0] - 3.0).abs() < 1e-14 && (values[1] - 1.0).abs() < 1e-14);
    }
}
