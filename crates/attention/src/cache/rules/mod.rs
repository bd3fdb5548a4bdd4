//! Rules that choose which far keys stay: each gives every key a worth, and the worthiest stay. One rule a file.
//!
//! A key enters the recent ones when it is computed, and leaves them when it is too old. While the far set has room it goes there;
//! then it takes the place of the far key of least worth, if it is worth more. So what is kept is known at every token, one token at a
//! time, whatever the size of the chunks that are read.

mod chunked;
mod full;
mod heavy_hitters;
mod key_norm;
mod last_attention;
mod random_sample;
mod sinks;
mod votes;
mod window;
mod worth;

pub(in crate::cache) use heavy_hitters::HeavyHitters;
pub(in crate::cache) use key_norm::KeyNorm;
pub(in crate::cache) use last_attention::LastAttention;
pub(in crate::cache) use random_sample::RandomSample;
pub(in crate::cache) use sinks::Sinks;
pub(in crate::cache) use votes::Votes;

/// How a policy is written, an example, and what it keeps.
type Form = (&'static str, &'static str, &'static str);

/// Every form of a policy, with an example and what it keeps: for help and errors.
pub const POLICIES: [(&str, &str, &str); 10] = [
    full::FORM,
    window::FORM,
    chunked::FORM,
    sinks::FORM,
    sinks::ABSOLUTE,
    heavy_hitters::FORM,
    last_attention::FORM,
    votes::FORM,
    key_norm::FORM,
    random_sample::FORM,
];

/// What a rule remembers of each slot.
pub(in crate::cache) type Memory = Vec<f32>;

/// A rule for one layer and key head.
pub(in crate::cache) trait Retention: Send + Sync {
    /// Whether it must see attention, one query at a time.
    fn sees_attention(&self) -> bool {
        false
    }

    /// Whether the far set never changes once it is full.
    fn is_settled(&self) -> bool {
        false
    }

    /// Makes room for `n_far` and `n_recent` slots.
    fn resize(&mut self, _n_far: usize, _n_recent: usize) {}

    /// A key of length `key_norm` enters a recent slot.
    fn enter(&mut self, _slot: usize, _position: u64, _key_norm: f32) {}

    /// What the query at `position` paid to each slot, summed over the query heads that share the keys.
    fn attend(&mut self, _position: u64, _far: &[f32], _recent: &[f32]) {}

    /// The far slot whose key the one in a recent slot replaces, if any; all far slots are taken.
    fn replaces(&self, recent_slot: usize) -> Option<usize>;

    /// The key of a recent slot is now in a far slot.
    fn promote(&mut self, _recent_slot: usize, _far_slot: usize) {}

    /// All that it remembers, to be saved and restored.
    fn memories(&mut self) -> Vec<&mut Memory> {
        Vec::new()
    }
}
