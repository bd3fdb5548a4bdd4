//! Fisher's exact test of two shares.

use libm::lgamma;

/// One-sided p of the first share being the larger: the probability, with all margins fixed, of at least `a` hits in the first group
/// (Fisher 1935, The Design of Experiments). A group is its hits and its trials.
pub fn fisher_greater((a, n_a): (usize, usize), (b, n_b): (usize, usize)) -> f64 {
    let (hits, n) = (a + b, n_a + n_b);
    let choose = |n: usize, k: usize| lgamma(n as f64 + 1.0) - lgamma(k as f64 + 1.0) - lgamma((n - k) as f64 + 1.0);
    let mass = |x: usize| (choose(n_a, x) + choose(n_b, hits - x) - choose(n, hits)).exp();
    let (least, most) = (hits.saturating_sub(n_b), hits.min(n_a));
    (a.max(least)..=most).map(mass).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lady_tastes_tea() {
        // Fisher's own example: 4 of 4 right by chance once in 70; 3 of 4 or better 17 in 70.
        assert!((fisher_greater((4, 4), (0, 4)) - 1.0 / 70.0).abs() < 1e-12);
        assert!((fisher_greater((3, 4), (1, 4)) - 17.0 / 70.0).abs() < 1e-12);
        assert!((fisher_greater((0, 4), (4, 4)) - 1.0).abs() < 1e-12);
        assert!((fisher_greater((0, 0), (1, 3)) - 1.0).abs() < 1e-12);
    }
}
