//! What is concluded of runs and tables, and whether their evidence holds.
//!
//! ```text
//! a run | a table of results and a claim | two files of samples ─▶ AuditRequest ─▶ Audit: a judgement a kind of mistake
//! a run, trained again ─▶ products with the Hessian ─▶ Curvature, beside the edge of stability
//! a spec ─▶ replay ─▶ alarms ─▶ switches ─▶ forks ─▶ Diagnosis: a reason, and the fork that proves it
//! a spec | a run's past ─▶ coordinates, signs ─▶ what was learned from many runs ─▶ Forecast, EarlyVerdict
//! somebody else's series ─▶ smooth or with a jump ─▶ a power law with its interval, or what the curves show ─▶ LogVerdict
//! arrays of a layer ─▶ flagged samples, twins, contributions ─▶ LayerVerdict: memorizing or generalizing, unit by unit
//! a spec, widths, seeds ─▶ a few steps at every width ─▶ sizes ─▶ slopes with intervals ─▶ Coordinates
//! ```
//!
//! Nothing is drawn or printed here: `dunwu-report` makes answers of what this gives.

pub mod audit;
pub mod coordinates;
pub mod curvature;
pub mod doctor;
mod draw;
pub mod early;
pub mod stats;
pub mod units;

pub use dunwu_foreign::series;
