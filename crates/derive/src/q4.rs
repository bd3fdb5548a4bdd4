//! The examination Q4: generated chains, a third of them with one planted error, and how many errors are found at their step.
//!
//! Chains come from templates of the field (ridge regression, gradients, Fourier analysis on groups, inequalities, limits). A chain is
//! made different by its sizes, names, constants, a context around every expression, and idle steps between the others. Errors are
//! written down with the templates and are false for a reason that a person knows; the checker plays no part in making them.

mod algebra;
mod calculus;
mod chain;
mod examination;
mod groups;
mod order;

pub use chain::{Chain, Fault, FaultKind, chains};
pub use examination::{Missed, Q4Result, examine};
