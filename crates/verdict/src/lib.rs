//! What is concluded of runs and tables, and whether their evidence holds.
//!
//! ```text
//! a run | a table of results and a claim | two files of samples ─▶ AuditRequest ─▶ Audit: a judgement a kind of mistake
//! a run, trained again ─▶ products with the Hessian ─▶ Curvature, beside the edge of stability
//! a spec ─▶ replay ─▶ alarms ─▶ switches ─▶ forks ─▶ Diagnosis: a reason, and the fork that proves it
//! ```
//!
//! Nothing is drawn or printed here: `dunwu-report` makes answers of what this gives.

pub mod audit;
pub mod curvature;
pub mod doctor;
pub mod series;
pub mod stats;
