//! Sweeps on machines that others schedule: how many tasks a sweep becomes, and the scripts that they run.
//!
//! Everything here is pure text and numbers. Who may submit, and what the cluster answers, is the command's business; which
//! task makes which run is decided by the tasks themselves, through claims in the folder that they share.

mod sizing;
pub mod slurm;

pub use sizing::{Size, Sizing, SizingError};
