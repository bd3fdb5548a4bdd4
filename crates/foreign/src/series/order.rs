//! The points of a series in the order of their steps.

use super::read::Series;

/// Steps and values with ascending steps.
///
/// Where a step is not above the one before, the run went on from an earlier state: what it had recorded from that step on is
/// forgotten. A file that begins with its end is read backwards, and one in no order is sorted; there too the later of two values of
/// one step counts.
pub fn in_order(series: &Series) -> Vec<(u64, f64)> {
    let mut all: Vec<(u64, f64)> = series.steps.iter().copied().zip(series.values.iter().copied()).collect();
    if all.is_sorted_by(|a, b| a.0 > b.0) {
        all.reverse();
    }
    // A run that is resumed goes back now and then; a file whose steps go back at every fourth line is one in no order at all.
    let n_back = all.windows(2).filter(|pair| pair[0].0 >= pair[1].0).count();
    if 4 * n_back > all.len() && n_back > 3 {
        all.sort_by_key(|point| point.0);
    }
    let mut kept: Vec<(u64, f64)> = Vec::with_capacity(all.len());
    for point in all {
        while kept.last().is_some_and(|last| last.0 >= point.0) {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}
