//! A campaign: from a question to claims that stand, in one loop that reads the ledger and appends to it.
//!
//! ```text
//! loop until the purse is empty, somebody says stop, or nothing is left to ask:
//!   a run that was asked for and not made ─▶ make it
//!   enough new runs ─▶ search for claims, register them
//!   a claim leads ─▶ every other batch attacks it; once it is refuted, shrink the counterexample
//!   otherwise ─▶ runs where rivals disagree, and some where nobody looked
//! ```
//!
//! What comes next is a function of the ledger alone, so that a process that was killed goes on as if it had not been.

mod contrast;
mod design;
mod listener;
mod next;
mod register;
mod replay;
mod seal;
mod shrink;
#[cfg(test)]
mod tests;
mod work;

pub use contrast::Forecast;
pub use listener::{Listener, Nobody};
pub use register::{Refusal, Registration};
pub use replay::{Replayed, replay};
pub use seal::Secret;
pub use work::{Campaign, CampaignError, Ended};
