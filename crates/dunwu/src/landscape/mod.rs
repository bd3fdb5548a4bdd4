//! The energy landscape of a hidden unit: what it can climb, before anything is trained.

pub mod ascent;
mod axis;
mod certificate;
pub mod climbing;
mod curve;
mod energy;
pub mod footing;
mod kernel;
mod limits;
mod maximum;
mod mountains;
pub mod of_run;
pub mod peaks;
mod projection;
pub mod race;
mod racing;
pub mod request;
mod section;
mod survey;
pub mod theory;
mod training;
pub mod trial;

#[cfg(test)]
mod tests;

pub use ascent::{Arrival, Climb, Stop, climb};
pub use axis::RaceAxis;
pub use certificate::{Certificate, certify};
pub use curve::Curve;
pub use energy::{Energy, Evaluation, Inputs, LANES, Lanes};
pub use kernel::{KERNEL_LIMIT, Kernel, KernelError};
pub use limits::{DIMENSION_LIMIT, LandscapeError, POPULATION_LIMIT, check, dimension};
pub use maximum::{Form, Landscape, Maximum, PeakKind, Token};
pub use of_run::{ClimbingRequest, RunLandscape};
pub use peaks::{Peak, Peaks, find, random_start};
pub use projection::{EnergyKind, Projection};
pub use racing::{Race, RaceCourse, RaceRequest};
pub use request::{LandscapeRequest, PEAKS_KEYS, RACE_KEYS};
pub use section::Section;
pub use survey::{Agreement, NoMountains, PeakSurvey, PeaksRequest};
pub use training::RaceTraining;
