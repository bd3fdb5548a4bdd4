//! A decoder-only transformer of the Llama family: its hyperparameters, and its weights as the kernel wants them.

mod weights;

pub(crate) use weights::Layer;
pub use weights::Model;

/// What shapes a model, as its file says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperparameters {
    /// Blocks of attention and MLP.
    pub n_layers: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Query heads of a layer.
    pub n_heads: usize,
    /// Key and value heads of a layer; each serves `n_heads / n_key_heads` query heads.
    pub n_key_heads: usize,
    /// Width of a head.
    pub d_head: usize,
    /// Hidden width of the gated MLP.
    pub d_mlp: usize,
    /// Tokens that it knows.
    pub n_vocab: usize,
    /// Longest text that it was trained on, in tokens.
    pub trained_context: usize,
    /// ε of the root mean square norms.
    pub norm_epsilon: f32,
    /// How positions turn queries and keys.
    pub rotary: Rotary,
}

/// Rotary position embedding: pair i of a head turns by position · θ^(−2i/d) / factorᵢ (Su et al. 2021, arXiv:2104.09864).
#[derive(Clone, Debug, PartialEq)]
pub struct Rotary {
    /// θ, the base of the wavelengths.
    pub base: f64,
    /// How many of a head's dimensions turn, from the first on.
    pub d_rotated: usize,
    /// Which dimensions make a pair in the file's weights.
    pub pairs: Pairs,
    /// What each pair's frequency is divided by; empty for no scaling.
    pub factors: Vec<f32>,
}

/// Which two dimensions of a head turn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// 2i and 2i + 1, as GGUF files of the Llama family have it.
    Interleaved,
    /// i and i + d/2, as Hugging Face's files have it.
    Halves,
}
