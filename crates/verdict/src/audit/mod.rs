//! Whether the evidence of a run, a table of results or two files of samples misleads.
//!
//! Every audit goes through [`KINDS`] and gives one [`Judgement`] a kind: it misleads, with the numbers and rows that show it and what that
//! does to the conclusion; nothing was found; or it cannot be told from what was given, with what would have to be given.
//!
//! ```text
//! run ─▶ of_run ───────┐
//! table, Claim ─▶ of_table ─┼─▶ Audit { judgements } ─▶ verdict: misleads, nothing found, cannot tell
//! train, test ─▶ of_files ──┘
//! ```

mod bench;
mod data;
mod files;
mod judgement;
mod kind;
mod of_run;
mod request;
mod table;

pub use bench::{BenchRequest, CaseRow, KindRate, Rates};
pub use files::{SamplesError, of_files};
pub use judgement::{Audit, Evidence, Form, Judgement, Verdict};
pub use kind::{KINDS, Kind};
pub use of_run::of_run;
pub use request::{AuditRequest, Subject};
pub use table::{Claim, ClaimError, Reported, of_table};
