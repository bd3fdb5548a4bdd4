//! Grokfast-EMA: the slow part of the gradient, amplified (Lee et al. 2024, arXiv:2405.20233, algorithm 1), as in their script.

use crate::kernel::Real;

/// ```text
/// μ ← g at the first update      μ ← α μ + (1 − α) g      g ← g + λ μ
/// ```
///
/// `average` is μ, empty before the first update.
pub(super) fn amplify<R: Real>(gradient: &mut [R], average: &mut Vec<R>, decay: f64, factor: f64) {
    if average.len() != gradient.len() {
        average.clear();
        average.extend_from_slice(gradient);
    }
    let (keep, new, factor) = (R::of(decay), R::of(1.0 - decay), R::of(factor));
    for (g, average) in gradient.iter_mut().zip(average) {
        *average = super::flush(keep * *average + new * *g, R::NEGLIGIBLE[1]);
        *g += factor * *average;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A constant gradient is its own average; one that changes its sign at every update has an average near zero.
    #[test]
    fn the_slow_part_is_amplified_and_the_fast_part_is_not() {
        let (mut average, decay, factor) = (Vec::new(), 0.98, 2.0);
        for step in 0..600 {
            let sign = if step % 2 == 0 { 1.0 } else { -1.0 };
            let mut gradient = [0.5, 0.5 * sign];
            amplify(&mut gradient, &mut average, decay, factor);
            assert!((gradient[0] - 1.5).abs() < 1e-5, "{gradient:?}");
            // After t updates the first gradient still has a weight of 0.98ᵗ; what stays is 0.01 of the gradient.
            let left = 0.98_f32.powi(step) + 0.0102;
            assert!((gradient[1] - 0.5 * sign).abs() <= left, "step {step}: {gradient:?}");
        }
    }
}
