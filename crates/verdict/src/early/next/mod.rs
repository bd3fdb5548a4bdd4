//! Which runs to make next, given those that were made.
//!
//! ```text
//! table ─▶ grid: known runs, and cells between and beside them ─▶ belief: what both are expected to do
//!                                                                   └▶ design: cell after cell, for the most gain a step
//! ```
//!
//! What is gained depends on the aim: the chance that one generalizes where those before it do not, what is learned of the boundary, or
//! steps below the fastest so far. Each next run is chosen as if the one before had been the least helpful, so that a list is spread
//! where that is wise. Telling two laws apart is the study of laws' own design (`dunwu_studies::law`).

mod belief;
mod design;
mod grid;
mod request;
#[cfg(test)]
mod tests;
mod units;

pub use design::{Aim, Chosen};
pub use grid::GridError;
pub use request::{Next, NextRequest, NextRun};
