//! Which kinds and sizes of runs the early verdict was learned from, and whether a run lies among them.

use super::coordinates::{COORDINATES, kind, place};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Runs of a kind below which the kind is not known.
pub const KNOWN_KIND: usize = 15;

/// Coordinates that have to lie within the range of the run's own kind: what one optimizer or activation bears is none of another's.
pub const GUARDED: [&str; 5] = ["rate", "decay_rate", "decay_times", "hidden_scale", "top_scale"];

/// Runs of one kind that were learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownKind {
    /// What they are made of.
    pub kind: String,
    /// How many.
    pub runs: usize,
    /// Least and greatest value of each of [`GUARDED`].
    pub ranges: Vec<(f64, f64)>,
}

/// Which runs are known, as far as their coordinates say: kinds that occurred often enough, within the ranges of all and of their own.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Bounds {
    kinds: BTreeMap<String, KnownKind>,
    ranges: Vec<(f64, f64)>,
}

const NOWHERE: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

fn widen(range: &mut (f64, f64), value: f32) {
    *range = (range.0.min(f64::from(value)), range.1.max(f64::from(value)));
}

impl Bounds {
    /// The kinds and ranges of runs whose coordinates these rows hold.
    pub fn of<'a>(rows: impl Iterator<Item = &'a [f32]>) -> Self {
        let mut bounds = Self { ranges: vec![NOWHERE; COORDINATES.len()], ..Self::default() };
        let guarded = GUARDED.map(place);
        for row in rows {
            let kind = kind(row);
            let new = || KnownKind { kind: kind.clone(), runs: 0, ranges: vec![NOWHERE; GUARDED.len()] };
            let known = bounds.kinds.entry(kind.clone()).or_insert_with(new);
            known.runs += 1;
            known.ranges.iter_mut().zip(guarded).for_each(|(range, place)| widen(range, row[place]));
            bounds.ranges.iter_mut().zip(row).for_each(|(range, &value)| widen(range, value));
        }
        bounds
    }

    /// Whether a run with these coordinates lies inside.
    pub fn hold(&self, row: &[f32]) -> bool {
        let is_of_kind = |known: &KnownKind| {
            let mut guarded = known.ranges.iter().zip(GUARDED);
            known.runs >= KNOWN_KIND && guarded.all(|(range, name)| is_within(*range, f64::from(row[place(name)])))
        };
        self.kinds.get(&kind(row)).is_some_and(is_of_kind)
            && self.ranges.iter().zip(row).all(|(range, &value)| is_within(*range, f64::from(value)))
    }

    /// Least and greatest value of every coordinate.
    pub fn ranges(&self) -> &[(f64, f64)] {
        &self.ranges
    }

    /// Kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &KnownKind> {
        self.kinds.values()
    }
}

/// Whether a value lies in a range, but for what rounding to f32 costs.
pub(super) fn is_within((low, high): (f64, f64), value: f64) -> bool {
    const SLACK: f64 = 1e-4;
    (low - SLACK..=high + SLACK).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one kind bears is none of another's.
    #[test]
    fn a_run_lies_inside_where_its_own_kind_was() {
        let row = |optimizer: f32, decay: f32| {
            let mut row = vec![0.0_f32; COORDINATES.len()];
            (row[place("optimizer")], row[place("decay_rate")]) = (optimizer, decay);
            row
        };
        let rows: Vec<Vec<f32>> =
            (0..40).map(|run| row((run % 2) as f32, if run % 2 == 0 { -9.0 } else { -2.0 })).collect();
        let bounds = Bounds::of(rows.iter().map(Vec::as_slice));
        assert!(bounds.hold(&row(0.0, -9.0)) && bounds.hold(&row(1.0, -2.0)));
        assert!(!bounds.hold(&row(0.0, -2.0)), "no run of that optimizer had so much decay");
        assert!(!bounds.hold(&row(2.0, -9.0)), "nor was there that optimizer");
    }
}
