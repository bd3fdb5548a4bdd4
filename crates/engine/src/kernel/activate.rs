//! σ and σ′ in vector code, without a division and, but for one rounding, with what both need computed once.
//!
//! The scalars of [`Activation`] are the same functions; here eˣ and 1/x are spelled out in instructions that two ports
//! share, since a division of 16 floats takes as long as some thirty of them.

use crate::spec::Activation;
use pulp::Simd;

/// Of e⁻ʳ on |r| ≤ ln 2 / 2, the highest first; and the same over √(2π).
const EXP: [f32; 6] = [-8.312_52e-3, 4.189_015_6e-2, -1.666_711_4e-1, 0.499_992_3, -1.0, 1.0];
const EXP_DENSITY: [f32; 6] = {
    let mut scaled = EXP;
    let mut i = 0;
    while i < scaled.len() {
        scaled[i] *= 0.398_942_3;
        i += 1;
    }
    scaled
};
/// Of `½ erf(x/√2) / x` over x², the highest first.
const ERF_NUMERATOR: [f32; 7] =
    [1.055_746_7e-10, -2.145_990_5e-8, 3.254_634_4e-6, 1.763_618_8e-4, 4.554_209_3e-3, 3.661_507e-2, 3.989_422_6e-1];
const ERF_DENOMINATOR: [f32; 5] = [6.382_027e-5, 1.869_768_3e-3, 2.949_277_6e-2, 2.584_459_9e-1, 1.0];

/// An instruction set with a way of rounding.
#[derive(Clone, Copy)]
pub(crate) struct Arithmetic<S, const FUSED: bool>(pub(crate) S);

impl<S: Simd, const FUSED: bool> Arithmetic<S, FUSED> {
    #[inline(always)]
    fn splat(self, x: f32) -> S::f32s {
        self.0.splat_f32s(x)
    }

    /// `a b + c`.
    #[inline(always)]
    fn mul_add(self, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        if FUSED { self.0.mul_add_e_f32s(a, b, c) } else { self.0.add_f32s(self.0.mul_f32s(a, b), c) }
    }

    /// `c − a b`.
    #[inline(always)]
    fn negate_mul_add(self, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        if FUSED { self.0.negate_mul_add_e_f32s(a, b, c) } else { self.0.sub_f32s(c, self.0.mul_f32s(a, b)) }
    }

    /// The polynomial with these coefficients, the highest first.
    #[inline(always)]
    fn polynomial<const N: usize>(self, x: S::f32s, coefficients: [f32; N]) -> S::f32s {
        let mut sum = self.splat(coefficients[0]);
        for &coefficient in &coefficients[1..] {
            sum = self.mul_add(sum, x, self.splat(coefficient));
        }
        sum
    }

    #[inline(always)]
    fn clamp(self, x: S::f32s, limit: f32) -> S::f32s {
        self.0.max_f32s(self.0.min_f32s(x, self.splat(limit)), self.splat(-limit))
    }

    /// e⁻ˣ, times the scale in the coefficients, within 4 units in the last place, for |x| ≤ 86.
    ///
    /// Method: `x = r − k ln 2` with |r| ≤ ln 2 / 2, the minimax polynomial `1 − r + r² q(−r)` of degree 5 for e⁻ʳ (relative
    /// error 1.0e-7, by Remez' exchange), then k added to the exponent bits. ln 2 is within 1.9e-9 of an f32, so that one
    /// fused step is enough; where products are rounded it takes two, the first of them exact.
    #[inline(always)]
    fn exp_of_negative(self, x: S::f32s, coefficients: [f32; 6]) -> S::f32s {
        const LN2_HIGH: f32 = 0.693_359_4;
        const LN2_LOW: f32 = -2.121_944_4e-4;
        /// 1.5 · 2²³: adding it rounds to an integer, whose bits are then the low bits of the sum.
        const ROUND: f32 = 12_582_912.0;
        let simd = self.0;
        let shifted = self.mul_add(x, self.splat(-std::f32::consts::LOG2_E), self.splat(ROUND));
        let k = simd.sub_f32s(shifted, self.splat(ROUND));
        // The portable code asks for fused steps too, but may not have them.
        let r = if FUSED && S::F32_LANES > 1 {
            self.mul_add(k, self.splat(std::f32::consts::LN_2), x)
        } else {
            self.mul_add(k, self.splat(LN2_LOW), self.mul_add(k, self.splat(LN2_HIGH), x))
        };
        let p = self.polynomial(r, coefficients);
        let bits = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
        simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(p), bits))
    }

    /// 1/y within 2 units in the last place, for normal y below 2¹²⁵.
    ///
    /// Method: negated exponent bits are 1/y within 6.3 %; `r (a − y r)` brings this to 2.0e-3, with the constants for which
    /// that is least (found by search over one octave), and one step of the cubic iteration `r + r (e + e²)`, `e = 1 − y r`,
    /// to 8e-9.
    #[inline(always)]
    fn reciprocal(self, y: S::f32s) -> S::f32s {
        let simd = self.0;
        let bits = simd.sub_u32s(simd.splat_u32s(0x7EF0_01E0), simd.transmute_u32s_f32s(y));
        let r = simd.transmute_f32s_u32s(bits);
        let r = simd.mul_f32s(r, self.negate_mul_add(y, r, self.splat(2.002_013_8)));
        let e = self.negate_mul_add(y, r, self.splat(1.0));
        self.mul_add(r, self.mul_add(e, e, e), r)
    }

    /// `1 / (1 + e⁻ˣ)` and e⁻ˣ, with x held within ±86.
    #[inline(always)]
    fn sigmoid(self, x: S::f32s) -> (S::f32s, S::f32s) {
        let e = self.exp_of_negative(self.clamp(x, 86.0), EXP);
        (self.reciprocal(self.0.add_f32s(e, self.splat(1.0))), e)
    }

    /// Φ(x), with what x was held within (beyond ±5.55 Φ is 0 or 1 in f32) and the square of that.
    ///
    /// Method: that of [`crate::elementary`], `½ + ½ erf(x/√2)`, with the factors in the coefficients.
    #[inline(always)]
    fn normal_distribution(self, x: S::f32s) -> (S::f32s, S::f32s, S::f32s) {
        let x = self.clamp(x, 5.551_812);
        let s = self.0.mul_f32s(x, x);
        let p = self.polynomial(s, ERF_NUMERATOR);
        let q = self.polynomial(s, ERF_DENOMINATOR);
        let distribution = self.mul_add(self.0.mul_f32s(x, p), self.reciprocal(q), self.splat(0.5));
        (distribution, x, s)
    }

    /// σ(h).
    #[inline(always)]
    pub(crate) fn value(self, activation: Activation, h: S::f32s) -> S::f32s {
        let simd = self.0;
        match activation {
            Activation::Square => simd.mul_f32s(h, h),
            Activation::Cube => simd.mul_f32s(simd.mul_f32s(h, h), h),
            Activation::Relu => self.positive_part(h),
            Activation::ReluSquared => {
                let positive = self.positive_part(h);
                simd.mul_f32s(positive, positive)
            }
            Activation::Silu => simd.mul_f32s(h, self.sigmoid(h).0),
            Activation::Gelu => simd.mul_f32s(h, self.normal_distribution(h).0),
            Activation::Abs => simd.abs_f32s(h),
        }
    }

    /// σ(h) and σ′(h).
    #[inline(always)]
    pub(crate) fn value_and_slope(self, activation: Activation, h: S::f32s) -> (S::f32s, S::f32s) {
        let simd = self.0;
        let (zero, one) = (self.splat(0.0), self.splat(1.0));
        match activation {
            Activation::Square => (simd.mul_f32s(h, h), simd.add_f32s(h, h)),
            Activation::Cube => {
                let square = simd.mul_f32s(h, h);
                (simd.mul_f32s(square, h), simd.mul_f32s(square, self.splat(3.0)))
            }
            Activation::Relu => (self.positive_part(h), simd.select_f32s(simd.greater_than_f32s(h, zero), one, zero)),
            Activation::ReluSquared => {
                let positive = self.positive_part(h);
                (simd.mul_f32s(positive, positive), simd.add_f32s(positive, positive))
            }
            Activation::Silu => {
                // 1 − s = e⁻ˣ s, where the difference would cancel.
                let (s, e) = self.sigmoid(h);
                let value = simd.mul_f32s(h, s);
                (value, self.mul_add(value, simd.mul_f32s(e, s), s))
            }
            Activation::Gelu => {
                let (distribution, held, square) = self.normal_distribution(h);
                let density = self.exp_of_negative(simd.mul_f32s(square, self.splat(0.5)), EXP_DENSITY);
                (simd.mul_f32s(h, distribution), self.mul_add(held, density, distribution))
            }
            Activation::Abs => {
                let above = simd.select_f32s(simd.greater_than_f32s(h, zero), one, zero);
                let below = simd.select_f32s(simd.less_than_f32s(h, zero), one, zero);
                (simd.abs_f32s(h), simd.sub_f32s(above, below))
            }
        }
    }

    /// max(x, 0), but NaN stays NaN, so that a diverged network is seen to have diverged.
    #[inline(always)]
    fn positive_part(self, x: S::f32s) -> S::f32s {
        let zero = self.splat(0.0);
        self.0.select_f32s(self.0.less_than_f32s(x, zero), zero, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::machines;
    use pulp::WithSimd;

    /// σ and σ′ of sixteen numbers, from both entries.
    struct Apply<const FUSED: bool> {
        activation: Activation,
        h: [f32; 16],
    }

    impl<const FUSED: bool> WithSimd for Apply<FUSED> {
        type Output = [[f32; 16]; 3];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let arithmetic = Arithmetic::<S, FUSED>(simd);
            let mut results = [[0.0; 16]; 3];
            let [alone, values, slopes] = &mut results;
            let (alone, values) = (S::as_mut_simd_f32s(alone).0, S::as_mut_simd_f32s(values).0);
            let slopes = S::as_mut_simd_f32s(slopes).0;
            for (i, &h) in S::as_simd_f32s(&self.h).0.iter().enumerate() {
                alone[i] = arithmetic.value(self.activation, h);
                (values[i], slopes[i]) = arithmetic.value_and_slope(self.activation, h);
            }
            results
        }
    }

    fn reference(activation: Activation, x: f64) -> (f64, f64) {
        let sigmoid = 1.0 / (1.0 + libm::exp(-x));
        let distribution = 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
        match activation {
            Activation::Silu => (x * sigmoid, sigmoid * (1.0 + x * (1.0 - sigmoid))),
            Activation::Gelu => {
                let density = libm::exp(-x * x / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
                (x * distribution, distribution + x * density)
            }
            other => (f64::from(other.value(x as f32)), f64::from(other.derivative(x as f32))),
        }
    }

    #[test]
    fn vectors_agree_with_double_precision() {
        let grid = (-40_000..40_000).map(|i| i as f32 * 1e-3);
        let numbers: Vec<f32> = grid.chain([0.0, 1e-30, -1e-30, 1e3, -1e3, 3e4, -3e4, 1e-3]).collect();
        for (name, arch) in machines() {
            for activation in Activation::ALL {
                for chunk in numbers.as_chunks::<16>().0 {
                    let fused = arch.dispatch(Apply::<true> { activation, h: *chunk });
                    let plain = arch.dispatch(Apply::<false> { activation, h: *chunk });
                    for [alone, values, slopes] in [fused, plain] {
                        assert_eq!(alone, values);
                        for ((&x, value), slope) in chunk.iter().zip(values).zip(slopes) {
                            let (exact, exact_slope) = reference(activation, f64::from(x));
                            // SiLU: a sigmoid has five roundings beside those of e⁻ˣ and 1/y, 8 ε; Φ is right to 2 ε of
                            // 1, which x may multiply; slopes add three terms of at most 1.2.
                            let size = match activation {
                                Activation::Gelu => f64::from(x.abs()),
                                _ => exact.abs(),
                            };
                            let (error, slope_error) =
                                ((f64::from(value) - exact).abs(), (f64::from(slope) - exact_slope).abs());
                            let epsilon = f64::from(f32::EPSILON);
                            assert!(
                                error <= 8.0 * epsilon * size + 1e-30,
                                "{name} {activation:?}({x}): {value} for {exact}"
                            );
                            let bound = 8.0 * epsilon * exact_slope.abs().max(1.0);
                            assert!(slope_error <= bound, "{name} {activation:?}'({x}): {slope} for {exact_slope}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_number_is_not_hidden() {
        for (name, arch) in machines() {
            for activation in Activation::ALL {
                let [_, values, _] = arch.dispatch(Apply::<true> { activation, h: [f32::NAN; 16] });
                assert!(values.iter().all(|value| value.is_nan()), "{name} {activation:?}");
            }
        }
    }
}
