//! How many directions carry the hidden layer, and its updates.

use super::{Measure, Quantity, Shape, update_spectrum};

const FORMULA: &str = "exp(−Σᵢ pᵢ ln pᵢ), pᵢ = sᵢ²/Σₗ sₗ²";
const SOURCE: &str = "Roy & Vetterli 2007, EUSIPCO; there pᵢ = sᵢ/Σ sₗ, here squared, so that it counts shares of ‖·‖²";

pub(super) const EFFECTIVE_RANK: Measure = Measure {
    name: "effective_rank",
    tells: "how many directions of the input the hidden layer uses",
    formula: FORMULA,
    shape: Shape::Scalar,
    unit: "directions, in [1, rank W]",
    source: SOURCE,
    undefined: "where W is no table of tokens, for W = 0, or where a weight is not finite",
    compute: |scene| Quantity::scalar(effective_rank(scene.singular_values()?)?),
};

pub(super) const UPDATE_EFFECTIVE_RANK: Measure = Measure {
    name: "update_effective_rank",
    tells: "in how many directions the last updates of W went: near 1 while all go the same way",
    formula: FORMULA,
    shape: Shape::Scalar,
    unit: "directions, in [1, window]",
    source: SOURCE,
    undefined: "where the window of 20 updates is not whole or all were zero",
    compute: |scene| Quantity::scalar(effective_rank(&update_spectrum::singular_values(scene.snapshot)?)?),
};

pub(super) const UPDATE_LEADING_SHARE: Measure = Measure {
    name: "update_leading_share",
    tells: "how much of the last updates of W goes in their leading direction: 1 while all go the same way",
    formula: "s₁² / Σᵢ sᵢ², s = update_spectrum",
    shape: Shape::Scalar,
    unit: "share, in [1/20, 1]",
    source: "definition, over the recorded window of updates",
    undefined: "where the window of 20 updates is not whole or all were zero",
    compute: |scene| Quantity::scalar(leading_share(&update_spectrum::singular_values(scene.snapshot)?)?),
};

/// Share of the squares that the largest has; `None` where all are zero.
fn leading_share(singular_values: &[f64]) -> Option<f64> {
    let largest = singular_values.iter().copied().fold(0.0, f64::max);
    // Relative to the largest, so that no square overflows.
    (largest > 0.0).then(|| 1.0 / singular_values.iter().map(|s| (s / largest).powi(2)).sum::<f64>())
}

/// The exponential of the entropy of the squares of finite singular values; `None` where all are zero.
pub fn effective_rank(singular_values: &[f64]) -> Option<f64> {
    let largest = singular_values.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return None;
    }
    let powers: Vec<f64> = singular_values.iter().map(|s| (s / largest).powi(2)).collect();
    let total: f64 = powers.iter().sum();
    let entropy: f64 = powers.iter().filter(|p| **p > 0.0).map(|p| -(p / total) * (p / total).ln()).sum();
    Some(entropy.exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_direction_holds_everything_and_equal_ones_share() {
        assert_eq!(leading_share(&[4.0, 0.0, 0.0]), Some(1.0));
        assert_eq!(leading_share(&[2.0; 4]), Some(0.25));
        assert_eq!(leading_share(&[1e200, 1e200]), Some(0.5));
        assert_eq!(leading_share(&[0.0]), None);
    }

    #[test]
    fn equal_directions_are_counted_and_scale_does_not_matter() {
        for n in 1..9 {
            assert!((effective_rank(&vec![1e-200; n]).unwrap() - n as f64).abs() < 1e-13);
        }
        // p = 4/5, 1/5
        let expected = (0.8_f64.powf(-0.8)) * 0.2_f64.powf(-0.2);
        assert!((effective_rank(&[2.0, 1.0, 0.0]).unwrap() - expected).abs() < 1e-14);
        assert_eq!(effective_rank(&[0.0; 3]), None);
        assert_eq!(effective_rank(&[]), None);
    }
}
