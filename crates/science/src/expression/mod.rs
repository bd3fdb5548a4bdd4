//! Expressions over quantities of a laboratory and constants: `c * M * ln(M)`.
//!
//! An expression is total: where it has no finite value it is `None`, never NaN. Its length in bits is that of a prefix code, so that the
//! sum of 2^−bits over all expressions is at most 1.

mod code;
mod parse;
mod program;
mod tree;
mod units;

pub use code::Alphabet;
pub(crate) use code::number_bits;
pub use parse::{ExpressionError, parse};
pub use program::Program;
pub use tree::{Expression, Function, Operator};
pub(crate) use units::same_unit;
pub use units::{MixedUnits, unit_of};
