//! `snapkv:KEPT+RECENT`: the keys that a window of queries voted for, with their neighbours, and the last ones (after `SnapKV`, Li et
//! al. 2024, arXiv:2404.14469).
//!
//! It is not `SnapKV` itself, which votes once, at the end of the prompt, and keeps every key that is generated after it: here the
//! window moves on with the text, so that a text may have any length.

use super::worth::{Worth, add};
use super::{Form, Memory, Retention};

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form = ("snapkv:KEPT+RECENT", "snapkv:512+512", "what the last queries voted for, and the last");

/// Queries that vote together, as in `SnapKV`'s observation window (Li et al. 2024, table of defaults in their code: 32).
const VOTERS: u64 = 32;

/// Later neighbours whose votes also count for a key: half of their kernel of 7, since the earlier ones have gone.
const NEIGHBOURS: usize = 3;

/// The attention of the last whole window of queries and of those since; a key that leaves the recent is worth as much as the best of
/// the neighbours that come after it.
pub(in crate::cache) struct Votes {
    /// Neighbours that are there.
    n_neighbours: usize,
    counted: Worth,
    counting: Worth,
}

impl Votes {
    pub(in crate::cache) fn new(n_recent: usize) -> Self {
        Self { n_neighbours: NEIGHBOURS.min(n_recent - 1), counted: Worth::default(), counting: Worth::default() }
    }
}

impl Retention for Votes {
    fn sees_attention(&self) -> bool {
        true
    }

    fn resize(&mut self, n_far: usize, n_recent: usize) {
        self.counted.resize(n_far, n_recent);
        self.counting.resize(n_far, n_recent);
    }

    fn enter(&mut self, slot: usize, _position: u64, _key_norm: f32) {
        self.counted.recent[slot] = 0.0;
        self.counting.recent[slot] = 0.0;
    }

    fn attend(&mut self, position: u64, far: &[f32], recent: &[f32]) {
        if position.is_multiple_of(VOTERS) {
            std::mem::swap(&mut self.counted, &mut self.counting);
            self.counting.far.fill(0.0);
            self.counting.recent.fill(0.0);
        }
        add(&mut self.counting.far, far);
        add(&mut self.counting.recent, recent);
    }

    fn replaces(&self, recent_slot: usize) -> Option<usize> {
        let n_recent = self.counted.recent.len();
        let votes = |slot: usize| self.counted.recent[slot] + self.counting.recent[slot];
        let near = (0..=self.n_neighbours).map(|i| (recent_slot + i) % n_recent);
        let worth = near.map(votes).fold(0.0, f32::max);
        let far = self.counted.far.iter().zip(&self.counting.far).map(|(counted, counting)| counted + counting);
        let (slot, least) = far.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
        (least < worth).then_some(slot)
    }

    fn promote(&mut self, recent_slot: usize, far_slot: usize) {
        self.counted.promote(recent_slot, far_slot);
        self.counting.promote(recent_slot, far_slot);
    }

    fn memories(&mut self) -> Vec<&mut Memory> {
        [self.counted.memories(), self.counting.memories()].into_iter().flatten().collect()
    }
}
