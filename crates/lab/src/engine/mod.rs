//! The engine as a laboratory: runs of two-layer networks on groups, trained in memory, with nothing on disk.
//!
//! ```text
//! Point, seed ─▶ RunSpec ─▶ Problem, Split ─▶ drive ─▶ evaluations, first and last snapshot ─▶ outcomes
//! ```
//!
//! A setting of the engine is a knob in `knobs.rs`, what comes out an entry in `observables.rs`. How a run is trained and judged is the
//! core's affair (`dunwu::run::drive`, `dunwu::knowledge`).

mod arrays;
mod groups;
mod identity;
mod interventions;
mod knobs;
mod laboratory;
mod observables;
#[cfg(test)]
mod tests;
mod trained;

pub use groups::{GROUPS, GroupTask};
pub use interventions::{INTERVENTIONS, InterventionLevel};
pub use knobs::SampleKnob;
pub use laboratory::EngineLab;
