//! How independent the units' activations are.

use super::quantity::ratio;
use super::{Measure, Quantity, Shape};

pub(super) const OFF_DIAGONAL_RATIO: Measure = Measure {
    name: "gram_off_diagonal_ratio",
    tells: "whether units interact: small while each learns as if it were alone",
    formula: "mean_{j≠l} |G_jl| / mean_j G_jj, G = F̃ᵀF̃",
    shape: Shape::Scalar,
    unit: "ratio in [0, 1]; below 0.08 in the paper's setting",
    source: "Tian 2025, arXiv:2509.21519, figure 3",
    undefined: "with fewer than two units, or where no activation varies or one is not finite; above 4096³ multiply-adds; where it would cost more than a quarter of the training, at all but some evenly spaced snapshots",
    compute: |scene| {
        let similarity = scene.similarity()?;
        let n_units = scene.weights().n_units as f64;
        let off_diagonal = ratio(similarity.off_diagonal_abs_sum, n_units * (n_units - 1.0))?;
        Quantity::scalar(ratio(off_diagonal, similarity.diagonal_sum / n_units)?)
    },
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, scalar};

    /// Copies of one unit have equal products: ratio 1. The sums themselves are tested against the dense matrix in `scene`.
    #[test]
    fn copies_of_one_unit_have_ratio_one() {
        let mut fixture = Fixture::random(5, 6, 20, 2);
        for row in fixture.snapshot.weights.hidden.chunks_exact_mut(6) {
            let first = row[0];
            row.fill(first);
        }
        assert_close(scalar(&fixture.scene(), "gram_off_diagonal_ratio").unwrap(), 1.0, 1e-6);
    }
}
