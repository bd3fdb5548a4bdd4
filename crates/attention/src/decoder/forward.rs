//! One pass over the weights.
//!
//! ```text
//! x = embedding[token]
//! for each layer:
//!     q, k, v = W_q n, W_k n, W_v n            n = norm(x)
//!     x += W_o attention(q, k, v)              keys and values go to the cache first
//!     x += W_d (silu(W_g m) ∘ W_u m)           m = norm(x)
//! logits = W_out norm(x)
//! ```
//!
//! Rows are tokens: of one sequence (reading) or of several (answering many at once). The products take all rows together, so that a
//! weight is read from memory once for all; each row's result has the same bits whatever other rows there are.

use super::Watch;
use super::attention::{Attention, Span};
use super::rows::Rows;
use crate::cache::Cache;
use crate::kernel::surprise;
use crate::model::Model;
use rayon::ThreadPool;

/// Most rows of one pass; beyond it, activations no longer fit the caches, and a weight has been used often enough.
const MOST_ROWS: usize = 128;

/// Reads tokens with a model: owns the buffers and the threads that this takes.
pub struct Decoder<'m> {
    model: &'m Model,
    threads: ThreadPool,
    rows: Rows,
    attention: Attention,
    logits: Vec<f32>,
    surprises: Vec<f32>,
}

/// Which rows' logits are asked for.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Nothing,
    Last,
    All,
}

impl<'m> Decoder<'m> {
    /// Buffers, and a pool of `n_threads` threads.
    pub fn new(model: &'m Model, n_threads: usize) -> Self {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(n_threads.max(1)).build();
        Self {
            model,
            threads: threads.expect("the system gives as many threads as it has cores"),
            rows: Rows::default(),
            attention: Attention::new(model.hyperparameters()),
            logits: Vec::new(),
            surprises: Vec::new(),
        }
    }

    /// Reads tokens into the cache and gives the logits `[vocabulary]` after the last one; empty if there are no tokens.
    pub fn read(&mut self, cache: &mut Cache, tokens: &[u32]) -> &[f32] {
        self.logits.clear();
        let mut rest = tokens;
        while let Some((chunk, after)) = next_chunk(rest) {
            rest = after;
            let wanted = if rest.is_empty() { Wanted::Last } else { Wanted::Nothing };
            self.pass(&mut [(cache, chunk)], wanted, None);
        }
        &self.logits
    }

    /// Reads one token of each of several sequences in one pass over the weights; logits `[sequence][vocabulary]`.
    pub fn step(&mut self, sequences: &mut [(&mut Cache, u32)]) -> &[f32] {
        self.logits.clear();
        if !sequences.is_empty() {
            let tokens: Vec<[u32; 1]> = sequences.iter().map(|&(_, token)| [token]).collect();
            let mut parts: Vec<(&mut Cache, &[u32])> =
                sequences.iter_mut().zip(&tokens).map(|((cache, _), token)| (&mut **cache, &token[..])).collect();
            self.pass(&mut parts, Wanted::All, None);
        }
        &self.logits
    }

    /// Reads tokens and gives −ln p(target) of each target, in nats: `targets[i]` is what followed `tokens[i]`.
    pub fn surprise(&mut self, cache: &mut Cache, tokens: &[u32], targets: &[u32]) -> &[f32] {
        assert_eq!(tokens.len(), targets.len(), "a target for each token");
        self.surprises.clear();
        let mut rest = tokens;
        while let Some((chunk, after)) = next_chunk(rest) {
            rest = after;
            self.pass(&mut [(cache, chunk)], Wanted::All, None);
            let targets = &targets[self.surprises.len()..][..chunk.len()];
            let rows = self.logits.chunks_exact(self.model.hyperparameters().n_vocab);
            self.surprises.extend(rows.zip(targets).map(|(logits, &target)| surprise(logits, target as usize)));
        }
        &self.surprises
    }

    /// Reads tokens while `watch` sees every attention weight.
    pub fn watch(&mut self, cache: &mut Cache, tokens: &[u32], watch: &mut dyn Watch) {
        let mut rest = tokens;
        while let Some((chunk, after)) = next_chunk(rest) {
            rest = after;
            self.pass(&mut [(cache, chunk)], Wanted::Nothing, Some(watch));
        }
    }

    /// All rows through all layers.
    fn pass(&mut self, parts: &mut [(&mut Cache, &[u32])], wanted: Wanted, mut watch: Option<&mut dyn Watch>) {
        let Self { model, threads, rows, attention, logits, .. } = self;
        let shape = model.hyperparameters();
        let spans = Span::of(parts);
        threads.install(|| {
            rows.embed(model, parts.iter().flat_map(|(_, tokens)| tokens.iter().copied()));
            attention.turn(&spans);
            for (number, layer) in model.layers.iter().enumerate() {
                rows.project(layer, shape.norm_epsilon);
                let watch = watch.as_mut().map(|watch| &mut **watch as &mut dyn Watch);
                attention.attend(shape, number, parts, &spans, &mut rows.heads, watch);
                rows.finish(layer, shape.norm_epsilon);
            }
            match wanted {
                Wanted::Nothing => {}
                Wanted::Last => rows.logits(model, rows.n_rows(model) - 1, logits),
                Wanted::All => rows.logits(model, 0, logits),
            }
        });
        for (cache, tokens) in parts {
            cache.position += tokens.len() as u64;
        }
    }
}

/// Up to [`MOST_ROWS`] tokens, and the rest; `None` at the end.
fn next_chunk(tokens: &[u32]) -> Option<(&[u32], &[u32])> {
    (!tokens.is_empty()).then(|| tokens.split_at(tokens.len().min(MOST_ROWS)))
}
