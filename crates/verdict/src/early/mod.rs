//! What a run will do, said before it and while it trains.
//!
//! ```text
//! worlds ─▶ observe ─▶ Trace ─▶ learn ─▶ Model (shipped/: forests.bin, card.json)           `cargo xtask verdict`
//! RunSpec ─▶ coordinates ─┐
//! Past ─▶ signs ──────────┴─▶ Model ─▶ forecast, verdict, judge, next
//! Series of somebody else ─▶ log: a power law where the curve is smooth, what it shows where it is not
//! ```
//!
//! Whoever predicts sees a [`Past`](dunwu::run::Past) and nothing else. What is said carries how often it is wrong: probabilities are
//! straightened, intervals and thresholds taken, on runs of sizes that the trees did not see. A run of another kind or size than those
//! that were learned from lies outside, and nothing certified is said of it.

pub mod bounds;
pub mod coordinates;
pub mod evaluate;
pub mod forecast;
pub mod judge;
pub mod league;
pub mod learn;
pub mod living;
pub mod log;
pub mod looks;
pub mod model;
pub mod net;
pub mod next;
pub mod observe;
pub mod signs;
#[cfg(test)]
mod tests;
pub mod trees;
pub mod verdict;
pub mod worlds;
