//! The two-layer network's weights, in the layout that people and measures read.

use crate::kernel::Real;
use crate::random::{Stream, normal, rng, uniform};
use crate::spec::{Initialization, ModelSpec};
use rand_chacha::rand_core::RngCore;

/// Weights of `Ŷ = σ(X W) V`, in f32.
///
/// An input is one row of each operand's table, so `X W` is a sum of rows of `hidden`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Rows of W: the sum of the operands' sizes (2M for two operands of a group of order M). Operand `o`'s token `g`
    /// is row `offset(o) + g`.
    pub n_inputs: usize,
    /// Hidden units K.
    pub n_units: usize,
    /// Labels M.
    pub n_labels: usize,
    /// W, `[n_inputs][n_units]` row-major.
    pub hidden: Vec<f32>,
    /// V, `[n_units][n_labels]` row-major.
    pub top: Vec<f32>,
}

impl Weights {
    /// All weights zero.
    pub fn zeros(n_inputs: usize, n_units: usize, n_labels: usize) -> Self {
        Self { n_inputs, n_units, n_labels, hidden: vec![0.0; n_inputs * n_units], top: vec![0.0; n_units * n_labels] }
    }

    /// The initial weights that `spec` and `seed` ask for.
    pub fn draw(spec: &ModelSpec, n_inputs: usize, n_labels: usize, seed: u64) -> Self {
        let mut weights = Self::zeros(n_inputs, spec.width, n_labels);
        let (hidden, top) = (&mut weights.hidden, &mut weights.top);
        match spec.initialization {
            Initialization::Pytorch => {
                fill(hidden, Stream::HiddenWeights, seed, spec.hidden_scale / (n_inputs as f64).sqrt(), uniform);
                fill(top, Stream::TopWeights, seed, spec.top_scale / (spec.width as f64).sqrt(), uniform);
            }
            Initialization::Paper => {
                fill(hidden, Stream::HiddenWeights, seed, spec.hidden_scale, normal);
                fill(top, Stream::TopWeights, seed, spec.top_scale * 1e-3, normal);
            }
            Initialization::Nanda => unreachable!("`spec::check` keeps it to transformers"),
        }
        weights
    }

    /// The input weights of unit `unit`, `[n_inputs]`; none where there is no table of tokens.
    pub fn unit_inputs(&self, unit: usize) -> impl Iterator<Item = f32> + '_ {
        self.hidden.get(unit..).unwrap_or_default().iter().step_by(self.n_units).copied()
    }

    /// The output weights of unit `unit`, `[n_labels]`.
    pub fn unit_outputs(&self, unit: usize) -> &[f32] {
        &self.top[unit * self.n_labels..(unit + 1) * self.n_labels]
    }

    /// The largest norm of a unit's input weights.
    pub fn largest_unit_norm(&self) -> f64 {
        largest_or_nan(self.unit_norms().into_iter())
    }

    /// The norm of each unit's input weights, `[n_units]`.
    pub fn unit_norms(&self) -> Vec<f64> {
        column_norms(&self.hidden, self.n_units)
    }
}

/// The norm of each column of a row-major matrix.
pub(crate) fn column_norms<R: Real>(matrix: &[R], n_columns: usize) -> Vec<f64> {
    let mut squares = vec![0.0_f64; n_columns];
    for row in matrix.chunks_exact(n_columns) {
        squares.iter_mut().zip(row).for_each(|(sum, &w)| *sum += w.wide() * w.wide());
    }
    squares.iter_mut().for_each(|square| *square = square.sqrt());
    squares
}

/// The largest of numbers that are not negative, 0 without any; unlike `f64::max` it does not hide what is not a number.
pub(crate) fn largest_or_nan(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |largest, value| if largest.is_nan() || value <= largest { largest } else { value })
}

fn fill(values: &mut [f32], stream: Stream, seed: u64, scale: f64, draw: fn(&mut dyn RngCore) -> f64) {
    let mut rng = rng(seed, stream);
    values.iter_mut().for_each(|value| *value = (scale * draw(&mut rng)) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::TopLayer;

    #[test]
    fn the_largest_norm_does_not_hide_what_is_not_a_number() {
        let largest = |matrix: &[f32]| largest_or_nan(column_norms(matrix, 2).into_iter());
        assert_eq!(largest(&[3.0, 1.0, 4.0, 1.0]), 5.0);
        assert!(largest(&[f32::NAN, 1.0, 4.0, 9.0]).is_nan());
        assert!(largest(&[1.0, f32::NAN, 4.0, 9.0]).is_nan());
    }

    #[test]
    fn initial_weights_have_the_moments_of_their_distribution() {
        let (n_inputs, width, n_labels) = (46, 512, 23);
        for (initialization, hidden_deviation, top_deviation, kurtosis) in [
            (Initialization::Pytorch, 1.0 / (3.0 * 46.0_f64).sqrt(), 1.0 / (3.0 * 512.0_f64).sqrt(), 1.8),
            (Initialization::Paper, 1.0, 1e-3, 3.0),
        ] {
            let spec = ModelSpec {
                architecture: crate::spec::Architecture::TwoLayer,
                attention: None,
                tables: crate::spec::OperandTables::Separate,
                width,
                activation: crate::model::Activation::Square,
                initialization,
                hidden_scale: 2.0,
                top_scale: 0.5,
                top_layer: TopLayer::Trained,
            };
            let weights = Weights::draw(&spec, n_inputs, n_labels, 3);
            for (values, deviation) in [(&weights.hidden, 2.0 * hidden_deviation), (&weights.top, 0.5 * top_deviation)]
            {
                let n = values.len() as f64;
                let moment = |p: i32| values.iter().map(|&v| (f64::from(v) / deviation).powi(p)).sum::<f64>() / n;
                // Standard errors: 1/√n, √((κ−1)/n), and for the fourth moment at most √(105/n) (normal).
                assert!(moment(1).abs() < 4.0 / n.sqrt());
                assert!((moment(2) - 1.0).abs() < 4.0 * ((kurtosis - 1.0) / n).sqrt());
                assert!((moment(4) - kurtosis).abs() < 4.0 * (105.0 / n).sqrt());
            }
        }
    }
}
