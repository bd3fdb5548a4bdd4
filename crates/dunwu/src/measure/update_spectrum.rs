//! The singular values of the last updates of the hidden layer.

use super::dense::{nonnegative_eigenvalues, rows};
use super::{Measure, Quantity, Shape};
use dunwu_engine::Snapshot;
use dunwu_engine::train::WINDOW;

pub(super) const UPDATE_SPECTRUM: Measure = Measure {
    name: "update_spectrum",
    tells: "whether the last updates went one way or many: gaps close as units turn to different features",
    formula: "singular values of D = [vec ΔW_{t−19} … vec ΔW_t], the roots of the eigenvalues of DᵀD",
    shape: Shape::Spectrum,
    unit: "weight a step; their squares sum to Σ ‖ΔW‖²",
    source: "definition, over the recorded window of updates",
    undefined: "where the window is not whole: fewer than 20 updates were made, or fewer were watched before an event",
    compute: |scene| Quantity::spectrum(singular_values(scene.snapshot)?),
};

/// Singular values of the watched updates, descending; `None` where these are not [`WINDOW`], because a spectrum of fewer
/// updates has larger gaps and would show an event that the network knows nothing of.
pub(super) fn singular_values(snapshot: &Snapshot) -> Option<Vec<f64>> {
    if snapshot.update_gram.len() != WINDOW * WINDOW {
        return None;
    }
    let eigenvalues = nonnegative_eigenvalues(rows(&snapshot.update_gram, WINDOW, WINDOW))?;
    Some(eigenvalues.into_iter().map(f64::sqrt).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_engine::model::{Parameters, Weights};

    #[test]
    fn equal_updates_are_one_direction_and_orthogonal_ones_are_many() {
        let with = |update_gram: Vec<f64>| Snapshot {
            step: 9,
            weights: Weights::zeros(2, 1, 2),
            parameters: Parameters::default(),
            update_gram,
        };
        let same = singular_values(&with(vec![4.0; WINDOW * WINDOW])).unwrap();
        // Twenty columns of norm 2 in one direction: 2 √20. Rounding of order ε of the largest eigenvalue under the root.
        assert!((same[0] - 80.0_f64.sqrt()).abs() < 1e-13 && same[1..].iter().all(|s| *s < 1e-6), "{same:?}");
        let diagonal = |i: usize| if i.is_multiple_of(WINDOW + 1) { ((i / WINDOW + 1) as f64).powi(2) } else { 0.0 };
        let apart = singular_values(&with((0..WINDOW * WINDOW).map(diagonal).collect())).unwrap();
        for (i, value) in apart.iter().enumerate() {
            assert!((value - (WINDOW - i) as f64).abs() < 1e-12, "{apart:?}");
        }
    }

    #[test]
    fn a_window_that_is_not_whole_has_no_spectrum() {
        for side in (0..WINDOW).chain([WINDOW + 1]) {
            let snapshot = Snapshot {
                step: 9,
                weights: Weights::zeros(2, 1, 2),
                parameters: Parameters::default(),
                update_gram: vec![1.0; side * side],
            };
            assert_eq!(singular_values(&snapshot), None, "{side}");
        }
    }
}
