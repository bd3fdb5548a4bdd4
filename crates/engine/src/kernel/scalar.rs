//! Numbers that a plain formula is written for once: f64, and dual numbers, which carry a derivative along.
//!
//! ```text
//! (a + ȧ δ) with δ² = 0      f(a + ȧ δ) = f(a) + f′(a) ȧ δ
//! ```
//!
//! A way back through a network, run on weights w + v δ, gives ∇L(w) and beside it H(w) v, exactly and at about twice the cost:
//! forward over reverse (Pearlmutter 1994).

use crate::spec::Activation;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A number of a plain formula.
pub(crate) trait Scalar:
    Copy
    + Default
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
{
    /// The number whose derivative is zero.
    fn constant(value: f64) -> Self;

    /// Without its derivative.
    fn value(self) -> f64;

    /// f of it, from f and f′ at its value.
    fn map(self, value: f64, slope: f64) -> Self;

    /// eˣ
    #[inline]
    fn exp(self) -> Self {
        let e = libm::exp(self.value());
        self.map(e, e)
    }

    /// ln x
    #[inline]
    fn ln(self) -> Self {
        self.map(libm::log(self.value()), self.value().recip())
    }

    /// ln(1 + x), exact for tiny x.
    #[inline]
    fn ln_1p(self) -> Self {
        self.map(libm::log1p(self.value()), (1.0 + self.value()).recip())
    }

    /// √x
    #[inline]
    fn sqrt(self) -> Self {
        let root = self.value().sqrt();
        self.map(root, 0.5 / root)
    }

    /// tanh x
    #[inline]
    fn tanh(self) -> Self {
        let t = libm::tanh(self.value());
        self.map(t, 1.0 - t * t)
    }

    /// |x|, with slope 0 at 0.
    #[inline]
    fn abs(self) -> Self {
        let x = self.value();
        self.map(x.abs(), f64::from(u8::from(x > 0.0)) - f64::from(u8::from(x < 0.0)))
    }

    /// σ(x)
    #[inline]
    fn activated(self, activation: Activation) -> Self {
        self.map(activation.value_f64(self.value()), activation.derivative_f64(self.value()))
    }

    /// σ′(x)
    #[inline]
    fn slope(self, activation: Activation) -> Self {
        self.map(activation.derivative_f64(self.value()), activation.second_derivative_f64(self.value()))
    }
}

impl Scalar for f64 {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn value(self) -> f64 {
        self
    }

    #[inline(always)]
    fn map(self, value: f64, _: f64) -> Self {
        value
    }

    #[inline]
    fn activated(self, activation: Activation) -> Self {
        activation.value_f64(self)
    }

    #[inline]
    fn slope(self, activation: Activation) -> Self {
        activation.derivative_f64(self)
    }
}

/// a + ȧ δ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Dual {
    pub(crate) value: f64,
    pub(crate) tangent: f64,
}

impl Scalar for Dual {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self { value, tangent: 0.0 }
    }

    #[inline(always)]
    fn value(self) -> f64 {
        self.value
    }

    /// A number that does not move has no tangent, even where the slope is infinite.
    #[inline(always)]
    fn map(self, value: f64, slope: f64) -> Self {
        Self { value, tangent: if self.tangent == 0.0 { 0.0 } else { slope * self.tangent } }
    }
}

impl Add for Dual {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, tangent: self.tangent + other.tangent }
    }
}

impl Sub for Dual {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { value: self.value - other.value, tangent: self.tangent - other.tangent }
    }
}

impl Mul for Dual {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self { value: self.value * other.value, tangent: self.value * other.tangent + self.tangent * other.value }
    }
}

impl Div for Dual {
    type Output = Self;

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self { value, tangent: (self.tangent - value * other.tangent) / other.value }
    }
}

impl Neg for Dual {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self { value: -self.value, tangent: -self.tangent }
    }
}

impl AddAssign for Dual {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Dual {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation's tangent against a central difference of its values.
    #[test]
    fn tangents_are_derivatives() {
        let two = |f: fn(Dual, Dual) -> Dual| f;
        let operations = [
            two(|a, b| a + b * a),
            two(|a, b| a - b / a),
            two(|a, b| -(a / b)),
            two(|a, b| (a * b).exp()),
            two(|a, b| (a * a + b * b).ln()),
            two(|a, b| (a * b * a * b).ln_1p()),
            two(|a, b| (a * a + b).sqrt()),
            two(|a, b| (a - b).tanh()),
            two(|a, b| (a - b).abs()),
        ];
        for (which, operation) in operations.iter().enumerate() {
            for (a, b, direction) in [(0.7, 1.3, (1.0, 0.0)), (-0.4, 0.9, (0.3, -2.0)), (1.9, 0.2, (0.0, 1.0))] {
                let at = |by: f64| {
                    let moved = |x: f64, d: f64| Dual { value: x + by * d, tangent: d };
                    operation(moved(a, direction.0), moved(b, direction.1))
                };
                let difference = (at(1e-5).value - at(-1e-5).value) / 2e-5;
                let tangent = at(0.0).tangent;
                assert!((difference - tangent).abs() < 1e-8 * (1.0 + tangent.abs()), "{which}: {tangent} {difference}");
            }
        }
    }

    #[test]
    fn activations_carry_their_derivatives() {
        for activation in Activation::ALL {
            for x in [-1.7, -0.2, 0.4, 2.3] {
                let number = Dual { value: x, tangent: 3.0 };
                let (f, g) = (number.activated(activation), number.slope(activation));
                let expected = [activation.derivative_f64(x), activation.second_derivative_f64(x)].map(|d| 3.0 * d);
                assert_eq!([f.value, g.value], [activation.value_f64(x), activation.derivative_f64(x)]);
                assert_eq!([f.tangent, g.tangent], expected, "{activation:?} at {x}");
            }
        }
    }
}
