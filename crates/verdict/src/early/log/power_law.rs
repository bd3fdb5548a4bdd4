//! A power law through a learning curve.

/// Exponents among which is sought; `√(40)` points a decade apart, then by golden section.
const EXPONENTS: [f64; 2] = [0.02, 2.5];
const GRID: usize = 40;
const GOLDEN: f64 = 0.618_033_988_749_894_8;

/// The i-th of n points has the weight (i/n)³: what comes next follows the end of a curve, not its beginning. Of the powers 0 to 4, with
/// and without Huber's weights, 3 and 4 predicted the last anchors of LCDB best.
const RECENCY: i32 = 3;

/// A loss that falls to a floor as a power of the step.
///
/// ```text
/// y(n) = a + b (n / n_last)^(−c)        a ≥ 0 where losses are, b ≥ 0, 0.02 ≤ c ≤ 2.5
/// a, b, c = arg min Σᵢ (i/k)³ (yᵢ − y(nᵢ))²        i = 1..k
/// ```
///
/// - Source: weighted least squares; a and b in closed form for every c. The law: Hestness et al. 2017, arXiv:1712.00409
/// - Undefined: fewer than four points, or all at one step
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// What it falls to.
    pub floor: f64,
    /// What it stands above the floor at the last step.
    pub height: f64,
    /// How fast it falls.
    pub exponent: f64,
    /// Weighted root mean square of what it leaves.
    pub residual: f64,
    last: f64,
}

impl PowerLaw {
    /// Fewest points that it is fitted to.
    pub const POINTS: usize = 4;

    /// Through points with ascending steps above 0. `is_bounded` where the quantity cannot be negative.
    pub fn fit(points: &[(f64, f64)], is_bounded: bool) -> Option<Self> {
        let &(last, _) = points.last()?;
        if points.len() < Self::POINTS || points[0].0 >= last {
            return None;
        }
        let of = |log_exponent: f64| Self::with_exponent(points, libm::exp(log_exponent), is_bounded);
        let [low, high] = EXPONENTS.map(libm::log);
        let width = (high - low) / (GRID - 1) as f64;
        let grid = (0..GRID).map(|i| low + width * i as f64);
        let centre = grid.min_by(|a, b| of(*a).residual.total_cmp(&of(*b).residual))?;
        let (mut left, mut right) = ((centre - width).max(low), (centre + width).min(high));
        for _ in 0..60 {
            let (inner, outer) = (right - GOLDEN * (right - left), left + GOLDEN * (right - left));
            if of(inner).residual <= of(outer).residual {
                right = outer;
            } else {
                left = inner;
            }
        }
        Some(of(f64::midpoint(left, right)))
    }

    /// Its value at a step.
    pub fn at(&self, step: f64) -> f64 {
        self.floor + self.height * libm::pow(step / self.last, -self.exponent)
    }

    fn with_exponent(points: &[(f64, f64)], exponent: f64, is_bounded: bool) -> Self {
        let n = points.len() as f64;
        let last = points[points.len() - 1].0;
        let rows = || {
            points.iter().enumerate().map(|(i, &(step, value))| {
                (((i + 1) as f64 / n).powi(RECENCY), libm::pow(step / last, -exponent), value)
            })
        };
        let total: f64 = rows().map(|row| row.0).sum();
        let mean = |read: fn((f64, f64, f64)) -> f64| rows().map(|row| row.0 * read(row)).sum::<f64>() / total;
        let (power, value) = (mean(|row| row.1), mean(|row| row.2));
        let spread: f64 = rows().map(|(weight, z, _)| weight * (z - power).powi(2)).sum();
        let slope: f64 = rows().map(|(weight, z, y)| weight * (z - power) * (y - value)).sum::<f64>() / spread;
        let mut height = slope.max(0.0);
        let mut floor = value - height * power;
        if is_bounded && floor < 0.0 {
            floor = 0.0;
            height = mean(|row| row.1 * row.2) / mean(|row| row.1 * row.1);
        }
        let squares: f64 = rows().map(|(weight, z, y)| weight * (y - floor - height * z).powi(2)).sum();
        Self { floor, height, exponent, residual: (squares / total).sqrt(), last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(floor: f64, height: f64, exponent: f64, k: i32) -> Vec<(f64, f64)> {
        (0..k).map(|i| 10.0 * 2_f64.powf(f64::from(i) / 2.0)).map(|n| (n, floor + height * n.powf(-exponent))).collect()
    }

    #[test]
    fn an_exact_power_law_is_recovered_and_goes_on() {
        for (floor, height, exponent) in [(0.2, 3.0, 0.5), (0.0, 1.0, 0.1), (1.7, 40.0, 1.3), (-2.0, 5.0, 0.3)] {
            let points = law(floor, height, exponent, 12);
            let found = PowerLaw::fit(&points, floor >= 0.0).unwrap();
            assert!((found.exponent - exponent).abs() < 1e-5, "{found:?}");
            let n = 100.0 * points[11].0;
            assert!((found.at(n) - floor - height * n.powf(-exponent)).abs() < 1e-5 * height, "{found:?}");
            assert!(found.residual < 1e-7 * height);
        }
    }

    #[test]
    fn units_of_steps_and_of_values_do_not_matter() {
        let points: Vec<(f64, f64)> = law(0.3, 2.0, 0.4, 10)
            .iter()
            .enumerate()
            .map(|(i, p)| (p.0, p.1 + 0.01 * f64::from(i as i32 % 3)))
            .collect();
        let found = PowerLaw::fit(&points, true).unwrap();
        let other: Vec<(f64, f64)> = points.iter().map(|p| (7.0 * p.0, 100.0 * p.1)).collect();
        let other = PowerLaw::fit(&other, true).unwrap();
        assert!((other.at(7e4) - 100.0 * found.at(1e4)).abs() < 1e-6 * other.at(7e4));
    }

    #[test]
    fn what_rises_is_flat_and_what_would_go_below_zero_stops_there() {
        let rises: Vec<(f64, f64)> = law(0.0, 1.0, 0.5, 8).iter().map(|p| (p.0, 1.0 - p.1)).collect();
        let found = PowerLaw::fit(&rises, true).unwrap();
        assert_eq!(found.height, 0.0);
        // Falls by as much in every octave: it has no floor above zero.
        let falls: Vec<(f64, f64)> = (0..8).map(|i| (2_f64.powi(i), 0.9 - 0.1 * f64::from(i))).collect();
        let found = PowerLaw::fit(&falls, true).unwrap();
        assert!(found.at(1e9) >= 0.0);
    }

    #[test]
    fn three_points_are_too_few() {
        assert_eq!(PowerLaw::fit(&law(0.0, 1.0, 0.5, 3), true), None);
        assert!(PowerLaw::fit(&law(0.0, 1.0, 0.5, 4), true).is_some());
        assert_eq!(PowerLaw::fit(&[(5.0, 1.0); 6], true), None);
        assert_eq!(PowerLaw::fit(&[], true), None);
    }
}
