//! ⊥Grad: gradients without their part along the weights, which only scales the outputs (Prieto et al. 2025, arXiv:2501.04697).

use super::clip::norm;
use crate::kernel::Real;

/// Added to the divisors, as in the authors' script.
const EPSILON: f64 = 1e-30;

/// One array:
///
/// ```text
/// g⊥ = g − w (w·g)/(w·w)      g ← g⊥ ‖g‖/‖g⊥‖
/// ```
///
/// - Source: equation 9 gives g⊥; that it is made as long as g was is in the authors' `OrthoGrad`
/// - A gradient along the weights becomes what rounding leaves of it, made as long; weights of zero leave it as it is
pub(super) fn project<R: Real>(gradient: &mut [R], weights: &[R]) {
    let length = norm(gradient);
    let along: f64 = gradient.iter().zip(weights).map(|(&g, &w)| g.wide() * w.wide()).sum();
    let square: f64 = weights.iter().map(|&w| w.wide() * w.wide()).sum();
    let share = along / (square + EPSILON);
    let rest = |g: R, w: R| g.wide() - share * w.wide();
    let left = gradient.iter().zip(weights).map(|(&g, &w)| rest(g, w).powi(2)).sum::<f64>().sqrt();
    let scale = length / (left + EPSILON);
    gradient.iter_mut().zip(weights).for_each(|(g, &w)| *g = R::of(rest(*g, w) * scale));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_orthogonal_to_the_weights_and_as_long_as_before() {
        let weights: Vec<f32> = (0..37).map(|i| (i as f32 * 0.7).sin()).collect();
        let before: Vec<f32> = (0..37).map(|i| (i as f32 * 1.9).cos() + 0.5 * weights[i]).collect();
        let mut gradient = before.clone();
        project(&mut gradient, &weights);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        // 37 roundings of numbers near 1.
        assert!(dot(&gradient, &weights).abs() < 2e-6);
        assert!((norm(&gradient) / norm(&before) - 1.0).abs() < 1e-6);
        assert!(dot(&before, &weights).abs() > 1.0 && dot(&gradient, &before) > 0.0);
    }

    #[test]
    fn weights_of_zero_leave_the_gradient() {
        let mut gradient = [1.0_f32, -2.0];
        project(&mut gradient, &[0.0, 0.0]);
        assert_eq!(gradient, [1.0, -2.0]);
        project(&mut gradient, &[2.0, 0.0]);
        // Only the second number is across; it is as long as both were.
        assert!(gradient[0] == 0.0 && (f64::from(gradient[1]) + 5.0_f64.sqrt()).abs() < 1e-6, "{gradient:?}");
    }
}
