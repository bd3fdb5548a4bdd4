//! Activation functions. The kernel and the measures apply these same scalars, so a loop over a row becomes vector code.

use crate::elementary::{erf, exp};

/// σ of the hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activation {
    /// x²
    Square,
    /// x³
    Cube,
    /// max(x, 0)
    Relu,
    /// max(x, 0)²
    ReluSquared,
    /// x / (1 + e⁻ˣ)
    Silu,
    /// x Φ(x), Φ the normal distribution function (the exact form, not the tanh approximation)
    Gelu,
    /// |x|
    Abs,
}

impl Activation {
    /// Every activation; tests and help walk this list.
    pub const ALL: [Self; 7] =
        [Self::Square, Self::Cube, Self::Relu, Self::ReluSquared, Self::Silu, Self::Gelu, Self::Abs];

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
}

/// max(x, 0), but NaN stays NaN, so that a diverged network is seen to have diverged.
#[inline(always)]
fn positive_part(x: f32) -> f32 {
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
