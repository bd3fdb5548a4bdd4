//! Many runs: sweeps, the table that they become, what is studied in it, and their way to a cluster.
//!
//! ```text
//! file, words ─▶ Plan ─▶ RunSpec … ─▶ work: claim, train, Row ─▶ collect ─▶ one table ─▶ Results ─▶ phase, law, paired
//! ```
//!
//! A run, its measures and its landscape stand in `dunwu` and know nothing of the runs beside them.

pub mod launch;
pub mod law;
pub mod paired;
pub mod phase;
pub mod sweep;
