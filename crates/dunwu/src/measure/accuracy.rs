//! Accuracies, recomputed from the snapshot.

use super::{Measure, Quantity, Shape};

const FORMULA: &str = "(1/n) Σᵢ [argmax_c zᵢ꜀ = yᵢ], ties to the lowest label";
const UNIT: &str = "share of samples; 1/M by chance";

pub(super) const TRAIN: Measure = Measure {
    name: "train_accuracy",
    tells: "how much of the training sample is remembered, by the labels as given",
    formula: FORMULA,
    shape: Shape::Scalar,
    unit: UNIT,
    source: "definition",
    undefined: "without training samples, or where an output is not a number",
    compute: |scene| Quantity::scalar(scene.train()?.tally.accuracy()?),
};

pub(super) const TEST: Measure = Measure {
    name: "test_accuracy",
    tells: "how much of what it was not trained on the network gets right",
    formula: FORMULA,
    shape: Shape::Scalar,
    unit: UNIT,
    source: "definition",
    undefined: "without held-out samples, or where an output is not a number",
    compute: |scene| Quantity::scalar(scene.held_out()?.tally.accuracy()?),
};

pub(super) const CORRUPTED: Measure = Measure {
    name: "corrupted_accuracy",
    tells: "how many of the corrupted labels the network has memorized",
    formula: "(1/n_c) Σ_{i corrupted} [argmax_c zᵢ꜀ = given label]",
    shape: Shape::Scalar,
    unit: UNIT,
    source: "Doshi et al. 2023, arXiv:2310.13061",
    undefined: "without corrupted labels, or where an output is not a number",
    compute: |scene| Quantity::scalar(scene.train()?.corrupted.as_ref()?.0.accuracy()?),
};

pub(super) const RESTORED: Measure = Measure {
    name: "restored_accuracy",
    tells: "how many of the corrupted samples the network answers with their true label, against what it was told",
    formula: "(1/n_c) Σ_{i corrupted} [argmax_c zᵢ꜀ = true label]",
    shape: Shape::Scalar,
    unit: UNIT,
    source: "Doshi et al. 2023, arXiv:2310.13061",
    undefined: "without corrupted labels, or where an output is not a number",
    compute: |scene| Quantity::scalar(scene.train()?.corrupted.as_ref()?.1.accuracy()?),
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, scalar};

    /// A top layer that answers label 2 whatever it sees.
    #[test]
    fn corrupted_samples_are_counted_against_both_labels() {
        let mut fixture = Fixture::random(5, 1, 10, 1);
        fixture.snapshot.weights.hidden.fill(1.0);
        fixture.snapshot.weights.top.fill(0.0);
        fixture.snapshot.weights.top[2] = 1.0;
        assert_eq!(scalar(&fixture.scene(), "corrupted_accuracy"), None);
        fixture.corrupt(&[0, 3, 4, 7], 2);
        let of_two = |labels: &[u32]| labels.iter().filter(|&&y| y == 2).count() as f64;
        let truly: Vec<u32> = [0, 3, 4, 7].iter().map(|&i| fixture.split.train_true_labels[i]).collect();
        assert_eq!(scalar(&fixture.scene(), "corrupted_accuracy"), Some(1.0));
        assert_eq!(scalar(&fixture.scene(), "restored_accuracy"), Some(of_two(&truly) / 4.0));
        assert_eq!(scalar(&fixture.scene(), "train_accuracy"), Some(of_two(&fixture.split.train.labels) / 10.0));
    }
}
