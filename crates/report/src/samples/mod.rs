//! How much each training sample of anybody's network is memorized, as an answer.

mod answer;
mod data;

pub use answer::answer;
pub use data::{SampleData, SamplesData};
