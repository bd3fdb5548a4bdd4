//! The verb `reach`: what an attention design can exchange, before anything is trained.
//!
//! ```text
//! ReachRequest ─▶ Reach ─▶ sentences, tables, figures, data ─▶ Answer
//! ```

mod answer;
mod data;
mod distances;
mod map;
mod sights;
mod tables;
#[cfg(test)]
mod tests;
mod words;

pub use answer::{answer, designs};
pub use data::ReachData;
