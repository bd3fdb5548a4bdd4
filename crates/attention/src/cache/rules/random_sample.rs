//! `random:FIRST+KEPT+RECENT`: the first keys, a fair sample of all that left the recent, and the last ones.
//!
//! The control for every rule that chooses: what does not beat it has learned nothing about which keys matter. Reservoir sampling by
//! random keys (Efraimidis & Spirakis 2006, doi:10.1016/j.ipl.2005.11.003, with equal weights). It is not of a paper on caches.

use super::worth::Worth;
use super::{Form, Memory, Retention};
use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form =
    ("random:FIRST+KEPT+RECENT", "random:4+508+512", "the first, a fair sample, and the last");

/// Every key draws a lot, and the highest lots stay: at any moment the far set is a fair sample, without replacement, of all that
/// left the recent. The lot of a position is drawn from a generator of its own, so that nothing but the position decides it.
pub(in crate::cache) struct RandomSample {
    first: usize,
    stream: u64,
    lots: Worth,
}

impl RandomSample {
    pub(in crate::cache) fn new(first: usize, layer: usize, key_head: usize) -> Self {
        Self { first, stream: ((layer as u64) << 32) | key_head as u64, lots: Worth::default() }
    }
}

impl Retention for RandomSample {
    fn resize(&mut self, n_far: usize, n_recent: usize) {
        self.lots.resize(n_far, n_recent);
    }

    fn enter(&mut self, slot: usize, position: u64, _key_norm: f32) {
        self.lots.recent[slot] = if position < self.first as u64 {
            f32::INFINITY
        } else {
            let mut rng = ChaCha8Rng::seed_from_u64(position);
            rng.set_stream(self.stream);
            rng.random()
        };
    }

    fn replaces(&self, recent_slot: usize) -> Option<usize> {
        self.lots.below(self.lots.recent[recent_slot])
    }

    fn promote(&mut self, recent_slot: usize, far_slot: usize) {
        self.lots.promote(recent_slot, far_slot);
    }

    fn memories(&mut self) -> Vec<&mut Memory> {
        self.lots.memories()
    }
}
