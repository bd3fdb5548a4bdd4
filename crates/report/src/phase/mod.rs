//! The verb `phase`: what became of a sweep's runs over two of its settings.
//!
//! ```text
//! PhaseRequest ─▶ Diagram ─▶ sentences, tables, two figures, data ─▶ Answer
//! ```

mod answer;
mod chart;
mod data;
mod grid;
mod legend;
mod quantities;
mod tables;
#[cfg(test)]
mod tests;
mod words;

pub use answer::answer;
pub use data::PhaseData;
pub use words::legend;
