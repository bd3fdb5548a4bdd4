//! How often the audit finds what was planted, and how often it finds something where nothing was.
//!
//! Every case is a pair: one with a single mistake of a known kind, whose strength, form and place are drawn at random, and its clean
//! twin, which is the same but for the mistake. Both may have oddities that are no mistakes.

mod rates;
mod results;
mod runs;
mod samples;

pub use rates::{BenchRequest, CaseRow, KindRate, Rates};
