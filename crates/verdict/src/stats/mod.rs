//! Exact tests and intervals that judgements rest on. Each file names its sources and is held to enumeration or to published tables.

mod binomial;
mod fisher;
mod permutation;

pub use binomial::{ExactShare, binomial_upper_tail};
pub use fisher::fisher_greater;
pub use permutation::{best_of_arms, paired_permutation, two_sample_permutation};
