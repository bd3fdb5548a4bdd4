//! The engine in a page: trainings that are driven a few steps at a time, and the verbs that need no files, behind four functions.
//!
//! ```text
//! page ─▶ input(len), JSON ─▶ ask() ─▶ Session ─▶ JSON, or the columns of a run ─▶ output(), output_len() ─▶ page
//! ```
//!
//! | `do` | Comes back |
//! |---|---|
//! | `answer`, `words` | what a reading verb says: `["peaks", "cyclic:7"]` |
//! | `begin`, `words` | a training begins: words as after `dunwu run` |
//! | `advance`, `steps` | it makes so many steps; the rows since the last time, as columns |
//! | `unit`, `unit`, `step` | what units do in it, with and without them |
//! | `fingerprint`, `words` | the bits that a run comes to, as a hash |
//!
//! Nothing is computed here: the page asks the library through it. There are no threads, no clock and no files, and nothing is imported from the
//! page, so that no tool but cargo is needed. A mistake is a refusal, `{"error": "…"}`; so is a panic, after which the instance is to be
//! thrown away.

pub mod mailbox;
mod reading;
mod session;
mod underway;

pub use session::Session;
