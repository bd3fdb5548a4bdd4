//! `dunwu serve`: the page, for the user of this machine.
//!
//! ```text
//! browser ◀─ files of the page, which are part of the binary
//!         ◀─ list, runs as columns, answers ── read from the folder of runs, asked of the commands
//!         ◀─ events: a run has grown, the list or a job has changed
//!         ─▶ jobs: run, resume, fork, sweep, tag, note ── the same commands, each on a thread
//! ```
//!
//! No number is computed here: answers are those of the commands, columns those of the tables that `dunwu export` writes.

mod access;
mod asking;
mod events;
mod files;
mod jobs;
mod kept_runs;
mod listing;
mod openapi;
mod refusal;
mod routes;
mod serving;
mod words;

pub(crate) use files::built;
pub(crate) use serving::{PageServing, serve};
