//! The words for a network: its kind, its sizes, how its weights begin.

use super::Activation;

/// The network.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// Of which kind.
    pub architecture: Architecture,
    /// Hidden units K of a layer; of a transformer's MLP.
    pub width: usize,
    /// σ.
    pub activation: Activation,
    /// Distribution of the initial weights.
    pub initialization: Initialization,
    /// Multiplies the initial weights below the top layer.
    pub hidden_scale: f64,
    /// Multiplies the initial top weights; 0 starts the top layer at zero.
    pub top_scale: f64,
    /// How the top layer gets its weights.
    pub top_layer: TopLayer,
}

/// The kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `Ŷ = σ(X W) V` without biases.
    TwoLayer,
    /// Hidden layers, with or without residual connections, biases and a trained embedding.
    Mlp(MlpSpec),
    /// A decoder that reads its operands and `=`, and answers at the last position.
    Transformer(TransformerSpec),
}

impl Architecture {
    /// The name of each kind; settings and help walk this list.
    pub const NAMES: &[&str] = &["two_layer", "mlp", "transformer"];

    /// The kind of this name with its defaults; `None` where there is none.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "two_layer" => Some(Self::TwoLayer),
            "mlp" => Some(Self::Mlp(MlpSpec { depth: 2, residual: false, biases: true, embedding: 0 })),
            "transformer" => Some(Self::Transformer(TransformerSpec {
                depth: 2,
                dimension: 128,
                heads: 4,
                normalization: Normalization::PreLayerNorm,
            })),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TwoLayer => "two_layer",
            Self::Mlp(_) => "mlp",
            Self::Transformer(_) => "transformer",
        }
    }
}

/// Hidden layers of one width:
///
/// ```text
/// h₁ = σ(x W₁ + b₁)      h_l = [h_{l−1} +] σ(h_{l−1} W_l + b_l)      z = h_L V + c
/// ```
///
/// x is what a problem's samples are: numbers, or one-hot tokens, or each operand's row of a trained embedding, one beside the
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MlpSpec {
    /// Hidden layers L.
    pub depth: usize,
    /// Whether a layer adds to the one below (Tian 2025, section 6) instead of replacing it.
    pub residual: bool,
    /// Whether layers, the top one too, have biases.
    pub biases: bool,
    /// Numbers that stand for a token, trained; 0 for one-hot tokens.
    pub embedding: usize,
}

/// Blocks of causal attention and an MLP around a residual stream; see [`crate::model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransformerSpec {
    /// Blocks.
    pub depth: usize,
    /// Width d of the residual stream, a multiple of the heads.
    pub dimension: usize,
    /// Attention heads, each d / heads wide.
    pub heads: usize,
    /// Whether the stream is normalised on its way into each part of a block.
    pub normalization: Normalization,
}

/// Whether a transformer normalises its residual stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// Not at all (Nanda et al. 2023).
    None,
    /// Layer norm before attention, before the MLP and before the top layer.
    PreLayerNorm,
}

/// How the top layer gets its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TopLayer {
    /// By the optimizer, like the hidden layer.
    Trained,
    /// Solved at every step: `V = (FᵀF + ηI)⁻¹ Fᵀ(Y − 1/M)`, the paper's Stage I limit.
    Ridge {
        /// η of ½‖Y − FV‖² + η/2 ‖V‖², sums over samples.
        eta: f64,
    },
}

/// Distribution of the initial weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialization {
    /// `W ~ U(±1/√(fan in))`, `V ~ U(±1/√K)`: PyTorch's default for linear layers, which the paper's script uses.
    Pytorch,
    /// `W ~ N(0, 1)`, `V ~ N(0, α²)` with α = 10⁻³: the assumptions of Lemma 1 and Proposition 1.
    Paper,
    /// Every matrix of a transformer `~ N(0, 1/d)`, its top layer `N(0, 1/M)`, biases zero: Nanda et al. 2023.
    Nanda,
}
