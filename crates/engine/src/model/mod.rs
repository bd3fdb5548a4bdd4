//! Networks.

pub(crate) mod formula;
pub mod fused;
pub(crate) mod layered;
mod ridge;
mod two_layer;

pub use layered::{Array, Parameters, Prediction, Predictor, PredictorError};
pub(crate) use ridge::{solve_ridge, solve_top};
// What the words of a network mean is here and in the kernel.
pub use crate::spec::{Activation, Initialization};
pub use two_layer::Weights;
pub(crate) use two_layer::{column_norms, largest_or_nan};
