//! The decoder: tokens in, logits out, one pass over the weights for a whole batch of rows.

use crate::cache::Cache;
use crate::file::{ModelFile, ModelFileError};
use crate::model::Hyperparameters;

/// The weights of a model, ready to multiply. Shared by all sequences.
pub struct Model {}

impl Model {
    /// Reads and packs all weights; `progress` hears how many bytes of how many are there.
    pub fn load(_file: &ModelFile, _progress: &mut dyn FnMut(u64, u64)) -> Result<Self, ModelFileError> {
        todo!()
    }

    /// Its shape.
    pub fn hyperparameters(&self) -> &Hyperparameters {
        todo!()
    }

    /// Bytes of weights that one token reads.
    pub fn bytes(&self) -> usize {
        todo!()
    }
}

/// What attention looked at, told while it happens: `weights` are the attention weights (they sum to 1) of one query over the
/// keys that its cache held.
pub trait Watch: Sync {
    /// One query: `positions` are those of the keys, in the order of `weights`.
    fn attention(&mut self, layer: usize, head: usize, query: u64, positions: &[u64], weights: &[f32]);
}

/// Reads tokens with a model: owns the buffers and threads that this takes.
pub struct Decoder<'m> {
    _model: &'m Model,
}

impl<'m> Decoder<'m> {
    /// Buffers and a pool of `n_threads` threads.
    pub fn new(model: &'m Model, _n_threads: usize) -> Self {
        Self { _model: model }
    }

    /// Reads tokens into the cache and gives the logits [vocabulary] after the last one.
    pub fn read(&mut self, _cache: &mut Cache, _tokens: &[u32]) -> &[f32] {
        todo!()
    }

    /// Reads one token of each of several sequences in one pass over the weights; logits [sequence][vocabulary].
    pub fn step(&mut self, _sequences: &mut [(&mut Cache, u32)]) -> &[f32] {
        todo!()
    }

    /// Reads tokens and gives −ln p(target) of each target, in nats: `targets[i]` is what followed `tokens[i]`.
    pub fn surprise(&mut self, _cache: &mut Cache, _tokens: &[u32], _targets: &[u32]) -> &[f32] {
        todo!()
    }

    /// Reads tokens while `watch` sees every attention weight.
    pub fn watch(&mut self, _cache: &mut Cache, _tokens: &[u32], _watch: &mut dyn Watch) {
        todo!()
    }
}
