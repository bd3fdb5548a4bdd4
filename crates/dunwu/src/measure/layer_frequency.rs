//! The first and the last layer in the Fourier basis.

use super::dense::rows;
use super::quantity::ratio;
use super::scene::{addition, frequencies, frequency_powers};
use super::{Measure, Quantity, Scene, Shape};

pub(super) const EMBEDDING: Measure = Measure {
    name: "embedding_frequency_share",
    tells: "which frequencies distinguish the tokens: the rows of the embedding in the Fourier basis",
    formula: "‖Π_k E‖² / Σ_l ‖Π_l E‖², k, l = 1 … ⌊M/2⌋; E the embedding, W or W₁ of one-hot tokens;\nwhere operands have rows of their own ‖Π_k E‖² is the sum over them",
    shape: Shape::PerIrrep,
    unit: "share; together 1, and 1/⌊M/2⌋ each for weights without structure where M is odd",
    source: "Nanda et al. 2023, arXiv:2301.05217, section 4.1",
    undefined: "unless the task is addition modulo M of two operands; where no frequency has power, or a weight is not finite; for the trivial irrep",
    compute: |scene| shares(scene, &embedding_powers(scene)?),
};

pub(super) const NEURON_LOGIT: Measure = Measure {
    name: "neuron_logit_frequency_share",
    tells: "which frequencies the units write to the outputs: the last layer in the Fourier basis",
    formula: "‖Π_k Vᵀ‖² / Σ_l ‖Π_l Vᵀ‖², k, l = 1 … ⌊M/2⌋; V the map of features to outputs",
    compute: |scene| shares(scene, &output_powers(scene)?),
    ..EMBEDDING
};

fn shares(scene: &Scene<'_>, powers: &[f64]) -> Option<Quantity> {
    let share = |k: usize| ratio(powers[k.checked_sub(1)?], powers.iter().sum());
    Quantity::per_irrep(frequencies(scene.setup.decomposition?).into_iter().map(share))
}

/// Power of every frequency in the table that tokens are read from.
pub(super) fn embedding_powers(scene: &Scene<'_>) -> Option<Vec<f64>> {
    let order = addition(scene)?;
    let parameters = &scene.snapshot.parameters;
    let array = parameters.get("embedding.weight").or_else(|| parameters.get("hidden.0.weight"));
    let (table, n_rows) = match (array, scene.token_weights()) {
        (Some(array), _) => (&array.values, *array.shape.first()?),
        (None, Some(weights)) => (&weights.hidden, weights.n_inputs),
        (None, None) => return None,
    };
    // A transformer has a further row, which is no element: its `=`.
    let n_tables = match n_rows {
        rows if rows == order || rows == order + 1 => 1,
        rows if rows == 2 * order || rows == 2 * order + 1 => 2,
        _ => return None,
    };
    let width = table.len() / n_rows;
    let mut powers = vec![0.0; order / 2];
    for table in table.chunks_exact(order * width).take(n_tables) {
        let table: Vec<f64> = table.iter().map(|&w| f64::from(w)).collect();
        powers.iter_mut().zip(frequency_powers(rows(&table, order, width))).for_each(|(sum, power)| *sum += power);
    }
    Some(powers)
}

/// Power of every frequency in what units write to the outputs.
pub(super) fn output_powers(scene: &Scene<'_>) -> Option<Vec<f64>> {
    addition(scene)?;
    let weights = scene.weights();
    let top: Vec<f64> = weights.top.iter().map(|&v| f64::from(v)).collect();
    Some(frequency_powers(rows(&top, weights.n_units, weights.n_labels).transpose()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, per_irrep, scalar};
    use dunwu_engine::model::{Array, Parameters};
    use std::f64::consts::TAU;

    /// Units of amplitude A in frequency 3 and B in frequency 5 at every phase: shares A² and B² of A² + B².
    #[test]
    fn waves_of_known_amplitudes_have_the_shares_of_their_squares() {
        let order = 11;
        let mut fixture = Fixture::random(order, 4, 20, 1);
        let wave = |k: usize, g: usize, phase: f64| (TAU * (k * g) as f64 / 11.0 + phase).cos();
        for unit in 0..4 {
            let phase = unit as f64;
            fixture.set_unit(unit, |_, token| 2.0 * wave(3, token, phase) + wave(5, token, 2.0 * phase) + 0.7);
            for c in 0..order {
                fixture.snapshot.weights.top[unit * order + c] = (wave(1, c, phase) - 3.0 * wave(4, c, phase)) as f32;
            }
        }
        let scene = fixture.scene();
        for (name, expected) in [
            ("embedding_frequency_share", [0.0, 0.0, 0.8, 0.0, 0.2]),
            ("neuron_logit_frequency_share", [0.1, 0.0, 0.0, 0.9, 0.0]),
        ] {
            let shares = per_irrep(&scene, name);
            assert_eq!(shares[0], None, "the trivial irrep is no frequency");
            for (share, expected) in shares[1..].iter().zip(expected) {
                assert!((share.unwrap() - expected).abs() < 1e-6, "{name}: {share:?} is not {expected}");
            }
        }
    }

    /// An embedding, with or without `=`, shared or not, stands before W; the row of `=` is not looked at.
    #[test]
    fn the_embedding_is_found_whatever_its_rows() {
        let mut fixture = Fixture::random(7, 3, 20, 1);
        for (n_rows, n_tables) in [(7, 1), (8, 1), (14, 2), (15, 2)] {
            let rows = (0..n_rows * 2).map(|e| match e / 2 {
                row if row >= 7 * n_tables => 1e3,
                row => (TAU * (2 * row) as f64 / 7.0 + (e % 2) as f64).sin() as f32,
            });
            let array = Array { name: "embedding.weight".into(), shape: vec![n_rows, 2], values: rows.collect() };
            fixture.snapshot.parameters = Parameters { arrays: vec![array] };
            assert_close(scalar(&fixture.scene(), "embedding_gini").unwrap(), 2.0 / 3.0, 1e-6);
        }
        fixture.snapshot.parameters.arrays[0].shape = vec![10, 3];
        assert_eq!(scalar(&fixture.scene(), "embedding_gini"), None);
    }
}
