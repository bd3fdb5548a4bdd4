//! Claims that something holds in at least a share of the cases, by a mixture over all larger shares.

use super::density::incomplete_beta;
use std::f64::consts::LN_2;

/// A case that cannot be costs as much as this, so that a claim of 100 % is over with the first one.
const IMPOSSIBLE: f64 = -60.0;

/// Bits that the cases say for "at least `share`" against "less than that": the mixture over p from `share` to 1 against the likeliest p
/// up to `share`, and the other way round.
///
/// ```text
/// for:     log₂ ∫ₛ¹ pᵏ(1−p)ⁿ⁻ᵏ dp/(1−s) − max_{p ≤ s} log₂ pᵏ(1−p)ⁿ⁻ᵏ
/// against: log₂ ∫₀ˢ pᵏ(1−p)ⁿ⁻ᵏ dp/s     − max_{p ≥ s} log₂ pᵏ(1−p)ⁿ⁻ᵏ
/// ```
///
/// - Valid however often one looks: under any p up to s the mixture has expectation at most 1 (Ville 1939; Wasserman et al. 2020)
pub(super) fn bits_for_and_against(share: f64, held: usize, n: usize) -> (f64, f64) {
    let (k, m) = (held as f64, (n - held) as f64);
    let often = if n == 0 { share } else { k / n as f64 };
    let at = |p: f64| {
        let term = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count * libm::log2(p.max(1e-300)) };
        (term(k, p) + term(m, 1.0 - p)).max(n as f64 * IMPOSSIBLE)
    };
    let ln_beta = libm::lgamma(k + 1.0) + libm::lgamma(m + 1.0) - libm::lgamma(k + m + 2.0);
    let above = if share >= 1.0 {
        if m > 0.0 { IMPOSSIBLE } else { 0.0 }
    } else {
        (ln_beta + libm::log(incomplete_beta(m + 1.0, k + 1.0, 1.0 - share).max(1e-300)) - libm::log1p(-share)) / LN_2
    };
    let below = (ln_beta + libm::log(incomplete_beta(k + 1.0, m + 1.0, share).max(1e-300)) - libm::log(share)) / LN_2;
    (above - at(often.min(share)), below - at(often.max(share)))
}

/// log₂ of the probability of each case in turn, by the mixture over p from `share` to 1: their sum is that of the whole.
pub(super) fn course(share: f64, cases: &[bool]) -> Vec<f64> {
    let mut held = 0;
    let mut last = 0.0;
    let mixture = |held: usize, n: usize| {
        let (k, m) = (held as f64, (n - held) as f64);
        if share >= 1.0 {
            return if m > 0.0 { m * IMPOSSIBLE } else { 0.0 };
        }
        let ln_beta = libm::lgamma(k + 1.0) + libm::lgamma(m + 1.0) - libm::lgamma(k + m + 2.0);
        (ln_beta + libm::log(incomplete_beta(m + 1.0, k + 1.0, 1.0 - share).max(1e-300)) - libm::log1p(-share)) / LN_2
    };
    cases
        .iter()
        .enumerate()
        .map(|(place, case)| {
            held += usize::from(*case);
            let now = mixture(held, place + 1);
            let bits = now - last;
            last = now;
            bits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixtures_are_the_integrals_that_they_stand_for() {
        for (share, held, n) in [(0.9, 19, 20), (0.5, 12, 15), (0.95, 60, 60), (0.8, 3, 10)] {
            let steps = 100_000;
            let integral = |from: f64, to: f64| {
                let dp = (to - from) / f64::from(steps);
                let f = |p: f64| p.powi(held) * (1.0 - p).powi(n - held);
                (0..steps).map(|i| f(from + (f64::from(i) + 0.5) * dp)).sum::<f64>() * dp / (to - from)
            };
            let sup = |from: f64, to: f64| {
                (0..=10_000)
                    .map(|i| from + (to - from) * f64::from(i) / 1e4)
                    .map(|p| p.powi(held) * (1.0 - p).powi(n - held))
                    .fold(0.0, f64::max)
            };
            let (a, b) = bits_for_and_against(share, held as usize, n as usize);
            assert!((a - (integral(share, 1.0) / sup(0.0, share)).log2()).abs() < 1e-3, "{share} {held} {n}");
            assert!((b - (integral(0.0, share) / sup(share, 1.0)).log2()).abs() < 1e-3, "{share} {held} {n}");
        }
    }

    #[test]
    fn a_single_case_ends_a_claim_of_all() {
        assert!(bits_for_and_against(1.0, 30, 30).0.abs() < 1e-9, "all is the border of less than all");
        assert!(bits_for_and_against(1.0, 29, 30).1 > 10.0);
        assert!(bits_for_and_against(0.5, 14, 14).0 > 10.0);
        let cases = [true, true, false, true];
        let (for_it, _) = bits_for_and_against(0.5, 3, 4);
        let sum: f64 = course(0.5, &cases).iter().sum();
        let sup = 4.0 * 0.5_f64.log2();
        assert!((sum - sup - for_it).abs() < 1e-9);
    }
}
