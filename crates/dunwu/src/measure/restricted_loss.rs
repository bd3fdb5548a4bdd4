//! The loss of the generalizing circuit alone.

use super::scene::{Waves, sample_loss};
use super::{Measure, Quantity, Scene, Shape};

const FORMULA: &str =
    "loss of z̄ + Σ_{k key} C_k cos ω_k(a+b) + S_k sin ω_k(a+b), true labels; key: see key_frequencies";
const UNIT: &str = "as train_loss; that of constant logits where no frequency is key";
const SOURCE: &str = "Nanda et al. 2023, arXiv:2301.05217, section 5.1; there with the key frequencies of the final network, here of this one";

pub(super) const ALL: Measure = Measure {
    name: "restricted_loss",
    tells: "how well the network would do with its key frequencies alone: it falls before the test loss does",
    formula: FORMULA,
    shape: Shape::Scalar,
    unit: UNIT,
    source: SOURCE,
    undefined: "unless the task is addition modulo M of two operands; where an output is not finite",
    compute: |scene| {
        let losses = losses(scene, scene.waves()?);
        Quantity::scalar(losses.iter().sum::<f64>() / losses.len() as f64)
    },
};

pub(super) const TEST: Measure = Measure {
    name: "restricted_test_loss",
    tells: "the same on the samples that were held out",
    formula: FORMULA,
    shape: Shape::Scalar,
    unit: UNIT,
    source: SOURCE,
    undefined: "unless the task is addition modulo M of two operands; without held-out samples, or where an output is not finite",
    compute: |scene| {
        let losses = losses(scene, scene.waves()?);
        let labels = &scene.setup.split.test.labels;
        let sum: f64 = labels.iter().map(|&label| losses[label as usize]).sum();
        (!labels.is_empty()).then(|| Quantity::scalar(sum / labels.len() as f64))?
    },
};

/// Loss at each answer, `[answer]`: restricted logits know nothing else of a and b, and each answer is that of M pairs.
fn losses(scene: &Scene<'_>, waves: &Waves) -> Vec<f64> {
    let mut residual = vec![0.0; waves.constant().len()];
    let loss = |answer: usize| {
        let logits = waves.key_waves(answer).into_iter().zip(waves.constant());
        let logits: Vec<f32> = logits.map(|(wave, constant)| (wave + constant) as f32).collect();
        sample_loss(scene.setup.objective.of_outputs(), &logits, answer, &mut residual)
    };
    (0..waves.constant().len()).map(loss).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, Outputs, assert_close, scalar};
    use dunwu_engine::loss::{Loss, Objective};
    use std::f64::consts::TAU;

    /// The loss of logits `[sample][label]`, by its definition.
    fn mean_loss(loss: Loss, logits: &[Vec<f64>], labels: &[u32]) -> f64 {
        let of_one = |z: &Vec<f64>, y: usize| match loss {
            Loss::Shaped(_) => unreachable!("no case has it"),
            Loss::CrossEntropy => z.iter().map(|x| x.exp()).sum::<f64>().ln() - z[y],
            Loss::Mse => {
                let m = z.len() as f64;
                let mean = z.iter().sum::<f64>() / m;
                (0..z.len()).map(|c| (z[c] - mean - f64::from(u8::from(c == y)) + 1.0 / m).powi(2)).sum()
            }
        };
        logits.iter().zip(labels).map(|(z, &y)| of_one(z, y as usize)).sum::<f64>() / labels.len() as f64
    }

    /// Logits made of known waves in a + b, waves in a − b, one value a sample and a constant: each loss is that of the parts
    /// that its definition keeps.
    #[test]
    fn restricted_and_excluded_losses_are_those_of_the_waves_that_were_put_in() {
        for (order, key) in [(11, [2, 5]), (8, [1, 4])] {
            let angle = |k: usize, x: usize| TAU * (k * x % order) as f64 / order as f64;
            let amplitude = |k: usize, c: usize| ((3 * k + 5 * c) as f64).sin();
            let wave =
                |k: usize, a: usize, b: usize, c: usize| 2.0 * amplitude(k, c) * (angle(k, a + b) + c as f64).cos();
            let constant = |c: usize| 0.3 * (c as f64).cos();
            // 3 is no key frequency: a hundredth of the others' amplitude.
            let rest = |a: usize, b: usize, c: usize| {
                0.8 * amplitude(7, c) * angle(1, a + order - b).sin() + 0.02 * wave(3, a, b, c)
            };
            let circuit = |a: usize, b: usize, c: usize| key.iter().map(|&k| wave(k, a, b, c)).sum::<f64>();
            let offset = |a: usize| 5.0 * a as f64; // the same for every label: no loss sees it
            let mut fixture = Fixture::random(order, 3, 30, 4);
            fixture.network = Some(Box::new(Outputs::of(order, 3, |a, b, c| {
                (circuit(a, b, c) + constant(c) + rest(a, b, c) + offset(a)) as f32
            })));
            for loss in Loss::ALL {
                fixture.objective = Objective::Outputs(loss);
                let part = |samples: &dunwu_engine::Samples, part: &dyn Fn(usize, usize, usize) -> f64| {
                    let pairs = samples.operands[0].iter().zip(&samples.operands[1]);
                    let logits: Vec<Vec<f64>> =
                        pairs.map(|(&a, &b)| (0..order).map(|c| part(a as usize, b as usize, c)).collect()).collect();
                    mean_loss(loss, &logits, &samples.labels)
                };
                let scene = fixture.scene();
                assert_eq!(scalar(&scene, "key_frequencies"), Some(2.0));
                let restricted = |a: usize, b: usize, c: usize| circuit(a, b, c) + constant(c);
                // Logits are rounded to f32: 1e-6 of logits of size 50, of losses of size 1.
                let close = |name: &str, expected: f64| assert_close(scalar(&scene, name).unwrap(), expected, 3e-5);
                close("restricted_loss", part(&fixture.problem.population(), &restricted));
                close("restricted_test_loss", part(&fixture.split.test, &restricted));
                close("excluded_loss", part(&fixture.split.train, &|a, b, c| constant(c) + rest(a, b, c)));
            }
        }
    }

    #[test]
    fn without_a_key_frequency_nothing_is_kept_and_nothing_is_excluded() {
        let mut fixture = Fixture::random(11, 3, 50, 4);
        fixture.objective = Objective::Outputs(Loss::CrossEntropy);
        fixture.network =
            Some(Box::new(Outputs::of(11, 3, |a, b, c| ((a * 131 + b * 17 + c * 71) % 97) as f32 / 97.0)));
        let scene = fixture.scene();
        assert_eq!(scalar(&scene, "key_frequencies"), Some(0.0));
        assert_close(scalar(&scene, "excluded_loss").unwrap(), scalar(&scene, "train_loss").unwrap(), 1e-6);
        let mean: Vec<f64> = (0..11)
            .map(|c| {
                (0..121).map(|i| f64::from((i / 11 * 131 + i % 11 * 17 + c * 71) % 97) / 97.0).sum::<f64>() / 121.0
            })
            .collect();
        let labels: Vec<u32> = (0..11).collect();
        let constant = mean_loss(Loss::CrossEntropy, &vec![mean; 11], &labels);
        assert_close(scalar(&scene, "restricted_loss").unwrap(), constant, 1e-6);
    }
}
