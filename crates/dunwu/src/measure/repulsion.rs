//! Whether similar units push each other apart.

use super::{Measure, Quantity, Shape};

pub(super) const REPULSION: Measure = Measure {
    name: "repulsion",
    tells: "how many of the most similar units push each other to different features through the top layer",
    formula: "share of the 200 pairs (j, l) with the largest cos(f̃ⱼ, f̃ₗ) > 0 that have B_jl < 0, B = (F̃ᵀF̃ + ηI)⁻¹",
    shape: Shape::Scalar,
    unit: "share of pairs; B_jl < 0 exactly where f̃ⱼ, f̃ₗ are similar given the other units",
    source: "Tian 2025, arXiv:2509.21519, Theorem 6",
    undefined: "for η = 0, or where no pair has a positive cosine or an activation is not finite; above 4096³ multiply-adds; where it would cost more than a quarter of the training, at all but some evenly spaced snapshots",
    compute: |scene| {
        let pairs = &scene.similarity()?.pairs;
        if pairs.is_empty() {
            return None;
        }
        let entries = scene.ridge()?.inverse_entries(scene.train()?, pairs);
        let repelled = entries.iter().filter(|entry| **entry < 0.0).count();
        Quantity::scalar(repelled as f64 / pairs.len() as f64)
    },
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, scalar};

    /// Two copies of a unit are similar whatever the others do; Theorem 6 itself is tested beside the inverse.
    #[test]
    fn copies_repel() {
        let mut fixture = Fixture::random(5, 2, 20, 2);
        for row in fixture.snapshot.weights.hidden.chunks_exact_mut(2) {
            row[1] = row[0];
        }
        assert_eq!(scalar(&fixture.scene(), "repulsion"), None);
        fixture.eta = 1e-2;
        assert_eq!(scalar(&fixture.scene(), "repulsion"), Some(1.0));
    }
}
