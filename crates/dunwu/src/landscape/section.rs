//! A section through the landscape that can be looked at: the sphere around the great circle from one peak to another.
//!
//! ```text
//! w(θ, φ) = cos φ (cos θ a + sin θ b) + sin φ c
//! ```
//!
//! a is the memory peak, b completes it to the plane of both peaks, and c is what a third direction has beyond that plane.
//! The feature peak lies at φ = 0 and θ = the angle between the two, the third at its own place. Every height is E,
//! evaluated.

use super::energy::{Energy, Evaluation, LANES, ZERO};
use dunwu_engine::kernel::Workers;

/// Heights over angles.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// θ of the columns, in degrees.
    pub theta: Vec<f64>,
    /// φ of the rows, in degrees.
    pub phi: Vec<f64>,
    /// E, `[phi][theta]`.
    pub heights: Vec<f64>,
    /// θ of the feature peak, in degrees.
    pub apart: f64,
    /// θ and φ of the third direction, in degrees.
    pub third: (f64, f64),
}

/// Columns and rows of a section.
const N_COLUMNS: usize = 61;
const N_ROWS: usize = 41;
/// How far it reaches beyond the two peaks, and to both sides, in degrees.
const BEYOND: f64 = 60.0;
const ASIDE: f64 = 60.0;

impl Section {
    /// The section through the directions `memory`, `feature` and `third`; `None` where they span no space of three
    /// dimensions.
    pub fn of(energy: &Energy, memory: &[f64], feature: &[f64], third: &[f64], workers: &Workers) -> Option<Self> {
        let is_even = energy.curve().activation.is_even();
        let a = unit(memory)?;
        // Where w and −w are one unit, the nearer of the two is shown.
        let facing = |v: &[f64]| {
            let side = if is_even && dot(&a, v) < 0.0 { -1.0 } else { 1.0 };
            unit(&v.iter().map(|x| side * x).collect::<Vec<_>>())
        };
        let (feature, third) = (facing(feature)?, facing(third)?);
        let b = unit(&without(&feature, &[&a]))?;
        let c = unit(&without(&third, &[&a, &b]))?;
        let apart = dot(&feature, &b).atan2(dot(&feature, &a)).to_degrees();
        let place =
            (dot(&third, &b).atan2(dot(&third, &a)).to_degrees(), dot(&third, &c).clamp(-1.0, 1.0).asin().to_degrees());
        let spaced = |low: f64, high: f64, n: usize| -> Vec<f64> {
            (0..n).map(|i| low + (high - low) * i as f64 / (n - 1) as f64).collect()
        };
        let theta = spaced(-BEYOND, apart + BEYOND, N_COLUMNS);
        let phi = spaced(-ASIDE, ASIDE, N_ROWS);
        let heights = heights(energy, &theta, &phi, [&a, &b, &c], workers);
        Some(Self { theta, phi, heights, apart, third: place })
    }
}

/// E at every point, rows of the grid shared out to the threads.
fn heights(energy: &Energy, theta: &[f64], phi: &[f64], [a, b, c]: [&[f64]; 3], workers: &Workers) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> = vec![vec![0.0; theta.len()]; phi.len()];
    workers.each(&mut rows, |row_idx, row| {
        let mut evaluation = Evaluation::new(energy);
        let (sin_phi, cos_phi) = phi[row_idx].to_radians().sin_cos();
        for (angles, heights) in theta.chunks(LANES).zip(row.chunks_mut(LANES)) {
            let mut w = vec![ZERO; energy.dimension()];
            for (lane, angle) in angles.iter().enumerate() {
                let (sin, cos) = angle.to_radians().sin_cos();
                for (k, row) in w.iter_mut().enumerate() {
                    row[lane] = cos_phi * (cos * a[k] + sin * b[k]) + sin_phi * c[k];
                }
            }
            energy.evaluate(&w, &mut evaluation);
            heights.copy_from_slice(&evaluation.energy[..angles.len()]);
        }
    });
    rows.concat()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `v` without its parts along the orthonormal `others`.
fn without(v: &[f64], others: &[&[f64]]) -> Vec<f64> {
    let mut rest = v.to_vec();
    for other in others {
        let along = dot(&rest, other);
        rest.iter_mut().zip(*other).for_each(|(x, o)| *x -= along * o);
    }
    rest
}

/// `v / ‖v‖`; `None` where there is hardly anything of it.
fn unit(v: &[f64]) -> Option<Vec<f64>> {
    let norm = dot(v, v).sqrt();
    (norm > 1e-6).then(|| v.iter().map(|x| x / norm).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Inputs, Projection};
    use dunwu_engine::model::Activation;
    use dunwu_engine::task::Task;

    /// Every height is E of the point that its angles name, and the three directions are where they are said to be.
    #[test]
    fn a_section_shows_the_energy_where_it_says() {
        let problem = Task::parse("cyclic:5").unwrap().resolve(None).unwrap();
        let samples = problem.population();
        let projection = Projection::raw(&samples.labels, 5);
        let energy = Energy::new(Inputs::of(&problem, &samples), 10, Activation::Square, projection);
        let wave = |k: usize| -> Vec<f64> {
            (0..10).map(|g| (std::f64::consts::TAU * (k * (g % 5)) as f64 / 5.0 + 0.3).cos()).collect()
        };
        let mut token = vec![0.0; 10];
        token[2] = 1.0;
        let section = Section::of(&energy, &token, &wave(1), &wave(2), &Workers::new(1).unwrap()).unwrap();
        let at = |theta: f64, phi: f64| {
            let nearest = |grid: &[f64], x: f64| {
                (0..grid.len()).min_by(|&i, &j| (grid[i] - x).abs().total_cmp(&(grid[j] - x).abs())).unwrap()
            };
            section.heights[nearest(&section.phi, phi) * section.theta.len() + nearest(&section.theta, theta)]
        };
        // The grid has a column at 0 only nearly: E is flat to second order at a peak, and 3° away at most.
        assert!((at(section.apart, 0.0) - 1.25).abs() < 0.02, "the peak of a frequency is M/4");
        // The third direction lies beyond the grid; its angles are those of its cosines with the other two.
        let (theta, phi) = (section.third.0.to_radians(), section.third.1.to_radians());
        let [a, b, c] = [&token, &wave(1), &wave(2)].map(|v| unit(v).unwrap());
        let facing = |u: &[f64], v: &[f64]| if dot(&a, v) < 0.0 { -dot(u, v) } else { dot(u, v) };
        assert!((phi.cos() * theta.cos() - facing(&a, &c)).abs() < 1e-12);
        let side = if dot(&a, &b) < 0.0 { -1.0 } else { 1.0 };
        assert!((phi.cos() * (theta - section.apart.to_radians()).cos() - side * facing(&b, &c)).abs() < 1e-12);
        assert!(at(0.0, 0.0) < 0.01, "a token is worth nothing on all data");
        assert!(
            (section.apart - dot(&unit(&token).unwrap(), &unit(&wave(1)).unwrap()).abs().acos().to_degrees()).abs()
                < 1e-9
        );
        assert_eq!(Section::of(&energy, &token, &token, &wave(1), &Workers::new(1).unwrap()), None);
    }
}
