//! A number a slot, by which rules compare keys.

use super::Memory;

/// A number for each far and each recent slot.
#[derive(Default)]
pub(super) struct Worth {
    pub(super) far: Memory,
    pub(super) recent: Memory,
}

impl Worth {
    pub(super) fn resize(&mut self, n_far: usize, n_recent: usize) {
        self.far.resize(n_far, 0.0);
        self.recent.resize(n_recent, 0.0);
    }

    /// The far slot of least worth, if that is less than `worth`; the first of several.
    pub(super) fn below(&self, worth: f32) -> Option<usize> {
        let (slot, least) = self.far.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1))?;
        (*least < worth).then_some(slot)
    }

    pub(super) fn promote(&mut self, recent_slot: usize, far_slot: usize) {
        self.far[far_slot] = self.recent[recent_slot];
    }

    pub(super) fn memories(&mut self) -> Vec<&mut Memory> {
        vec![&mut self.far, &mut self.recent]
    }
}

/// Adds what a query paid.
pub(super) fn add(worth: &mut [f32], attention: &[f32]) {
    worth.iter_mut().zip(attention).for_each(|(worth, attention)| *worth += attention);
}
