//! The arithmetic of a decoder: matrices in panels times activations, and attention over cached keys.
//!
//! The only room of the crate with `unsafe`: calls of functions that need instructions which were asked for at run time.

mod activations;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
mod line;
mod machine;
mod matrix;
mod panel;
mod portable;

pub use activations::Activations;
pub use matrix::{Matrix, multiply_all};
