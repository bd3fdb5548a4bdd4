//! Sweeps on machines that others schedule: how many tasks a sweep becomes, the scripts that they run, and their submission.
//!
//! ```text
//! LaunchRequest ────▶ what remains ─▶ Sizing ─▶ SlurmPlan ─▶ sbatch ─────────▶ Launched
//! RayLaunchRequest ─▶ what remains ─▶ Sizing ─▶ RayPlan ───▶ ray job submit ─▶ RayLaunched
//! ```
//!
//! This is the one room of the library that starts processes: `sbatch`, `scontrol` and `ray`, in `program`. The rest is pure text and
//! numbers.
//! Which task makes which run is decided by the tasks themselves, through claims in the folder that they share.

mod frozen;
mod job_number;
mod program;
mod quoting;
pub mod ray;
mod sizing;
pub mod slurm;
mod submit;
mod submit_ray;

pub use sizing::{Size, Sizing, SizingError};
pub use submit::{Jobs, LaunchRequest, Launched};
pub use submit_ray::{RayLaunchRequest, RayLaunched};
