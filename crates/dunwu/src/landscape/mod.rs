//! The energy landscape of a hidden unit: what it can climb, before anything is trained.

pub mod ascent;
mod certificate;
mod curve;
mod energy;
pub mod footing;
mod kernel;
mod maximum;
pub mod peaks;
mod projection;
pub mod race;
mod section;
pub mod theory;
pub mod trial;

pub use ascent::{Arrival, Climb, Stop, climb};
pub use certificate::{Certificate, certify};
pub use curve::Curve;
pub use energy::{Energy, Evaluation, Inputs, LANES, Lanes};
pub use kernel::{KERNEL_LIMIT, Kernel, KernelError};
pub use maximum::{Form, Landscape, Maximum, PeakKind, Token};
pub use peaks::{Peak, Peaks, Share, find, random_start};
pub use section::Section;
pub use projection::{EnergyKind, Projection};

use dunwu_engine::Problem;

/// Input weights of a unit: tokens of all operands, or numbers of an input.
pub fn dimension(problem: &Problem) -> usize {
    problem.n_inputs() + problem.n_features
}
