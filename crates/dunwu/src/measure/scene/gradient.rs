//! The gradient that reaches the features, `G_F = −∂J/∂F`, and its Stage I form `S = Ỹ Ỹᵀ F̃`.
//!
//! A loss of the outputs sends `G_F = P₁ R Vᵀ` through the top layer. This and S have rank at most M, so every norm and product is
//! a sum over labels:
//!
//! ```text
//! gⱼ·gₗ = vⱼᵀ (R̃ᵀR̃) vₗ      gⱼ·sⱼ = vⱼᵀ (R̃ᵀỸ) cⱼ      ‖sⱼ‖² = cⱼᵀ (ỸᵀỸ) cⱼ = Σ_h n_h c_h² − (Σ_h n_h c_h)²/n      cⱼ = Ỹᵀ f̃ⱼ
//! ```
//!
//! A loss of the features has a gradient of its own, of any rank, which is formed.

use super::{ClassSums, Scene, Train};
use crate::measure::dense::{inner, product, rows};
use dunwu_engine::kernel::Numerics;
use dunwu_engine::loss::{FeatureLoss, Objective};
use faer::Mat;

/// `G_F` against its Stage I form.
pub(crate) struct Gradient {
    /// ‖`G_F‖²`
    pub(crate) norm_squared: f64,
    /// ‖R Vᵀ‖², without the centring over samples.
    pub(crate) uncentred_norm_squared: f64,
    /// ‖gⱼ‖², `[unit]`.
    pub(crate) unit_norms_squared: Vec<f64>,
    /// gⱼ·sⱼ, `[unit]`.
    pub(crate) unit_products: Vec<f64>,
    /// ‖sⱼ‖², `[unit]`.
    pub(crate) unit_form_norms_squared: Vec<f64>,
}

impl Gradient {
    pub(super) fn of(scene: &Scene<'_>) -> Option<Self> {
        let train = scene.train()?;
        let class_sums = centred_class_sums(train);
        let gradient = match scene.setup.objective {
            Objective::Outputs(_) => Self::through_top_layer(scene, train, &class_sums),
            Objective::Features(loss) => Self::of_features(scene, train, loss, &class_sums)?,
        };
        gradient.norm_squared.is_finite().then_some(gradient)
    }

    /// `P₁ R Vᵀ`, over labels.
    fn through_top_layer(scene: &Scene<'_>, train: &Train, class_sums: &[f64]) -> Self {
        let (n_units, n_labels) = (scene.weights().n_units, scene.weights().n_labels);
        let n = train.n as f64;
        let counts = &train.moments.first.counts;
        let sums = train.tally.residual_sum();
        let uncentred = train.tally.residual_gram();
        let residual_gram = Mat::from_fn(n_labels, n_labels, |a, b| uncentred[(a, b)] - sums[a] * sums[b] / n);
        let by_label = train.tally.residual_by_label();
        let residual_labels = Mat::from_fn(n_labels, n_labels, |a, h| by_label[(a, h)] - sums[a] * counts[h] / n);

        let top: Vec<f64> = scene.weights().top.iter().map(|&v| f64::from(v)).collect();
        let top = rows(&top, n_units, n_labels);
        let top_gram = product(top.transpose(), top);
        let pulled = product(top, residual_gram.as_ref());
        let aimed = product(top, residual_labels.as_ref());

        let mut unit_norms_squared = vec![0.0_f64; n_units];
        for c in 0..n_labels {
            unit_norms_squared.iter_mut().enumerate().for_each(|(j, sum)| *sum += pulled[(j, c)] * top[(j, c)]);
        }
        unit_norms_squared.iter_mut().for_each(|sum| *sum = sum.max(0.0));
        let mut unit_products = vec![0.0; n_units];
        for (h, sums) in class_sums.chunks_exact(n_units).enumerate() {
            unit_products.iter_mut().zip(sums).enumerate().for_each(|(j, (sum, c))| *sum += aimed[(j, h)] * c);
        }
        Self {
            norm_squared: unit_norms_squared.iter().sum(),
            uncentred_norm_squared: inner(uncentred.as_ref(), top_gram.as_ref()).max(0.0),
            unit_norms_squared,
            unit_products,
            unit_form_norms_squared: unit_form_norms_squared(train, class_sums),
        }
    }

    /// `−P₁ n ∂L/∂F` of a loss of the features, with the whole sample as its batch; `None` where that is too large.
    fn of_features(scene: &Scene<'_>, train: &Train, loss: FeatureLoss, class_sums: &[f64]) -> Option<Self> {
        let (n, n_units) = (train.n, scene.weights().n_units);
        if !super::is_affordable(n, n, n_units) {
            return None;
        }
        let labels = &scene.setup.split.train.labels;
        let features: Vec<f32> = (0..n * n_units)
            .map(|e| (train.means[e % n_units] + train.centred(e / n_units, e % n_units)) as f32)
            .collect();
        let mut gradient = vec![0.0; features.len()];
        loss.differentiate(Numerics::Fast, &features, n_units, labels, &mut gradient);
        let mut down = ClassSums::zeros(scene.weights().n_labels, n_units);
        let mut squares = vec![0.0; n_units];
        for (row, &label) in gradient.chunks_exact_mut(n_units).zip(labels) {
            for (square, g) in squares.iter_mut().zip(&mut *row) {
                *g *= -(n as f32);
                *square += f64::from(*g).powi(2);
            }
            down.add(label, row, 1.0);
        }
        let means = down.means();
        let unit_norms_squared: Vec<f64> =
            squares.iter().zip(&means).map(|(square, mean)| (square - n as f64 * mean * mean).max(0.0)).collect();
        let aimed = |unit: usize| {
            let sums = down.centred(unit, means[unit]).enumerate();
            sums.map(|(h, sum)| sum * class_sums[h * n_units + unit]).sum()
        };
        Some(Self {
            norm_squared: unit_norms_squared.iter().sum(),
            uncentred_norm_squared: squares.iter().sum(),
            unit_norms_squared,
            unit_products: (0..n_units).map(aimed).collect(),
            unit_form_norms_squared: unit_form_norms_squared(train, class_sums),
        })
    }
}

/// ‖sⱼ‖², `[unit]`.
fn unit_form_norms_squared(train: &Train, class_sums: &[f64]) -> Vec<f64> {
    let n_units = train.means.len();
    let (mut squares, mut sums) = (vec![0.0; n_units], vec![0.0; n_units]);
    for (row, count) in class_sums.chunks_exact(n_units).zip(&train.moments.first.counts) {
        for ((square, sum), c) in squares.iter_mut().zip(&mut sums).zip(row) {
            *square += count * c * c;
            *sum += count * c;
        }
    }
    squares.iter().zip(&sums).map(|(square, sum)| (square - sum * sum / train.n as f64).max(0.0)).collect()
}

/// Ỹᵀ F̃, `[label][unit]`.
fn centred_class_sums(train: &Train) -> Vec<f64> {
    let first = &train.moments.first;
    let mut sums = first.sums.clone();
    for (row, count) in sums.chunks_exact_mut(first.n_units).zip(&first.counts) {
        row.iter_mut().zip(&train.means).for_each(|(sum, mean)| *sum -= count * mean);
    }
    sums
}
