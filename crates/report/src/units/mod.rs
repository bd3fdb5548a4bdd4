//! What the units of a layer of anybody's network do, as an answer.

mod answer;
mod bench;
mod data;
mod figure;
#[cfg(test)]
mod tests;

pub use answer::{answer, flags_answer};
pub use bench::answer as bench_answer;
pub use data::{
    AblationData, EstimateData, FlaggedData, FlagsData, MeasuredData, RefusalData, RoleData, SoundnessData, UnitData,
    UnitsData,
};
