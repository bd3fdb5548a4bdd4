//! Activation functions, number by number. The kernel and the measures apply these same scalars, so a loop over a row becomes
//! vector code. Their names are words of a spec.

use crate::elementary::{erf, exp};
use crate::spec::Activation;

impl Activation {
    /// σ(x).
    #[inline(always)]
    pub fn value(self, x: f32) -> f32 {
        match self {
            Self::Square => x * x,
            Self::Cube => x * x * x,
            Self::Relu => positive_part(x),
            Self::ReluSquared => positive_part(x) * positive_part(x),
            Self::Silu => x * sigmoid(x),
            Self::Gelu => x * normal_distribution(x),
            Self::Abs => x.abs(),
        }
    }

    /// σ′(x); at the kink of ReLU and |x| it is 0, as in PyTorch.
    #[inline(always)]
    pub fn derivative(self, x: f32) -> f32 {
        match self {
            Self::Square => 2.0 * x,
            Self::Cube => 3.0 * x * x,
            Self::Relu => f32::from(u8::from(x > 0.0)),
            Self::ReluSquared => 2.0 * positive_part(x),
            Self::Silu => {
                let s = sigmoid(x);
                s * (1.0 + x * (1.0 - s))
            }
            Self::Gelu => normal_distribution(x) + x * 0.398_942_3 * exp(-0.5 * x * x),
            Self::Abs => f32::from(u8::from(x > 0.0)) - f32::from(u8::from(x < 0.0)),
        }
    }

    /// σ(x) in f64; `exp` and `erfc` are `libm`'s, the same on every machine.
    #[inline(always)]
    pub fn value_f64(self, x: f64) -> f64 {
        match self {
            Self::Square => x * x,
            Self::Cube => x * x * x,
            Self::Relu => positive_part_f64(x),
            Self::ReluSquared => positive_part_f64(x) * positive_part_f64(x),
            Self::Silu => x * logistic(x),
            Self::Gelu => x * normal_cdf(x),
            Self::Abs => x.abs(),
        }
    }

    /// σ′(x) in f64; at the kink of ReLU and |x| it is 0.
    #[inline(always)]
    pub fn derivative_f64(self, x: f64) -> f64 {
        match self {
            Self::Square => 2.0 * x,
            Self::Cube => 3.0 * x * x,
            Self::Relu => f64::from(u8::from(x > 0.0)),
            Self::ReluSquared => 2.0 * positive_part_f64(x),
            Self::Silu => {
                let s = logistic(x);
                s * (1.0 + x * (1.0 - s))
            }
            Self::Gelu => normal_cdf(x) + x * normal_density(x),
            Self::Abs => f64::from(u8::from(x > 0.0)) - f64::from(u8::from(x < 0.0)),
        }
    }

    /// σ″(x) in f64, where σ is smooth; 0 at a kink, and of the slopes on its two sides that on the right.
    pub fn second_derivative_f64(self, x: f64) -> f64 {
        match self {
            Self::Square => 2.0,
            Self::Cube => 6.0 * x,
            Self::Relu | Self::Abs => 0.0,
            Self::ReluSquared => 2.0 * f64::from(u8::from(x >= 0.0)),
            Self::Silu => {
                let s = logistic(x);
                s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s))
            }
            Self::Gelu => normal_density(x) * (2.0 - x * x),
        }
    }

    /// Whether σ has a kink at 0, where its slope jumps.
    pub fn has_kink(self) -> bool {
        matches!(self, Self::Relu | Self::Abs)
    }

    /// Whether σ(−x) = σ(x), so that w and −w are one unit.
    pub fn is_even(self) -> bool {
        matches!(self, Self::Square | Self::Abs)
    }
}

#[inline(always)]
fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

#[inline(always)]
fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// φ(x) = e^{−x²/2} / √(2π).
#[inline(always)]
fn normal_density(x: f64) -> f64 {
    0.398_942_280_401_432_7 * libm::exp(-0.5 * x * x)
}

/// max(x, 0), but NaN stays NaN, so that a diverged network is seen to have diverged.
#[inline(always)]
fn positive_part(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// The same in f64.
#[inline(always)]
fn positive_part_f64(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn normal_distribution(x: f32) -> f32 {
    0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_central_differences() {
        for activation in Activation::ALL {
            for i in -40..=40 {
                let x = (i as f32) * 0.1 + 0.03;
                let step = 1e-2_f32;
                let slope = (f64::from(activation.value(x + step)) - f64::from(activation.value(x - step)))
                    / (f64::from(x + step) - f64::from(x - step));
                let error = (slope - f64::from(activation.derivative(x))).abs();
                // Truncation step²/6·|σ‴| ≤ 1e-4 (σ‴ = 6 for x³) and rounding 2·ε·|σ|/(2 step) ≤ 64·1.2e-7/1e-2.
                assert!(error < 9e-4, "{activation:?} at {x}: {slope} against {}", activation.derivative(x));
            }
        }
    }

    /// Each f64 derivative against a central difference of the one before it, away from the kinks.
    #[test]
    fn double_precision_derivatives_agree_with_central_differences() {
        for activation in Activation::ALL {
            for i in -40..=40 {
                let (x, step) = (f64::from(i) * 0.1 + 0.03, 1e-5);
                let slope = |f: &dyn Fn(f64) -> f64| (f(x + step) - f(x - step)) / (2.0 * step);
                let first = slope(&|x| activation.value_f64(x)) - activation.derivative_f64(x);
                let second = slope(&|x| activation.derivative_f64(x)) - activation.second_derivative_f64(x);
                // Truncation step²/6·|σ‴| ≤ 1e-10 and rounding ε·|σ|/step ≤ 64·2.2e-16/1e-5 = 1.4e-9.
                assert!(first.abs() < 3e-9 && second.abs() < 3e-9, "{activation:?} at {x}: {first:e} {second:e}");
                let single = f64::from(activation.value(x as f32)) - activation.value_f64(f64::from(x as f32));
                assert!(single.abs() < 1e-5, "{activation:?} at {x}");
                let mirrored = activation.value_f64(-x) == activation.value_f64(x);
                assert_eq!(mirrored, activation.is_even(), "{activation:?} at {x}");
            }
        }
    }

    #[test]
    fn closed_forms_agree_with_double_precision() {
        for i in -80..=80 {
            let x = f64::from(i) * 0.1;
            let near = |activation: Activation, exact: f64| {
                let error = (f64::from(activation.value(x as f32)) - exact).abs();
                assert!(error < 1e-6 * (1.0 + exact.abs()), "{activation:?}({x})");
            };
            near(Activation::Silu, x / (1.0 + libm::exp(-x)));
            near(Activation::Gelu, x * 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2));
            near(Activation::Cube, x * x * x);
        }
    }
}
