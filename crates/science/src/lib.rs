//! From a question to a law that predicted its own evidence.
//!
//! Claims are data, runs are a laboratory's, judging is code, in bits. Whoever proposes has no vote on truth.
//!
//! ```text
//! claim ─▶ registered in the ledger ─▶ seeds from the ledger's head ─▶ runs ─▶ outcomes ─▶ judge: bits, verdict
//!   ▲                                                                                        │
//!   └── proposers: symbolic search, a person, a model ◀── critic: where rivals disagree ◀────┘
//! ```
//!
//! No network and no engine are known here.

pub mod campaign;
pub mod claim;
pub mod expression;
#[cfg(test)]
mod fixture;
pub mod judge;
pub mod lab;
pub mod ledger;
pub mod propose;
pub mod unit;
pub mod viva;
