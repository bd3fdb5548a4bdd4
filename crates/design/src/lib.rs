//! What an experiment that was not made is expected to say, in bits. Laws (`dunwu law`), boundaries (`dunwu next`) and the rivals of the
//! scientist are compared with the same three quantities.

/// Bits of a coin that falls one way with probability p.
///
/// ```text
/// H(p) = −p log₂ p − (1 − p) log₂ (1 − p)
/// ```
pub fn entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * libm::log2(p) } else { 0.0 };
    term(p) + term(1.0 - p)
}

/// What outcomes are expected to say for `a` against `b` where `a` is true, in bits: the Kullback–Leibler divergence of their probabilities.
///
/// ```text
/// D(a ‖ b) = Σ aᵢ log₂ (aᵢ / bᵢ)
/// ```
pub fn expected_bits(a: &[f64], b: &[f64]) -> f64 {
    // What neither has mass for is cut at the smallest number.
    let of_outcome = |(a, b): (&f64, &f64)| if *a > 0.0 { a * libm::log2(a / b.max(f64::MIN_POSITIVE)) } else { 0.0 };
    a.iter().zip(b).map(of_outcome).sum::<f64>().max(0.0)
}

/// What an outcome is expected to say about which of several rivals is right, in bits, given how likely each is and how probable each makes
/// every outcome: their mutual information.
///
/// ```text
/// I = Σⱼ wⱼ D(pⱼ ‖ Σₖ wₖ pₖ)
/// ```
///
/// - Source: Lindley 1956, `MacKay` 1992
pub fn information(weights: &[f64], outcomes: &[Vec<f64>]) -> f64 {
    let sum: f64 = weights.iter().sum();
    let n = outcomes.first().map_or(0, Vec::len);
    let mean: Vec<f64> =
        (0..n).map(|i| weights.iter().zip(outcomes).map(|(weight, masses)| weight / sum * masses[i]).sum()).collect();
    weights.iter().zip(outcomes).map(|(weight, masses)| weight / sum * expected_bits(masses, &mean)).sum()
}

/// What one event is expected to say about its own odds, in bits, where their logarithm is normal around `mean` with `variance`:
/// H(E p) − E H(p).
///
/// - Source: Houlsby et al. 2011, arXiv:1112.5745
pub fn information_of_odds(mean: f64, variance: f64) -> f64 {
    const N: i32 = 20;
    let deviation = variance.sqrt();
    let (mut weights, mut shares, mut entropies) = (0.0, 0.0, 0.0);
    for point in -N..=N {
        let z = 4.0 * f64::from(point) / f64::from(N);
        let (weight, p) = (libm::exp(-z * z / 2.0), 1.0 / (1.0 + libm::exp(-(mean + deviation * z))));
        weights += weight;
        shares += weight * p;
        entropies += weight * entropy(p);
    }
    (entropy(shares / weights) - entropies / weights).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fair_coin_is_a_bit_and_equal_rivals_say_nothing() {
        assert_eq!(entropy(0.5), 1.0);
        assert_eq!(entropy(0.0), 0.0);
        assert_eq!(expected_bits(&[0.3, 0.7], &[0.3, 0.7]), 0.0);
        assert!((expected_bits(&[1.0, 0.0], &[0.5, 0.5]) - 1.0).abs() < 1e-12);
        assert_eq!(information(&[0.5, 0.5], &[vec![0.2, 0.8], vec![0.2, 0.8]]), 0.0);
        assert!((information(&[1.0, 1.0], &[vec![1.0, 0.0], vec![0.0, 1.0]]) - 1.0).abs() < 1e-12);
    }

    /// Of two rivals the information is H(w·p) − w·H(p).
    #[test]
    fn information_is_the_entropy_that_is_lost() {
        for (w, p, q) in [(0.5, 0.2, 0.9), (0.1, 0.5, 0.6), (0.7, 0.01, 0.99)] {
            let exact = entropy(w * p + (1.0 - w) * q) - w * entropy(p) - (1.0 - w) * entropy(q);
            assert!((information(&[w, 1.0 - w], &[vec![p, 1.0 - p], vec![q, 1.0 - q]]) - exact).abs() < 1e-12);
        }
    }
}
