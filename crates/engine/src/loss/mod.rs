//! Losses: each turns outputs into a loss and into the residual that is sent back.

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `(1/n) Σᵢ ‖zᵢ − mean(zᵢ) − (e_yᵢ − 1/M)‖²`: outputs centred over labels (the paper's script).
    Mse,
    /// `(1/n) Σᵢ −ln softmax(zᵢ)[yᵢ]`, in nats.
    CrossEntropy,
}
