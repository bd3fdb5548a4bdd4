//! The median.

/// Median of the finite `values`: the middle one, or the mean of the two middle ones; `None` where none is finite.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut finite: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
    if finite.is_empty() {
        return None;
    }
    finite.sort_by(f64::total_cmp);
    let middle = finite.len() / 2;
    let even = finite.len().is_multiple_of(2);
    Some(if even { finite[middle - 1] / 2.0 + finite[middle] / 2.0 } else { finite[middle] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_ignores_what_is_not_finite() {
        assert_eq!(median([3.0, f64::NAN, 1.0]), Some(2.0));
        assert_eq!(median([3.0, 9.0, 1.0]), Some(3.0));
        assert_eq!(median([f64::INFINITY]), None);
    }

    #[test]
    fn as_many_values_lie_above_the_median_as_below() {
        for n in 1..40_usize {
            let values: Vec<f64> = (0..n).map(|i| ((i * 7919 + 13) % 101) as f64).collect();
            let middle = median(values.iter().copied()).unwrap();
            let below = values.iter().filter(|&&v| v < middle).count();
            let above = values.iter().filter(|&&v| v > middle).count();
            assert!(2 * below <= n && 2 * above <= n, "{n}: {below} below and {above} above {middle}");
        }
    }
}
