//! Rules that choose which far keys stay: each gives every key a worth, and the worthiest stay.
//!
//! A key enters the recent ones when it is computed, and leaves them when it is too old. While the far set has room it goes there;
//! then it takes the place of the far key of least worth, if it is worth more. So what is kept is known at every token, one token at a
//! time, whatever the size of the chunks that are read.

use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// What a rule remembers of each slot.
pub(crate) type Memory = Vec<f32>;

/// A rule for one layer and key head.
pub(crate) trait Retention: Send + Sync {
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

/// What came first stays: nothing is ever replaced.
pub(crate) struct Sinks;

impl Retention for Sinks {
    fn is_settled(&self) -> bool {
        true
    }

    fn replaces(&self, _recent_slot: usize) -> Option<usize> {
        None
    }
}

/// A number for each far and each recent slot.
#[derive(Default)]
struct Worth {
    far: Memory,
    recent: Memory,
}

impl Worth {
    fn resize(&mut self, n_far: usize, n_recent: usize) {
        self.far.resize(n_far, 0.0);
        self.recent.resize(n_recent, 0.0);
    }

    /// The far slot of least worth, if that is less than `worth`; the first of several.
    fn below(&self, worth: f32) -> Option<usize> {
        let (slot, least) = self.far.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1))?;
        (*least < worth).then_some(slot)
    }

    fn promote(&mut self, recent_slot: usize, far_slot: usize) {
        self.far[far_slot] = self.recent[recent_slot];
    }

    fn memories(&mut self) -> Vec<&mut Memory> {
        vec![&mut self.far, &mut self.recent]
    }
}

/// Adds what a query paid.
fn add(worth: &mut [f32], attention: &[f32]) {
    worth.iter_mut().zip(attention).for_each(|(worth, attention)| *worth += attention);
}

/// All the attention that a key drew since it was there.
#[derive(Default)]
pub(crate) struct HeavyHitters {
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

/// The attention that the last query paid.
#[derive(Default)]
pub(crate) struct LastAttention {
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

/// Queries that vote together, as in `SnapKV`'s observation window (Li et al. 2024, table of defaults in their code: 32).
const VOTERS: u64 = 32;

/// Later neighbours whose votes also count for a key: half of their kernel of 7, since the earlier ones have gone.
const NEIGHBOURS: usize = 3;

/// The attention of the last whole window of queries and of those since; a key that leaves the recent is worth as much as the best of
/// the neighbours that come after it.
pub(crate) struct Votes {
    /// Neighbours that are there.
    n_neighbours: usize,
    counted: Worth,
    counting: Worth,
}

impl Votes {
    pub(crate) fn new(n_recent: usize) -> Self {
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

/// Short keys are worth more.
#[derive(Default)]
pub(crate) struct KeyNorm {
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

/// Every key draws a lot, and the highest lots stay: at any moment the far set is a fair sample, without replacement, of all that
/// left the recent. The lot of a position is drawn from a generator of its own, so that nothing but the position decides it.
pub(crate) struct RandomSample {
    first: usize,
    stream: u64,
    lots: Worth,
}

impl RandomSample {
    pub(crate) fn new(first: usize, layer: usize, key_head: usize) -> Self {
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
