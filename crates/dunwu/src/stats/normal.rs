//! The standard normal distribution.

/// Standard normal quantile of a two-sided 95 % interval.
pub const Z95: f64 = 1.959_963_984_540_054;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_leaves_five_percent_outside() {
        // P(|Z| > z) = erfc(z / √2).
        let outside = libm::erfc(Z95 / std::f64::consts::SQRT_2);
        assert!((outside - 0.05).abs() < 1e-15, "{outside}");
    }
}
