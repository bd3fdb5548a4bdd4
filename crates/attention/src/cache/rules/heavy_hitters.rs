//! `h2o:HEAVY+RECENT`: the keys that drew the most attention in all, and the last ones (H2O, Zhang et al. 2023, arXiv:2306.14048).
//!
//! A key's worth is the sum of the attention that it drew while it was there, over the query heads that share it; sums are kept for
//! each key head. It is not a mean: a key that has been there for long is ahead of one that came late, as in the paper. Recent keys
//! collect too, so that a key leaves the recent with what it drew there.

use super::worth::{Worth, add};
use super::{Form, Memory, Retention};

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form = ("h2o:HEAVY+RECENT", "h2o:512+512", "what drew the most attention in all, and the last");

/// All the attention that a key drew since it was there.
#[derive(Default)]
pub(in crate::cache) struct HeavyHitters {
    drawn: Worth,
}

impl Retention for HeavyHitters {
    fn sees_attention(&self) -> bool {
        true
    }

    fn resize(&mut self, n_far: usize, n_recent: usize) {
        self.drawn.resize(n_far, n_recent);
    }

    fn enter(&mut self, slot: usize, _position: u64, _key_norm: f32) {
        self.drawn.recent[slot] = 0.0;
    }

    fn attend(&mut self, _position: u64, far: &[f32], recent: &[f32]) {
        add(&mut self.drawn.far, far);
        add(&mut self.drawn.recent, recent);
    }

    fn replaces(&self, recent_slot: usize) -> Option<usize> {
        self.drawn.below(self.drawn.recent[recent_slot])
    }

    fn promote(&mut self, recent_slot: usize, far_slot: usize) {
        self.drawn.promote(recent_slot, far_slot);
    }

    fn memories(&mut self) -> Vec<&mut Memory> {
        self.drawn.memories()
    }
}
