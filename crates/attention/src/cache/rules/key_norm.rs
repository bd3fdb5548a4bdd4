//! `keynorm:KEPT+RECENT`: the shortest keys, and the last ones (Devoto et al. 2024, arXiv:2406.11430).
//!
//! In trained models short keys draw much attention, so that a key's length stands for what it will draw. It needs to see no
//! attention: a key's worth is known when it is computed and never changes, and text may be read in chunks. Unlike the paper's, all
//! layers are treated alike (there the first two are left whole).

use super::worth::Worth;
use super::{Form, Memory, Retention};

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form = ("keynorm:KEPT+RECENT", "keynorm:512+512", "the shortest keys, and the last");

/// Short keys are worth more.
#[derive(Default)]
pub(in crate::cache) struct KeyNorm {
    shortness: Worth,
}

impl Retention for KeyNorm {
    fn resize(&mut self, n_far: usize, n_recent: usize) {
        self.shortness.resize(n_far, n_recent);
    }

    fn enter(&mut self, slot: usize, _position: u64, key_norm: f32) {
        self.shortness.recent[slot] = -key_norm;
    }

    fn replaces(&self, recent_slot: usize) -> Option<usize> {
        self.shortness.below(self.shortness.recent[recent_slot])
    }

    fn promote(&mut self, recent_slot: usize, far_slot: usize) {
        self.shortness.promote(recent_slot, far_slot);
    }

    fn memories(&mut self) -> Vec<&mut Memory> {
        self.shortness.memories()
    }
}
