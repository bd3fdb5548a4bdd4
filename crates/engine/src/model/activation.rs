//! Activation functions, as scalars; the kernel applies the same formulas to whole rows.

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
