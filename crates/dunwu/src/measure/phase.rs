//! Whether a unit's three Fourier phases fit together.

use super::scene::{addition, frequencies};
use super::{Measure, Quantity, Scene, Shape};
use std::f64::consts::{PI, TAU};

pub(super) const UNIT_PHASE_RESIDUAL: Measure = Measure {
    name: "unit_phase_residual",
    tells: "whether what the unit hears from both operands is what it says to the outputs: 0 for a working feature",
    formula: "arg û(k) + arg v̂(k) − arg V̂ⱼ(k) mod 2π at k = unit_irrep, x̂(k) = Σ_g x_g e^{−2πikg/M}",
    shape: Shape::PerUnit,
    unit: "radians in (−π, π]",
    source: "Gromov 2023, arXiv:2301.02679",
    undefined: "unless the task is addition modulo M of two operands and W a table of tokens; for a unit without power at k in one of the three",
    compute: phase_residual,
};

fn phase_residual(scene: &Scene<'_>) -> Option<Quantity> {
    let (isotypic, decomposition) = (scene.isotypic()?, scene.setup.decomposition?);
    let order = addition(scene)?;
    let roots: Vec<(f64, f64)> = (0..order).map(|g| (TAU * g as f64 / order as f64).sin_cos()).collect();
    let frequencies = frequencies(decomposition);
    let weights = scene.weights();
    Quantity::per_unit(scene.unit_inputs().enumerate().map(|(unit, inputs)| {
        let frequency = frequencies[isotypic.dominant(unit)?.0];
        let inputs: Vec<f64> = inputs.iter().map(|&w| f64::from(w)).collect();
        let (first, second) = inputs.split_at(order);
        let phase = |values: &[f64]| {
            let (re, im) = fourier(values, frequency, &roots);
            let total: f64 = values.iter().map(|x| x * x).sum();
            let rounding = f64::from(f32::EPSILON).powi(2) * total * order as f64;
            (magnitude((re, im)) > rounding).then(|| im.atan2(re))
        };
        let outputs: Vec<f64> = weights.unit_outputs(unit).iter().map(|&v| f64::from(v)).collect();
        Some(wrap(phase(first)? + phase(second)? - phase(&outputs)?))
    }))
}

/// x̂(k), with the sines and cosines of all multiples of 2π/M.
fn fourier(values: &[f64], frequency: usize, roots: &[(f64, f64)]) -> (f64, f64) {
    values.iter().enumerate().fold((0.0, 0.0), |(re, im), (g, x)| {
        let (sin, cos) = roots[frequency * g % roots.len()];
        (re + x * cos, im - x * sin)
    })
}

fn magnitude((re, im): (f64, f64)) -> f64 {
    re * re + im * im
}

/// An angle brought into (−π, π].
fn wrap(angle: f64) -> f64 {
    let turned = angle.rem_euclid(TAU);
    if turned > PI { turned - TAU } else { turned }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, per_unit};
    use super::*;

    #[test]
    fn phases_that_were_put_in_come_out() {
        for (a, b, c) in [(0.3, 0.9, 1.2), (2.0, 2.5, -1.0), (-3.0, 0.2, 3.0)] {
            let mut fixture = Fixture::random(11, 2, 10, 1);
            let wave = |g: usize, phase: f64| (TAU * 4.0 * g as f64 / 11.0 + phase).cos();
            fixture.set_unit(0, |operand, token| wave(token, if operand == 0 { a } else { b }));
            fixture.set_unit(1, |operand, token| if operand == 0 { wave(token, a) } else { 0.0 });
            (0..11).for_each(|label| fixture.snapshot.weights.top[label] = wave(label, c) as f32);
            let residuals = per_unit(&fixture.scene(), "unit_phase_residual");
            assert!(wrap(residuals[0].unwrap() - (a + b - c)).abs() < 1e-6);
            assert_eq!(residuals[1], None);
        }
        assert!((wrap(-PI) - PI).abs() < 1e-15 && wrap(TAU) == 0.0);
    }
}
