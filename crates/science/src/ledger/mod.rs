//! The ledger: an append-only file of events, each with the hash of the one before it.
//!
//! ```text
//! {"line":7,"before":"…","event":{…},"hash":"…"}        hash = BLAKE3(before ‖ event)
//! batch of runs ─▶ its line's hash ─▶ seeds of its runs  nobody can choose one, and an edited ledger has other seeds
//! ```
//!
//! State exists only as a fold over the events: a process that is killed loses nothing but the line that it was writing, and the same
//! command goes on. No clock is read, so that the same work gives the same last hash whenever it is done.

mod chain;
mod event;
mod fold;

pub use chain::{Bent, Ledger, LedgerError, read};
pub use event::{Ask, Event, Exchange, Insight, Link, Purpose, Question, seed_of};
pub(crate) use fold::{ATTACK, FORMAT};
pub use fold::{Noted, Pending, Purse, SEARCH, State};
