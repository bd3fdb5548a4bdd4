//! How few frequencies the first and the last layer speak of.

use super::layer_frequency::{embedding_powers, output_powers};
use super::quantity::ratio;
use super::{Measure, Quantity, Shape};

const UNIT: &str = "Gini coefficient, in [0, 1 − 1/⌊M/2⌋]; 0 where all frequencies are alike";
const SOURCE: &str = "Nanda et al. 2023, arXiv:2301.05217, section 5.1; Hurley & Rickard 2009, arXiv:0811.4706";

pub(super) const EMBEDDING: Measure = Measure {
    name: "embedding_gini",
    tells: "how few frequencies the tokens are told apart by: it rises as the network cleans up after its circuit stands",
    formula: "Σ_kl |p_k − p_l| / (2F Σ_k p_k), p_k = ‖Π_k E‖, k = 1 … F = ⌊M/2⌋; E the embedding, W or W₁ of one-hot tokens;\nwhere operands have rows of their own p_k² is the sum over them",
    shape: Shape::Scalar,
    unit: UNIT,
    source: SOURCE,
    undefined: "unless the task is addition modulo M of two operands; where no frequency has power, or a weight is not finite",
    compute: |scene| Quantity::scalar(gini(embedding_powers(scene)?)?),
};

pub(super) const NEURON_LOGIT: Measure = Measure {
    name: "neuron_logit_gini",
    tells: "how few frequencies the units write to the outputs",
    formula: "Σ_kl |p_k − p_l| / (2F Σ_k p_k), p_k = ‖Π_k Vᵀ‖, k = 1 … F = ⌊M/2⌋; V the map of features to outputs",
    shape: Shape::Scalar,
    unit: UNIT,
    source: SOURCE,
    undefined: "unless the task is addition modulo M of two operands; where no frequency has power, or a weight is not finite",
    compute: |scene| Quantity::scalar(gini(output_powers(scene)?)?),
};

/// The Gini coefficient of the roots of these powers; `None` where all are zero.
fn gini(powers: Vec<f64>) -> Option<f64> {
    let mut norms: Vec<f64> = powers.into_iter().map(f64::sqrt).collect();
    norms.sort_by(f64::total_cmp);
    let n = norms.len() as f64;
    // In ascending order the i-th is the larger of i pairs and the smaller of n − 1 − i.
    let differences: f64 = norms.iter().enumerate().map(|(i, norm)| (2.0 * i as f64 + 1.0 - n) * norm).sum();
    ratio(differences, n * norms.iter().sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, scalar};
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_coefficient_is_that_of_all_pairs() {
        let powers: [f64; 5] = [4.0, 0.25, 0.0, 9.0, 1.0];
        let mut differences = 0.0;
        for a in powers {
            for b in powers {
                differences += (a.sqrt() - b.sqrt()).abs();
            }
        }
        let sum: f64 = powers.iter().map(|p| p.sqrt()).sum();
        assert_close(gini(powers.to_vec()).unwrap(), differences / (2.0 * 5.0 * sum), 1e-14);
        assert!(gini(vec![2.0; 7]).unwrap().abs() < 1e-15);
        assert_close(gini(vec![0.0, 0.0, 5.0, 0.0]).unwrap(), 0.75, 1e-15);
        assert_eq!(gini(vec![0.0; 3]), None);
        assert_eq!(gini(vec![]), None);
    }

    /// One frequency: 1 − 1/F. Two of amplitudes 1 and 2 among F: the pairs with a zero and the one without, written out.
    #[test]
    fn tables_of_known_frequencies_have_their_closed_forms() {
        let order = 11;
        let mut fixture = Fixture::random(order, 4, 20, 1);
        let wave = |k: usize, g: usize, phase: f64| (TAU * (k * g) as f64 / 11.0 + phase).cos();
        (0..4).for_each(|unit| fixture.set_unit(unit, |_, token| wave(3, token, unit as f64) + 0.5));
        for unit in 0..4 {
            for c in 0..order {
                let phase = 0.4 * unit as f64; // norms are those of amplitudes, whatever the phases
                fixture.snapshot.weights.top[unit * order + c] = (wave(2, c, phase) + 2.0 * wave(5, c, phase)) as f32;
            }
        }
        let scene = fixture.scene();
        // Weights are rounded to f32, which leaves 1e-7 in the other frequencies.
        assert_close(scalar(&scene, "embedding_gini").unwrap(), 0.8, 1e-6);
        let pairs = 2.0 * (3.0 * 1.0 + 3.0 * 2.0 + 1.0);
        assert_close(scalar(&scene, "neuron_logit_gini").unwrap(), pairs / (2.0 * 5.0 * 3.0), 1e-6);
        assert!((scalar(&scene, "neuron_logit_gini").unwrap() - 0.8).abs() > 0.05);
    }
}
