//! Weights that another program trained, as a run of ours.
//!
//! ```text
//! files ─▶ ForeignFile ─▶ names ─▶ Pairing (theirs ↔ ours, each with its form) ─▶ arrays ─▶ losses, accuracies, snapshots ─▶ record
//! ```
//!
//! The spec says task, split and shapes; losses and accuracies are computed here from the weights, never read from a file. A run that
//! came about so says so in its inputs ([`Origin`](dunwu::origin::Origin)), which are part of its id. Logs of other programs are read elsewhere.

mod array_names;
mod error;
mod foreign_file;
mod form;
mod own_names;
mod pairing;
mod record;
mod request;
mod steps;
#[cfg(test)]
mod tests;

pub use error::ImportError;
pub use foreign_file::{ForeignArray, ForeignFile};
pub use pairing::{MapWord, Pairing};
pub use record::{chance_warning, record};
pub use request::{ImportRequest, ImportWords};
