//! Optimizers, one published method a file. Each is a pure rule on slices; [`Optimizer`] applies it to a network.

mod adam;
mod clip;
mod egalitarian;
mod gradient;
mod grokfast;
mod half;
mod muon;
mod negligible;
mod optimizer;
mod orthogonal;
mod schedule;
mod sgd;

// The words are the spec's; what they do to weights is here.
pub use crate::spec::{
    AdamSpec, GradientDirection, GradientFilter, GradientPrecision, GradientSpec, Method, MuonVariant, OptimizerSpec,
    Schedule,
};
pub(crate) use gradient::GradientState;
use negligible::flush;
pub use optimizer::Optimizer;
