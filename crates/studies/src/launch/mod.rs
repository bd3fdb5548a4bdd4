//! Sweeps on machines that others schedule: how many tasks a sweep becomes, the scripts that they run, and their submission.
//!
//! ```text
//! LaunchRequest ─▶ what remains ─▶ Sizing ─▶ SlurmPlan ─▶ sbatch ─▶ Launched
//! ```
//!
//! This is the one room of the library that starts processes: `sbatch` and `scontrol`, in `submit`. The rest is pure text and numbers.
//! Which task makes which run is decided by the tasks themselves, through claims in the folder that they share.

mod frozen;
mod job_number;
mod sizing;
pub mod slurm;
mod submit;

pub use sizing::{Size, Sizing, SizingError};
pub use submit::{Jobs, LaunchRequest, Launched};
