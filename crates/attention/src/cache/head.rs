//! The keys and values of one layer and key head: far ones, and a ring of recent ones.
//!
//! The key of position p lies in recent slot p mod the ring's length, turned to position p; nothing is ever moved or copied but a key
//! that becomes a far one, which is turned once to where it then stands. The ring is longer than what is attended to by the tokens
//! that may be read at once, so that a chunk is cached first and each of its queries still sees exactly its own recent keys.
//!
//! Far keys stand at positions 0, 1, …: their slots. Their query stands at the end of the cache, min(t, `n_far` + `n_recent` − 1), so that
//! distances never exceed the cache's size (`StreamingLLM`'s positions in the cache). While nothing was forgotten, that is t itself, and
//! attention is exact. A far key that replaces another takes its place in the order too, so that for other rules than the sinks' the
//! order among far keys is that of the places, not of the text.

use super::rules::Retention;
use super::{Policy, Precision};
use crate::kernel::{LANES, Slots, softmax};
use crate::model::Hyperparameters;
use crate::rotary::{Angles, Frequencies};
use std::ops::Range;

/// Most tokens that are cached before their queries are answered.
pub(crate) const MOST_AT_ONCE: usize = 32;

/// Most scores that are held at once: a tile of queries is as large as fits (a quarter of a core's second-level cache).
const MOST_SCORES: usize = 1 << 16;

/// Slots that are made room for at first. Caches grow as they fill, by doubling, up to their size, so that a size that no text reaches
/// costs nothing.
const AT_FIRST: usize = 2 * MOST_AT_ONCE;

pub(crate) struct HeadCache {
    policy: Policy,
    /// Positions that are this far apart share a recent slot.
    ring: usize,
    /// The end of the cache, where far queries stand once something was forgotten; nothing where they stand in the text.
    far_angles: Option<Angles>,
    far: Slots,
    /// Positions in the text of the far keys, by slot.
    far_positions: Vec<u64>,
    recent: Slots,
    retention: Box<dyn Retention>,
}

/// Buffers of one thread.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Scores, then attention weights: `[query][far slots, recent slots]`.
    pub(crate) weights: Vec<f32>,
    /// What was paid to each slot by all query heads that share the keys.
    paid: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
}

/// Queries of consecutive tokens, as the keys' positions and as the cache's: `[token][head of the group][d_head]`.
#[derive(Clone, Copy)]
pub(crate) struct Queries<'a> {
    /// Position of the first token.
    pub(crate) first: u64,
    /// Heads that share the keys.
    pub(crate) n_group: usize,
    /// Turned to their positions in the text.
    pub(crate) recent: &'a [f32],
    /// Turned to the end of the cache.
    pub(crate) far: &'a [f32],
}

impl Queries<'_> {
    /// Position of the last token.
    pub(crate) fn last(&self, d_head: usize) -> u64 {
        self.first + (self.recent.len() / (self.n_group * d_head)) as u64 - 1
    }
}

impl HeadCache {
    pub(crate) fn new(
        policy: Policy,
        (layer, key_head): (usize, usize),
        shape: &Hyperparameters,
        precision: Precision,
    ) -> Self {
        let ring = policy.recent().map_or(usize::MAX, |recent| (recent + MOST_AT_ONCE - 1).next_multiple_of(16));
        let is_turned = policy.far() > 0 && policy.is_reindexed();
        let end = policy.keys().filter(|_| is_turned).map(|keys| keys as u64 - 1);
        Self {
            policy,
            ring,
            far_angles: end.map(|end| Angles::new(&Frequencies::new(&shape.rotary), end, 1)),
            far: Slots::new(shape.d_head, precision),
            far_positions: Vec::new(),
            recent: Slots::new(shape.d_head, precision),
            retention: policy.retention(layer, key_head),
        }
    }

    fn resize_retention(&mut self) {
        self.retention.resize(self.far.n_slots().min(self.policy.far()), self.recent.n_slots());
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&mut self) -> usize {
        let remembered: usize = self.retention.memories().iter().map(|memory| size_of_val(&memory[..])).sum();
        let angles = self.far_angles.as_ref().map_or(0, Angles::bytes);
        self.far.bytes() + self.recent.bytes() + remembered + 8 * self.far_positions.capacity() + angles
    }

    /// How many of `n` tokens from `first` on may be cached before the first of their queries is answered.
    pub(crate) fn at_once(&self, first: u64, n: usize) -> usize {
        let Some(recent) = self.policy.recent() else { return n };
        if self.retention.sees_attention() {
            return 1;
        }
        let settled = self.far_positions.len() == self.policy.far() && self.retention.is_settled();
        let staying = (recent as u64).saturating_sub(first) as usize;
        if settled { n } else { n.min(staying.max(1)) }
    }

    /// How the query of the token at a position is turned for the far keys, if not as for the recent ones: to the end of the cache, once
    /// that is not where the token stands in the text.
    pub(crate) fn far_angles(&self, position: u64) -> Option<&Angles> {
        let has_forgotten = self.policy.keys().is_some_and(|keys| position >= keys as u64);
        self.far_angles.as_ref().filter(|_| has_forgotten)
    }

    /// Caches the key and value of a token; the key is turned to its position.
    pub(crate) fn insert(
        &mut self,
        frequencies: &Frequencies,
        position: u64,
        key: &[f32],
        value: &[f32],
        scratch: &mut Scratch,
    ) {
        if let Some(leaving) = self.policy.recent().and_then(|recent| position.checked_sub(recent as u64)) {
            self.leave(frequencies, leaving, scratch);
        }
        let slot = self.slot(position);
        if slot >= self.recent.n_slots() {
            self.recent.grow((2 * slot + AT_FIRST).min(self.ring));
            self.resize_retention();
        }
        self.recent.put(slot, key, value);
        let norm = key.iter().map(|x| x * x).sum::<f32>().sqrt();
        self.retention.enter(slot, position, norm);
    }

    /// A recent key becomes a far one, or is forgotten.
    fn leave(&mut self, frequencies: &Frequencies, position: u64, scratch: &mut Scratch) {
        let from = self.slot(position);
        let taken = self.far_positions.len();
        let to = if taken < self.policy.far() {
            if taken >= self.far.n_slots() {
                self.far.grow((2 * taken + AT_FIRST).min(self.policy.far()));
                self.resize_retention();
            }
            self.far_positions.push(position);
            taken
        } else if let Some(to) = self.retention.replaces(from) {
            self.far_positions[to] = position;
            to
        } else {
            return;
        };
        let d_head = self.recent.d_head();
        scratch.key.resize(d_head, 0.0);
        scratch.value.resize(d_head, 0.0);
        self.recent.get(from, &mut scratch.key, &mut scratch.value);
        if self.policy.is_reindexed() {
            frequencies.move_key(&mut scratch.key, position, to as u64);
        }
        self.far.put(to, &scratch.key, &scratch.value);
        self.retention.promote(from, to);
    }

    /// How many tokens' queries are answered together.
    pub(crate) fn tile(&self, n_group: usize) -> usize {
        (MOST_SCORES / (self.n_slots() * n_group).max(1)).clamp(1, 16)
    }

    /// The attention weights of queries, into the scratch: rows of far slots and recent slots.
    pub(crate) fn weigh(&self, queries: Queries<'_>, scratch: &mut Scratch) {
        let (stride, n_far) = (self.n_slots(), self.far.n_slots());
        let n_queries = queries.recent.len() / self.recent.d_head();
        let n_recent = self.recent_in_use(queries.last(self.recent.d_head()));
        scratch.weights.resize(n_queries * stride, 0.0);
        if !self.far_positions.is_empty() {
            self.far.score(0..n_far / 16, queries.far, &mut scratch.weights, stride);
        }
        self.recent.score(0..n_recent / 16, queries.recent, &mut scratch.weights[n_far..], stride);
        for (q, row) in scratch.weights.chunks_exact_mut(stride).enumerate() {
            let (far, recent) = row[..n_far + n_recent].split_at_mut(n_far);
            far[self.far_positions.len()..].fill(f32::NEG_INFINITY);
            for hidden in self.hidden(queries.first + (q / queries.n_group) as u64, n_recent) {
                recent[hidden].fill(f32::NEG_INFINITY);
            }
            softmax(&mut row[..n_far + n_recent]);
        }
    }

    /// Adds up the values by the weights in the scratch, `[query][d_value]`; the weights are used up.
    pub(crate) fn mix(&self, last: u64, scratch: &mut Scratch, mixtures: &mut [f32]) {
        let (stride, n_far) = (self.n_slots(), self.far.n_slots());
        mixtures.fill(0.0);
        self.far.mix(0..self.far_positions.len(), &mut scratch.weights, stride, mixtures);
        self.recent.mix(0..self.recent_in_use(last), &mut scratch.weights[n_far..], stride, mixtures);
    }

    /// Tells the rule what the query of one token paid, if it wants to know.
    pub(crate) fn tell(&mut self, position: u64, scratch: &mut Scratch) {
        if !self.retention.sees_attention() {
            return;
        }
        let (stride, n_far) = (self.n_slots(), self.far.n_slots());
        let in_use = n_far + self.recent_in_use(position);
        scratch.paid.clear();
        scratch.paid.resize(stride, 0.0);
        for row in scratch.weights.chunks_exact(stride) {
            scratch.paid[..in_use].iter_mut().zip(row).for_each(|(paid, weight)| *paid += weight);
        }
        let (far, recent) = scratch.paid.split_at(n_far);
        self.retention.attend(position, far, recent);
    }

    /// Positions in the text of the keys that the query at `position` sees, and where their weights are in a row, oldest first.
    pub(crate) fn seen(&self, position: u64) -> Vec<(u64, usize)> {
        let n_far = self.far.n_slots();
        let mut seen: Vec<_> = self.far_positions.iter().copied().zip(0..).collect();
        seen.sort_unstable();
        let first = position + 1 - self.policy.recent_at(position);
        seen.extend((first..=position).map(|position| (position, n_far + self.slot(position))));
        seen
    }

    /// Slots in a row of weights.
    pub(crate) fn n_slots(&self) -> usize {
        self.far.n_slots() + self.recent.n_slots()
    }

    /// Width of a mixture, with padding.
    pub(crate) fn d_value(&self) -> usize {
        self.recent.d_value()
    }

    fn slot(&self, position: u64) -> usize {
        (position % self.ring as u64) as usize
    }

    /// Recent slots that were ever filled when the token at `last` was cached, in whole blocks.
    fn recent_in_use(&self, last: u64) -> usize {
        self.recent.n_slots().min((last as usize + 1).next_multiple_of(16))
    }

    /// Recent slots, of the first `n`, that the query at `position` does not see: too old, of another chunk, or after it.
    fn hidden(&self, position: u64, n: usize) -> [Range<usize>; 2] {
        let seen = self.policy.recent_at(position) as usize;
        let end = self.slot(position) + 1;
        if end >= seen { [0..end - seen, end.min(n)..n] } else { [end..(self.ring + end - seen).min(n), n..n] }
    }

    /// Appends all of it.
    pub(crate) fn save(&mut self, saved: &mut Vec<u8>) {
        saved.extend((self.far_positions.len() as u64).to_le_bytes());
        saved.extend((self.far.n_slots() as u64).to_le_bytes());
        saved.extend((self.recent.n_slots() as u64).to_le_bytes());
        self.far_positions.iter().for_each(|position| saved.extend(position.to_le_bytes()));
        for part in self.far.parts().chain(self.recent.parts()) {
            saved.extend(part);
        }
        for memory in self.retention.memories() {
            saved.extend(bytemuck::cast_slice::<f32, u8>(memory));
        }
    }

    /// Takes what [`Self::save`] wrote off the front.
    pub(crate) fn restore(&mut self, saved: &mut &[u8]) -> Option<()> {
        let n_far = usize::try_from(take_number(saved)?).ok().filter(|&n| n <= self.policy.far())?;
        for (slots, most) in [(&mut self.far, self.policy.far()), (&mut self.recent, self.ring)] {
            let n_slots = usize::try_from(take_number(saved)?).ok()?;
            // What it holds must be there, before room is made for it; a cache that has grown since shrinks.
            let is_possible = n_slots.is_multiple_of(LANES) && n_slots <= most.min(saved.len()).saturating_add(LANES);
            is_possible.then(|| slots.grow(n_slots))?;
        }
        self.resize_retention();
        self.far_positions.clear();
        for _ in 0..n_far {
            self.far_positions.push(take_number(saved)?);
        }
        let Self { far, recent, retention, .. } = self;
        for part in far.parts_mut().chain(recent.parts_mut()) {
            part.copy_from_slice(saved.split_off(..part.len())?);
        }
        for memory in retention.memories() {
            let bytes: &mut [u8] = bytemuck::cast_slice_mut(memory);
            bytes.copy_from_slice(saved.split_off(..bytes.len())?);
        }
        Some(())
    }
}

/// The next number of what was saved.
pub(crate) fn take_number(saved: &mut &[u8]) -> Option<u64> {
    saved.split_off(..8)?.try_into().ok().map(u64::from_le_bytes)
}
