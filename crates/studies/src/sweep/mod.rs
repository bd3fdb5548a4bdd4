//! Many runs as one: a list of specs, worked through by any number of processes, collected in one table.
//!
//! ```text
//! file, words ─▶ Plan ─▶ Planned … ─▶ work: claim, train, row ─▶ collect ─▶ Table ─▶ Results ─▶ phase, law, paired
//! ```
//!
//! What is on disk: [`Folder`].

mod budget;
mod claim;
mod estimate;
mod expand;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixture;
mod folder;
mod formula;
mod grouping;
mod judge;
mod plan;
mod request;
mod results;
mod row;
mod rows;
mod section;
mod table;
#[cfg(test)]
mod tests;
mod train;
mod values;
mod work;

use dunwu::store::{FileError, StoreError};
use std::path::PathBuf;

pub use estimate::Estimator;
pub use expand::{ExpandError, Planned};
pub(crate) use expand::{FROZEN_INPUTS, frozen_input};
pub use folder::Folder;
pub use judge::{AUDITED, Judge, Parked};
pub use plan::{Keep, Plan, PlanError, Request, SourceText};
pub use request::{SweepAhead, SweepEnd, SweepRequest};
pub(crate) use results::family;
pub use results::{Filter, Results, ResultsError, result_columns};
pub use row::Row;
pub use rows::{ROWS_FORMAT, made_runs};
pub use table::{Collected, JudgedRuns, collect};
pub use work::{Options, work};

/// Runs that a sweep holds at most.
const LIMIT: u128 = 1_000_000;

/// Why a sweep cannot go on. What it has so far is on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// A file of the sweep.
    #[error(transparent)]
    File(#[from] FileError),
    /// A run directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Written by a newer build.
    #[error(
        "these results have format {found}, written by dunwu {version}, and this build reads up to {ROWS_FORMAT}; use that version, or another folder (--runs): {path:?}"
    )]
    NewerFormat {
        /// Its format.
        found: u32,
        /// The build that wrote it.
        version: String,
        /// The file.
        path: PathBuf,
    },
    /// Written by an older build.
    #[error(
        "these results have format {found}, written by dunwu {version}, and this build reads {ROWS_FORMAT}, which says what runs lost again; use another folder (--runs), or move the file away and its runs are made again: {path:?}"
    )]
    OlderFormat {
        /// Its format.
        found: u32,
        /// The build that wrote it.
        version: String,
        /// The file.
        path: PathBuf,
    },
}
