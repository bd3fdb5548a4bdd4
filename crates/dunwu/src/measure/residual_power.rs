//! Which irreps of the target are still missing from the outputs.

use super::dense::{inner, product, rows};
use super::quantity::ratio;
use super::{Measure, Quantity, Scene, Shape};
use faer::Mat;

pub(super) const RESIDUAL_POWER: Measure = Measure {
    name: "residual_power",
    tells: "how much of each irrep of the answer is still missing: the signal that draws free units to what is not learned",
    formula: "‖Π_k R‖² / ‖Π_k Y‖² over the whole population, true labels; mse: R = Y − 1/M − (Z − mean Z); cross-entropy: R = Y − softmax Z",
    shape: Shape::PerIrrep,
    unit: "share; 1 where nothing is learned, 0 where all is",
    source: "Tian 2025, arXiv:2509.21519, Theorem 7",
    undefined: "where the task is no group or an output is not finite; for the trivial irrep, whose residual the loss does not see",
    compute: residual_power,
};

/// `Π_k` acts on labels, so `RᵀR` is enough: `‖Π_k R‖² = Σ_b bᵀ RᵀR b` over the basis vectors b of k.
fn residual_power(scene: &Scene<'_>) -> Option<Quantity> {
    let decomposition = scene.setup.decomposition.filter(|d| d.order == scene.weights().n_labels)?;
    let order = decomposition.order;
    let split = scene.setup.split;
    let mut gram: Mat<f64> = Mat::zeros(order, order);
    if let Some(train) = scene.train() {
        gram += train.tally.residual_gram();
        if let Some((given, truth)) = &train.corrupted {
            gram -= given.residual_gram();
            gram += truth.residual_gram();
        }
    }
    if let Some(held_out) = scene.held_out() {
        gram += held_out.tally.residual_gram();
    }
    let mut counts = vec![0.0; order];
    split.train_true_labels.iter().chain(&split.test.labels).for_each(|&label| counts[label as usize] += 1.0);
    let mut row = 0;
    Quantity::per_irrep(decomposition.irreps.iter().enumerate().map(|(k, irrep)| {
        let basis = rows(&decomposition.basis[row * order..][..irrep.dimension * order], irrep.dimension, order);
        row += irrep.dimension;
        let missing = inner(basis.transpose(), product(gram.as_ref(), basis.transpose()).as_ref());
        let asked: f64 = (0..irrep.dimension)
            .flat_map(|b| (0..order).map(move |h| (b, h)))
            .map(|(b, h)| basis[(b, h)].powi(2) * counts[h])
            .sum();
        if k == 0 { None } else { ratio(missing.max(0.0), asked) }
    }))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, per_irrep};
    use std::f64::consts::TAU;

    #[test]
    fn a_silent_network_misses_everything() {
        let mut fixture = Fixture::random(7, 3, 20, 1);
        fixture.snapshot.weights.top.fill(0.0);
        fixture.corrupt(&[0, 4, 5], 3); // the true labels count
        for (k, power) in per_irrep(&fixture.scene(), "residual_power").iter().enumerate() {
            match power {
                Some(power) => assert!((power - 1.0).abs() < 1e-12),
                None => assert_eq!(k, 0),
            }
        }
    }

    /// Six units of one frequency solve it: `Σ_φ ±((cos(x+φ) ± cos(y+φ))² cos(z + 2φ))` over three phases
    /// is `3 cos(x + y − z)`, with x, y, z the angles. That frequency goes, the others stay.
    #[test]
    fn what_is_learned_is_no_longer_missing() {
        let order = 7;
        for frequency in 1..=3 {
            let mut fixture = Fixture::random(order, 6, 20, 1);
            let angle = |g: usize| TAU * (frequency * g) as f64 / order as f64;
            for unit in 0..6 {
                let phase = TAU * (unit % 3) as f64 / 3.0;
                let sign = if unit < 3 { 1.0 } else { -1.0 };
                fixture.set_unit(unit, |operand, token| {
                    (angle(token) + phase).cos() * if operand == 1 { sign } else { 1.0 }
                });
                for label in 0..order {
                    // Target (2/M) cos(x+y−z); the six units sum to 4·(3/4)·cos(x+y−z).
                    let size = 2.0 / order as f64 / 3.0;
                    let output = sign * size * (angle(label) + 2.0 * phase).cos();
                    fixture.snapshot.weights.top[unit * order + label] = output as f32;
                }
            }
            let power = per_irrep(&fixture.scene(), "residual_power");
            for k in 1..=3 {
                let expected = f64::from(u8::from(k != frequency));
                assert!((power[k].unwrap() - expected).abs() < 1e-6, "{frequency} {power:?}");
            }
        }
    }
}
