//! A linear readout fitted by ridge regression, its penalty chosen by exact leave-one-out.
//!
//! ```text
//! W(λ) = (XᵀX + λ)⁻¹ XᵀY      X: features less their means over their deviations; Y: one-hot labels less their means
//! ŷ₋ᵢ = yᵢ − (yᵢ − ŷᵢ)/(1 − hᵢᵢ)      hᵢᵢ = 1/m + xᵢᵀ (XᵀX + λ)⁻¹ xᵢ
//! ```
//!
//! - The second line is exact: it is what the readout fitted without sample i says of it (the scaling of features is held)
//! - λ: of 15 multiples of the mean squared singular value, 10⁻⁴ to 10³, the one with the least squared error left out
//! - Source: Allen 1974, Technometrics 16, 125 (PRESS)

use super::matrix::{Matrix, product};
use dunwu::measure::eigen;
use faer::{Mat, MatRef};

/// A readout that was fitted.
pub struct Ridge {
    means: Vec<f64>,
    deviations: Vec<f64>,
    /// `[feature][class]`
    weights: Mat<f64>,
    /// The mean of every class's targets, `[class]`, which the fit is centred on.
    offsets: Vec<f64>,
    /// What the readout that was fitted without a sample says of it: `[sample][class]`.
    pub left_out: Mat<f64>,
    /// What the readout says of the samples that it was fitted on.
    pub fitted: Mat<f64>,
}

/// Multiples of the mean squared singular value that λ is chosen from: 10^(−4 + i/2).
const PENALTIES: usize = 15;
/// A feature whose deviation is below this share of the largest never changes.
const CONSTANT: f64 = 1e-7;

impl Ridge {
    /// Fits one-hot labels; `None` without samples or where the eigenvalues do not come out.
    pub fn fit(features: &Matrix, labels: &[usize], n_classes: usize) -> Option<Self> {
        let m = features.height();
        assert_eq!(m, labels.len(), "a label a sample");
        if m == 0 {
            return None;
        }
        let means = features.means();
        let deviations = deviations(features, &means);
        let x = standardized(features, &means, &deviations);
        let mut offsets = vec![0.0; n_classes];
        labels.iter().for_each(|&label| offsets[label] += 1.0 / m as f64);
        let y = Mat::from_fn(m, n_classes, |i, c| f64::from(u8::from(labels[i] == c)) - offsets[c]);
        let basis = Basis::of(x.as_ref())?;
        let projected = product(basis.z.as_ref().transpose(), y.as_ref());
        let mean_square = basis.squares.iter().sum::<f64>() / basis.squares.len().max(1) as f64;
        let mut best: Option<(f64, f64, Mat<f64>, Mat<f64>)> = None;
        for step in 0..PENALTIES {
            let penalty = mean_square.max(f64::MIN_POSITIVE) * 10.0_f64.powf(-4.0 + step as f64 / 2.0);
            let (fitted, left_out) = basis.predictions(&projected, y.as_ref(), penalty);
            let error = squared_distance(y.as_ref(), left_out.as_ref());
            if best.as_ref().is_none_or(|best| error < best.0) {
                best = Some((error, penalty, fitted, left_out));
            }
        }
        let (_, penalty, fitted, left_out) = best?;
        let weights = basis.weights(x.as_ref(), &projected, penalty);
        let with_offsets = |scores: &Mat<f64>| Mat::from_fn(m, n_classes, |i, c| scores[(i, c)] + offsets[c]);
        Some(Self {
            left_out: with_offsets(&left_out),
            fitted: with_offsets(&fitted),
            means,
            deviations,
            weights,
            offsets,
        })
    }

    /// Weights and offset of one class in the features as they are.
    pub fn linear(&self, class: usize) -> (Vec<f64>, f64) {
        let largest = self.deviations.iter().copied().fold(0.0, f64::max);
        let weight = |(j, &deviation): (usize, &f64)| {
            if deviation <= CONSTANT * largest { 0.0 } else { self.weights[(j, class)] / deviation }
        };
        let weights: Vec<f64> = self.deviations.iter().enumerate().map(weight).collect();
        let at_mean: f64 = weights.iter().zip(&self.means).map(|(w, mean)| w * mean).sum();
        (weights, self.offsets[class] - at_mean)
    }

    /// What the readout says of other samples, `[sample][class]`.
    pub fn scores(&self, features: &Matrix) -> Mat<f64> {
        let x = standardized(features, &self.means, &self.deviations);
        let scores = product(x.as_ref(), self.weights.as_ref());
        Mat::from_fn(scores.nrows(), scores.ncols(), |i, c| scores[(i, c)] + self.offsets[c])
    }
}

/// X = Z Vᵀ with orthogonal columns of Z: the smaller of `XᵀX` and `XXᵀ` is taken apart.
struct Basis {
    /// X V, `[sample][direction]`.
    z: Mat<f64>,
    /// Squared singular values.
    squares: Vec<f64>,
    /// V where X has at least as many rows as columns.
    v: Option<Mat<f64>>,
}

impl Basis {
    fn of(x: MatRef<'_, f64>) -> Option<Self> {
        let (m, d) = (x.nrows(), x.ncols());
        if d <= m {
            let (squares, v) = eigen(product(x.transpose(), x).as_ref())?;
            let squares = squares.into_iter().map(|square| square.max(0.0)).collect();
            return Some(Self { z: product(x, v.as_ref()), squares, v: Some(v) });
        }
        let (squares, u) = eigen(product(x, x.transpose()).as_ref())?;
        let squares: Vec<f64> = squares.into_iter().map(|square| square.max(0.0)).collect();
        let z = Mat::from_fn(m, m, |i, k| u[(i, k)] * squares[k].sqrt());
        Some(Self { z, squares, v: None })
    }

    /// Of the samples themselves: what the whole fit says, and what the fits without each say.
    fn predictions(&self, projected: &Mat<f64>, y: MatRef<'_, f64>, penalty: f64) -> (Mat<f64>, Mat<f64>) {
        let (m, rank) = (self.z.nrows(), self.squares.len());
        let shrunk = Mat::from_fn(rank, y.ncols(), |k, c| projected[(k, c)] / (self.squares[k] + penalty));
        let fitted = product(self.z.as_ref(), shrunk.as_ref());
        let leverage: Vec<f64> = (0..m)
            .map(|i| {
                let own: f64 = (0..rank).map(|k| self.z[(i, k)].powi(2) / (self.squares[k] + penalty)).sum();
                // A lone sample of a direction is fitted exactly; what is left out of it is then not defined.
                (1.0 - 1.0 / m as f64 - own).max(1e-9)
            })
            .collect();
        let left_out = Mat::from_fn(m, y.ncols(), |i, c| y[(i, c)] - (y[(i, c)] - fitted[(i, c)]) / leverage[i]);
        (fitted, left_out)
    }

    fn weights(&self, x: MatRef<'_, f64>, projected: &Mat<f64>, penalty: f64) -> Mat<f64> {
        let rank = self.squares.len();
        let shrunk = Mat::from_fn(rank, projected.ncols(), |k, c| projected[(k, c)] / (self.squares[k] + penalty));
        match &self.v {
            Some(v) => product(v.as_ref(), shrunk.as_ref()),
            // Xᵀ U S⁻¹ (…): directions without length have no weight.
            None => {
                let unit = Mat::from_fn(self.z.nrows(), rank, |i, k| {
                    if self.squares[k] > 0.0 { self.z[(i, k)] / self.squares[k] } else { 0.0 }
                });
                product(x.transpose(), product(unit.as_ref(), shrunk.as_ref()).as_ref())
            }
        }
    }
}

fn deviations(features: &Matrix, means: &[f64]) -> Vec<f64> {
    let mut squares = vec![0.0; features.width()];
    for row in features.rows() {
        for ((square, &value), mean) in squares.iter_mut().zip(row).zip(means) {
            *square += (f64::from(value) - mean).powi(2);
        }
    }
    let n = features.height().max(1) as f64;
    squares.into_iter().map(|square| (square / n).sqrt()).collect()
}

/// Features less means over deviations; a feature that never changes is left at 0.
fn standardized(features: &Matrix, means: &[f64], deviations: &[f64]) -> Mat<f64> {
    let largest = deviations.iter().copied().fold(0.0, f64::max);
    Mat::from_fn(features.height(), features.width(), |i, j| {
        let constant = deviations[j] <= CONSTANT * largest;
        if constant { 0.0 } else { (f64::from(features.row(i)[j]) - means[j]) / deviations[j] }
    })
}

fn squared_distance(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> f64 {
    (0..a.ncols()).map(|c| (0..a.nrows()).map(|i| (a[(i, c)] - b[(i, c)]).powi(2)).sum::<f64>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;

    fn samples(m: usize, d: usize, seed: u64) -> (Matrix, Vec<usize>) {
        let mut draw = Draw::of(900, seed);
        let x = Matrix::from_fn(m, d, |_, _| draw.normal() as f32);
        let labels = (0..m).map(|i| usize::from(x.row(i)[0] > 0.3) + usize::from(x.row(i)[d - 1] > 1.0)).collect();
        (x, labels)
    }

    /// The definition: m fits, each without one sample, with the scaling and the penalty of the whole.
    #[test]
    fn what_is_left_out_is_that_of_fits_without_each_sample() {
        for (m, d) in [(30, 4), (12, 20)] {
            let (x, labels) = samples(m, d, 1);
            let (means, n_classes) = (x.means(), 3);
            let scaled = standardized(&x, &means, &deviations(&x, &means));
            let basis = Basis::of(scaled.as_ref()).unwrap();
            let y = Mat::from_fn(m, n_classes, |i, c| f64::from(u8::from(labels[i] == c)));
            let centred = |y: &Mat<f64>| {
                let mean: Vec<f64> =
                    (0..n_classes).map(|c| (0..m).map(|i| y[(i, c)]).sum::<f64>() / m as f64).collect();
                Mat::from_fn(m, n_classes, |i, c| y[(i, c)] - mean[c])
            };
            let target = centred(&y);
            let projected = product(basis.z.as_ref().transpose(), target.as_ref());
            let penalty = 0.7;
            let (_, left_out) = basis.predictions(&projected, target.as_ref(), penalty);
            for out in 0..m {
                // Normal equations with an unpenalized constant, without row `out`.
                let kept: Vec<usize> = (0..m).filter(|&i| i != out).collect();
                let design = Mat::from_fn(m - 1, d + 1, |i, j| if j == d { 1.0 } else { scaled[(kept[i], j)] });
                let mut normal = product(design.as_ref().transpose(), design.as_ref());
                (0..d).for_each(|j| normal[(j, j)] += penalty);
                let right = Mat::from_fn(m - 1, n_classes, |i, c| target[(kept[i], c)]);
                let right = product(design.as_ref().transpose(), right.as_ref());
                let (values, vectors) = eigen(normal.as_ref()).unwrap();
                let turned = product(vectors.as_ref().transpose(), right.as_ref());
                let solved = Mat::from_fn(d + 1, n_classes, |k, c| turned[(k, c)] / values[k]);
                let weights = product(vectors.as_ref(), solved.as_ref());
                for c in 0..n_classes {
                    let said: f64 = (0..d).map(|j| scaled[(out, j)] * weights[(j, c)]).sum::<f64>() + weights[(d, c)];
                    assert!((said - left_out[(out, c)]).abs() < 1e-8, "{m}x{d}: {said} and {}", left_out[(out, c)]);
                }
            }
        }
    }

    /// Against every penalty of the list, each fitted anew; the list spans seven decades, so that its ends fit worse.
    #[test]
    fn the_penalty_is_that_of_the_least_error_left_out() {
        let (x, labels) = samples(40, 12, 3);
        let ridge = Ridge::fit(&x, &labels, 3).unwrap();
        let y = Mat::from_fn(40, 3, |i, c| f64::from(u8::from(labels[i] == c)));
        let shares: Vec<f64> = (0..3).map(|c| (0..40).map(|i| y[(i, c)]).sum::<f64>() / 40.0).collect();
        let centred = Mat::from_fn(40, 3, |i, c| y[(i, c)] - shares[c]);
        let basis = Basis::of(standardized(&x, &x.means(), &deviations(&x, &x.means())).as_ref()).unwrap();
        let projected = product(basis.z.as_ref().transpose(), centred.as_ref());
        let mean_square = basis.squares.iter().sum::<f64>() / 12.0;
        let error = |step: i32| {
            let penalty = mean_square * 10.0_f64.powf(-4.0 + f64::from(step) / 2.0);
            let (_, left_out) = basis.predictions(&projected, centred.as_ref(), penalty);
            squared_distance(centred.as_ref(), left_out.as_ref())
        };
        let found = squared_distance(y.as_ref(), ridge.left_out.as_ref());
        let errors: Vec<f64> = (0..PENALTIES as i32).map(error).collect();
        let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
        assert!((found - least).abs() < 1e-9 * least, "{found}, and the least is {least}");
        assert!(errors[0] > 1.01 * least && errors[PENALTIES - 1] > 1.01 * least, "{errors:?}");
    }

    #[test]
    fn scores_of_the_samples_that_were_fitted_are_the_fit() {
        for (m, d) in [(40, 5), (15, 30)] {
            let (x, labels) = samples(m, d, 2);
            let ridge = Ridge::fit(&x, &labels, 3).unwrap();
            let scores = ridge.scores(&x);
            assert!(squared_distance(scores.as_ref(), ridge.fitted.as_ref()) < 1e-16 * (m * m) as f64);
        }
    }
}
