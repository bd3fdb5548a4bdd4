//! The verb `coordinates`: how the sizes of activations and updates scale with the width of a network.
//!
//! ```text
//! CoordinatesRequest ─▶ Coordinates ─▶ sentences, table, figures, data ─▶ Answer
//! ```

mod answer;
mod chart;
#[cfg(test)]
mod tests;

pub use answer::{CoordinatesData, answer};
