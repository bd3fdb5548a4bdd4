//! How far units have turned.

use super::quantity::ratio;
use super::{Measure, Quantity, Shape};

pub(super) const UNIT_ROTATION: Measure = Measure {
    name: "unit_rotation",
    tells: "how far the unit has turned from where it began: nearly nothing while training is lazy",
    formula: "1 − cos(wⱼ, wⱼ(0))",
    shape: Shape::PerUnit,
    unit: "in [0, 2]; 0 is the initial direction, 1 orthogonal to it",
    source: "definition",
    undefined: "where W is no table of tokens; for a unit without weights, now or initially",
    compute: |scene| {
        let (now, initial) = (scene.token_weights()?, scene.setup.initial);
        // Row by row of W, as it lies.
        let mut sums = vec![[0.0; 3]; now.n_units];
        let n_units = now.n_units.max(1);
        for (row, before) in now.hidden.chunks_exact(n_units).zip(initial.hidden.chunks_exact(n_units)) {
            for (([product, norm, initial_norm], &a), &b) in sums.iter_mut().zip(row).zip(before) {
                let (a, b) = (f64::from(a), f64::from(b));
                *product += a * b;
                *norm += a * a;
                *initial_norm += b * b;
            }
        }
        let rotation =
            |[product, norm, initial_norm]: [f64; 3]| Some(1.0 - ratio(product, norm.sqrt() * initial_norm.sqrt())?);
        Quantity::per_unit(sums.into_iter().map(rotation))
    },
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, per_unit};

    #[test]
    fn scaling_is_no_rotation_and_a_reversal_is_two() {
        let mut fixture = Fixture::random(5, 4, 9, 3);
        fixture.snapshot.weights.hidden = fixture.initial.hidden.clone();
        for row in fixture.snapshot.weights.hidden.chunks_exact_mut(4) {
            row[1] *= 8.0;
            row[2] *= -0.5;
            row[3] = 0.0;
        }
        let rotation = per_unit(&fixture.scene(), "unit_rotation");
        for (value, expected) in rotation.iter().zip([0.0, 0.0, 2.0]) {
            assert!((value.unwrap() - expected).abs() < 1e-14);
        }
        assert_eq!(rotation[3], None);
    }
}
