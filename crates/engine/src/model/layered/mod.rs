//! Networks made of blocks: whatever has no fused kernel of its own.
//!
//! A network's parameters are one flat array with a [`Layout`] of named spans. It reads a [`Chunk`] of samples, row by row, and
//! keeps on its tape what the way back needs; both ways are pure functions of slices, and every product is
//! [`crate::kernel::product`]. What a block computes stands at its head; `tests.rs` holds each network's gradient against
//! central differences.

mod attention;
mod block;
mod chunk;
mod layer_norm;
mod layers;
mod linear;
mod mlp;
mod norm;
mod parameters;
mod predictor;
mod rms_norm;
mod sums;
mod tables;
mod token_rows;
mod transformer;

pub(in crate::model) use attention::{Attention, Rows};
pub(in crate::model) use block::Block;
pub(crate) use chunk::Chunk;
pub(in crate::model) use layer_norm::LayerNorm;
pub(crate) use layers::{Activity, Layers, Upstream, room};
pub(crate) use linear::Linear;
pub(in crate::model) use mlp::Input;
pub(crate) use mlp::Mlp;
pub(in crate::model) use norm::Norm;
pub use parameters::{Array, Parameters};
pub(crate) use parameters::{Layout, Start};
pub use predictor::{Prediction, Predictor, PredictorError};
pub(in crate::model) use rms_norm::RmsNorm;
pub(crate) use tables::TableForm;
pub(crate) use token_rows::TokenRows;
pub(crate) use transformer::Transformer;

#[cfg(test)]
mod tests;
