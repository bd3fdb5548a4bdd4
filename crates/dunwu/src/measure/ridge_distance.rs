//! How far the top layer is from being fitted.

use super::quantity::ratio;
use super::{Measure, Quantity, Shape};

pub(super) const RIDGE_DISTANCE: Measure = Measure {
    name: "top_ridge_distance",
    tells: "how far the top layer is from the ridge solution on the present features: 0 where it is fully fitted",
    formula: "‖V − mean_c V − V_r‖ / ‖V_r‖, V_r = (F̃ᵀF̃ + ηI)⁻¹F̃ᵀỸ",
    shape: Shape::Scalar,
    unit: "relative to the ridge solution; 1 for V = 0",
    source: "Tian 2025, arXiv:2509.21519, Proposition 1",
    undefined: "for η = 0, where the ridge solution is zero or a weight is not finite; above 4096³ multiply-adds; where it would cost more than a quarter of the training, at all but some evenly spaced snapshots",
    compute: |scene| {
        let (ridge, weights) = (scene.ridge()?, scene.weights());
        let (mut distance, mut norm) = (0.0, 0.0);
        for unit in 0..weights.n_units {
            let outputs = weights.unit_outputs(unit);
            let mean = outputs.iter().map(|&v| f64::from(v)).sum::<f64>() / weights.n_labels as f64;
            for (label, &v) in outputs.iter().enumerate() {
                let fitted = ridge.top[(unit, label)];
                distance += (f64::from(v) - mean - fitted).powi(2);
                norm += fitted * fitted;
            }
        }
        Quantity::scalar(ratio(distance, norm)?.sqrt())
    },
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, scalar};

    /// The ridge solution itself is tested beside the gradient, where it makes the alignment 1.
    #[test]
    fn a_silent_top_layer_is_at_distance_one() {
        let mut fixture = Fixture::random(5, 4, 12, 1);
        fixture.snapshot.weights.top.fill(3.0); // a constant over labels is silent
        assert_eq!(scalar(&fixture.scene(), "top_ridge_distance"), None);
        fixture.eta = 0.1;
        assert!((scalar(&fixture.scene(), "top_ridge_distance").unwrap() - 1.0).abs() < 1e-12);
    }
}
