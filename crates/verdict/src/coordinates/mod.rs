//! The coordinate check: how the sizes of activations and updates scale with the width of a network.
//!
//! ```text
//! spec, widths, seeds ─▶ the spec at each width ─▶ a few steps ─▶ sizes (root mean squares) ─▶ slope of ln size over ln width ─▶ verdict
//! ```
//!
//! Yang & Hu 2021 (arXiv:2011.14522) and Yang et al. 2022 (arXiv:2203.03466) draw these sizes and look at the curves. Here the slope is
//! fitted with its interval and held against a band.

mod check;
mod request;
mod slope;
#[cfg(test)]
mod tests;
mod trained;

pub use check::{Coordinates, DivergedNetwork, PartKind, PartScaling, Quantity, QuantityScaling, Size, check};
pub use request::{Asked, CoordinatesRequest, ScaledSetting};
pub use slope::{BAND, Scaling, Slope};
