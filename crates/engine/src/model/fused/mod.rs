//! The hot path of a two-layer network: forward, loss and backward without ever storing an n×K array.
//!
//! ```text
//! h = W[x] + W[y] (rows of tables)    f = σ(h)    z = f V    G = ∂L/∂z
//! dVᵀ += Gᵀ f      df = G Vᵀ      dh = σ′(h) ∘ df      dW[x] += dh      dW[y] += dh
//! ```
//!
//! Work and traffic of a step: the three products cost 6nMK flops and are irreducible for a general split; everything
//! else is O(nK + nM). Units are cut into slabs of 64, whose tables (W, Vᵀ, their gradients; ~110 KB at M = 71) stay in
//! the second-level cache; samples are cut into blocks, whose f and σ′ are two buffers of 15 KB a thread, while df goes from
//! registers into the rows of dW. Only z, which G overwrites, spans the batch.
//!
//! The forward pass runs in parallel over blocks of samples, the backward pass over slabs of units. Either way one task
//! owns each output and sums in a fixed order, so the bits do not depend on the number of threads; the price is one
//! barrier between the two.
//!
//! The twin in [`plain`] is the formula in f64 without any of this. A transformer of one block without layer norm becomes
//! tables, which run through the same slabs and blocks (`attention_tables.rs`). The arithmetic is [`crate::kernel`]'s.

mod attention_tables;
mod network;
pub mod plain;
mod scratch;
mod two_layer;

pub(crate) use attention_tables::{AttendedBatch, AttendedMlp, AttentionTables, SLAB, TableShape, TableSlab};
pub use network::{Layout, Network, Part, Slab};
pub use two_layer::{Batch, TwoLayer};
