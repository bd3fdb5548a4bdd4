//! The verbs `sweep`, `work` and `launch`: many runs, made here, by one worker of many, or on a cluster.

mod data;
mod judged;
mod launch;
mod made;
#[cfg(test)]
mod tests;
mod times;

pub use data::{LaunchData, RayLaunchData, SweepData, WorkData};
pub use launch::{launch, launch_ray};
pub use made::{collect, forecast, sweep, work};
