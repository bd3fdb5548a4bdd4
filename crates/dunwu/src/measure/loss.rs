//! Losses, recomputed from the snapshot in f64.

use super::{Measure, Quantity, Shape};

const FORMULA: &str = "mse: (1/n) Σᵢ ‖zᵢ − mean zᵢ − (e_yᵢ − 1/M)‖²; cross-entropy: −(1/n) Σᵢ ln softmax(zᵢ)[yᵢ]";
const UNIT: &str = "mse: squared outputs, 1 − 1/M for silent ones; cross-entropy: nats, ln M for silent outputs";

pub(super) const TRAIN: Measure = Measure {
    name: "train_loss",
    tells: "how well the network fits its training labels, as given",
    formula: FORMULA,
    shape: Shape::Scalar,
    unit: UNIT,
    source: "Tian 2025, arXiv:2509.21519, section 7 (centred MSE)",
    undefined: "without training samples, or where an output is not finite",
    compute: |scene| Quantity::scalar(scene.train()?.tally.mean_loss()?),
};

pub(super) const TEST: Measure = Measure {
    name: "test_loss",
    tells: "how well the network predicts what it was not trained on; it can stay high after the accuracy is 1",
    formula: FORMULA,
    shape: Shape::Scalar,
    unit: UNIT,
    source: "Tian 2025, arXiv:2509.21519, section 7 (centred MSE)",
    undefined: "without held-out samples, or where an output is not finite",
    compute: |scene| Quantity::scalar(scene.held_out()?.tally.mean_loss()?),
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, scalar};
    use dunwu_engine::loss::{Loss, Objective};

    /// Against a forward pass in f64 and the definitions, sample by sample.
    #[test]
    fn losses_and_accuracies_are_those_of_a_plain_forward_pass() {
        for loss in [Loss::Mse, Loss::CrossEntropy] {
            let mut fixture = Fixture::random(7, 9, 25, 5);
            fixture.objective = Objective::Outputs(loss);
            for (samples, loss_name, accuracy_name) in [
                (&fixture.split.train, "train_loss", "train_accuracy"),
                (&fixture.split.test, "test_loss", "test_accuracy"),
            ] {
                let z = fixture.outputs(samples);
                let (mut total, mut correct) = (0.0, 0);
                for (z, &y) in z.chunks_exact(7).zip(&samples.labels) {
                    let mean = z.iter().sum::<f64>() / 7.0;
                    total += match loss {
                        Loss::Mse => (0..7)
                            .map(|c| (z[c] - mean - f64::from(u8::from(c == y as usize)) + 1.0 / 7.0).powi(2))
                            .sum::<f64>(),
                        Loss::Shaped(_) => unreachable!("no case has it"),
                        Loss::CrossEntropy => z.iter().map(|x| x.exp()).sum::<f64>().ln() - z[y as usize],
                    };
                    correct += usize::from((0..7).all(|c| c == y as usize || z[c] < z[y as usize]));
                }
                let n = samples.labels.len() as f64;
                // Outputs are f32 sums of nine terms.
                assert_close(scalar(&fixture.scene(), loss_name).unwrap(), total / n, 1e-5);
                assert_close(scalar(&fixture.scene(), accuracy_name).unwrap(), correct as f64 / n, 1e-12);
            }
        }
    }
}
