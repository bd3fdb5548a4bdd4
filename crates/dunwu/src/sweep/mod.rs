//! Many runs as one.

#[cfg(test)]
pub(crate) mod fixture;
mod results;

pub use results::{RESULTS, Results, ResultsError};
