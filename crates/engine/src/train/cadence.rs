//! At which steps a snapshot is due.

use super::WINDOW;
use crate::spec::RecordSpec;

/// Whether the cadence asks for a snapshot at `step`: the first, log-spaced ones, and every so many.
pub(super) fn is_due(record: &RecordSpec, step: u64) -> bool {
    let regular = record.snapshot_every > 0 && step.is_multiple_of(record.snapshot_every);
    step == 0 || regular || is_log_spaced(step, record.snapshots_per_decade)
}

/// Whether `step` is `round(10^(k / per_decade))` for some integer k.
pub(super) fn is_log_spaced(step: u64, per_decade: u32) -> bool {
    if per_decade == 0 || step == 0 {
        return false;
    }
    let per_decade = f64::from(per_decade);
    let k = (per_decade * libm::log10(step as f64)).round();
    [k - 1.0, k, k + 1.0].iter().any(|k| libm::round(libm::exp10(k / per_decade)) as u64 == step)
}

/// The next step after `step` at which a snapshot is due for certain; at most `last`.
pub(super) fn next_due(record: &RecordSpec, step: u64, last: u64) -> u64 {
    let horizon = (step + 1 + WINDOW as u64).min(last);
    (step + 1..horizon).find(|&next| is_due(record, next)).unwrap_or(if horizon == last { last } else { u64::MAX })
}
