//! Factorisations of small matrices: inverse and determinant by elimination, eigenvalues and singular values by rotations.
//!
//! Everything here works on complex matrices. Sizes are those of a witness, at most a few dozen rows, where Jacobi's
//! rotations are as accurate as anything and need no library.

use crate::tensor::Tensor;

type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn over(a: Complex, b: Complex) -> Complex {
    let size = b.0 * b.0 + b.1 * b.1;
    ((a.0 * b.0 + a.1 * b.1) / size, (a.1 * b.0 - a.0 * b.1) / size)
}

fn entries(a: &Tensor) -> Vec<Vec<Complex>> {
    (0..a.rows()).map(|row| (0..a.cols()).map(|col| a.entry(row, col)).collect()).collect()
}

fn tensor(rows: usize, cols: usize, a: &[Vec<Complex>], complex: bool) -> Tensor {
    let re = a.iter().flatten().map(|x| x.0).collect();
    if !complex {
        return Tensor::real(rows, cols, re);
    }
    Tensor::complex(rows, cols, re, a.iter().flatten().map(|x| x.1).collect())
}

/// The inverse and the determinant of a square matrix, by elimination with row pivots. No inverse where a pivot is zero.
pub(crate) fn inverse(a: &Tensor) -> (Option<Tensor>, Tensor) {
    let n = a.rows();
    let mut left = entries(a);
    let mut right = entries(&Tensor::identity(n));
    let mut det: Complex = (1.0, 0.0);
    for col in 0..n {
        let size = |row: &Vec<Complex>| row[col].0.hypot(row[col].1);
        let pivot = (col..n).max_by(|&x, &y| size(&left[x]).total_cmp(&size(&left[y]))).unwrap_or(col);
        if size(&left[pivot]) == 0.0 {
            return (None, tensor(1, 1, &[vec![(0.0, 0.0)]], a.is_complex()));
        }
        if pivot != col {
            left.swap(pivot, col);
            right.swap(pivot, col);
            det = (-det.0, -det.1);
        }
        det = times(det, left[col][col]);
        let head = left[col][col];
        for at in 0..n {
            left[col][at] = over(left[col][at], head);
            right[col][at] = over(right[col][at], head);
        }
        let (left_row, right_row) = (left[col].clone(), right[col].clone());
        for row in (0..n).filter(|&row| row != col) {
            let factor = left[row][col];
            for at in 0..n {
                let (less, less_right) = (times(factor, left_row[at]), times(factor, right_row[at]));
                left[row][at] = (left[row][at].0 - less.0, left[row][at].1 - less.1);
                right[row][at] = (right[row][at].0 - less_right.0, right[row][at].1 - less_right.1);
            }
        }
    }
    (Some(tensor(n, n, &right, a.is_complex())), tensor(1, 1, &[vec![det]], a.is_complex()))
}

/// Singular values, largest first, with `a = u diag(values) v*`. Columns of `u` that belong to the value 0 are 0.
pub(crate) struct Svd {
    pub(crate) u: Tensor,
    pub(crate) values: Vec<f64>,
    pub(crate) v: Tensor,
}

/// One-sided Jacobi rotations (Hestenes): columns are turned against each other until all are orthogonal.
pub(crate) fn svd(a: &Tensor) -> Svd {
    let complex = a.is_complex();
    let (n, m) = (a.rows(), a.cols());
    let mut columns = entries(&a.transposed());
    let mut turns = entries(&Tensor::identity(m));
    for _ in 0..60 {
        let mut turned = false;
        for p in 0..m {
            for q in p + 1..m {
                turned |= turn(&mut columns, &mut turns, p, q);
            }
        }
        if !turned {
            break;
        }
    }
    let length = |column: &Vec<Complex>| column.iter().map(|x| x.0 * x.0 + x.1 * x.1).sum::<f64>().sqrt();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&x, &y| length(&columns[y]).total_cmp(&length(&columns[x])));
    let values: Vec<f64> = order.iter().map(|&at| length(&columns[at])).collect();
    let floor = values.first().copied().unwrap_or(0.0) * 1e-13;
    let left: Vec<Vec<Complex>> = order
        .iter()
        .zip(&values)
        .map(|(&at, &size)| {
            let keep = size > floor;
            columns[at].iter().map(|x| if keep { (x.0 / size, x.1 / size) } else { (0.0, 0.0) }).collect()
        })
        .collect();
    let right: Vec<Vec<Complex>> = order.iter().map(|&at| turns[at].clone()).collect();
    Svd { u: tensor(m, n, &left, complex).transposed(), values, v: tensor(m, m, &right, complex).transposed() }
}

/// Turns columns `p` and `q` so that they are orthogonal; false if they were.
fn turn(columns: &mut [Vec<Complex>], turns: &mut [Vec<Complex>], p: usize, q: usize) -> bool {
    let (mut alpha, mut beta, mut gamma) = (0.0, 0.0, (0.0, 0.0));
    for (x, y) in columns[p].iter().zip(&columns[q]) {
        alpha += x.0 * x.0 + x.1 * x.1;
        beta += y.0 * y.0 + y.1 * y.1;
        let cross = times((x.0, -x.1), *y);
        gamma = (gamma.0 + cross.0, gamma.1 + cross.1);
    }
    let size: f64 = gamma.0.hypot(gamma.1);
    if size <= 1e-15 * f64::sqrt(alpha * beta) || size < 1e-300 {
        return false;
    }
    let phase = (gamma.0 / size, gamma.1 / size);
    let zeta = (beta - alpha) / (2.0 * size);
    let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = cosine * tangent;
    for side in [columns, turns] {
        for at in 0..side[p].len() {
            let x = side[p][at];
            let y = times((phase.0, -phase.1), side[q][at]);
            side[p][at] = (cosine * x.0 - sine * y.0, cosine * x.1 - sine * y.1);
            side[q][at] = (sine * x.0 + cosine * y.0, sine * x.1 + cosine * y.1);
        }
    }
    true
}

/// Eigenvalues of a Hermitian matrix, largest first, and its eigenvectors as columns.
///
/// The matrix is shifted until it is positive; then its singular vectors are its eigenvectors.
pub(crate) fn eigen(a: &Tensor) -> (Vec<f64>, Tensor) {
    let n = a.rows();
    let hermitian = a.plus(&a.adjoint(), 1.0).scaled(0.5);
    let shift = hermitian.norm() * 1.5 + f64::MIN_POSITIVE;
    let found = svd(&hermitian.plus(&Tensor::identity(n), shift));
    let vectors = found.v;
    let image = hermitian.matmul(&vectors);
    let values: Vec<f64> =
        (0..n).map(|col| vectors.block((0, n), (col, col + 1)).inner(&image.block((0, n), (col, col + 1)))).collect();
    (values, vectors)
}

/// The polar factor `u v*` of a matrix. Wide matrices go through their adjoint.
pub(crate) fn polar(a: &Tensor) -> Tensor {
    if a.cols() > a.rows() {
        return polar(&a.adjoint()).adjoint();
    }
    let found = svd(a);
    found.u.matmul(&found.v.adjoint())
}

/// The number of singular values above `1e-6` of the largest.
pub(crate) fn rank(a: &Tensor) -> usize {
    let values = svd(a).values;
    let floor = values.first().copied().unwrap_or(0.0) * 1e-6;
    values.iter().filter(|value| **value > floor && **value > 0.0).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn an_inverse_times_its_matrix_is_the_identity() {
        let a = Stream::new(1, 0, "a").complex_gaussian(6, 6);
        let (inverse, det) = inverse(&a);
        let rest = inverse.unwrap().matmul(&a).plus(&Tensor::identity(6), -1.0);
        assert!(rest.norm() < 1e-12 && det.norm() > 0.0);
    }

    #[test]
    fn singular_values_put_the_matrix_together_again() {
        for (rows, cols) in [(6, 3), (3, 6), (5, 5), (1, 4)] {
            let a = Stream::new(2, 0, "a").complex_gaussian(rows, cols);
            let found = svd(&a);
            let values = Tensor::from_fn(cols, cols, |r, c| if r == c { found.values[r] } else { 0.0 });
            let again = found.u.matmul(&values).matmul(&found.v.adjoint());
            assert!(again.plus(&a, -1.0).norm() < 1e-12 * a.norm(), "{rows} x {cols}");
        }
    }

    #[test]
    fn eigenvectors_diagonalise_a_hermitian_matrix() {
        let a = Stream::new(3, 0, "a").complex_gaussian(7, 7);
        let a = a.plus(&a.adjoint(), 1.0);
        let (values, vectors) = eigen(&a);
        let turned = vectors.adjoint().matmul(&a).matmul(&vectors);
        let diagonal = Tensor::from_fn(7, 7, |r, c| if r == c { values[r] } else { 0.0 });
        assert!(turned.plus(&diagonal, -1.0).norm() < 1e-12 * a.norm());
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
    }
}
