//! Claims that a quantity stays within a tolerance: the change from one end of the scope to the other is at most so much.
//!
//! ```text
//! z = b₀ + Σ bₖ uₖ     uₖ from −½ to ½ over the scope     claim: |bₖ| ≤ r for every k     otherwise: |bₖ| ≥ r for some k
//! ```
//!
//! For the claim speaks a forecast that thinks the changes small, against the likeliest of all lines that change by r or more; against
//! it a forecast that leaves the changes open, against the likeliest of all lines that change by less.

use super::fit::{Curve, Tails, fit};
use super::likelihood::likeliest_around;
use super::number::{CurvePredictor, course};
use super::row::Row;

/// Lines over a few directions, some with a change that is held.
#[derive(Clone)]
pub(super) struct Lines {
    /// How wide changes are thought to be.
    width: f64,
    /// Changes that are held at a value.
    held: Vec<Option<f64>>,
}

impl Lines {
    fn free(&self) -> impl Iterator<Item = usize> {
        (0..self.held.len()).filter(|k| self.held[*k].is_none())
    }
}

impl Curve for Lines {
    fn len(&self) -> usize {
        1 + self.free().count()
    }

    fn at(&self, row: &Row, parameters: &[f64]) -> Option<f64> {
        let held: f64 = self.held.iter().zip(&row.x).filter_map(|(held, u)| Some((*held)? * u)).sum();
        Some(parameters[0] + held + self.free().zip(&parameters[1..]).map(|(k, change)| change * row.x[k]).sum::<f64>())
    }

    fn prior(&self, parameter: usize) -> (f64, f64) {
        if parameter == 0 { (0.0, 1e4) } else { (0.0, self.width) }
    }

    fn starts(&self) -> Vec<Vec<f64>> {
        vec![vec![0.0; self.len()]]
    }
}

/// Changes are left open by so much: a factor of e² from end to end is a standard deviation.
const OPEN: f64 = 2.0;

/// What is said for and against |change| ≤ `most` along every direction, in bits, and the course of the forecast. The rows' numbers are the
/// directions u; the first `skip` rows are not scored.
pub(super) fn bits_for_and_against(rows: &[Row], most: f64, resolution: f64, skip: usize) -> (f64, f64, Vec<f64>) {
    let n = rows.first().map_or(0, |row| row.x.len());
    let lines = |width: f64| Lines { width, held: vec![None; n] };
    let (bits, _) = course(&mut CurvePredictor::new(lines(most / 2.0), resolution), rows, resolution);
    let (open, _) = course(&mut CurvePredictor::new(lines(OPEN), resolution), rows, resolution);
    let scored = &rows[skip.min(rows.len())..];
    if scored.len() <= n + 1 {
        return (0.0, 0.0, bits);
    }
    let sum = |bits: &[f64]| bits.iter().skip(skip).sum::<f64>();
    let likeliest = |held: Vec<Option<f64>>| {
        let curve = Lines { width: 1e3, held };
        Tails::BOTH
            .into_iter()
            .filter_map(|tails| fit(&curve, scored, tails, resolution, None))
            .map(|fitted| likeliest_around(&curve, &fitted, scored, resolution))
            .fold(f64::NEG_INFINITY, f64::max)
    };
    // Some change is `most` or more: held there one after another, up and down; where it is so anyway, nothing is held.
    let free = Lines { width: 1e3, held: vec![None; n] };
    let changes = fit(&free, scored, Tails::Normal, resolution, None).map(|fitted| fitted.parameters[1..].to_vec());
    let changes = changes.unwrap_or_else(|| vec![0.0; n]);
    let with = |k: usize, value: f64| {
        let mut held = vec![None; n];
        held[k] = Some(value);
        held
    };
    let otherwise = (0..n).map(|k| {
        if changes[k].abs() >= most {
            likeliest(vec![None; n])
        } else {
            likeliest(with(k, most)).max(likeliest(with(k, -most)))
        }
    });
    let otherwise = otherwise.fold(f64::NEG_INFINITY, f64::max);
    // All changes are `most` or less: those that are not are held there.
    let held: Vec<Option<f64>> =
        changes.iter().map(|change| (change.abs() > most).then(|| change.signum() * most)).collect();
    (sum(&bits) - otherwise, sum(&open) - likeliest(held), bits)
}
