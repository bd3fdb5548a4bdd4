//! The words for activation functions; their formulas in code are the kernel's.

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
}
