//! Networks.

mod activation;
mod ridge;
mod two_layer;

pub use activation::Activation;
pub(crate) use ridge::solve_top;
pub use two_layer::{Initialization, Weights};
