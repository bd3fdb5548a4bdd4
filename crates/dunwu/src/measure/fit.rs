//! What a unit contributes to the right answers, on what was trained on and on what was not.

use super::scene::ClassMoments;
use super::{Measure, Quantity, Scene, Shape};

const FORMULA: &str =
    "(1/n) Σᵢ aᵢ (fᵢⱼ − μⱼ), aᵢ = V[j, yᵢ] − mean_c V[j, c], μⱼ = mean of fⱼ over the training sample";
const ERROR_FORMULA: &str =
    "(Σᵢ (fᵢⱼ − f̄ⱼ)² Σᵢ (aᵢ − ā)² / (n² (n−1)))^½: the standard deviation over all permutations of the labels";
const UNIT: &str = "output; above 0 the unit helps";
const SOURCE: &str = "definition";

pub(super) const UNIT_TRAIN: Measure = Measure {
    name: "unit_fit_train",
    tells: "how much the unit pushes the right output up, against the others, on the training sample",
    formula: FORMULA,
    shape: Shape::PerUnit,
    unit: UNIT,
    source: SOURCE,
    undefined: "without training samples",
    compute: |scene| per_unit(scene, &scene.train()?.moments, |fit| Some(fit.mean)),
};

pub(super) const UNIT_TRAIN_ERROR: Measure = Measure {
    name: "unit_fit_train_error",
    tells: "how large unit_fit_train would be by chance, were the labels dealt anew",
    formula: ERROR_FORMULA,
    shape: Shape::PerUnit,
    unit: "output",
    source: "permutation variance, Pitman 1937",
    undefined: "with fewer than two training samples",
    compute: |scene| per_unit(scene, &scene.train()?.moments, |fit| fit.error),
};

pub(super) const UNIT_HELD_OUT: Measure = Measure {
    name: "unit_fit_held_out",
    tells: "how much of that carries over to samples that the network has not seen",
    formula: FORMULA,
    shape: Shape::PerUnit,
    unit: UNIT,
    source: SOURCE,
    undefined: "without training or held-out samples",
    compute: |scene| per_unit(scene, &scene.held_out()?.moments, |fit| Some(fit.mean)),
};

pub(super) const UNIT_HELD_OUT_ERROR: Measure = Measure {
    name: "unit_fit_held_out_error",
    tells: "how large unit_fit_held_out would be by chance, were the labels dealt anew",
    formula: ERROR_FORMULA,
    shape: Shape::PerUnit,
    unit: "output",
    source: "permutation variance, Pitman 1937",
    undefined: "with fewer than two held-out samples, or without training samples",
    compute: |scene| per_unit(scene, &scene.held_out()?.moments, |fit| fit.error),
};

struct Fit {
    mean: f64,
    error: Option<f64>,
}

fn per_unit(scene: &Scene<'_>, moments: &ClassMoments, value: impl Fn(Fit) -> Option<f64>) -> Option<Quantity> {
    let train_means = &scene.train()?.means;
    Quantity::per_unit(
        (0..scene.weights().n_units)
            .map(|unit| value(fit(moments, unit, train_means[unit], scene.weights().unit_outputs(unit)))),
    )
}

/// All from the sums by label: aᵢ depends on the label alone.
fn fit(moments: &ClassMoments, unit: usize, train_mean: f64, outputs: &[f32]) -> Fit {
    let output_mean = outputs.iter().map(|&v| f64::from(v)).sum::<f64>() / outputs.len() as f64;
    let push = |label: usize| f64::from(outputs[label]) - output_mean;
    let (mut n, mut product, mut sum, mut square) = (0.0, 0.0, 0.0, 0.0);
    let (mut push_sum, mut push_square) = (0.0, 0.0);
    for cell in moments.of_unit(unit) {
        let (a, f) = (push(cell.label), cell.sum - cell.count * train_mean);
        n += cell.count;
        product += a * f;
        sum += f;
        square += cell.square - train_mean * (2.0 * cell.sum - cell.count * train_mean);
        push_sum += cell.count * a;
        push_square += cell.count * a * a;
    }
    let spread = (square - sum * sum / n).max(0.0) * (push_square - push_sum * push_sum / n).max(0.0);
    Fit { mean: product / n, error: (n > 1.0).then(|| (spread / (n * n * (n - 1.0))).sqrt()) }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, per_unit};
    use dunwu_engine::Samples;

    fn contributions(fixture: &Fixture, samples: &Samples, unit: usize) -> (Vec<f64>, Vec<f64>) {
        let k = fixture.snapshot.weights.n_units;
        let train = fixture.features(&fixture.split.train);
        let mean = train.iter().skip(unit).step_by(k).sum::<f64>() / (train.len() / k) as f64;
        let f = fixture.features(samples).iter().skip(unit).step_by(k).map(|f| f - mean).collect();
        let v: Vec<f64> = fixture.snapshot.weights.unit_outputs(unit).iter().map(|&v| f64::from(v)).collect();
        let centre = v.iter().sum::<f64>() / v.len() as f64;
        (f, samples.labels.iter().map(|&y| v[y as usize] - centre).collect())
    }

    #[test]
    fn the_fit_is_its_sum_over_samples() {
        let fixture = Fixture::random(6, 5, 20, 3);
        let scene = fixture.scene();
        for (samples, name) in [(&fixture.split.train, "unit_fit_train"), (&fixture.split.test, "unit_fit_held_out")] {
            for (unit, value) in per_unit(&scene, name).iter().enumerate() {
                let (f, a) = contributions(&fixture, samples, unit);
                let scale = f.iter().zip(&a).map(|(f, a)| (f * a).abs()).sum::<f64>() / f.len() as f64;
                let mean = f.iter().zip(&a).map(|(f, a)| f * a).sum::<f64>() / f.len() as f64;
                assert!((value.unwrap() - mean).abs() < 1e-6 * scale, "{value:?} {mean}");
            }
        }
    }

    /// Over all 720 orders of six samples.
    #[test]
    fn the_error_is_the_spread_over_all_permutations() {
        fn permutations(left: &mut Vec<usize>, done: &mut Vec<usize>, visit: &mut impl FnMut(&[usize])) {
            if left.is_empty() {
                visit(done);
            }
            for position in 0..left.len() {
                done.push(left.remove(position));
                permutations(left, done, visit);
                left.insert(position, done.pop().unwrap());
            }
        }
        let fixture = Fixture::random(4, 3, 6, 5);
        let errors = per_unit(&fixture.scene(), "unit_fit_train_error");
        for (unit, error) in errors.iter().enumerate() {
            let (f, a) = contributions(&fixture, &fixture.split.train, unit);
            let mut means = Vec::new();
            permutations(&mut (0..6).collect(), &mut Vec::new(), &mut |order| {
                means.push(order.iter().enumerate().map(|(i, &p)| f[i] * a[p]).sum::<f64>() / 6.0);
            });
            let centre = means.iter().sum::<f64>() / 720.0;
            let variance = means.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / 720.0;
            assert_close(error.unwrap(), variance.sqrt(), 1e-5);
        }
    }
}
