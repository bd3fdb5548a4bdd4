//! A planted fault: gradients in half precision with a loss scale that only grows.

use crate::kernel::Real;
use crate::spec::GradientPrecision;

/// Largest finite f16.
const LARGEST: f32 = 65_504.0;

/// The loss scale S of the update after `step` updates.
///
/// ```text
/// S_t = S₀ · 2^⌊t / every⌋
/// ```
fn loss_scale(first: f64, doubling_steps: u64, step: u64) -> f32 {
    libm::ldexp(first, i32::try_from(step / doubling_steps).unwrap_or(i32::MAX)) as f32
}

/// ```text
/// g ← f16(S g) / S        infinite where |S g| rounds beyond 65,504; a multiple of 2⁻²⁴/S
/// ```
pub(super) fn pass_through<R: Real>(gradient: &mut [R], precision: GradientPrecision, step: u64) {
    let GradientPrecision::Half { loss_scale: first, doubling_steps } = precision else { return };
    let scale = loss_scale(first, doubling_steps, step);
    gradient.iter_mut().for_each(|g| *g = R::of((rounded(g.wide() as f32 * scale) / scale).into()));
}

/// The nearest f16, the even one of two equally near.
fn rounded(x: f32) -> f32 {
    /// Smallest exponent of a normal f16; numbers below it share its spacing.
    const LEAST_EXPONENT: i32 = -14;
    /// Bits behind the point.
    const FRACTION_BITS: i32 = 10;
    let exponent = ((x.to_bits() >> 23) & 0xff) as i32 - 127;
    if exponent > 127 {
        return x; // infinite or not a number
    }
    let spacing = f32::from_bits(((exponent.max(LEAST_EXPONENT) - FRACTION_BITS + 127) as u32) << 23);
    let nearest = (x / spacing).round_ties_even() * spacing;
    if nearest.abs() > LARGEST { f32::INFINITY.copysign(x) } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of an f16's bits, by the definition of the format.
    fn value(bits: u16) -> f64 {
        let (exponent, fraction) = (i32::from(bits >> 10), f64::from(bits & 0x3ff));
        if exponent == 0 {
            fraction * 2.0_f64.powi(-24)
        } else {
            (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15)
        }
    }

    /// Every finite f16, everything between two neighbours that can be told from their middle in f32, and the middle itself.
    #[test]
    fn every_number_goes_to_the_nearest_half() {
        let n_finite = 31 << 10;
        for bits in 0..n_finite {
            let here = value(bits) as f32;
            for sign in [1.0, -1.0] {
                assert_eq!(rounded(sign * here), sign * here);
            }
            let next = if bits + 1 == n_finite { 65_536.0 } else { value(bits + 1) };
            let (middle, above) = (
                f64::midpoint(value(bits), next) as f32,
                if bits + 1 == n_finite { f32::INFINITY } else { next as f32 },
            );
            assert_eq!(rounded(middle.next_down()), here);
            assert_eq!(rounded(middle.next_up()), above);
            assert_eq!(rounded(middle), if bits % 2 == 0 { here } else { above });
        }
        assert!(rounded(f32::NAN).is_nan());
        assert_eq!(rounded(f32::NEG_INFINITY), f32::NEG_INFINITY);
    }

    #[test]
    fn the_scale_doubles_until_gradients_are_infinite() {
        let precision = GradientPrecision::Half { loss_scale: 1024.0, doubling_steps: 10 };
        let passed = |g: f32, step: u64| {
            let mut gradient = [g];
            pass_through(&mut gradient, precision, step);
            gradient[0]
        };
        assert_eq!(loss_scale(1024.0, 10, 9), 1024.0);
        assert_eq!(loss_scale(1024.0, 10, 35), 8192.0);
        // 10 · 1024 · 2² is below 65,504 and 10 · 1024 · 2³ is not.
        assert_eq!((passed(10.0, 29), passed(10.0, 30)), (10.0, f32::INFINITY));
        // 2⁻²⁵ / 1024 is half of the smallest step and goes to zero; at twice the scale it is one step.
        let tiny = 2.0_f32.powi(-35);
        assert_eq!((passed(tiny, 0), passed(tiny, 10)), (0.0, tiny));
    }
}
