//! Phase diagrams: what becomes of runs as two settings vary, and where the boundary lies.
//!
//! ```text
//! PhaseRequest ─▶ Results ─▶ axes ─▶ cells (outcomes, phases) ─▶ boundaries, measured and the theory's ─▶ Diagram
//! ```

mod axes;
mod boundary;
mod cell;
mod diagram;
mod kind;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use axes::numbered;
pub use axes::shown;
pub use axes::{AMOUNTS, Axis, PhaseError};
pub use boundary::{Along, Boundary, Place, Within};
pub use cell::{Cell, FEW_SEEDS};
pub use diagram::Diagram;
pub use kind::{Phase, SLOWER};
pub use request::PhaseRequest;
