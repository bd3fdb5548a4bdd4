//! The proof that a point is a peak: no slope along the sphere, and no direction in which it bends upwards.

use super::ascent::Climb;
use super::energy::Energy;
use crate::measure::dense::eigen;

/// The Hessian along the sphere at one point, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Largest eigenvalue of the Riemannian Hessian on the tangent space; not above rounding at a peak.
    pub hessian_max: f64,
    /// Smallest.
    pub hessian_min: f64,
    /// Directions in which the height stays the same to second order: of a whole family of peaks.
    pub flat_directions: usize,
    /// Tangent eigenvector of the largest eigenvalue, `[d]`: the way up from a saddle.
    pub way_up: Vec<f64>,
    /// Whether it is a peak.
    pub is_peak: bool,
}

/// Share of w·∇E below which a curvature is none; on complete tables the flat directions of a family come out below 10⁻⁹ of it.
const FLAT: f64 = 1e-6;

/// Judges the end of an ascent.
///
/// ```text
/// Hess E = P (∇²E − (w·∇E) I) P      P = I − wwᵀ
/// ```
pub fn certify(energy: &Energy, climb: &Climb) -> Certificate {
    let w = &climb.w;
    let d = w.len();
    if d == 1 {
        // The sphere of one weight is two points: each is a peak where there is a height at all.
        let is_peak = climb.height > 0.0;
        return Certificate { hessian_max: 0.0, hessian_min: 0.0, flat_directions: 0, way_up: vec![0.0], is_peak };
    }
    let (_, gradient, _) = energy.of_unit(w);
    let radial: f64 = w.iter().zip(&gradient).map(|(w, g)| w * g).sum();
    let mut hessian = energy.hessian(w);
    let hw: Vec<f64> = (0..d).map(|k| (0..d).map(|l| hessian[(k, l)] * w[l]).sum()).collect();
    let whw: f64 = hw.iter().zip(w).map(|(h, w)| h * w).sum();
    for l in 0..d {
        for k in 0..d {
            // P H P − radial · P, and along w itself a value below all others.
            hessian[(k, l)] += w[k] * w[l] * (whw + radial) - hw[k] * w[l] - w[k] * hw[l];
        }
        hessian[(l, l)] -= radial;
    }
    let floor = -1e3 * (radial.abs() + hessian.norm_l2());
    for (k, l) in (0..d).flat_map(|l| (0..d).map(move |k| (k, l))) {
        hessian[(k, l)] += floor * w[k] * w[l];
    }
    let (values, vectors) = eigen(hessian.as_ref()).expect("a finite symmetric matrix has eigenvalues");
    let flat = FLAT * radial.abs();
    Certificate {
        hessian_max: values[d - 1],
        // The lowest eigenvalue is the one that was put along w.
        hessian_min: values[1],
        flat_directions: values[1..].iter().filter(|value| value.abs() <= flat).count(),
        way_up: (0..d).map(|k| vectors[(k, d - 1)]).collect(),
        is_peak: climb.height > 0.0 && climb.gradient_norm <= FLAT * radial.abs() && values[d - 1] <= flat,
    }
}
