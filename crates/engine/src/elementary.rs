//! eˣ and erf in f32 without branches or table look-ups, so that loops over slices become vector code; only +, × and bit
//! operations in a fixed order, so that every machine gives the same bits.

/// eˣ, within 2 units in the last place; 0 below −87.3 (where the result would be subnormal) and ∞ above 88.7.
///
/// Method: `x = k ln 2 + r`, |r| ≤ ln 2 / 2, a polynomial of degree 6 for eʳ (Cephes `expf`), then 2ᵏ through the exponent
/// bits in two factors, so that k = 128 does not overflow early.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    /// 1.5 · 2²³: adding it rounds to an integer, whose bits are then the low bits of the sum.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-88.0, 89.0);
    let shifted = clamped * LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = clamped - k * LN2_HIGH - k * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    p = p * r * r + r + 1.0;
    let half = (k as i32) >> 1;
    let rest = (k as i32) - half;
    let power = |e: i32| f32::from_bits(((e + 127) << 23) as u32);
    let value = p * power(half) * power(rest);
    if x < -87.3 {
        0.0
    } else if x > 88.722_83 {
        f32::INFINITY
    } else {
        value + (x - x)
    }
}

/// erf x, within 4 units in the last place.
///
/// Method: the rational approximation x P(x²) / Q(x²) on |x| ≤ 3.925 (beyond, erf is 1 in f32) that Eigen and XLA use.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let x = x.clamp(-3.925_724_5, 3.925_724_5);
    let s = x * x;
    let mut p = -2.726_142_3e-10;
    for c in [2.770_681_4e-8, -2.101_024e-6, -5.692_506_4e-5, -7.349_906_3e-4, -2.954_6e-3, -1.609_603_3e-2] {
        p = p * s + c;
    }
    let mut q = -1.456_607_2e-5;
    for c in [-2.133_740_5e-4, -1.682_827e-3, -7.373_329_2e-3, -1.426_473_9e-2] {
        q = q * s + c;
    }
    x * p / q
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 1009th float of either sign.
    fn floats() -> impl Iterator<Item = f32> {
        (0..=u32::MAX / 1009).map(|i| f32::from_bits(i * 1009)).filter(|x| x.is_finite())
    }

    #[test]
    fn exp_is_within_two_units_of_libm() {
        for x in floats().filter(|x| (-87.3..88.72).contains(x)) {
            let exact = libm::exp(f64::from(x));
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error <= 2.0 * f64::from(f32::EPSILON), "exp({x}) is off by {error:e}");
        }
        assert_eq!((exp(0.0), exp(-88.0), exp(-1e30), exp(89.0)), (1.0, 0.0, 0.0, f32::INFINITY));
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn erf_is_within_four_units_of_libm() {
        for x in floats().filter(|x| x.abs() > 1e-30) {
            let exact = libm::erf(f64::from(x));
            let error = (f64::from(erf(x)) - exact).abs() / exact.abs();
            assert!(error <= 4.0 * f64::from(f32::EPSILON), "erf({x}) is off by {error:e}");
        }
        assert_eq!(erf(0.0), 0.0);
    }
}
