//! Problems: which label belongs to which operands. One family a file; [`FAMILIES`] lists them in reading order.
//!
//! ```text
//! "cyclic:71" ─▶ Task ─▶ Problem (every label known) ─▶ Split (what is trained on, what is not)
//! ```
//!
//! Files are read elsewhere: a table or a split comes in as text.

mod cayley;
mod family;
mod problem;
mod spelling;
mod split;

mod cyclic;
mod product;
mod symmetric;

mod affine;
mod alternating;
mod dicyclic;
mod dihedral;
mod heisenberg;
mod multiplicative;

mod expression;
mod operands;
mod table;

pub use cayley::{CayleyTable, LatinFault};
pub use expression::{Expression, ExpressionError};
pub use family::{FAMILIES, Family, GroupFamily, NamedGroup};
pub use problem::{Problem, Samples, Structure};
pub use spelling::{ORDER_LIMIT, POPULATION_LIMIT, Task, TaskError};
pub use split::{Place, Split, SplitError};
pub use table::TableError;

#[cfg(test)]
mod tests;
