//! The last updates of all that is below the top layer, of which a snapshot keeps the inner products.
//!
//! ```text
//! ΔW_t = W_{t+1} − W_t      D = [vec ΔW_{t−19} … vec ΔW_t]      the snapshot keeps DᵀD, `[window][window]`
//! ```
//!
//! Weights are kept, one copy a step, and subtracted where a snapshot asks: half of what keeping differences costs.

use std::collections::VecDeque;

/// Updates in a whole window (Li₂'s script looks at twenty).
pub const WINDOW: usize = 20;

/// Consecutive weights; nothing while nobody watches.
#[derive(Clone, Debug, Default)]
pub(super) struct UpdateWindow {
    /// Updates that a checkpoint brought, oldest first; those of `weights` follow.
    restored: VecDeque<Vec<f32>>,
    /// Weights before and after each later update, oldest first.
    weights: VecDeque<Vec<f32>>,
}

impl UpdateWindow {
    /// The window of a checkpoint.
    pub(super) fn from_updates(updates: Vec<Vec<f32>>) -> Self {
        Self { restored: updates.into(), weights: VecDeque::new() }
    }

    /// The updates, oldest first, at most [`WINDOW`].
    pub(super) fn updates(&self) -> Vec<Vec<f32>> {
        let neighbours = self.weights.iter().zip(self.weights.iter().skip(1));
        let differences = neighbours.map(|(before, after)| after.iter().zip(before).map(|(a, b)| a - b).collect());
        self.restored.iter().cloned().chain(differences).collect()
    }

    /// Whether the weights before the next update have to be brought first.
    pub(super) fn is_new(&self) -> bool {
        self.weights.is_empty()
    }

    /// Takes the weights after an update, or before the first that is watched; `read` writes them into a buffer.
    pub(super) fn push(&mut self, read: impl FnOnce(&mut Vec<f32>)) {
        let mut buffer = Vec::new();
        if self.restored.len() + self.weights.len() > WINDOW && self.restored.pop_front().is_none() {
            buffer = self.weights.pop_front().unwrap_or_default();
        }
        read(&mut buffer);
        self.weights.push_back(buffer);
    }

    /// Forgets all but the last `n` updates of a window that a checkpoint brought.
    pub(super) fn keep(&mut self, n: usize) {
        debug_assert!(self.weights.is_empty());
        self.restored.drain(..self.restored.len().saturating_sub(n));
    }

    /// What happens to the weights before the next update is no update.
    pub(super) fn cut(&mut self) {
        self.restored = self.updates().into();
        self.weights.clear();
    }

    /// Forgets all, since only neighbouring updates belong together.
    pub(super) fn clear(&mut self) {
        self.restored.clear();
        self.weights.clear();
    }

    /// Inner products of the updates, `[window][window]`; empty below two.
    pub(super) fn gram(&self) -> Vec<f64> {
        let updates = self.updates();
        let n = updates.len();
        if n < 2 {
            return Vec::new();
        }
        let mut gram = vec![0.0; n * n];
        for (i, a) in updates.iter().enumerate() {
            for (j, b) in updates.iter().enumerate().take(i + 1) {
                let product = inner_product(a, b);
                gram[i * n + j] = product;
                gram[j * n + i] = product;
            }
        }
        gram
    }
}

/// In f64 over 8 lanes, then in order: vector code with one order everywhere.
fn inner_product(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0.0_f64; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += f64::from(a) * f64::from(b);
        }
    }
    lanes.iter().sum()
}
