//! Many runs as one.

mod results;

pub use results::{RESULTS, Results, ResultsError};
