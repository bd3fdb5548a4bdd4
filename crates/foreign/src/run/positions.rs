//! How far each series of a record has come: its steps ascend, whoever writes them or reads them.

use std::collections::BTreeMap;

/// The largest step that a record takes: beyond it programs that count in floating point skip steps.
pub(super) const MOST_STEP: u64 = 9_000_000_000_000_000;

/// The first step that each series may be recorded at next.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions {
    scalars: BTreeMap<String, u64>,
    /// The last recorded step of every series of units, by layer and then by series.
    units: BTreeMap<String, BTreeMap<String, u64>>,
    snapshots: u64,
}

impl Positions {
    /// The last step of a series of scalars that keeps it from being recorded at `step`.
    pub(super) fn blocks_scalar(&self, name: &str, step: u64) -> Option<u64> {
        blocks(self.scalars.get(name), step)
    }

    /// The last step of a series of arrays that keeps it from being recorded at `step`.
    pub(super) fn blocks_units(&self, layer: &str, series: &str, step: u64) -> Option<u64> {
        blocks(self.units.get(layer).and_then(|of_layer| of_layer.get(series)), step)
    }

    /// The last snapshot that keeps another one from being recorded at `step`.
    pub(super) fn blocks_snapshot(&self, step: u64) -> Option<u64> {
        blocks(Some(&self.snapshots), step)
    }

    /// A scalar is recorded.
    pub(super) fn take_scalar(&mut self, name: &str, step: u64) {
        match self.scalars.get_mut(name) {
            Some(next) => *next = step + 1,
            None => drop(self.scalars.insert(name.to_owned(), step + 1)),
        }
    }

    /// An array is recorded.
    pub(super) fn take_units(&mut self, layer: &str, series: &str, step: u64) {
        if !self.units.contains_key(layer) {
            self.units.insert(layer.to_owned(), BTreeMap::new());
        }
        if let Some(of_layer) = self.units.get_mut(layer) {
            of_layer.insert(series.to_owned(), step + 1);
        }
    }

    /// A snapshot is recorded.
    pub(super) fn take_snapshot(&mut self, step: u64) {
        self.snapshots = step + 1;
    }

    /// What was recorded at `at` and later counts no more.
    pub(super) fn rewind(&mut self, at: u64) {
        let series = self.scalars.values_mut().chain(self.units.values_mut().flat_map(BTreeMap::values_mut));
        series.chain([&mut self.snapshots]).for_each(|next| *next = at.min(*next));
    }
}

fn blocks(next: Option<&u64>, step: u64) -> Option<u64> {
    next.filter(|next| step < **next).map(|next| next - 1)
}
