//! The numbers in which a network is trained: f32, or with `numerics=double` f64. One rule serves both.

use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Sub};

/// f32 or f64.
pub(crate) trait Real:
    Copy
    + Default
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + MulAssign
{
    /// Magnitudes below which a weight, a first and a second moment are set to zero after an update.
    ///
    /// A dying unit's weights and moments otherwise pass through the subnormal numbers, where each operation costs a hundred times
    /// as much. In f32 a weight of 10⁻¹² is 10⁻¹⁰ of a live one; a first moment of 10⁻³⁰ or a second of 10⁻³⁶ moves an update by
    /// less than 10⁻¹⁰ of ε = 10⁻⁸. In f64 only what is subnormal is.
    const NEGLIGIBLE: [Self; 3];

    /// The nearest number of this kind.
    fn of(value: f64) -> Self;

    /// The same number as f64; no f32 is rounded by it.
    fn wide(self) -> f64;

    /// √x, rounded once.
    fn sqrt(self) -> Self;

    /// |x|
    fn abs(self) -> Self;
}

impl Real for f32 {
    const NEGLIGIBLE: [Self; 3] = [1e-12, 1e-30, 1e-36];

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self.into()
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
}

impl Real for f64 {
    const NEGLIGIBLE: [Self; 3] = [Self::MIN_POSITIVE; 3];

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
}
