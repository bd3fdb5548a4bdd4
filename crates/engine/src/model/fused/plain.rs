//! The twin of the fused path: the formulas in f64, loop by loop. Slow, obviously right, the oracle of every kernel test.

use crate::loss::Loss;
use crate::model::Weights;
use crate::spec::Activation;
use crate::task::Samples;

/// Gradient of the mean loss, in the layout of [`Weights`] but in f64.
pub struct Gradient {
    /// ∂L/∂W, `[n_inputs][n_units]`.
    pub hidden: Vec<f64>,
    /// ∂L/∂V, `[n_units][n_labels]`.
    pub top: Vec<f64>,
}

/// Mean loss over the samples, and its gradient.
pub fn loss_and_gradient(
    weights: &Weights,
    samples: &Samples,
    offsets: &[usize],
    activation: Activation,
    loss: Loss,
) -> (f64, Gradient) {
    let (k, m) = (weights.n_units, weights.n_labels);
    let n = samples.labels.len() as f64;
    let mut gradient = Gradient { hidden: vec![0.0; weights.hidden.len()], top: vec![0.0; weights.top.len()] };
    let mut total = 0.0;
    for (i, &label) in samples.labels.iter().enumerate() {
        let rows: Vec<usize> =
            samples.operands.iter().zip(offsets).map(|(tokens, offset)| offset + tokens[i] as usize).collect();
        let h: Vec<f64> = (0..k).map(|j| rows.iter().map(|row| f64::from(weights.hidden[row * k + j])).sum()).collect();
        let f: Vec<f64> = h.iter().map(|&h| activation.value_f64(h)).collect();
        let z: Vec<f64> = (0..m).map(|c| (0..k).map(|j| f[j] * f64::from(weights.top[j * m + c])).sum()).collect();
        let (value, dz) = loss_of_outputs(loss, &z, label as usize);
        total += value / n;
        for j in 0..k {
            let top = &weights.top[j * m..][..m];
            let df: f64 = dz.iter().zip(top).map(|(&dz, &v)| dz * f64::from(v)).sum();
            for (sum, dz) in gradient.top[j * m..][..m].iter_mut().zip(&dz) {
                *sum += f[j] * dz / n;
            }
            for row in &rows {
                gradient.hidden[row * k + j] += activation.derivative_f64(h[j]) * df / n;
            }
        }
    }
    (total, gradient)
}

fn loss_of_outputs(loss: Loss, z: &[f64], label: usize) -> (f64, Vec<f64>) {
    let m = z.len() as f64;
    match loss {
        Loss::Mse => {
            let mean = z.iter().sum::<f64>() / m;
            let r: Vec<f64> =
                z.iter().enumerate().map(|(c, z)| z - mean - f64::from(u8::from(c == label)) + 1.0 / m).collect();
            (r.iter().map(|r| r * r).sum(), r.iter().map(|r| 2.0 * r).collect())
        }
        Loss::Shaped(_) => {
            let mut gradient = z.to_vec();
            (loss.differentiate_f64(&mut gradient, label), gradient)
        }
        Loss::CrossEntropy => {
            let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = z.iter().map(|z| (z - largest).exp()).sum();
            let p = z.iter().map(|z| (z - largest).exp() / sum);
            let gradient = p.enumerate().map(|(c, p)| p - f64::from(u8::from(c == label))).collect();
            (sum.ln() - (z[label] - largest), gradient)
        }
    }
}
