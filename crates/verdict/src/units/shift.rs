//! Whether held-out samples come from where the training samples come from: a linear readout that is to tell them apart.
//!
//! ```text
//! f(x) = wᵀx + b by ridge on ±1, λ = N, five folds      AUC = P(f of a training sample > f of a held-out one), on samples left out
//! ```
//!
//! - x: where inputs are given, 256 random rectified features of them; else activations, among which a layer that has memorized much
//!   looks shifted although it is not
//! - 0.5: not to be told apart; between unshifted samples of digits it is 0.50 to 0.51
//! - Flagged samples are left out: what a network has memorized lies where it put it
//! - Source of folds from one fit: the residuals of a left-out block are (I − `H_bb)⁻¹` `r_b`, H the projection of the whole fit

use super::matrix::{Matrix, product};
use crate::draw::Draw;
use dunwu::measure::eigen;
use faer::{Mat, MatRef};

/// Samples of either side that are looked at; more change the figure by less than it varies.
const MOST: usize = 1_000;
/// Folds.
const FOLDS: usize = 5;
/// The numbered stream that picks and folds them, and that of the random features.
const FOLD_STREAM: usize = 0xf01d;
const FEATURE_STREAM: usize = 0xfea7;
/// Random features of inputs.
const FEATURES: usize = 256;

/// Random rectified features of both sides: unlike the inputs themselves, a linear readout of them sees noise that was added.
fn random_features(train: &Matrix, held_out: &Matrix) -> (Matrix, Matrix) {
    let mut draw = Draw::of(FEATURE_STREAM, 0);
    let width = train.width();
    let means = train.means();
    let weights: Vec<f64> = (0..FEATURES * width).map(|_| draw.normal()).collect();
    let offsets: Vec<f64> = (0..FEATURES).map(|_| draw.normal()).collect();
    let spread = |row: &[f32]| row.iter().zip(&means).map(|(x, mean)| (f64::from(*x) - mean).powi(2)).sum::<f64>();
    let size = (train.rows().map(spread).sum::<f64>() / train.height().max(1) as f64).sqrt().max(f64::MIN_POSITIVE);
    let of = |side: &Matrix| {
        Matrix::from_fn(side.height(), FEATURES, |i, k| {
            let own = &weights[k * width..(k + 1) * width];
            let centred = side.row(i).iter().zip(&means).map(|(x, mean)| f64::from(*x) - mean);
            let dot: f64 = centred.zip(own).map(|(x, w)| x * w).sum();
            (dot / size + offsets[k]).max(0.0) as f32
        })
    };
    (of(train), of(held_out))
}

/// The area under the ROC curve; `None` where either side has fewer than ten samples.
pub fn shift_auc(train: &Matrix, held_out: &Matrix, flagged: &[bool]) -> Option<f64> {
    let (train, held_out) = some_of_both(train, held_out, flagged)?;
    told_apart(&train, &held_out)
}

/// The same on random features of inputs.
pub(super) fn shift_auc_of_inputs(train: &Matrix, held_out: &Matrix, flagged: &[bool]) -> Option<f64> {
    let (train, held_out) = some_of_both(train, held_out, flagged)?;
    let (train, held_out) = random_features(&train, &held_out);
    told_apart(&train, &held_out)
}

/// At most so many samples of either side, flagged ones left out; `None` where either has fewer than ten.
fn some_of_both(train: &Matrix, held_out: &Matrix, flagged: &[bool]) -> Option<(Matrix, Matrix)> {
    let mut draw = Draw::of(FOLD_STREAM, 0);
    let mut pick = |places: Vec<usize>| -> Vec<usize> {
        let order = draw.order(places.len());
        order.into_iter().take(MOST).map(|place| places[place]).collect()
    };
    let first = pick((0..train.height()).filter(|&i| !flagged[i]).collect());
    let second = pick((0..held_out.height()).collect());
    (first.len() >= 10 && second.len() >= 10).then(|| (train.select(&first), held_out.select(&second)))
}

fn told_apart(train: &Matrix, held_out: &Matrix) -> Option<f64> {
    let n_train = train.height();
    let n = n_train + held_out.height();
    let row = |i: usize| if i < n_train { train.row(i) } else { held_out.row(i - n_train) };
    let x = standardized(n, train.width(), row);
    // Both sides weigh the same, so that the size of neither decides; the folds take every fifth of each.
    let target: Vec<f64> = (0..n).map(|i| if i < n_train { 1.0 } else { -1.0 }).collect();
    let left_out = left_out_scores(x.as_ref(), &target)?;
    let (ours, theirs) = left_out.split_at(n_train);
    Some(auc(ours, theirs))
}

/// P(a > b) + P(a = b)/2 for a of the first and b of the second.
pub fn auc(first: &[f64], second: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        first.iter().map(|&x| (x, true)).chain(second.iter().map(|&x| (x, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = 0.0;
    let mut at = 0;
    while at < all.len() {
        let end = at + all[at..].iter().take_while(|x| x.0 == all[at].0).count();
        let rank = (at + end + 1) as f64 / 2.0;
        ranks += rank * all[at..end].iter().filter(|x| x.1).count() as f64;
        at = end;
    }
    let (n, m) = (first.len() as f64, second.len() as f64);
    (ranks - n * (n + 1.0) / 2.0) / (n * m)
}

fn standardized<'a>(n: usize, d: usize, row: impl Fn(usize) -> &'a [f32]) -> Mat<f64> {
    let mut x = Mat::from_fn(n, d, |i, j| f64::from(row(i)[j]));
    let mut largest = 0.0_f64;
    let mut spread = vec![0.0; d];
    for j in 0..d {
        let mean = (0..n).map(|i| x[(i, j)]).sum::<f64>() / n as f64;
        (0..n).for_each(|i| x[(i, j)] -= mean);
        spread[j] = ((0..n).map(|i| x[(i, j)].powi(2)).sum::<f64>() / n as f64).sqrt();
        largest = largest.max(spread[j]);
    }
    for j in 0..d {
        let scale = if spread[j] > 1e-7 * largest { 1.0 / spread[j] } else { 0.0 };
        (0..n).for_each(|i| x[(i, j)] *= scale);
    }
    x
}

/// Scores of samples by the fits without their folds.
fn left_out_scores(x: MatRef<'_, f64>, target: &[f64]) -> Option<Vec<f64>> {
    let n = x.nrows();
    let mean = target.iter().sum::<f64>() / n as f64;
    let penalty = n as f64;
    // H = 1/n + Z (S² + λ)⁻¹ Zᵀ with Z = X V, from the smaller of XᵀX and XXᵀ.
    let (squares, z) = if x.ncols() <= n {
        let (squares, v) = eigen(product(x.transpose(), x).as_ref())?;
        (squares, product(x, v.as_ref()))
    } else {
        let (squares, u) = eigen(product(x, x.transpose()).as_ref())?;
        let z = Mat::from_fn(n, n, |i, k| u[(i, k)] * squares[k].max(0.0).sqrt());
        (squares, z)
    };
    let scaled = Mat::from_fn(n, squares.len(), |i, k| z[(i, k)] / (squares[k].max(0.0) + penalty));
    let centred = Mat::from_fn(n, 1, |i, _| target[i] - mean);
    let fitted = product(scaled.as_ref(), product(z.as_ref().transpose(), centred.as_ref()).as_ref());
    let mut scores = vec![0.0; n];
    for fold in 0..FOLDS {
        let block: Vec<usize> = (fold..n).step_by(FOLDS).collect();
        let b = block.len();
        let rows = |matrix: &Mat<f64>| Mat::from_fn(b, matrix.ncols(), |i, k| matrix[(block[i], k)]);
        let (own, own_scaled) = (rows(&z), rows(&scaled));
        let hat = product(own_scaled.as_ref(), own.as_ref().transpose());
        let system = Mat::from_fn(b, b, |i, j| f64::from(u8::from(i == j)) - hat[(i, j)] - 1.0 / n as f64);
        let (values, vectors) = eigen(system.as_ref())?;
        let residual = Mat::from_fn(b, 1, |i, _| centred[(block[i], 0)] - fitted[(block[i], 0)]);
        let turned = product(vectors.as_ref().transpose(), residual.as_ref());
        let solved = Mat::from_fn(b, 1, |k, _| turned[(k, 0)] / values[k]);
        let left_out = product(vectors.as_ref(), solved.as_ref());
        block.iter().enumerate().for_each(|(i, &sample)| scores[sample] = centred[(sample, 0)] - left_out[(i, 0)]);
    }
    Some(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(n: usize, d: usize, shift: f64, seed: u64) -> Matrix {
        let mut draw = Draw::of(901, seed);
        Matrix::from_fn(n, d, |_, j| (draw.normal() + if j == 0 { shift } else { 0.0 }) as f32)
    }

    #[test]
    fn samples_of_one_source_are_not_told_apart_and_shifted_ones_are() {
        for d in [5, 300] {
            // Under the null the area has a standard deviation of ((n + m + 1)/(12 n m))^½ = 0.027; four of them are allowed.
            let same: f64 = (0..4)
                .map(|seed| {
                    shift_auc(&cloud(300, d, 0.0, seed), &cloud(200, d, 0.0, 100 + seed), &[false; 300]).unwrap()
                })
                .sum::<f64>()
                / 4.0;
            assert!((same - 0.5).abs() < 4.0 * 0.027 / 2.0, "{d}: {same}");
            let shifted = shift_auc(&cloud(300, d, 3.0, 1), &cloud(200, d, 0.0, 101), &[false; 300]).unwrap();
            assert!(shifted > 0.8, "{d}: {shifted}");
        }
    }

    /// The sum of both sides' inputs is alike and only their spread differs, which no linear readout of the inputs themselves sees.
    #[test]
    fn noise_on_the_inputs_is_seen_by_random_features() {
        let wide = |seed: u64| Matrix::from_fn(200, 10, |i, j| 2.0 * cloud(200, 10, 0.0, seed).row(i)[j]);
        let (train, alike, noisy) = (cloud(300, 10, 0.0, 1), cloud(200, 10, 0.0, 101), wide(101));
        let flagged = [false; 300];
        // Under the null the area has a standard deviation of 0.027; four of them are allowed.
        let same = shift_auc_of_inputs(&train, &alike, &flagged).unwrap();
        assert!((same - 0.5).abs() < 4.0 * 0.027, "{same}");
        let linear = shift_auc(&train, &noisy, &flagged).unwrap();
        assert!((linear - 0.5).abs() < 4.0 * 0.027, "{linear}");
        let seen = shift_auc_of_inputs(&train, &noisy, &flagged).unwrap();
        assert!(seen > 0.8, "{seen}");
        // Flagged samples are left out: without them both sides are alike again.
        let mixed = Matrix::from_fn(300, 10, |i, j| if i < 100 { 9.0 } else { train.row(i)[j] });
        let first: Vec<bool> = (0..300).map(|i| i < 100).collect();
        assert!(shift_auc(&mixed, &alike, &flagged).unwrap() > 0.6);
        let rest = shift_auc(&mixed, &alike, &first).unwrap();
        assert!((rest - 0.5).abs() < 4.0 * 0.03, "{rest}");
    }

    #[test]
    fn folds_from_one_fit_are_fits_without_each_fold() {
        let (n, d) = (23, 3);
        let cloud = cloud(n, d, 0.0, 7);
        let x = standardized(n, d, |i| cloud.row(i));
        let target: Vec<f64> = (0..n).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
        let scores = left_out_scores(x.as_ref(), &target).unwrap();
        let mean = target.iter().sum::<f64>() / n as f64;
        for fold in 0..FOLDS {
            let kept: Vec<usize> = (0..n).filter(|i| i % FOLDS != fold).collect();
            let design = Mat::from_fn(kept.len(), d + 1, |i, j| if j == d { 1.0 } else { x[(kept[i], j)] });
            let mut normal = product(design.as_ref().transpose(), design.as_ref());
            (0..d).for_each(|j| normal[(j, j)] += n as f64);
            let right = Mat::from_fn(kept.len(), 1, |i, _| target[kept[i]] - mean);
            let right = product(design.as_ref().transpose(), right.as_ref());
            let (values, vectors) = eigen(normal.as_ref()).unwrap();
            let turned = product(vectors.as_ref().transpose(), right.as_ref());
            let weights = product(vectors.as_ref(), Mat::from_fn(d + 1, 1, |k, _| turned[(k, 0)] / values[k]).as_ref());
            for i in (fold..n).step_by(FOLDS) {
                let said: f64 = (0..d).map(|j| x[(i, j)] * weights[(j, 0)]).sum::<f64>() + weights[(d, 0)];
                assert!((said - scores[i]).abs() < 1e-9, "{said} and {}", scores[i]);
            }
        }
    }

    #[test]
    fn the_area_counts_pairs() {
        assert_eq!(auc(&[3.0, 2.0], &[1.0, 2.0]), 3.5 / 4.0);
        assert_eq!(auc(&[1.0], &[1.0]), 0.5);
    }
}
