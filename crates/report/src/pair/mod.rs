//! The verb `pair`: two values of one setting compared in pairs of runs that differ in nothing else.
//!
//! ```text
//! PairRequest ─▶ Comparison ─▶ verdict, sentences, tables, a figure, data ─▶ Answer
//! ```

mod answer;
mod chart;
mod data;
mod names;
mod tables;
mod words;

pub use answer::answer;
pub use data::PairData;
