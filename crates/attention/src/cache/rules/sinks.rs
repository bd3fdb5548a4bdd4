//! `sinks:FIRST+RECENT`: the first keys and the last ones (`StreamingLLM`, Xiao et al. 2023, arXiv:2309.17453).
//!
//! Models park attention that they have no use for on the first keys; where these stay, a text of any length can be read. What came
//! first is never replaced, and nothing else becomes a far key. It is no memory: what lies between the first and the last keys is
//! lost, however much it would be needed.
//!
//! `sinks-absolute` keeps the same keys, but at their positions in the text instead of those in the cache. It breaks once distances
//! exceed the trained context, and is here to show that.

use super::{Form, Retention};

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form = ("sinks:FIRST+RECENT", "sinks:4+1020", "the first and the last keys (StreamingLLM)");

/// The same of `sinks-absolute`.
pub(super) const ABSOLUTE: Form =
    ("sinks-absolute:FIRST+RECENT", "sinks-absolute:4+1020", "the same without re-indexing, to see it break");

/// What came first stays: nothing is ever replaced.
pub(in crate::cache) struct Sinks;

impl Retention for Sinks {
    fn is_settled(&self) -> bool {
        true
    }

    fn replaces(&self, _recent_slot: usize) -> Option<usize> {
        None
    }
}
