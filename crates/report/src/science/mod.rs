//! The verb `science`: a campaign in one screen.

mod brief;
mod data;
mod viva;

pub use brief::answer;
pub use data::{BentData, ClaimData, ModelData, ReplayedData, RivalData, ScienceData, TurnData, WitnessData, WorkData};
