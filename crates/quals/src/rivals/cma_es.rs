//! CMA-ES: an evolution strategy that adapts the covariance of its steps (Hansen and Ostermeier 2001; the tutorial, arXiv:1604.00772,
//! with the defaults of its table 1).

use crate::draws::Draws;

/// Minimises a function from `start` with steps of about `size`; gives the best point and its value after at most `evaluations`.
pub(crate) fn minimise(
    start: &[f64],
    size: f64,
    evaluations: usize,
    draws: &mut Draws,
    mut f: impl FnMut(&[f64]) -> f64,
) -> (Vec<f64>, f64) {
    let n = start.len();
    let dimension = n as f64;
    let lambda = 4 + (3.0 * libm::log(dimension)).floor() as usize;
    let mu = lambda / 2;
    let raw: Vec<f64> = (1..=mu).map(|i| libm::log(f64::midpoint(lambda as f64, 1.0)) - libm::log(i as f64)).collect();
    let sum: f64 = raw.iter().sum();
    let weights: Vec<f64> = raw.iter().map(|w| w / sum).collect();
    let effective = 1.0 / weights.iter().map(|w| w * w).sum::<f64>();
    let of_size = (effective + 2.0) / (dimension + effective + 5.0);
    let damping = 1.0 + 2.0 * (((effective - 1.0) / (dimension + 1.0)).sqrt() - 1.0).max(0.0) + of_size;
    let of_path = (4.0 + effective / dimension) / (dimension + 4.0 + 2.0 * effective / dimension);
    let of_one = 2.0 / ((dimension + 1.3).powi(2) + effective);
    let of_mu = (1.0 - of_one).min(2.0 * (effective - 2.0 + 1.0 / effective) / ((dimension + 2.0).powi(2) + effective));
    // The length that a standard normal vector has in the mean.
    let usual = dimension.sqrt() * (1.0 - 1.0 / (4.0 * dimension) + 1.0 / (21.0 * dimension * dimension));

    let (mut mean, mut sigma) = (start.to_vec(), size);
    let mut covariance: Vec<f64> = (0..n * n).map(|place| f64::from(u8::from(place / n == place % n))).collect();
    let (mut path_of_size, mut path) = (vec![0.0; n], vec![0.0; n]);
    let mut best = (mean.clone(), f(&mean));
    let mut used = 1;
    let mut generation = 0;
    while used + lambda <= evaluations {
        generation += 1;
        let (vectors, lengths) = axes(&covariance, n);
        let mut brood: Vec<(f64, Vec<f64>)> = (0..lambda)
            .map(|_| {
                let z: Vec<f64> = (0..n).map(|k| lengths[k] * draws.normal()).collect();
                let step: Vec<f64> = (0..n).map(|i| (0..n).map(|k| vectors[i * n + k] * z[k]).sum()).collect();
                let point: Vec<f64> = mean.iter().zip(&step).map(|(m, s)| m + sigma * s).collect();
                let value = f(&point);
                if value < best.1 {
                    best = (point, value);
                }
                (value, step)
            })
            .collect();
        used += lambda;
        brood.sort_by(|a, b| a.0.total_cmp(&b.0));
        let step: Vec<f64> =
            (0..n).map(|i| weights.iter().zip(&brood).map(|(w, (_, step))| w * step[i]).sum()).collect();
        mean.iter_mut().zip(&step).for_each(|(m, s)| *m += sigma * s);
        // C^(−½) times the step.
        let turned: Vec<f64> =
            (0..n).map(|k| (0..n).map(|i| vectors[i * n + k] * step[i]).sum::<f64>() / lengths[k]).collect();
        let white: Vec<f64> = (0..n).map(|i| (0..n).map(|k| vectors[i * n + k] * turned[k]).sum()).collect();
        let by = (of_size * (2.0 - of_size) * effective).sqrt();
        path_of_size.iter_mut().zip(&white).for_each(|(p, w)| *p = (1.0 - of_size) * *p + by * w);
        let length = path_of_size.iter().map(|p| p * p).sum::<f64>().sqrt();
        let is_short = length / (1.0 - libm::pow(1.0 - of_size, 2.0 * f64::from(generation))).sqrt()
            < (1.4 + 2.0 / (dimension + 1.0)) * usual;
        let by = if is_short { (of_path * (2.0 - of_path) * effective).sqrt() } else { 0.0 };
        path.iter_mut().zip(&step).for_each(|(p, s)| *p = (1.0 - of_path) * *p + by * s);
        let lost = if is_short { 0.0 } else { of_one * of_path * (2.0 - of_path) };
        for i in 0..n {
            for j in 0..n {
                let of_brood: f64 = weights.iter().zip(&brood).map(|(w, (_, step))| w * step[i] * step[j]).sum();
                let old = covariance[i * n + j];
                covariance[i * n + j] =
                    (1.0 - of_one - of_mu + lost) * old + of_one * path[i] * path[j] + of_mu * of_brood;
            }
        }
        sigma *= libm::exp((of_size / damping * (length / usual - 1.0)).min(1.0));
        if !(1e-12..1e12).contains(&sigma) {
            break;
        }
    }
    best
}

/// The axes of a symmetric matrix (columns) and the square roots of its eigenvalues, by Jacobi's rotations.
fn axes(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut a = matrix.to_vec();
    let mut vectors: Vec<f64> = (0..n * n).map(|place| f64::from(u8::from(place / n == place % n))).collect();
    for _ in 0..30 {
        let off: f64 = (0..n * n).filter(|place| place / n != place % n).map(|place| a[place] * a[place]).sum();
        if off < 1e-20 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[p * n + q].abs() < 1e-300 {
                    continue;
                }
                let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * a[p * n + q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..n {
                    let (x, y) = (a[k * n + p], a[k * n + q]);
                    (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y);
                }
                for k in 0..n {
                    let (x, y) = (a[p * n + k], a[q * n + k]);
                    (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y);
                    let (x, y) = (vectors[k * n + p], vectors[k * n + q]);
                    (vectors[k * n + p], vectors[k * n + q]) = (c * x - s * y, s * x + c * y);
                }
            }
        }
    }
    let lengths = (0..n).map(|k| a[k * n + k].max(1e-20).sqrt()).collect();
    (vectors, lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Functions of the usual battery: a sphere, an ellipsoid of condition 10⁴ that is turned, and Rosenbrock's valley.
    #[test]
    fn known_functions_are_minimised() {
        let sphere = |x: &[f64]| x.iter().map(|x| (x - 0.3).powi(2)).sum::<f64>();
        let turned = |x: &[f64]| {
            let y = [x[0] + x[1], x[0] - x[1], x[2] + 0.5 * x[0]];
            y[0].powi(2) + 100.0 * y[1].powi(2) + 1e4 * y[2].powi(2)
        };
        let valley = |x: &[f64]| {
            (0..x.len() - 1).map(|i| 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2)).sum::<f64>()
        };
        let mut draws = Draws::of(1, "cma-es");
        assert!(minimise(&[2.0; 5], 1.0, 3_000, &mut draws, sphere).1 < 1e-10);
        assert!(minimise(&[2.0; 3], 1.0, 4_000, &mut draws, turned).1 < 1e-8);
        let (x, value) = minimise(&[-1.0; 4], 0.5, 20_000, &mut draws, valley);
        assert!(value < 1e-6 && x.iter().all(|x| (x - 1.0).abs() < 1e-2), "{x:?} {value}");
    }

    #[test]
    fn axes_give_the_matrix_back() {
        let matrix = [4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0];
        let (vectors, lengths) = axes(&matrix, 3);
        for i in 0..3 {
            for j in 0..3 {
                let back: f64 = (0..3).map(|k| vectors[i * 3 + k] * lengths[k] * lengths[k] * vectors[j * 3 + k]).sum();
                assert!((back - matrix[i * 3 + j]).abs() < 1e-9);
            }
        }
    }
}
