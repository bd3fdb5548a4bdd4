//! `tova:KEPT+RECENT`: the keys that the last query attended to most, and the last ones (TOVA, Oren et al. 2024, arXiv:2401.06104).
//!
//! A key's worth is the attention of the last query alone; nothing is summed over time, so that a key is forgotten the moment that
//! nobody looks at it. Unlike the paper's, the choice is made for each key head and not for all heads of a layer together, and the
//! recent keys are exempt.

use super::worth::Worth;
use super::{Form, Memory, Retention};

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form =
    ("tova:KEPT+RECENT", "tova:512+512", "what the last query attended to most, and the last");

/// The attention that the last query paid.
#[derive(Default)]
pub(in crate::cache) struct LastAttention {
    paid: Worth,
}

impl Retention for LastAttention {
    fn sees_attention(&self) -> bool {
        true
    }

    fn resize(&mut self, n_far: usize, n_recent: usize) {
        self.paid.resize(n_far, n_recent);
    }

    fn attend(&mut self, _position: u64, far: &[f32], recent: &[f32]) {
        let n_far = self.paid.far.len();
        self.paid.far.copy_from_slice(&far[..n_far]);
        self.paid.recent.copy_from_slice(recent);
    }

    fn replaces(&self, recent_slot: usize) -> Option<usize> {
        self.paid.below(self.paid.recent[recent_slot])
    }

    fn promote(&mut self, recent_slot: usize, far_slot: usize) {
        self.paid.promote(recent_slot, far_slot);
    }

    fn memories(&mut self) -> Vec<&mut Memory> {
        self.paid.memories()
    }
}
