//! Sums of roots of unity: whether one is zero, exactly, and what it is in floating point.

use super::modular::prime_factors;
use faer::c64;
use std::cmp::Ordering::{Equal, Greater, Less};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2};

/// exp(2πi s/n), rounded once or twice: the angle is brought into the first octant, so that quarter turns are exact and
/// conjugates are conjugate to the last bit.
pub(super) fn root_of_unity(s: usize, n: usize) -> c64 {
    let (quarter, rest) = (4 * (s % n) / n, 4 * (s % n) % n);
    let sin_cos = |part: usize| (FRAC_PI_2 * part as f64 / n as f64).sin_cos();
    let (sin, cos) = match (2 * rest).cmp(&n) {
        Less => sin_cos(rest),
        Equal => (FRAC_1_SQRT_2, FRAC_1_SQRT_2),
        Greater => {
            let (cos, sin) = sin_cos(n - rest);
            (sin, cos)
        }
    };
    match quarter {
        0 => c64::new(cos, sin),
        1 => c64::new(-sin, cos),
        2 => c64::new(-cos, -sin),
        _ => c64::new(sin, -cos),
    }
}

/// Whether a sum of n-th roots of unity with these integers before them is zero, decided in integers.
///
/// ```text
/// Σ_s c_s ζˢ = 0, ζ = exp(2πi/n)   ⇔   c(x) ∏_{q | n prime} (1 − x^{n/q}) = 0 mod xⁿ − 1
/// ```
///
/// The product vanishes at every n-th root of unity that is not primitive, and at no primitive one; these are conjugate, so
/// c vanishes at all of them or at none.
pub(super) fn is_zero(mut coefficients: Vec<i64>) -> bool {
    let n = coefficients.len();
    for q in prime_factors(n as u64) {
        let shift = n / q as usize;
        let before = coefficients.clone();
        coefficients.iter_mut().enumerate().for_each(|(s, cell)| *cell -= before[(s + n - shift) % n]);
    }
    coefficients.iter().all(|&cell| cell == 0)
}

/// The integer that Σ ζˢ over `exponents` is, ζ = exp(2πi/n), if it is one.
pub(super) fn integer(exponents: &[u32], n: usize) -> Option<i64> {
    let value = sum(exponents, n);
    let nearest = value.re.round();
    // The sum has few terms of size 1: what is farther off is no rounding error, and the exact test can be spared.
    if (value.re - nearest).abs() > 1e-6 || value.im.abs() > 1e-6 {
        return None;
    }
    let mut coefficients = vec![0; n];
    exponents.iter().for_each(|&s| coefficients[s as usize] += 1);
    coefficients[0] -= nearest as i64;
    is_zero(coefficients).then_some(nearest as i64)
}

/// Σ exp(2πi s/n) over `exponents`.
pub(super) fn sum(exponents: &[u32], n: usize) -> c64 {
    exponents.iter().map(|&s| root_of_unity(s as usize, n)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn roots_of_unity_are_exact_where_they_can_be() {
        for n in 1..=200usize {
            for s in 0..n {
                let root = root_of_unity(s, n);
                let angle = TAU * s as f64 / n as f64;
                assert!((root - c64::new(angle.cos(), angle.sin())).norm() < 1e-14, "{s}/{n}");
                assert_eq!(root.conj(), root_of_unity(n - s, n), "{s}/{n}");
                assert!(4 * s % n != 0 || root.re == 0.0 || root.im == 0.0, "{s}/{n}");
            }
        }
    }

    /// Against floating point, for sums of up to four roots of unity and for the sums over all cosets.
    #[test]
    fn zero_is_told_from_nearly_zero() {
        for n in 1..=12u32 {
            for code in 0..n.pow(4) {
                let exponents = [code % n, code / n % n, code / n.pow(2) % n, code / n.pow(3)];
                let mut coefficients = vec![0; n as usize];
                exponents.iter().for_each(|&s| coefficients[s as usize] += 1);
                assert_eq!(is_zero(coefficients), sum(&exponents, n as usize).norm() < 1e-9, "{exponents:?}/{n}");
            }
        }
        // x^60 − 1 has many divisors; a coset of every subgroup sums to zero, and one term less does not.
        for q in [2usize, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60] {
            let mut coefficients = vec![0; 60];
            (0..q).for_each(|i| coefficients[(7 + i * 60 / q) % 60] += 1);
            assert!(is_zero(coefficients.clone()), "{q}");
            coefficients[7] = 0;
            assert!(!is_zero(coefficients), "{q}");
        }
    }

    #[test]
    fn integers_are_recognised() {
        assert_eq!(integer(&[1, 2], 3), Some(-1));
        assert_eq!(integer(&[0, 0, 2], 4), Some(1));
        assert_eq!(integer(&[1, 4], 5), None);
        assert_eq!(integer(&[1], 4), None);
        assert_eq!(integer(&[], 4), Some(0));
    }
}
