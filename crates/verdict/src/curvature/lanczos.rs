//! The largest eigenvalue of a symmetric matrix that can only be multiplied with.

use dunwu::measure::eigen;
use faer::Mat;

/// An eigenvalue with its vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenpair {
    /// λ
    pub value: f64,
    /// The eigenvector v that belongs to λ, scaled to length 1.
    pub vector: Vec<f64>,
    /// ‖A v − λ v‖: an eigenvalue lies within this of λ.
    pub residual: f64,
    /// Products that it took.
    pub n_products: usize,
}

/// Products between two looks at the tridiagonal matrix.
const LOOK_EVERY: usize = 4;

/// The largest eigenvalue of A, by Lanczos' method with full reorthogonalization.
///
/// ```text
/// β_j q_{j+1} = A q_j − α_j q_j − β_{j−1} q_{j−1}      A Q ≈ Q T      λ ≈ the largest θ of T, ‖A v − θ v‖ = β_k |s_k|
/// ```
///
/// - `product`: A times a vector, A symmetric; `start`: q₁, which must not be orthogonal to the eigenvector sought
/// - Stops where the residual is below `tolerance` · |θ|, after `most` products, or where the vectors span all that A makes of `start`
/// - Each new vector is made orthogonal to all before it, twice, so that none comes back and no eigenvalue is found twice
/// - Source: Golub & Van Loan, Matrix Computations, 4th edition, section 10.3
/// - `None` for a start of zeros and where a product is not finite
pub fn largest_eigenpair(
    start: &[f64],
    (tolerance, most): (f64, usize),
    mut product: impl FnMut(&[f64]) -> Vec<f64>,
) -> Option<Eigenpair> {
    let mut basis = vec![unit(start)?];
    let (mut alphas, mut betas): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    loop {
        let last = basis.last()?;
        let mut next = product(last);
        alphas.push(dot(last, &next));
        for _ in 0..2 {
            for vector in &basis {
                let along = dot(vector, &next);
                next.iter_mut().zip(vector).for_each(|(x, v)| *x -= along * v);
            }
        }
        let beta = dot(&next, &next).sqrt();
        if !beta.is_finite() {
            return None;
        }
        let size = alphas.iter().chain(&betas).fold(0.0_f64, |size, x| size.max(x.abs()));
        let is_spanned = beta <= 1e-13 * size || basis.len() == start.len();
        let k = alphas.len();
        if is_spanned || k >= most || k.is_multiple_of(LOOK_EVERY) {
            let (theta, s) = top_of_tridiagonal(&alphas, &betas)?;
            let residual = if is_spanned { 0.0 } else { beta * s[k - 1].abs() };
            if is_spanned || k >= most || residual <= tolerance * theta.abs() {
                let mut vector = vec![0.0; start.len()];
                for (basis, s) in basis.iter().zip(&s) {
                    vector.iter_mut().zip(basis).for_each(|(x, q)| *x += s * q);
                }
                return Some(Eigenpair { value: theta, vector: unit(&vector)?, residual, n_products: k });
            }
        }
        betas.push(beta);
        basis.push(next.iter().map(|x| x / beta).collect());
    }
}

fn top_of_tridiagonal(alphas: &[f64], betas: &[f64]) -> Option<(f64, Vec<f64>)> {
    let k = alphas.len();
    let matrix = Mat::from_fn(k, k, |i, j| match i.abs_diff(j) {
        0 => alphas[i],
        1 => betas[i.min(j)],
        _ => 0.0,
    });
    let (values, vectors) = eigen(matrix.as_ref())?;
    Some((*values.last()?, (0..k).map(|i| vectors[(i, k - 1)]).collect()))
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn unit(vector: &[f64]) -> Option<Vec<f64>> {
    let size = dot(vector, vector).sqrt();
    (size > 0.0 && size.is_finite()).then(|| vector.iter().map(|x| x / size).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Q diag(λ) Qᵀ with Q a product of reflections.
    fn matrix(spectrum: &[f64]) -> Vec<Vec<f64>> {
        let n = spectrum.len();
        let mut rows: Vec<Vec<f64>> =
            (0..n).map(|i| (0..n).map(|j| if i == j { spectrum[i] } else { 0.0 }).collect()).collect();
        for seed in 1..4 {
            let v = unit(&(0..n).map(|i| ((i * i + 3 * i + seed) as f64 * 0.7).sin()).collect::<Vec<_>>()).unwrap();
            // R A R with R = I − 2 v vᵀ.
            for _ in 0..2 {
                for row in &mut rows {
                    let along = dot(row, &v);
                    row.iter_mut().zip(&v).for_each(|(x, v)| *x -= 2.0 * along * v);
                }
                rows = (0..n).map(|j| rows.iter().map(|row| row[j]).collect()).collect();
            }
        }
        rows
    }

    #[test]
    fn the_largest_eigenvalue_of_a_known_spectrum_is_found() {
        let even: Vec<f64> = (0..60).map(|i| f64::from(i) - 80.0).collect();
        let mut outlier = vec![0.01; 60];
        (outlier[7], outlier[8], outlier[20]) = (5.0, 4.999, -9.0);
        for (name, spectrum, largest) in
            [("all negative", even, -21.0), ("close pair", outlier, 5.0), ("one number", vec![3.0], 3.0)]
        {
            let matrix = matrix(&spectrum);
            let start: Vec<f64> = (0..spectrum.len()).map(|i| (i as f64 * 1.1).cos()).collect();
            let mut n = 0;
            let found = largest_eigenpair(&start, (1e-10, 200), |v| {
                n += 1;
                matrix.iter().map(|row| dot(row, v)).collect()
            })
            .unwrap();
            assert!((found.value - largest).abs() < 1e-8 * largest.abs(), "{name}: {}", found.value);
            let image: Vec<f64> = matrix.iter().map(|row| dot(row, &found.vector)).collect();
            let left: f64 = image.iter().zip(&found.vector).map(|(a, v)| (a - found.value * v).powi(2)).sum();
            assert!(left.sqrt() < 1e-8 && (dot(&found.vector, &found.vector) - 1.0).abs() < 1e-12, "{name}");
            assert_eq!(found.n_products, n);
            assert!(n <= spectrum.len(), "{name}: no vector comes back");
        }
    }

    #[test]
    fn what_has_no_direction_or_is_not_finite_has_no_eigenvalue() {
        assert_eq!(largest_eigenpair(&[0.0; 3], (1e-6, 9), <[f64]>::to_vec), None);
        assert_eq!(largest_eigenpair(&[1.0; 3], (1e-6, 9), |_| vec![f64::NAN; 3]), None);
    }

    #[test]
    fn few_products_give_a_value_with_its_residual() {
        let spectrum: Vec<f64> = (0..100).map(|i| (f64::from(i) / 10.0).powi(2)).collect();
        let matrix = matrix(&spectrum);
        let product = |v: &[f64]| -> Vec<f64> { matrix.iter().map(|row| dot(row, v)).collect() };
        let start: Vec<f64> = (0..100).map(|i| (f64::from(i) * 2.3).cos()).collect();
        let coarse = largest_eigenpair(&start, (1e-12, 8), product).unwrap();
        let fine = largest_eigenpair(&coarse.vector, (1e-3, 100), product).unwrap();
        assert!(coarse.n_products == 8 && coarse.residual > fine.residual);
        for found in [&coarse, &fine] {
            let nearest = spectrum.iter().map(|x| (x - found.value).abs()).fold(f64::INFINITY, f64::min);
            assert!(nearest <= found.residual, "an eigenvalue lies within the residual");
        }
        assert!((fine.value / spectrum[99] - 1.0).abs() < 1e-3);
    }
}
