//! Problems: which label belongs to which input. One family a file; [`FAMILIES`] lists them in reading order.
//!
//! ```text
//! "cyclic:71" ─▶ Task ─▶ Problem (every label known)
//! ```
//!
//! What of a problem is trained on is drawn in [`crate::split`]. Files are read elsewhere: a table comes in as text. The one data
//! set that is not made by a rule, `digits.txt`, is part of the program and has its own licence, `LICENSE-digits.md`.
//!
//! An input is a tuple of tokens (every family of groups, tables, words and formulas) or a row of numbers (`parity`, `digits`).

mod cayley;
mod family;
mod problem;
mod reading;
mod spelling;

mod cyclic;
mod product;
mod symmetric;

mod affine;
mod alternating;
mod dicyclic;
mod dihedral;
mod heisenberg;
mod multiplicative;

mod base;
mod digits;
mod expression;
mod operands;
mod parity;
mod recall;
mod several;
mod table;
mod table_elements;
mod word;

pub use base::BaseError;
pub use cayley::{CayleyTable, LatinFault};
pub use expression::{Expression, ExpressionError};
pub use family::{FAMILIES, Family, GroupFamily, NamedGroup};
pub use parity::Parity;
pub use problem::{Problem, Samples, SharedProblem, Structure};
pub use recall::Recall;
pub use several::{Several, SeveralError};
pub use spelling::{ORDER_LIMIT, POPULATION_LIMIT, Task, TaskError};
pub use table::TableError;
pub use word::{Word, WordError};

#[cfg(test)]
mod tests;
