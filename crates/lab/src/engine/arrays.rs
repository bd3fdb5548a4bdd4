//! The arrays of a trained network under the names of the theory, in f64.
//!
//! ```text
//! X [n][2M]   samples, two tokens one-hot each       Y [n][M]    their labels, one-hot
//! W [2M][K]   weights of the hidden layer            V [K][M]    weights of the top layer        W0, V0: before the first step
//! Z = X W     pre-activations                        F = σ(Z)    features                         D = σ′(Z)
//! Yhat = F V  outputs
//! Ft = F − mean, Yt = Y − mean                       over samples: P₁F, P₁Y with P₁ = I − 11ᵀ/n
//! G_F = P₁(Y − F V) Vᵀ                               −∂J/∂F of J = ½‖P₁(Y − F V)‖²
//! G_W = Xᵀ(D ∘ G_F)                                  −∂J/∂W: where the hidden layer would go
//! eta [1][1]  nλ/2: the ridge that weight decay λ amounts to under the mean loss of training
//! ```

use super::trained::Trained;
use dunwu_engine::Samples;
use dunwu_engine::model::Weights;

/// A matrix, row by row.
struct Matrix {
    n_columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    fn of(n_columns: usize, values: &[f32]) -> Self {
        Self { n_columns, values: values.iter().map(|value| f64::from(*value)).collect() }
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.n_columns)
    }

    fn map(&self, of: impl Fn(f64) -> f64) -> Self {
        Self { n_columns: self.n_columns, values: self.values.iter().map(|value| of(*value)).collect() }
    }

    fn zip(&self, other: &Self, of: impl Fn(f64, f64) -> f64) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| of(*a, *b));
        Self { n_columns: self.n_columns, values: values.collect() }
    }

    /// `A B`, or `A Bᵀ` where `other` is handed in by its rows.
    fn times(&self, other: &Self) -> Self {
        let mut values = Vec::with_capacity(self.values.len() / self.n_columns * other.n_columns);
        for row in self.rows() {
            let mut sum = vec![0.0; other.n_columns];
            for (factor, line) in row.iter().zip(other.rows()).filter(|(factor, _)| **factor != 0.0) {
                sum.iter_mut().zip(line).for_each(|(sum, value)| *sum += factor * value);
            }
            values.extend(sum);
        }
        Self { n_columns: other.n_columns, values }
    }

    fn transposed(&self) -> Self {
        let n_rows = self.values.len() / self.n_columns;
        let values = (0..self.n_columns).flat_map(|column| self.values.iter().skip(column).step_by(self.n_columns));
        Self { n_columns: n_rows, values: values.copied().collect() }
    }

    /// Less the mean of each column: P₁ times it.
    fn centred(&self) -> Self {
        let n = (self.values.len() / self.n_columns) as f64;
        let mut mean = vec![0.0; self.n_columns];
        for row in self.rows() {
            mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value / n);
        }
        let values = self.rows().flat_map(|row| row.iter().zip(&mean).map(|(value, mean)| value - mean));
        Self { n_columns: self.n_columns, values: values.collect() }
    }
}

/// Every array of a run at its end; none where the network has no table of tokens.
pub(super) fn arrays(run: &Trained<'_>) -> Vec<(String, usize, Vec<f64>)> {
    let (weights, first) = (&run.last.weights, &run.first.weights);
    if weights.n_inputs == 0 || weights.hidden.iter().chain(&weights.top).any(|weight| !weight.is_finite()) {
        return Vec::new();
    }
    let samples = &run.split.train;
    let activation = run.spec.model.activation;
    let hidden = |weights: &Weights| Matrix::of(weights.n_units, &weights.hidden);
    let top = |weights: &Weights| Matrix::of(weights.n_labels, &weights.top);
    let x = inputs(run, samples, weights.n_inputs);
    let y = one_hot(samples.labels.iter().map(|label| *label as usize), weights.n_labels);
    let (w, v) = (hidden(weights), top(weights));
    let z = x.times(&w);
    let f = z.map(|z| activation.value_f64(z));
    let d = z.map(|z| activation.derivative_f64(z));
    let y_hat = f.times(&v);
    let g_f = y.zip(&y_hat, |y, y_hat| y - y_hat).centred().times(&v.transposed());
    let g_w = x.transposed().times(&d.zip(&g_f, |d, g| d * g));
    let eta = samples.len() as f64 * run.spec.optimizer.weight_decay / 2.0;
    let (f_t, y_t) = (f.centred(), y.centred());
    let named = [
        ("X", x),
        ("Y", y),
        ("W", w),
        ("V", v),
        ("W0", hidden(first)),
        ("V0", top(first)),
        ("Z", z),
        ("F", f),
        ("D", d),
        ("Yhat", y_hat),
        ("Ft", f_t),
        ("Yt", y_t),
        ("G_F", g_f),
        ("G_W", g_w),
        ("eta", Matrix { n_columns: 1, values: vec![eta] }),
    ];
    named.into_iter().map(|(name, matrix)| (name.to_owned(), matrix.n_columns, matrix.values)).collect()
}

fn one_hot(places: impl Iterator<Item = usize>, n_columns: usize) -> Matrix {
    let mut values = Vec::new();
    for place in places {
        let row = values.len();
        values.resize(row + n_columns, 0.0);
        values[row + place] = 1.0;
    }
    Matrix { n_columns, values }
}

fn inputs(run: &Trained<'_>, samples: &Samples, n_columns: usize) -> Matrix {
    let mut values = vec![0.0; samples.len() * n_columns];
    for (operand, tokens) in samples.operands.iter().enumerate() {
        let offset = run.group.problem.input_offset(operand);
        for (row, token) in values.chunks_exact_mut(n_columns).zip(tokens) {
            row[offset + *token as usize] = 1.0;
        }
    }
    Matrix { n_columns, values }
}
