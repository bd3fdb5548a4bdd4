//! How the critical sample size grows with the size of the problem: thresholds with intervals, laws with their rivals, and which
//! further runs would tell two laws apart.
//!
//! ```text
//! LawRequest ─▶ Results ─▶ Runs ─▶ Threshold, one a task          logistic fit, bootstrap over seeds
//!                              └▶ LawFit, one a law, and no law  Bayesian evidence on the runs themselves
//!                                     └▶ Verdict ─▶ Further      the cheapest runs that are expected to decide
//! ```
//!
//! Thresholds are for people to look at; laws are compared on the single runs and never on the thresholds.

mod evidence;
mod form;
mod further;
mod likelihood;
mod predictive;
mod request;
mod runs;
mod study;
mod threshold;

#[cfg(any(test, feature = "fixtures"))]
pub mod synthetic;
#[cfg(test)]
mod tests;

pub use evidence::{Estimate, LawFit};
pub use form::Form;
pub use further::{Further, Rule};
pub use likelihood::{LARGEST_SLOPE, LEAST_SLOPE, SCATTERS};
pub use request::LawRequest;
pub use runs::{LawError, Run, Runs, Size};
pub use study::{Decision, ENOUGH_BITS, Study, Verdict};
pub use threshold::{REPLICATES, Standing, Threshold};
