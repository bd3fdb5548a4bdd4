//! Every predictor of the survey on one benchmark: how early each knows which runs will generalize, and what it would cost to stop by it.
//!
//! ```text
//! pools: runs of one task each ─▶ Seen (evaluations, signs, signals of the literature) ─▶ each predictor: a score a look, or its own kills
//!                                                                                           └▶ table: AUC, calibration, false kills, savings
//! ```
//!
//! A predictor that gives scores is straightened, and its threshold taken, on other pools: all but ours, which come as they are shipped.
//! Rules that compare runs get the pools that they are made for.

mod benchmark;
mod controls;
mod predictors;
mod rules;
mod signals;
mod table;
#[cfg(test)]
mod tests;

pub use benchmark::{Benchmark, LeagueRequest};
pub use controls::{Control, Controls, controls};
pub use predictors::{PREDICTORS, Predictor, Says, Scores};
pub use table::{League, LeagueRow, league};
