//! Shares of a count, with the interval that a binomial count allows.

use super::Z95;

/// A share with its 95 % interval (Wilson 1927).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// As counted.
    pub share: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Share {
    /// `count` of `n`.
    pub fn of(count: usize, n: usize) -> Self {
        if n == 0 {
            return Self { share: 0.0, low: 0.0, high: 1.0 };
        }
        let (n, share) = (n as f64, count as f64 / n as f64);
        let spread = Z95 * Z95 / n;
        let centre = (share + spread / 2.0) / (1.0 + spread);
        let half = (Z95 / (1.0 + spread)) * (share * (1.0 - share) / n + spread / (4.0 * n)).sqrt();
        Self { share, low: (centre - half).clamp(0.0, share), high: (centre + half).clamp(share, 1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends solve `(p̂ − p)² = z² p (1 − p)/n`; Newcombe 1998 (Statistics in Medicine 17, 857), table I, has the examples.
    #[test]
    fn a_share_has_wilsons_interval() {
        for (count, n) in [(0, 1), (1, 1), (3, 10), (81, 263), (15, 148), (0, 20), (1, 29), (192, 192)] {
            let Share { share, low, high } = Share::of(count, n);
            assert_eq!(share, count as f64 / n as f64);
            assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
            for end in [low, high] {
                let z = 1.959_963_984_540_054_f64;
                let missed = (share - end).powi(2) - z * z * end * (1.0 - end) / n as f64;
                assert!(missed.abs() < 1e-15, "{count} of {n}: {missed:e}");
            }
        }
        for (count, n, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let share = Share::of(count, n);
            assert!((share.low - low).abs() < 5.1e-5 && (share.high - high).abs() < 5.1e-5, "{share:?}");
        }
        assert_eq!(Share::of(0, 0), Share { share: 0.0, low: 0.0, high: 1.0 });
    }
}
