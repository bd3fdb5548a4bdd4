//! The doctor: what went wrong in a run, where, which switch to flip, and the fork that proves it.
//!
//! ```text
//! spec ─▶ replay (same bits, seen from inside) ─▶ alarms, a reason each ─▶ switches ─▶ forks from before the onset ─▶ Diagnosis
//! ```
//!
//! A rule only points. What decides is the fork: the same run with one switch thrown, from before the onset, beside a null fork in
//! which one weight is moved by 0.001. A run is sick where a switch heals it and the null fork does not: its loss lies far above that
//! of the healed run ([`harm`]). An alarm without such harm is a remark.

mod alarm;
pub mod bench;
pub mod detectors;
mod diagnose;
mod foreign;
pub mod harm;
pub mod linter;
mod live;
mod reason;
mod replay;
pub mod rules;
mod switches;

pub use alarm::{Alarm, Place};
pub use diagnose::{Diagnosis, Forked, Proof, Verdict, diagnose, diagnose_replayed};
pub use foreign::{ForeignDiagnosis, diagnose_series};
pub use live::Live;
pub use reason::Reason;
pub use replay::{Replayed, replay};
pub use switches::{Switch, switches};
