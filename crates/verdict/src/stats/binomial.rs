//! Binomial counts: tails, and the exact interval of a share.

use libm::lgamma;

/// Bisections of an interval's end; each halves the error, so that 60 leave less than a rounding.
const BISECTIONS: usize = 60;

/// A share with its exact 95 % interval (Clopper and Pearson 1934, Biometrika 26, 404).
///
/// ```text
/// low: P(X ≥ k | n, low) = 0.025        high: P(X ≤ k | n, high) = 0.025
/// ```
///
/// It covers the true share at least 95 times in 100, whatever the share is; without trials it is [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactShare {
    /// As counted; `None` without trials.
    pub share: Option<f64>,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl ExactShare {
    /// `count` of `n`.
    pub fn of(count: usize, n: usize) -> Self {
        if n == 0 {
            return Self { share: None, low: 0.0, high: 1.0 };
        }
        // Both tails rise with p: the first from 0 on, the second (as its complement) to 1.
        let low = if count == 0 { 0.0 } else { crossing(|p| binomial_upper_tail(count, n, p) - 0.025) };
        let high = if count == n { 1.0 } else { crossing(|p| binomial_upper_tail(count + 1, n, p) - 0.975) };
        Self { share: Some(count as f64 / n as f64), low, high }
    }
}

/// Where a function that rises from below 0 to above it on [0, 1] crosses it.
fn crossing(rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if rising(middle) < 0.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// P(X ≥ `count`) of a binomial variable with `n` trials of probability `p`.
pub fn binomial_upper_tail(count: usize, n: usize, p: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if count > n || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let choose = |k: usize| lgamma(n as f64 + 1.0) - lgamma(k as f64 + 1.0) - lgamma((n - k) as f64 + 1.0);
    let mass = |k: usize| (choose(k) + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p()).exp();
    // The shorter tail is summed.
    if 2 * count > n { (count..=n).map(mass).sum() } else { 1.0 - (0..count).map(mass).sum::<f64>() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_that_of_all_sequences() {
        // By enumeration of the 2ⁿ sequences.
        for n in 1..=10_usize {
            for count in 0..=n + 1 {
                let p: f64 = 0.3;
                let weight = |hits: u32| p.powi(hits as i32) * (1.0 - p).powi((n as u32 - hits) as i32);
                let hits = (0..1_u32 << n).map(u32::count_ones).filter(|&hits| hits as usize >= count);
                let expected: f64 = hits.map(weight).sum();
                assert!((binomial_upper_tail(count, n, p) - expected).abs() < 1e-12, "{count} of {n}");
            }
        }
    }

    #[test]
    fn intervals_are_those_of_published_tables() {
        // Newcombe 1998 (Statistics in Medicine 17, 857), table I, method 5.
        for (count, n, low, high) in
            [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)]
        {
            let found = ExactShare::of(count, n);
            assert!((found.low - low).abs() < 6e-5 && (found.high - high).abs() < 6e-5, "{count} of {n}: {found:?}");
        }
        assert_eq!(ExactShare::of(0, 0), ExactShare { share: None, low: 0.0, high: 1.0 });
        // Of n without a single one the upper end is 1 − 0.025^(1/n).
        assert!((ExactShare::of(0, 100).high - (1.0 - 0.025_f64.powf(0.01))).abs() < 1e-12);
    }
}
