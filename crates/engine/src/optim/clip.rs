//! Clipping by the global norm (Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063), as `torch.nn.utils.clip_grad_norm_`.

use crate::kernel::Real;

/// What PyTorch adds to the norm that it divides by.
const EPSILON: f64 = 1e-6;

/// ```text
/// g ← g · min(1, c / (‖g‖ + 10⁻⁶))        ‖g‖ of all arrays together
/// ```
///
/// A norm that is infinite makes zeros of what is finite, one that is not a number makes all of it that, both as in PyTorch.
pub(super) fn shorten<R: Real>(gradient: &mut [R], clip_norm: f64) {
    let norm = norm(gradient);
    let ratio = clip_norm / (norm + EPSILON);
    let factor = R::of(if ratio > 1.0 { 1.0 } else { ratio });
    gradient.iter_mut().for_each(|g| *g *= factor);
}

/// `√(Σᵢ gᵢ²)`.
pub(super) fn norm<R: Real>(values: &[R]) -> f64 {
    values.iter().map(|&g| g.wide() * g.wide()).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_gradient_gets_the_norm_and_a_short_one_stays() {
        let mut long = [3.0_f32, -4.0, 12.0];
        shorten(&mut long, 2.0);
        // Norm 13: each number is 2/13 of what it was, but for the 10⁻⁶ in the denominator.
        for (g, expected) in long.iter().zip([6.0 / 13.0, -8.0 / 13.0, 24.0 / 13.0]) {
            assert!((f64::from(*g) / expected - 1.0).abs() < 3e-7, "{g} for {expected}");
        }
        let mut short = [0.3_f32, -0.4];
        shorten(&mut short, 0.6);
        assert_eq!(short, [0.3, -0.4]);
        shorten(&mut short, 0.25);
        assert!((norm(&short) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_number_shows() {
        let mut gradient = [f32::NAN, 1.0];
        shorten(&mut gradient, 1.0);
        assert!(gradient.iter().all(|g| g.is_nan()));
        let mut gradient = [f32::INFINITY, 1.0];
        shorten(&mut gradient, 1.0);
        assert!(gradient[0].is_nan() && gradient[1] == 0.0);
    }
}
