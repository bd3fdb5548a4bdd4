//! Planted worlds: laboratories whose law stands in a file, for tests, teaching and examinations.
//!
//! ```text
//! text ─▶ WorldFile (as written, with places) ─▶ Law (compiled, in the order of dependence) ─▶ World: point, seed ─▶ Reading
//! ```
//!
//! `crates/lab/worlds/delay.toml` is an example with every part explained.

mod compiled;
mod error;
mod file;
mod laboratory;
mod noise;
#[cfg(test)]
mod tests;

pub use error::WorldError;
pub use laboratory::World;
pub use noise::NoiseFamily;
