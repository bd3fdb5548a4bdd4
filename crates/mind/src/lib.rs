//! Whoever is asked for a claim: a model behind an `OpenAI`-compatible address, a program, a recording, or nobody.
//!
//! ```text
//! campaign ─▶ Ask: glossary, question, best claims, failed ones, hints, forms, a schema of one action
//!    budget: reserved at the worst case ─▶ Mind ─▶ text ─▶ one action, checked again here ─▶ settled at what it was
//!    invalid: the error goes back once; invalid twice, or not to be paid: the search without a model takes the turn
//! ```
//!
//! A mind proposes and has no vote: what it says is read as data, and every exchange stands whole in the ledger, so that a campaign is
//! replayed without it ([`Cassette`]). [`earns_its_keep`] sets what its claims earned beside those of the search without a model.

mod act;
mod action;
mod ask;
mod budget;
mod cassette;
mod command;
mod http;
mod listener;
mod mind;
mod paid;
mod reckoning;
#[cfg(test)]
mod tests;
mod turn;

pub use action::{Action, SCHEMA, action_of};
pub use ask::Ask;
pub use budget::{Amounts, Budget, Reservation, Unpayable};
pub use cassette::Cassette;
pub use command::CommandMind;
pub use http::{AddressError, HttpMind, HttpOptions};
pub use listener::MindListener;
pub use mind::{Mind, MindError, NoMind};
pub use reckoning::{Earned, Keep, Proposer, Reckoning, earns_its_keep};
pub use turn::{Took, Turn, TurnError, by, take_turn};
