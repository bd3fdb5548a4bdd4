//! Where what is known ends.

use super::coordinates::{COORDINATES, kind};
use std::collections::BTreeMap;

/// Which runs are known, as far as their coordinates say: kinds that occurred often enough, within their ranges.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Bounds {
    kinds: BTreeMap<String, usize>,
    ranges: Vec<(f64, f64)>,
}

/// Runs of a kind below which the kind is not known.
pub const KNOWN_KIND: usize = 15;

impl Bounds {
    /// Of runs with these coordinates.
    pub fn of<'a>(rows: impl Iterator<Item = &'a [f32]>) -> Self {
        let mut bounds =
            Self { ranges: vec![(f64::INFINITY, f64::NEG_INFINITY); COORDINATES.len()], ..Self::default() };
        for row in rows {
            *bounds.kinds.entry(kind(row)).or_default() += 1;
            for (range, &value) in bounds.ranges.iter_mut().zip(row) {
                *range = (range.0.min(f64::from(value)), range.1.max(f64::from(value)));
            }
        }
        bounds
    }

    /// Whether a run with these coordinates lies inside.
    pub fn hold(&self, row: &[f32]) -> bool {
        self.kinds.get(&kind(row)).is_some_and(|n| *n >= KNOWN_KIND)
            && self.ranges.iter().zip(row).all(|(range, &value)| is_within(*range, f64::from(value)))
    }

    /// Least and greatest value of every coordinate.
    pub fn ranges(&self) -> &[(f64, f64)] {
        &self.ranges
    }

    /// Kinds, and how often each occurred.
    pub const fn kinds(&self) -> &BTreeMap<String, usize> {
        &self.kinds
    }
}

/// Whether a value lies in a range, but for what rounding to f32 costs.
pub(super) fn is_within((low, high): (f64, f64), value: f64) -> bool {
    const SLACK: f64 = 1e-4;
    (low - SLACK..=high + SLACK).contains(&value)
}
