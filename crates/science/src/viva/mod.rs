//! "Explain it again", and the examiner.
//!
//! ```text
//! an explanation of at most B bytes ─▶ in the ledger ─▶ runs are made ─▶ a quiz on those runs
//!    ▲   bits = log₂ of what the listener gave the outcomes − log₂ of what a listener with the glossary alone gave them
//!    ├── passed: B is halved                                  the shortest text that passes is the essential sentence
//!    └── failed: the failed items come back, in sentences
//! ```
//!
//! Whoever explains and whoever listens is behind a trait: a person, a model, or the deterministic pair for tests ([`Shortening`] and
//! [`ControlledEnglish`]). What they say reaches no judge: bits of explanations stand beside verdicts and never in them.
//!
//! The examiner asks a claim *why*, *what if* and *how else*, and follows its reasons down to their leaves.

mod answer;
mod draw;
mod english;
mod examiner;
mod explainer;
mod glossary;
mod item;
mod lesson;
mod listener;
mod quiz;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Truth};
pub use draw::Frame;
pub use english::{Direction, Said, Understood, understand};
pub use examiner::{Examination, HowElse, Node, WhatIf, Why, examine};
pub use explainer::{ExplainAsk, Explainer, Given, Shortening};
pub use glossary::{Glossary, Term};
pub use item::{Asked, Item, ItemKind};
pub use lesson::{Essential, Explanations, Lessons, Limits, Tried, VivaError, curve};
pub use listener::{ControlledEnglish, GlossaryAlone, Lesson, Listener};
pub use quiz::{Marked, PASS, Quiz, Sitting};
