//! A table of results and what is claimed of it: one row a run, or several rows a run where it holds curves.

mod arms;
mod censored;
mod claim;
mod judge;
mod many;
mod roles;
mod seeds;
mod settings;
mod split;
mod step;
#[cfg(test)]
mod tests;

pub use claim::{Claim, ClaimError, Reported};
pub use judge::of_table;
