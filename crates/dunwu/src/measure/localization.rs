//! Whether a unit looks at few tokens or at all.

use super::quantity::ratio;
use super::{Measure, Quantity, Shape};

pub(super) const UNIT_PARTICIPATION: Measure = Measure {
    name: "unit_participation",
    tells: "how many tokens the unit looks at: few for a memorizing unit, most for a Fourier feature",
    formula: "(Σ_g w_g²)² / Σ_g w_g⁴",
    shape: Shape::PerUnit,
    unit: "tokens, in [1, rows of W]; two thirds of them for a cosine",
    source: "inverse participation ratio, Bell & Dean 1970",
    undefined: "where W is no table of tokens; for a unit without weights",
    compute: |scene| {
        scene.token_weights()?;
        Quantity::per_unit(scene.unit_inputs().map(|weights| {
            let (mut second, mut fourth) = (0.0, 0.0);
            for &w in weights {
                let power = f64::from(w).powi(2);
                second += power;
                fourth += power * power;
            }
            ratio(second * second, fourth)
        }))
    },
};

pub(super) const UNIT_TOP2: Measure = Measure {
    name: "unit_top2",
    tells: "how much of the unit is one or two tokens: above a half it is an entry of a look-up table",
    formula: "(w₍₁₎² + w₍₂₎²) / Σ_g w_g², |w₍₁₎| ≥ |w₍₂₎| ≥ …",
    shape: Shape::PerUnit,
    unit: "share of ‖w‖²; 2/(rows of W) for a flat unit, 1 for a pair of tokens",
    source: "Tian 2025, arXiv:2509.21519, Theorem 5",
    undefined: "where W is no table of tokens; for a unit without weights",
    compute: |scene| {
        scene.token_weights()?;
        Quantity::per_unit(scene.unit_inputs().map(|weights| {
            let (mut first, mut second, mut total) = (0.0_f64, 0.0_f64, 0.0);
            for &w in weights {
                let power = f64::from(w).powi(2);
                total += power;
                second = second.max(power.min(first));
                first = first.max(power);
            }
            ratio(first + second, total)
        }))
    },
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, per_unit};
    use std::f64::consts::TAU;

    #[test]
    fn tokens_flat_units_and_cosines_have_their_closed_forms() {
        let mut fixture = Fixture::random(16, 4, 30, 3);
        fixture.set_unit(0, |operand, token| f64::from(u8::from(operand == 1 && token == 4)));
        fixture.set_unit(1, |operand, token| if token == 3 { 2.0 - 4.0 * operand as f64 } else { 0.0 });
        fixture.set_unit(2, |operand, token| if (operand + token) % 2 == 0 { 0.25 } else { -0.25 });
        // Σ cos² = 16, Σ cos⁴ = 3/8 · 32 = 12, so 16²/12 tokens; largest squares 1 and 1.
        fixture.set_unit(3, |_, token| (TAU * 3.0 * token as f64 / 16.0).cos());
        let scene = fixture.scene();
        let (tokens, top2) = (per_unit(&scene, "unit_participation"), per_unit(&scene, "unit_top2"));
        let expected = [(1.0, 1.0), (2.0, 1.0), (32.0, 1.0 / 16.0), (64.0 / 3.0, 2.0 / 16.0)];
        for (unit, (a, b)) in expected.into_iter().enumerate() {
            assert_close(tokens[unit].unwrap(), a, 1e-6);
            assert_close(top2[unit].unwrap(), b, 1e-6);
        }
    }
}
