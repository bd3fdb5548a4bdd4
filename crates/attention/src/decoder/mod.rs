//! The decoder: tokens in, logits out, one pass over the weights for a whole batch of rows.

mod attention;
mod forward;
#[cfg(test)]
mod reference_tests;
mod rows;
#[cfg(test)]
mod tests;

pub use forward::Decoder;

/// What attention looked at, told while it happens.
pub trait Watch: Send {
    /// One query: its attention weights, which sum to 1, and the positions in the text of their keys, oldest first.
    fn attention(&mut self, layer: usize, head: usize, query: u64, positions: &[u64], weights: &[f32]);
}
