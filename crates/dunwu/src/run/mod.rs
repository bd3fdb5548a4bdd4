//! One run: from words to a spec that can begin, through training, to a record opened again.
//!
//! ```text
//! words, run directory ─▶ RunRequest ─▶ drive (one loop for runs, sweeps and races) ─▶ record ─▶ open ─▶ Opened ─▶ until(step) ─▶ Past
//! ```
//!
//! Nothing is drawn or printed here: `dunwu-report` makes the answer of the verbs `run`, `resume` and `show` from what this gives.

pub mod drive;
mod fingerprint;
mod fork;
mod onlooker;
mod open;
mod past;
mod request;
pub mod single_units;
mod train;

pub use fingerprint::fingerprint;
pub use fork::{Fork, Parting};
pub use onlooker::Onlooker;
pub use open::{GrowingRun, keep_derived, open};
pub use past::Past;
pub use request::{Base, RunRequest};
pub use train::{RunEnd, Training, resume, run, run_under};
