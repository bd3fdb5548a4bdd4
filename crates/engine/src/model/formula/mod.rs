//! Networks by their formulas, in any numbers: what trains in f64 and, on dual numbers, what gives Hessians.
//!
//! The parts and the flat array of parameters are those of [`super::layered`]; only the arithmetic is other. Where that is made for
//! speed, this is made to be read: a sample's way forward and back in the order of the formulas at the heads of the files there, one
//! sum after the other, with an array for every quantity. Nothing is fused, and exponentials are `libm`'s, so that the bits are the
//! same on every machine.

mod attention;
mod block;
mod linear;
mod mlp;
mod network;
mod norm;
mod transformer;

use network::Activations;
pub(crate) use network::{Formula, Sums};

#[cfg(test)]
mod tests;
