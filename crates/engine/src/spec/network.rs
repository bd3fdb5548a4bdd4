//! The words for a network: its kind, its sizes, how its weights begin.

use super::Activation;
use super::attention::AttentionPattern;

/// The network.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// Of which kind.
    pub architecture: Architecture,
    /// What each layer of a transformer sees; `None` means everything up to its own position.
    pub attention: Option<AttentionPattern>,
    /// Which operands read the same weights.
    pub tables: OperandTables,
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
#[derive(Clone, Copy, Debug, PartialEq)]
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
            "mlp" => Some(Self::Mlp(MlpSpec {
                depth: 2,
                residual: false,
                biases: true,
                embedding: 0,
                normalization: Normalization::None,
            })),
            "transformer" => Some(Self::Transformer(TransformerSpec {
                depth: 2,
                dimension: 128,
                heads: 4,
                normalization: Normalization::PreLayerNorm,
                qk_norm: false,
                score_cap: 0.0,
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

/// Which weights a token of an operand is looked up in.
///
/// ```text
/// separate:  h = σ(Σ_o W_o[token_o])            or the embeddings E_o[token_o], one beside the other
/// shared:    the embeddings E[token_o], one beside the other; of a transformer, each at its own position
/// summed:    h = σ(Σ_o W[token_o])              or the one embedding Σ_o E[token_o]
/// ```
///
/// A sum knows no order: the network sees (a, b) and (b, a) as one input. A table that is shared has a row for each number that an
/// operand can be, so that 1 is row 1 where an operand begins at 1, too; what names one of several problems has rows of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperandTables {
    /// Every operand has a table of its own.
    Separate,
    /// One table for all operands, whose places tell them apart. A transformer shares it among operands of equally many tokens;
    /// others have tables of their own.
    Shared,
    /// One table for all operands, whose rows are added (Liu et al. 2022, arXiv:2205.10343).
    Summed,
}

impl OperandTables {
    /// The name of each; settings and help walk this list.
    pub const NAMES: &[&str] = &["separate", "shared", "summed"];

    /// What a network of this kind has where nothing is said.
    pub const fn usual(architecture: Architecture) -> Self {
        match architecture {
            Architecture::TwoLayer | Architecture::Mlp(_) => Self::Separate,
            Architecture::Transformer(_) => Self::Shared,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Separate => "separate",
            Self::Shared => "shared",
            Self::Summed => "summed",
        }
    }

    /// The one of this name; `None` where there is none.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Separate, Self::Shared, Self::Summed].into_iter().find(|tables| tables.name() == name)
    }
}

/// Hidden layers of one width:
///
/// ```text
/// h₁ = σ(N₁(x W₁ + b₁))      h_l = [h_{l−1} +] σ(N_l(h_{l−1} W_l + b_l))      z = h_L V + c
/// ```
///
/// N is the identity or, where the network is normalised, a norm of each sample's row with a trained gain.
///
/// x is what a problem's samples are: numbers, or one-hot tokens, or each operand's row of a trained embedding, one beside the
/// other; [`OperandTables`] says of which table.
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
    /// Whether what an activation reads is normalised; never behind a sum.
    pub normalization: Normalization,
}

/// Blocks of causal attention and an MLP around a residual stream; see [`crate::model`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerSpec {
    /// Blocks.
    pub depth: usize,
    /// Width d of the residual stream, a multiple of the heads.
    pub dimension: usize,
    /// Attention heads, each d / heads wide.
    pub heads: usize,
    /// Whether the stream is normalised on its way into each part of a block.
    pub normalization: Normalization,
    /// Whether each head's queries and keys are brought to a mean square of 1, with a trained gain.
    pub qk_norm: bool,
    /// κ: attention scores are bent so that they stay between −κ and κ; 0 for none.
    pub score_cap: f64,
}

/// Where a network normalises, and how: a transformer its residual stream, an MLP what its activations read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// Not at all (Nanda et al. 2023).
    None,
    /// Layer norm before attention, before the MLP and before the top layer. Of an MLP, before each activation.
    PreLayerNorm,
    /// Layer norm behind each sum of the residual stream with attention or MLP (Vaswani et al. 2017). A transformer's alone.
    PostLayerNorm,
    /// RMS norm where [`Normalization::PreLayerNorm`] has layer norm (Zhang & Sennrich 2019, arXiv:1910.07467).
    PreRmsNorm,
}

impl Normalization {
    /// Each with its name; settings and help walk this list.
    pub const NAMED: [(&str, Self); 4] = [
        ("none", Self::None),
        ("pre_layer_norm", Self::PreLayerNorm),
        ("post_layer_norm", Self::PostLayerNorm),
        ("pre_rms_norm", Self::PreRmsNorm),
    ];
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
