//! What a sequence leaves behind: the keys and values of each layer and key head, and the policies that say which are kept.

mod assignment;
mod head;
mod policy;
mod rules;
mod sequence;

pub use assignment::{Assignment, AssignmentError};
pub(crate) use head::{HeadCache, MOST_AT_ONCE, Queries, Scratch};
pub use policy::{Policy, PolicyError};
pub use rules::POLICIES;
pub use sequence::{Cache, Precision};
