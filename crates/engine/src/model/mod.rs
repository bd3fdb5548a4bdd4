//! Networks.

mod activation;
mod two_layer;

pub use activation::Activation;
pub use two_layer::{Initialization, Weights};
