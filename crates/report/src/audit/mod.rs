//! Whether the evidence of a run, a table or two files of samples misleads, as an answer.

mod answer;
mod bench;
mod data;
#[cfg(test)]
mod tests;

pub use answer::answer;
pub use bench::answer as bench;
pub use data::{AuditData, AuditRatesData, JudgementData, KindRateData};
