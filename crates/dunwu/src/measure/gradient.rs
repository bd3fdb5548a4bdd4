//! The gradient that reaches the features, `G_F = −∂J/∂F`, against the form that the theory gives it.

use super::quantity::ratio;
use super::{Measure, Quantity, Shape};

const SOURCE: &str = "Tian 2025, arXiv:2509.21519, Proposition 1 and Lemma 1";

pub(super) const NORM: Measure = Measure {
    name: "gradient_norm",
    tells: "how much signal reaches the hidden layer: it rises as the top layer learns and falls as the fit succeeds",
    formula: "‖G_F‖, G_F = P₁ R Vᵀ, P₁ = I − 11ᵀ/n; mse: R = (Y − 1/M) − (Z − mean Z); cross-entropy: R = Y − softmax Z;\nlosses of the features: G_F = −P₁ n ∂L/∂F, the whole sample one batch",
    shape: Shape::Scalar,
    unit: "loss summed over samples, halved for mse, an activation",
    source: SOURCE,
    undefined: "without training samples, or where an output is not finite",
    compute: |scene| Quantity::scalar(scene.gradient()?.norm_squared.sqrt()),
};

pub(super) const UNCENTRED_NORM: Measure = Measure {
    name: "gradient_norm_uncentred",
    tells: "the same without centring over samples, as the paper's script prints it",
    formula: "‖R Vᵀ‖; losses of the features: ‖n ∂L/∂F‖",
    shape: Shape::Scalar,
    unit: "loss summed over samples, halved for mse, an activation",
    source: "Tian 2025, arXiv:2509.21519, figure 3",
    undefined: "without training samples, or where an output is not finite",
    compute: |scene| Quantity::scalar(scene.gradient()?.uncentred_norm_squared.sqrt()),
};

pub(super) const ALIGNMENT: Measure = Measure {
    name: "gradient_alignment",
    tells: "whether units climb the energy E independently of each other: 1 where G_F is Stage I's ỸỸᵀF̃",
    formula: "⟨G_F, ỸỸᵀF̃⟩ / (‖G_F‖ ‖ỸỸᵀF̃‖)",
    shape: Shape::Scalar,
    unit: "cosine in [−1, 1]",
    source: SOURCE,
    undefined: "where G_F or ỸỸᵀF̃ is zero or not finite",
    compute: |scene| {
        let gradient = scene.gradient()?;
        let form: f64 = gradient.unit_form_norms_squared.iter().sum();
        let product: f64 = gradient.unit_products.iter().sum();
        Quantity::scalar(ratio(product, (gradient.norm_squared * form).sqrt())?)
    },
};

pub(super) const KERNEL_ALIGNMENT: Measure = Measure {
    name: "kernel_alignment",
    tells: "whether G_F is what is left when the top layer is fully fitted: 1 at the ridge solution",
    formula: "cos(G_F, K̃⁻¹ỸỸᵀK̃⁻¹F̃), K̃ = F̃F̃ᵀ + ηI",
    shape: Shape::Scalar,
    unit: "cosine in [−1, 1]",
    source: "Tian 2025, arXiv:2509.21519, appendix C (exact ridge form)",
    undefined: "for a loss of the features; for η = 0; where G_F or the form is zero or not finite; above 4096³ multiply-adds; where it would cost more than a quarter of the training, at all but some evenly spaced snapshots",
    compute: |scene| Quantity::scalar(scene.ridge()?.alignment(scene)?),
};

pub(super) const UNIT_ALIGNMENT: Measure = Measure {
    name: "unit_gradient_alignment",
    tells: "whether this unit climbs its own energy E",
    formula: "cos(gⱼ, ỸỸᵀf̃ⱼ), gⱼ = column j of G_F",
    shape: Shape::PerUnit,
    unit: "cosine in [−1, 1]",
    source: "Tian 2025, arXiv:2509.21519, Theorem 1",
    undefined: "for a unit whose gradient or form is zero or not finite",
    compute: |scene| {
        let gradient = scene.gradient()?;
        let norms = gradient.unit_norms_squared.iter().zip(&gradient.unit_form_norms_squared);
        Quantity::per_unit(
            gradient.unit_products.iter().zip(norms).map(|(product, (g, s))| ratio(*product, g.sqrt() * s.sqrt())),
        )
    },
};

pub(super) const UNIT_SHARE: Measure = Measure {
    name: "unit_gradient_share",
    tells: "how much of G_F is addressed to this unit",
    formula: "‖gⱼ‖² / ‖G_F‖²",
    shape: Shape::PerUnit,
    unit: "share; the units' shares sum to 1",
    source: SOURCE,
    undefined: "where G_F is zero or not finite",
    compute: |scene| {
        let gradient = scene.gradient()?;
        Quantity::per_unit(gradient.unit_norms_squared.iter().map(|g| ratio(*g, gradient.norm_squared)))
    },
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, per_unit, scalar};
    use dunwu_engine::kernel::Numerics;
    use dunwu_engine::loss::{FeatureLoss, Loss, Objective};

    /// `[n][K]` arrays of `G_F`, R Vᵀ and `ỸỸᵀF`̃, by their definitions in f64.
    fn brute_force(fixture: &Fixture) -> [Vec<f64>; 3] {
        let samples = &fixture.split.train;
        let weights = &fixture.snapshot.weights;
        let (n, k, m) = (samples.labels.len(), weights.n_units, weights.n_labels);
        let z = fixture.outputs(samples);
        let y = |i: usize, c: usize| f64::from(u8::from(samples.labels[i] as usize == c));
        let residual: Vec<f64> = (0..n * m)
            .map(|e| {
                let (i, c) = (e / m, e % m);
                let z = &z[i * m..][..m];
                match fixture.objective.of_outputs() {
                    Loss::Mse => y(i, c) - 1.0 / m as f64 - (z[c] - z.iter().sum::<f64>() / m as f64),
                    Loss::Shaped(_) => unreachable!("no case has it"),
                    Loss::CrossEntropy => y(i, c) - z[c].exp() / z.iter().map(|x| x.exp()).sum::<f64>(),
                }
            })
            .collect();
        let centre = |a: &[f64], width: usize| -> Vec<f64> {
            let mean = |c: usize| a.iter().skip(c).step_by(width).sum::<f64>() / n as f64;
            let means: Vec<f64> = (0..width).map(mean).collect();
            a.iter().enumerate().map(|(e, x)| x - means[e % width]).collect()
        };
        let sent: Vec<f64> = (0..n * k)
            .map(|e| (0..m).map(|c| residual[e / k * m + c] * f64::from(weights.unit_outputs(e % k)[c])).sum())
            .collect();
        let targets = centre(&(0..n * m).map(|e| y(e / m, e % m)).collect::<Vec<_>>(), m);
        let f = fixture.centred_features();
        let sums: Vec<f64> =
            (0..m * k).map(|e| (0..n).map(|i| targets[i * m + e / k] * f[i * k + e % k]).sum()).collect();
        let form = (0..n * k).map(|e| (0..m).map(|c| targets[e / k * m + c] * sums[c * k + e % k]).sum()).collect();
        [centre(&sent, k), sent, form]
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn sums_over_labels_are_the_gradient_written_out() {
        for loss in [Loss::Mse, Loss::CrossEntropy] {
            let mut fixture = Fixture::random(6, 8, 20, 2);
            fixture.objective = Objective::Outputs(loss);
            let [gradient, sent, form] = brute_force(&fixture);
            let scene = fixture.scene();
            let norm = dot(&gradient, &gradient).sqrt();
            // f32 outputs of eight terms against f64 ones.
            assert_close(scalar(&scene, "gradient_norm").unwrap(), norm, 1e-5);
            assert_close(scalar(&scene, "gradient_norm_uncentred").unwrap(), dot(&sent, &sent).sqrt(), 1e-5);
            let alignment = dot(&gradient, &form) / norm / dot(&form, &form).sqrt();
            assert_close(scalar(&scene, "gradient_alignment").unwrap(), alignment, 1e-5);
            let column = |a: &[f64], j: usize| a.iter().skip(j).step_by(8).copied().collect::<Vec<_>>();
            for j in 0..8 {
                let (g, s) = (column(&gradient, j), column(&form, j));
                let cosine = dot(&g, &s) / (dot(&g, &g) * dot(&s, &s)).sqrt();
                assert_close(per_unit(&scene, "unit_gradient_alignment")[j].unwrap(), cosine, 1e-4);
                assert_close(per_unit(&scene, "unit_gradient_share")[j].unwrap(), dot(&g, &g) / norm.powi(2), 1e-4);
            }
        }
    }

    /// Features moved a little along `G_F` change a loss of the features, summed over samples, by ‖`G_F`‖² times the step: from the
    /// engine's values of the loss alone. Centring and the Stage I form are those of the dense arrays.
    #[test]
    fn features_that_follow_their_gradient_lower_their_own_loss() {
        for loss in [FeatureLoss::Contrastive { temperature: 0.5 }, FeatureLoss::NonContrastive] {
            let mut fixture = Fixture::random(5, 6, 20, 2);
            fixture.objective = Objective::Features(loss);
            let features: Vec<f32> = fixture.features(&fixture.split.train).iter().map(|&x| x as f32).collect();
            let labels = &fixture.split.train.labels;
            let n = labels.len() as f64;
            let mut down = vec![0.0; features.len()];
            loss.differentiate(Numerics::Exact, &features, 6, labels, &mut down);
            let down: Vec<f64> = down.iter().map(|&g| -n * f64::from(g)).collect();
            let scene = fixture.scene();
            let uncentred = scalar(&scene, "gradient_norm_uncentred").unwrap();
            let summed = |step: f64| {
                let moved: Vec<f32> =
                    features.iter().zip(&down).map(|(&f, g)| (f64::from(f) + step * g / uncentred) as f32).collect();
                n * loss.differentiate(Numerics::Exact, &moved, 6, labels, &mut vec![0.0; moved.len()])
            };
            // Third derivatives times h²/6, and f32 rounding of a loss of size 50 over 2h.
            assert_close((summed(-0.01) - summed(0.01)) / 0.02, uncentred, 1e-2);
            let centre = |a: &[f64]| -> Vec<f64> {
                let means: Vec<f64> = (0..6).map(|j| a.iter().skip(j).step_by(6).sum::<f64>() / n).collect();
                a.iter().enumerate().map(|(e, x)| x - means[e % 6]).collect()
            };
            let (gradient, [_, _, form]) = (centre(&down), brute_force(&fixture));
            let norm = dot(&gradient, &gradient).sqrt();
            assert_close(scalar(&scene, "gradient_norm").unwrap(), norm, 1e-4);
            let alignment = dot(&gradient, &form) / norm / dot(&form, &form).sqrt();
            assert_close(scalar(&scene, "gradient_alignment").unwrap(), alignment, 1e-4);
            let column = |a: &[f64], j: usize| a.iter().skip(j).step_by(6).copied().collect::<Vec<_>>();
            for j in 0..6 {
                let (g, s) = (column(&gradient, j), column(&form, j));
                let cosine = dot(&g, &s) / (dot(&g, &g) * dot(&s, &s)).sqrt();
                assert_close(per_unit(&scene, "unit_gradient_alignment")[j].unwrap(), cosine, 1e-3);
            }
        }
    }

    /// At the ridge solution the gradient is `η K̃⁻¹ỸỸᵀK̃⁻¹F̃` exactly, so its cosine with that form is 1. The network's
    /// outputs are not centred over samples, but `G_F` is.
    #[test]
    fn at_the_ridge_solution_the_gradient_is_the_ridge_form() {
        for n_units in [5, 40] {
            let mut fixture = Fixture::random(6, n_units, 25, 9);
            fixture.eta = 0.5;
            let ridge: Vec<f32> = {
                let scene = fixture.scene();
                let top = &scene.ridge().unwrap().top;
                (0..n_units * 6).map(|e| top[(e / 6, e % 6)] as f32).collect()
            };
            fixture.snapshot.weights.top = ridge;
            let scene = fixture.scene();
            // V is rounded to f32, which the residual sees multiplied by ‖F̃‖/η, about 1e3.
            assert_close(scalar(&scene, "kernel_alignment").unwrap(), 1.0, 1e-5);
            assert!(scalar(&scene, "top_ridge_distance").unwrap() < 1e-6);
            assert!(scalar(&scene, "gradient_alignment").unwrap() < 0.999);
        }
    }

    /// First step of a top layer that starts at zero: V = lr·F̃ᵀỸ moves against the untouched residual Ỹ, so `G_F` ∝ `ỸỸᵀF`̃.
    #[test]
    fn the_first_gradient_after_a_zero_top_layer_is_the_stage_one_form() {
        let mut fixture = Fixture::random(5, 6, 25, 3); // all 25 samples: labels are balanced, centrings agree
        let f = fixture.centred_features();
        for j in 0..6 {
            for h in 0..5 {
                let sum: f64 =
                    (0..25).filter(|&i| fixture.split.train.labels[i] == h as u32).map(|i| f[i * 6 + j]).sum();
                fixture.snapshot.weights.top[j * 5 + h] = (1e-6 * sum) as f32;
            }
        }
        assert_close(scalar(&fixture.scene(), "gradient_alignment").unwrap(), 1.0, 1e-4);
    }
}
