//! The gradient that a loss sends to given features, whichever loss the features were trained by.

use super::alignment::Direction;
use super::seen::Seen;
use crate::measure::dense::{cholesky, product, rows, solve};
use dunwu_engine::kernel::{self, Numerics, Strided};
use dunwu_engine::loss::{Loss, Objective};
use dunwu_engine::spec::{Architecture, OperandTables, TopLayer};
use dunwu_engine::{RunSpec, Samples, Snapshot};
use faer::Mat;

/// A network's features on its training sample with the top layer above them, which any loss may be asked about.
pub(super) struct Sent<'a> {
    pub(super) spec: &'a RunSpec,
    pub(super) samples: &'a Samples,
    pub(super) snapshot: &'a Snapshot,
    pub(super) seen: &'a Seen,
    /// `A = (FFᵀ + ηI)⁻¹(Y − 1/M)`, with which `V = FᵀA`, where the top layer is solved for.
    dual: Option<Mat<f64>>,
}

impl<'a> Sent<'a> {
    pub(super) fn new(spec: &'a RunSpec, samples: &'a Samples, snapshot: &'a Snapshot, seen: &'a Seen) -> Self {
        let dual = match spec.model.top_layer {
            TopLayer::Trained => None,
            TopLayer::Ridge { eta } => ridge_dual(seen, &samples.labels, snapshot.weights.n_labels, eta),
        };
        Self { spec, samples, snapshot, seen, dual }
    }

    /// Direction of `G_F = −P₁ ∂L/∂F`, P₁ = I − 11ᵀ/n; `None` where it is zero or not finite.
    ///
    /// ```text
    /// loss of the outputs      R Vᵀ, R = −∂L/∂Z       V of this network: trained, or solved for
    /// loss of the features     −∂L/∂F
    /// solved for with ridge η  A = (FFᵀ + ηI)⁻¹(Y − 1/M)    V = FᵀA    Z = (Y − 1/M) − ηA, so that for mse R ∝ A
    /// ```
    ///
    /// Where V is solved for, R is taken from A and not from Z: next to a probe that fits its sample it would be lost in the
    /// rounding of Z.
    pub(super) fn gradient(&self, objective: Objective) -> Option<Direction> {
        let labels = &self.samples.labels;
        let n_features = self.seen.n_features;
        match objective {
            Objective::Features(loss) => {
                let mut gradient = vec![0.0; self.seen.features.len()];
                loss.differentiate(self.spec.numerics, &self.seen.features, n_features, labels, &mut gradient);
                gradient.iter_mut().for_each(|g| *g = -*g);
                Direction::of(&gradient, n_features)
            }
            Objective::Outputs(loss) => {
                let (residual, top) = match (self.spec.model.top_layer, &self.dual) {
                    (TopLayer::Ridge { .. }, None) => return None,
                    (TopLayer::Ridge { eta }, Some(dual)) => self.solved(loss, dual, eta),
                    (TopLayer::Trained, _) => {
                        (self.residual(loss, &self.seen.outputs), self.snapshot.weights.top.clone())
                    }
                };
                Direction::of(&sent(&unit(residual), &unit(top), self.snapshot.weights.n_labels), n_features)
            }
        }
    }

    /// R and V of a solved top layer.
    fn solved(&self, loss: Loss, dual: &Mat<f64>, eta: f64) -> (Vec<f32>, Vec<f32>) {
        let (n, m, k) = (self.seen.n, self.snapshot.weights.n_labels, self.seen.n_features);
        let features: Vec<f64> = self.seen.features.iter().map(|&f| f64::from(f)).collect();
        let top = product(rows(&features, n, k).transpose(), dual.as_ref());
        // V's scale is its own: only the direction of G_F is asked for, and f32 holds fewer sizes than f64.
        let largest = top.norm_max().max(f64::MIN_POSITIVE);
        let top = (0..k * m).map(|e| (top[(e / m, e % m)] / largest) as f32).collect();
        let residual = match loss {
            Loss::Mse => {
                let largest = dual.norm_max().max(f64::MIN_POSITIVE);
                (0..n * m).map(|e| (dual[(e / m, e % m)] / largest) as f32).collect()
            }
            Loss::CrossEntropy | Loss::Shaped(_) => {
                let labels = &self.samples.labels;
                let output = |e: usize| target(labels, m, e / m, e % m) - eta * dual[(e / m, e % m)];
                self.residual(loss, &(0..n * m).map(|e| output(e) as f32).collect::<Vec<_>>())
            }
        };
        (residual, top)
    }

    /// −∂L/∂Z of every sample, `[n][M]`.
    fn residual(&self, loss: Loss, outputs: &[f32]) -> Vec<f32> {
        let n_labels = self.snapshot.weights.n_labels;
        let mut residual = outputs.to_vec();
        for (z, &label) in residual.chunks_exact_mut(n_labels).zip(&self.samples.labels) {
            loss.differentiate(z, n_labels, label as usize, 1.0);
            z.iter_mut().for_each(|g| *g = -*g);
        }
        residual
    }

    /// Direction of the theory's Stage I gradient, `P₁ Ỹ Ỹᵀ F̃`: row i is the sum of f̃ over the samples of i's label.
    pub(super) fn stage_one(&self) -> Option<Direction> {
        let n_features = self.seen.n_features;
        let labels = &self.samples.labels;
        let mut means = vec![0.0; n_features];
        for row in self.seen.features.chunks_exact(n_features) {
            means.iter_mut().zip(row).for_each(|(mean, &f)| *mean += f64::from(f) / self.seen.n as f64);
        }
        let mut sums = vec![0.0; self.snapshot.weights.n_labels * n_features];
        for (row, &label) in self.seen.features.chunks_exact(n_features).zip(labels) {
            let sums = &mut sums[label as usize * n_features..][..n_features];
            sums.iter_mut().zip(row).zip(&means).for_each(|((sum, &f), mean)| *sum += f64::from(f) - mean);
        }
        let largest = sums.iter().fold(0.0_f64, |largest, s| largest.max(s.abs()));
        let form = labels.iter().flat_map(|&label| &sums[label as usize * n_features..][..n_features]);
        let form: Vec<f32> = form.map(|s| (s / largest) as f32).collect();
        Direction::of(&form, n_features)
    }

    /// What a gradient at the features does to W, `Xᵀ(σ′(XW) ∘ G_F)`, up to a scale: what of it can move a
    /// two-layer network; `None` for others, and for inputs that are numbers.
    pub(super) fn pull(&self, gradient: &Direction, offsets: &[usize]) -> Option<Vec<f32>> {
        let weights = &self.snapshot.weights;
        let k = weights.n_units;
        let is_two_layer = self.spec.model.architecture == Architecture::TwoLayer;
        if weights.n_inputs == 0 || !is_two_layer || self.spec.model.tables != OperandTables::Separate {
            return None;
        }
        let mut pull = vec![0.0_f32; weights.n_inputs * k];
        let activation = self.spec.model.activation;
        let mut slopes = vec![0.0_f32; k];
        for (i, g) in gradient.rows().enumerate() {
            let tokens = || self.samples.operands.iter().zip(offsets).map(|(o, offset)| offset + o[i] as usize);
            slopes.fill(0.0);
            for token in tokens() {
                slopes.iter_mut().zip(&weights.hidden[token * k..][..k]).for_each(|(h, w)| *h += w);
            }
            slopes.iter_mut().zip(g).for_each(|(h, g)| *h = activation.derivative(*h) * g);
            for token in tokens() {
                pull[token * k..][..k].iter_mut().zip(&slopes).for_each(|(p, s)| *p += s);
            }
        }
        Some(pull)
    }
}

/// `e_y − 1/M` of one sample and label.
fn target(labels: &[u32], n_labels: usize, sample: usize, label: usize) -> f64 {
    f64::from(u8::from(labels[sample] as usize == label)) - 1.0 / n_labels as f64
}

/// `A = (FFᵀ + ηI)⁻¹(Y − 1/M)`, `[n][M]`; `None` where there is no solution in f64.
fn ridge_dual(seen: &Seen, labels: &[u32], n_labels: usize, eta: f64) -> Option<Mat<f64>> {
    let features: Vec<f64> = seen.features.iter().map(|&f| f64::from(f)).collect();
    let features = rows(&features, seen.n, seen.n_features);
    let mut gram = product(features, features.transpose());
    (0..seen.n).for_each(|i| gram[(i, i)] += eta);
    let lower = cholesky(gram)?;
    let mut dual = Mat::from_fn(seen.n, n_labels, |i, c| target(labels, n_labels, i, c));
    solve(lower.as_ref(), dual.as_mut());
    Some(dual)
}

/// Scaled so that the largest magnitude is 1; unchanged where nothing is larger than 0 or something is not a number.
fn unit(mut values: Vec<f32>) -> Vec<f32> {
    let largest = values.iter().fold(0.0_f32, |largest, v| largest.max(v.abs()));
    if largest > 0.0 {
        values.iter_mut().for_each(|v| *v = (f64::from(*v) / f64::from(largest)) as f32);
    }
    values
}

/// `R Vᵀ`, `[n][K]`.
fn sent(residual: &[f32], top: &[f32], n_labels: usize) -> Vec<f32> {
    let (n, k) = (residual.len() / n_labels, top.len() / n_labels);
    let mut gradient = vec![0.0; n * k];
    let shape = kernel::Shape { rows: n, depth: n_labels, columns: k };
    let residual = Strided { values: residual, row: n_labels, column: 1 };
    let top = Strided { values: top, row: 1, column: n_labels };
    kernel::product(Numerics::Fast, shape, residual, top, (&mut gradient, k), false);
    gradient
}
