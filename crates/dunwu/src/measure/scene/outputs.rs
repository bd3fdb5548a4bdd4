//! Outputs against labels: loss, accuracy, residual.

use crate::measure::dense::{accumulate, rows};
use dunwu_engine::loss::Loss;
use faer::Mat;

/// What is known of samples whose outputs have been seen.
pub(crate) struct Tally {
    loss: Loss,
    n_labels: usize,
    n: usize,
    /// Whether the largest output is the label, sample by sample.
    is_right: Vec<bool>,
    loss_sum: f64,
    /// Sum of the residual over samples, `[label]`.
    residual_sum: Vec<f64>,
    /// `RᵀR`, `[label][label]`.
    residual_gram: Mat<f64>,
    /// `RᵀY`, `[label][label]`: residual summed over the samples of each label (the column).
    residual_by_label: Mat<f64>,
}

impl Tally {
    pub(super) fn new(loss: Loss, n_labels: usize) -> Self {
        Self {
            loss,
            n_labels,
            n: 0,
            is_right: Vec::new(),
            loss_sum: 0.0,
            residual_sum: vec![0.0; n_labels],
            residual_gram: Mat::zeros(n_labels, n_labels),
            residual_by_label: Mat::zeros(n_labels, n_labels),
        }
    }

    /// Another of the same kind, without samples.
    pub(super) fn empty(&self) -> Self {
        Self::new(self.loss, self.n_labels)
    }

    /// Adds samples with outputs `z`, `[samples][labels]`; returns their residual in the same shape.
    pub(super) fn add(&mut self, z: &[f32], labels: &[u32]) -> Vec<f64> {
        let n_labels = self.n_labels;
        let mut residual = vec![0.0; z.len()];
        for ((z, r), &label) in z.chunks_exact(n_labels).zip(residual.chunks_exact_mut(n_labels)).zip(labels) {
            let label = label as usize;
            self.n += 1;
            self.is_right.push(argmax(z) == label);
            self.loss_sum += sample_loss(self.loss, z, label, r);
            for (c, &value) in r.iter().enumerate() {
                self.residual_sum[c] += value;
                self.residual_by_label[(c, label)] += value;
            }
        }
        let matrix = rows(&residual, labels.len(), n_labels);
        accumulate(&mut self.residual_gram, matrix.transpose(), matrix);
        residual
    }

    /// Mean loss; `None` without samples.
    pub(crate) fn mean_loss(&self) -> Option<f64> {
        (self.n > 0).then(|| self.loss_sum / self.n as f64)
    }

    /// Share of samples whose largest output is the label; `None` without samples or where an output is not a number.
    pub(crate) fn accuracy(&self) -> Option<f64> {
        (self.n > 0 && !self.loss_sum.is_nan()).then(|| {
            let n_right = self.is_right.iter().filter(|&&is_right| is_right).count();
            n_right as f64 / self.n as f64
        })
    }

    /// Whether each sample's largest output is its label, in the order in which samples were added.
    pub(crate) fn is_right(&self) -> &[bool] {
        &self.is_right
    }

    /// Σᵢ rᵢ, `[label]`.
    pub(crate) fn residual_sum(&self) -> &[f64] {
        &self.residual_sum
    }

    /// `RᵀR`.
    pub(crate) fn residual_gram(&self) -> &Mat<f64> {
        &self.residual_gram
    }

    /// `RᵀY`.
    pub(crate) fn residual_by_label(&self) -> &Mat<f64> {
        &self.residual_by_label
    }
}

/// One sample's loss; `r` becomes its residual.
pub(crate) fn sample_loss(loss: Loss, z: &[f32], label: usize, r: &mut [f64]) -> f64 {
    match loss {
        Loss::Mse => squared_error(z, label, r),
        Loss::CrossEntropy => cross_entropy(z, label, r),
        Loss::Shaped(_) => shaped(loss, z, label, r),
    }
}

/// Index of the largest output, the lowest among equals.
fn argmax(z: &[f32]) -> usize {
    let mut best = 0;
    for (c, &value) in z.iter().enumerate() {
        if value > z[best] {
            best = c;
        }
    }
    best
}

/// `‖r‖²` with `r = (e_y − 1/M) − (z − mean z)`.
fn squared_error(z: &[f32], label: usize, r: &mut [f64]) -> f64 {
    let m = z.len() as f64;
    let mean = z.iter().map(|&x| f64::from(x)).sum::<f64>() / m;
    let mut loss = 0.0;
    for (c, (r, &z)) in r.iter_mut().zip(z).enumerate() {
        *r = f64::from(u8::from(c == label)) - m.recip() - (f64::from(z) - mean);
        loss += *r * *r;
    }
    loss
}

/// `−ln softmax(z)[y]` with `r = e_y − softmax(z)`. The largest term leaves the sum before the logarithm is taken, and the
/// right label's probability is taken from one as the sum of the others, so that nothing is lost next to 1.
fn cross_entropy(z: &[f32], label: usize, r: &mut [f64]) -> f64 {
    let top = argmax(z);
    let above = |c: usize| f64::from(z[c]) - f64::from(z[top]);
    let others: f64 = (0..z.len()).filter(|&c| c != top).map(|c| above(c).exp()).sum();
    let total = 1.0 + others;
    let mut rest = 0.0;
    for (c, r) in r.iter_mut().enumerate() {
        *r = -above(c).exp() / total;
        rest -= if c == label { 0.0 } else { *r };
    }
    r[label] = rest;
    others.ln_1p() - above(label)
}

/// A cross-entropy with changes, with `r = −∂loss/∂z`.
fn shaped(loss: Loss, z: &[f32], label: usize, r: &mut [f64]) -> f64 {
    r.iter_mut().zip(z).for_each(|(r, &z)| *r = f64::from(z));
    let value = loss.differentiate_f64(r, label);
    r.iter_mut().for_each(|r| *r = -*r);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_keeps_what_is_next_to_one() {
        let mut r = [0.0; 2];
        let loss = cross_entropy(&[50.0, 0.0], 0, &mut r);
        let exact = (-50.0_f64).exp();
        assert!((loss / exact - 1.0).abs() < 1e-14, "{loss:e}");
        assert!((r[0] / exact - 1.0).abs() < 1e-14 && (r[1] / exact + 1.0).abs() < 1e-14, "{r:?}");
        assert!((cross_entropy(&[0.0; 4], 2, &mut [0.0; 4]) - 4.0_f64.ln()).abs() < 1e-15);
        assert_eq!(cross_entropy(&[0.0, 3e38], 0, &mut r), f64::from(3e38_f32));
    }

    #[test]
    fn silent_outputs_cost_one_minus_one_over_m() {
        assert!((squared_error(&[0.0; 5], 3, &mut [0.0; 5]) - 0.8).abs() < 1e-15);
        // Outputs are centred over labels: a constant costs nothing more.
        assert!((squared_error(&[7.0; 5], 3, &mut [0.0; 5]) - 0.8).abs() < 1e-15);
    }

    #[test]
    fn ties_go_to_the_lowest_label() {
        assert_eq!(argmax(&[1.0, 2.0, 2.0]), 1);
        assert_eq!(argmax(&[0.0; 3]), 0);
    }

    /// The residual is minus the gradient of the loss (twice, for the squared error), by central differences.
    #[test]
    fn residuals_point_down_the_loss() {
        let z = [0.3_f32, -1.1, 0.7, 0.2];
        for (loss, factor) in [(squared_error as fn(&[f32], usize, &mut [f64]) -> f64, -2.0), (cross_entropy, -1.0)] {
            let mut r = [0.0; 4];
            loss(&z, 1, &mut r);
            for c in 0..4 {
                let at = |step: f32| {
                    let mut moved = z;
                    moved[c] += step;
                    (loss(&moved, 1, &mut [0.0; 4]), f64::from(moved[c]))
                };
                let ((up, x_up), (down, x_down)) = (at(1.0 / 1024.0), at(-1.0 / 1024.0));
                // Third derivatives below 1: error h²/6 = 1.6e-7; f64 rounding far below.
                assert!(((up - down) / (x_up - x_down) - factor * r[c]).abs() < 1e-6);
            }
        }
    }
}
