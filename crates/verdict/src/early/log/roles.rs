//! Which series of a log is which, by its name.

pub use crate::series::{Role, role_of};

use super::curve::Curve;
use crate::series::{Series, role_and_folders};

/// The best series of each role: the fewest folders overlooked, then the most values.
pub(super) fn best(series: &[Series], role_wanted: Role) -> Option<&Series> {
    let named = series.iter().filter_map(|one| {
        let (found, skipped) = role_and_folders(&one.name)?;
        (found == role_wanted && !one.values.is_empty()).then_some((skipped, std::cmp::Reverse(one.values.len()), one))
    });
    named.min_by_key(|(skipped, count, _)| (*skipped, *count)).map(|found| found.2)
}

/// A series as a curve that falls where learning succeeds: losses as they are, accuracies as shares of wrong answers.
pub fn falling(series: &Series, role: Role) -> Curve {
    let most = series.values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    // Above 1 a share is written in percent.
    let unit = if most > 1.0 { 100.0 } else { 1.0 };
    match role {
        _ if role.is_loss() => Curve::of(series, |value| value),
        Role::HeldOutAccuracy | Role::TrainingAccuracy => Curve::of(series, |value| 1.0 - value / unit),
        _ => Curve::of(series, |value| value / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_the_plainest_name_is_read_and_percent_are_shares() {
        let series = |name: &str, values: &[f64]| Series {
            name: name.to_owned(),
            steps: (1..=values.len() as u64).collect(),
            values: values.to_vec(),
        };
        let all = [series("a/val/acc", &[1.0, 1.0]), series("val_acc", &[25.0, 75.0])];
        let found = best(&all, Role::HeldOutAccuracy).unwrap();
        assert_eq!(found.name, "val_acc");
        assert_eq!(falling(found, Role::HeldOutAccuracy).last(), Some(0.25));
        assert!(best(&all, Role::HeldOutLoss).is_none());
    }
}
