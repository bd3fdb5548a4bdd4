//! Claims as data: a statement, the constants that it leaves open or fixes, where it is meant to hold, and why.
//!
//! ```text
//! sentence ◀──▶ Claim ◀──▶ TOML          checked against a laboratory's card before any run: names, units, scope
//! ```
//!
//! A claim is never code: there is nothing in it to execute, and nothing that could return NaN.

mod check;
mod cost;
mod file;
mod read;
mod scope;
mod statement;
mod write;

pub use check::ClaimFault;
pub use file::claims_from_toml;
pub use read::{FORMS, SentenceError, claim_from_sentence};
pub use scope::{Condition, Range, Scope};
pub use statement::{Change, Claim, Constant, Statement};
