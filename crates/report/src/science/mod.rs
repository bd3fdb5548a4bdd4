//! The verb `science`: a campaign in one screen.

mod brief;
mod data;

pub use brief::answer;
pub use data::{BentData, ClaimData, ReplayedData, RivalData, ScienceData, WitnessData, WorkData};
