//! Egalitarian gradient descent: all singular directions of a matrix's gradient at one speed (Saheb Pasand & Dohmatob 2025,
//! arXiv:2510.04930).

use crate::kernel::Real;
use crate::kernel::double::{Matrix, gram, product};
use crate::spec::Numerics;

/// Singular values below it are divided by it and not by themselves, as in the authors' script: directions without a gradient,
/// and what rounding makes of them, stay near zero.
const SMALLEST: f64 = 1e-6;
/// Sweeps of Jacobi's method. It converges quadratically; matrices of 200 rows take about eight.
const SWEEPS: usize = 30;

/// One matrix, `[rows][columns]`:
///
/// ```text
/// G = U diag(s) Vᵀ      G ← (G Gᵀ)^(−1/2) G = U diag(s / max(s, 10⁻⁶)) Vᵀ
/// ```
///
/// Time: Jacobi's method on the Gram matrix of the short side d costs about 70 d³ flops, a tenth of a second for d = 142.
pub(super) fn equalize<R: Real>(numerics: Numerics, gradient: &mut [R], rows: usize, columns: usize) {
    if !gradient.iter().all(|g| g.wide().is_finite()) {
        return;
    }
    let wide = rows <= columns;
    let mut short = Matrix { rows, columns, values: gradient.iter().map(|g| g.wide()).collect() };
    if !wide {
        short = short.transposed();
    }
    let (values, vectors) = eigen(gram(numerics, &short));
    let side = short.rows;
    let factors: Vec<f64> = values.iter().map(|&value| value.max(0.0).sqrt().max(SMALLEST).recip()).collect();
    // Rows of `vectors` are the eigenvectors u: Σ u uᵀ / s.
    let scaled = Matrix::from_fn(side, side, |i, j| factors[i] * vectors.row(i)[j]);
    let whitening = product(numerics, &vectors.transposed(), &scaled);
    let mut result = product(numerics, &whitening, &short);
    if !wide {
        result = result.transposed();
    }
    gradient.iter_mut().zip(&result.values).for_each(|(g, &value)| *g = R::of(value));
}

/// Eigenvalues of a symmetric matrix, and its eigenvectors as rows, by Jacobi's cyclic rotations.
fn eigen(mut a: Matrix) -> (Vec<f64>, Matrix) {
    let n = a.rows;
    let mut vectors = Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)));
    let square = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>();
    let negligible = square(&a.values) * 1e-30;
    for _ in 0..SWEEPS {
        let outside: f64 = (0..n).map(|i| square(&a.row(i)[..i])).sum();
        if outside <= negligible {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                let off = a.values[p * n + q];
                if off * off <= negligible / (n * n) as f64 {
                    continue;
                }
                // The smaller root of t² + 2θt − 1 = 0: a rotation by at most 45°.
                let theta = (a.values[q * n + q] - a.values[p * n + p]) / (2.0 * off);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (t * t + 1.0).sqrt();
                let sine = t * cosine;
                rotate_rows(&mut a.values, n, (p, q), (cosine, sine));
                for row in a.values.chunks_exact_mut(n) {
                    let (x, y) = (row[p], row[q]);
                    (row[p], row[q]) = (cosine * x - sine * y, sine * x + cosine * y);
                }
                rotate_rows(&mut vectors.values, n, (p, q), (cosine, sine));
            }
        }
    }
    ((0..n).map(|i| a.values[i * n + i]).collect(), vectors)
}

/// Rows p and q, p < q, turned into each other.
fn rotate_rows(values: &mut [f64], n: usize, (p, q): (usize, usize), (cosine, sine): (f64, f64)) {
    let (above, below) = values.split_at_mut(q * n);
    for (x, y) in above[p * n..][..n].iter_mut().zip(&mut below[..n]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize, speed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i * i) as f32 * speed + 0.3).sin()).collect()
    }

    /// A matrix of full rank becomes one with orthonormal short side, whose product with the old one is symmetric and positive: the
    /// polar factor, which has these two properties alone.
    #[test]
    fn a_matrix_becomes_its_polar_factor() {
        for (rows, columns) in [(1, 5), (4, 4), (3, 17), (17, 3), (12, 40)] {
            let before = wave(rows * columns, 1.7);
            let mut after = before.clone();
            equalize(Numerics::Exact, &mut after, rows, columns);
            let entry = |values: &[f32], i: usize, k: usize| {
                f64::from(if rows <= columns { values[i * columns + k] } else { values[k * columns + i] })
            };
            let (side, long) = (rows.min(columns), rows.max(columns));
            let product = |a: &[f32], b: &[f32], i: usize, j: usize| {
                (0..long).map(|k| entry(a, i, k) * entry(b, j, k)).sum::<f64>()
            };
            for i in 0..side {
                for j in 0..side {
                    let expected = f64::from(u8::from(i == j));
                    // Rounding to f32 of up to 40 terms below 1.
                    assert!((product(&after, &after, i, j) - expected).abs() < 2e-6, "{rows}×{columns}");
                    let (one, other) = (product(&after, &before, i, j), product(&after, &before, j, i));
                    assert!((one - other).abs() < 1e-5, "{rows}×{columns}: {one} against {other}");
                }
                assert!(product(&after, &before, i, i) > 0.0);
            }
        }
    }

    /// Of rank 1: the one direction gets length 1, the others nothing.
    #[test]
    fn directions_without_a_gradient_get_none() {
        let (u, v) = (wave(6, 0.9), wave(9, 2.3));
        let mut gradient: Vec<f32> = u.iter().flat_map(|u| v.iter().map(move |v| 1e-3 * u * v)).collect();
        equalize(Numerics::Fast, &mut gradient, 6, 9);
        let length = |x: &[f32]| x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        let size = length(&u) * length(&v);
        for (g, (u, v)) in gradient.iter().zip(u.iter().flat_map(|u| v.iter().map(move |v| (u, v)))) {
            let expected = f64::from(*u) * f64::from(*v) / size;
            // What rounding makes of the other directions, 10⁻³ · 6·10⁻⁸, is divided by 10⁻⁶.
            assert!((f64::from(*g) - expected).abs() < 2e-4, "{g} for {expected}");
        }
    }
}
