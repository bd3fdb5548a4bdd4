//! Exact intervals of shares and of medians.

/// The exact upper end of the 95 % interval of a share (Clopper and Pearson 1934): the largest p under which `k` or fewer of `n` are as
/// likely as 2.5 %.
pub(crate) fn upper_end(k: usize, n: usize) -> f64 {
    if k >= n {
        return 1.0;
    }
    by_halves(|p| at_most(k, n, p) > 0.025)
}

/// The exact lower end: the least p under which `k` or more of `n` are as likely as 2.5 %.
pub(crate) fn lower_end(k: usize, n: usize) -> f64 {
    if k == 0 {
        return 0.0;
    }
    by_halves(|p| 1.0 - at_most(k - 1, n, p) < 0.025)
}

/// The p up to which something is true.
fn by_halves(is_below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if is_below(middle) { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// P(X ≤ k), X binomial.
fn at_most(k: usize, n: usize, p: f64) -> f64 {
    let ln_choose =
        |i: usize| libm::lgamma(n as f64 + 1.0) - libm::lgamma(i as f64 + 1.0) - libm::lgamma((n - i) as f64 + 1.0);
    (0..=k)
        .map(|i| libm::exp(ln_choose(i) + i as f64 * libm::log(p) + (n - i) as f64 * libm::log1p(-p)))
        .sum::<f64>()
        .min(1.0)
}

/// The median of a list with the ends of its 95 % interval by order statistics; `None` where there is nothing.
pub(crate) fn median(values: &[f64]) -> Option<[f64; 3]> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 {
        return None;
    }
    let middle = f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]);
    // The interval from the r-th least to the r-th largest misses the median with probability 2 P(X < r), X binomial with p = ½.
    let r = (1..=n / 2).take_while(|r| at_most(r - 1, n, 0.5) <= 0.025).last();
    let (low, high) = r.map_or((sorted[0], sorted[n - 1]), |r| (sorted[r - 1], sorted[n - r]));
    Some([middle, low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of R 4.4 `binom.test`, and those that follow by hand: nothing of n has the upper end 1 − 0.025^(1/n).
    #[test]
    fn ends_are_those_of_clopper_and_pearson() {
        assert!((upper_end(0, 1000) - (1.0 - 0.025_f64.powf(1e-3))).abs() < 1e-9);
        assert!((lower_end(10, 10) - 0.025_f64.powf(0.1)).abs() < 1e-9);
        for (k, n, low, high) in [(5, 100, 0.016_431_9, 0.112_834_9), (50, 100, 0.398_321_1, 0.601_678_9)] {
            assert!(
                (lower_end(k, n) - low).abs() < 1e-6 && (upper_end(k, n) - high).abs() < 1e-6,
                "{k} of {n}: {} {}",
                lower_end(k, n),
                upper_end(k, n)
            );
        }
    }

    #[test]
    fn the_median_lies_between_order_statistics() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        // For n = 20 the sixth from either side: P(X ≤ 5) = 0.0207.
        assert_eq!(median(&values), Some([10.5, 6.0, 15.0]));
        assert_eq!(median(&[3.0]), Some([3.0, 3.0, 3.0]));
        assert_eq!(median(&[]), None);
    }
}
