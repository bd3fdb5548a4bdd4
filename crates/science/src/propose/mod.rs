//! The proposer that needs no model: products of powers first, then what is left of them.
//!
//! ```text
//! quantities of the question ─▶ products of powers and logarithms, the shorter the cheaper ─▶ a quick fit of each
//!        the best ─▶ an offset, a saturation, a crossover, an exponential, a free power, a second product ─▶ forecasts of each
//!        ─▶ those that earn most over what it costs to state them
//! ```
//!
//! A constant carries whatever unit is missing, so that products of powers are all dimensionless groups there are; logarithms and
//! exponentials take pure numbers alone. Whoever proposes sees the runs and has no vote: what it proposes is judged on later runs.

mod extend;
mod product;
mod quick;
mod search;
#[cfg(test)]
mod tests;

pub use search::{FEWEST_RUNS, Found, search};
