//! The arithmetic of a decoder: matrices in panels times activations, and attention over cached keys.
//!
//! The only room of the crate with `unsafe`: calls of functions that need instructions which were asked for at run time.

mod activations;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
mod elementwise;
mod lanes;
mod line;
mod machine;
mod matrix;
mod panel;
mod portable;
mod slots;

pub use activations::Activations;
pub(crate) use elementwise::{rms_norm, silu_times, softmax, surprise};
pub(crate) use lanes::LANES;
pub use matrix::{Matrix, multiply_all};
pub(crate) use slots::Slots;
