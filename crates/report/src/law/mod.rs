//! The verb `law`: how the critical sample size of a sweep's tasks grows, each law beside its rivals.
//!
//! ```text
//! LawRequest ─▶ Study ─▶ verdict, sentences, tables, two figures, data ─▶ Answer
//! ```

mod answer;
mod assumptions;
mod chart;
mod data;
mod tables;
mod words;

pub use answer::answer;
pub use data::LawData;
