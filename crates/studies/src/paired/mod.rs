//! Two values of one setting, compared in pairs of runs that differ in nothing else, at equal compute.
//!
//! ```text
//! PairRequest ─▶ Results ─▶ runs of both arms ─▶ pairs (same settings, same seed) ─▶ effects, each with interval and number of pairs
//!                                            └▶ cross-fitted choice of another setting ─▶ pairs ─▶ effects
//! ```

mod arms;
mod comparison;
mod effects;
mod request;
#[cfg(test)]
mod tests;
mod tuned;

pub use arms::PairedError;
pub use comparison::Comparison;
pub use effects::{Discordance, ENOUGH_PAIRS, Effect, EffectVerdict, Effects};
pub use request::PairRequest;
pub use tuned::{Choice, Tuned};
