//! Made-up mountains for tests and for the eye.

use super::grid::{Mark, Terrain};
use dunwu::landscape::PeakKind;

/// Degrees between the two peaks.
const APART: f64 = 78.0;

/// A memory and a feature mountain, quartic in the cosine to their summits, and two that nobody named. The second
/// grows with `n`.
pub(super) fn terrain(n: usize) -> Terrain {
    grid(n, 61, 41)
}

pub(super) fn grid(n: usize, columns: usize, rows: usize) -> Terrain {
    let axis = |from: f64, to: f64, n: usize| {
        (0..n).map(|i| from + (to - from) * i as f64 / (n - 1) as f64).collect::<Vec<_>>()
    };
    let (theta, phi) = (axis(-36.0, APART + 36.0, columns), axis(-48.0, 48.0, rows));
    let heights = phi.iter().flat_map(|&p| theta.iter().map(move |&t| (t, p)));
    let heights = heights.map(|(t, p)| energy(n, t, p)).collect();
    let mark = |theta: f64, kind, is_peak, name: &str| Mark {
        theta,
        phi: 0.0,
        height: energy(n, theta, 0.0),
        kind,
        is_peak,
        name: name.into(),
    };
    let marks = vec![mark(0.0, PeakKind::Memory, true, "memory"), mark(APART, PeakKind::Feature, n > 60, "feature")];
    Terrain { n_train: n, theta, phi, heights, marks }
}

fn energy(n: usize, theta: f64, phi: f64) -> f64 {
    let point = |t: f64, p: f64| {
        let (t, p) = (t.to_radians(), p.to_radians());
        [t.cos() * p.cos(), t.sin() * p.cos(), p.sin()]
    };
    let at = point(theta, phi);
    let growth = n as f64 / 200.0;
    let peaks = [
        (0.0, 0.0, 1.1 + 0.15 * growth, 22),
        (APART, 0.0, 1.5 * growth.powf(0.8), 10),
        (34.0, 30.0, 0.32 + 0.1 * growth, 30),
        (48.0, -34.0, 0.25 + 0.12 * growth, 26),
        (100.0, 38.0, 0.2 + 0.1 * growth, 26),
    ];
    let heights = peaks.map(|(t, p, height, power)| {
        let cosine: f64 = point(t, p).iter().zip(at).map(|(a, b)| a * b).sum();
        height * cosine.max(0.0).powi(power)
    });
    heights.iter().sum::<f64>() + 0.02
}
