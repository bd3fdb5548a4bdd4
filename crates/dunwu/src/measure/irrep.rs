//! Which irreps the hidden layer covers.

use super::label::{DEAD, reference_norm};
use super::quantity::ratio;
use super::{Measure, Quantity, Shape};

/// Purity above which a unit counts for its irrep. A unit with a tenth of its power elsewhere still peaks at one irrep.
const PURE: f64 = 0.9;

const SOURCE: &str = "Tian 2025, arXiv:2509.21519, Theorems 2 and 7";

pub(super) const POWER: Measure = Measure {
    name: "irrep_power",
    tells: "how the hidden layer divides itself among the irreps",
    formula: "Σⱼ c_k(j) / Σⱼ Σ_{l≠1} c_l(j), c_k = Σ_operands ‖Π_k w⁽ᵒ⁾‖²",
    shape: Shape::PerIrrep,
    unit: "share of the layer's non-trivial power; random weights give each irrep its dimension over M − 1",
    source: SOURCE,
    undefined: "where the task is no group, W no table of tokens, or the layer has no non-trivial power; for the trivial irrep",
    compute: |scene| {
        let isotypic = scene.isotypic()?;
        let mut power = vec![0.0; isotypic.n_irreps];
        for unit in 0..scene.weights().n_units {
            power.iter_mut().zip(isotypic.input(unit)).for_each(|(sum, c)| *sum += c);
        }
        let total: f64 = power.iter().skip(1).sum();
        ratio(1.0, total)?;
        Quantity::per_irrep(power.iter().enumerate().map(|(k, p)| if k == 0 { None } else { ratio(*p, total) }))
    },
};

pub(super) const UNITS: Measure = Measure {
    name: "irrep_units",
    tells: "how many living units are features of this irrep; an irrep with none is missing",
    formula: "#{j : unit_irrep(j) = k, unit_purity(j) > 0.9, ‖wⱼ‖ ≥ 0.01 · the largest ‖w‖ now or at the start}",
    shape: Shape::PerIrrep,
    unit: "units",
    source: SOURCE,
    undefined: "where the task is no group or W no table of tokens; for the trivial irrep",
    compute: |scene| {
        let isotypic = scene.isotypic()?;
        let mut units = vec![0_u32; isotypic.n_irreps];
        let weights = scene.weights();
        // The weights of a dead unit still have a direction, but nothing is answered with them.
        let least = DEAD * reference_norm(weights, scene.setup.initial);
        let norms = weights.unit_norms();
        let living = (0..weights.n_units).filter(|&unit| norms[unit] > 0.0 && norms[unit] >= least);
        for (irrep, purity) in living.filter_map(|unit| isotypic.dominant(unit)) {
            units[irrep] += u32::from(purity > PURE);
        }
        Quantity::per_irrep(units.iter().enumerate().map(|(k, &count)| (k != 0).then_some(f64::from(count))))
    },
};

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, per_irrep};
    use std::f64::consts::TAU;

    #[test]
    fn units_and_power_go_to_the_irreps_they_were_given() {
        let mut fixture = Fixture::random(9, 5, 12, 1);
        for (unit, (frequency, size)) in [(2, 1.0), (2, 2.0), (4, 1.0), (1, 1.0)].into_iter().enumerate() {
            fixture.set_unit(unit, |_, token| size * (TAU * (frequency * token) as f64 / 9.0 + 0.4).sin() + 1.0);
        }
        fixture.set_unit(4, |_, _| 5.0); // trivial alone: counts nowhere
        let scene = fixture.scene();
        assert_eq!(per_irrep(&scene, "irrep_units"), [None, Some(1.0), Some(2.0), Some(0.0), Some(1.0)]);
        let power = per_irrep(&scene, "irrep_power");
        assert_eq!(power[0], None);
        for (value, expected) in power[1..].iter().zip([1.0 / 7.0, 5.0 / 7.0, 0.0, 1.0 / 7.0]) {
            assert!((value.unwrap() - expected).abs() < 1e-6);
        }
        assert_close(power.iter().flatten().sum::<f64>(), 1.0, 1e-12);
    }

    #[test]
    fn a_dead_unit_carries_no_irrep_however_pure_its_direction() {
        let mut fixture = Fixture::random(9, 5, 12, 1);
        fixture.snapshot.weights.hidden.fill(0.0);
        for (unit, (frequency, size)) in [(2, 1.0), (1, 1e-3)].into_iter().enumerate() {
            fixture.set_unit(unit, |_, token| size * (TAU * (frequency * token) as f64 / 9.0 + 0.4).sin());
        }
        assert_eq!(per_irrep(&fixture.scene(), "irrep_units"), [None, Some(0.0), Some(1.0), Some(0.0), Some(0.0)]);
    }

    /// Parseval: with random weights, power and dimension add up to the whole.
    #[test]
    fn a_network_without_weights_has_no_power_and_no_units() {
        let mut fixture = Fixture::random(6, 3, 12, 1);
        fixture.snapshot.weights.hidden.fill(0.0);
        let scene = fixture.scene();
        assert_eq!(super::super::fixture::value(&scene, "irrep_power"), None);
        assert_eq!(per_irrep(&scene, "irrep_units"), [None, Some(0.0), Some(0.0), Some(0.0)]);
    }
}
