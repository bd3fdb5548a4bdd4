//! The slope of a size over the width, with its interval, and what it says.

use dunwu::stats::student_t95;
use schemars::JsonSchema;
use serde::Serialize;

/// Slopes this close to 0 count as none.
///
/// Power counting gives multiples of 1/2, so that a wrong exponent lies at least 0.4 beyond the band; what finite networks add falls off
/// as 1/width. Over widths 32 to 256 a slope of 0.1 changes a size by 23 %.
pub const BAND: f64 = 0.1;

/// How a size scales with the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// The interval of the slope lies within the band about 0.
    Stable,
    /// The interval lies above the band.
    Grows,
    /// The interval lies below the band.
    Shrinks,
    /// The interval crosses an edge of the band, or there is none.
    CannotTell,
}

/// The slope of ln size over ln width, by least squares with an intercept a seed.
///
/// ```text
/// ln sizeᵢ = a_seed(i) + b ln widthᵢ + εᵢ        b ± t₀.₉₇₅(n − S − 1) √(Σεᵢ² / (n − S − 1) / Σ(ln widthᵢ − mean_seed)²)
/// ```
///
/// - Unit: dimensionless, the exponent of the width
/// - Source: analysis of covariance with seeds as blocks (Fisher 1932); networks of one seed share their samples
/// - Undefined: the slope where no seed has two widths; the interval without a degree of freedom
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// b
    pub slope: f64,
    /// The ends of its 95 % interval.
    pub interval: Option<(f64, f64)>,
}

impl Slope {
    /// Of sizes, each with the width and the seed of its network; all are positive and finite.
    pub fn fit(sizes: &[(u64, u64, f64)]) -> Option<Self> {
        let mut seeds: Vec<u64> = sizes.iter().map(|size| size.1).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let centred = |seed: u64| {
            let of_seed: Vec<(f64, f64)> = sizes
                .iter()
                .filter(|size| size.1 == seed)
                .map(|&(width, _, size)| ((width as f64).ln(), size.ln()))
                .collect();
            let n = of_seed.len() as f64;
            let mean = of_seed.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
            of_seed.into_iter().map(move |(x, y)| (x - mean.0, y - mean.1))
        };
        let points: Vec<(f64, f64)> = seeds.iter().flat_map(|&seed| centred(seed)).collect();
        let spread: f64 = points.iter().map(|(x, _)| x * x).sum();
        if spread < 1e-12 {
            return None;
        }
        let slope = points.iter().map(|(x, y)| x * y).sum::<f64>() / spread;
        let degrees = points.len().saturating_sub(seeds.len() + 1);
        let rest: f64 = points.iter().map(|(x, y)| (y - slope * x).powi(2)).sum();
        let interval = student_t95(degrees).map(|t| {
            let half = t * (rest / degrees as f64 / spread).sqrt();
            (slope - half, slope + half)
        });
        Some(Self { slope, interval })
    }

    /// What it says; a size that `may_shrink` is stable there, too.
    pub fn scaling(&self, may_shrink: bool) -> Scaling {
        match self.interval {
            Some((low, _)) if low > BAND => Scaling::Grows,
            Some((_, high)) if high < -BAND && !may_shrink => Scaling::Shrinks,
            Some((low, high)) if high <= BAND && (low >= -BAND || may_shrink) => Scaling::Stable,
            _ => Scaling::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A power law is found with an interval of no width, whatever the seeds' factors.
    #[test]
    fn a_power_law_has_its_exponent() {
        for exponent in [-1.0, -0.5, 0.0, 0.5, 1.0] {
            let size = |width: u64, seed: u64| (seed + 1) as f64 * (width as f64).powf(exponent);
            let sizes: Vec<(u64, u64, f64)> =
                (0..3).flat_map(|seed| [32, 64, 128, 256].map(|width| (width, seed, size(width, seed)))).collect();
            let slope = Slope::fit(&sizes).unwrap();
            let (low, high) = slope.interval.unwrap();
            assert!((slope.slope - exponent).abs() < 1e-12 && high - low < 1e-9, "{exponent}: {slope:?}");
            let expected = match exponent {
                e if e > 0.0 => Scaling::Grows,
                e if e < 0.0 => Scaling::Shrinks,
                _ => Scaling::Stable,
            };
            assert_eq!(slope.scaling(false), expected);
            assert_eq!(slope.scaling(true), if exponent > 0.0 { Scaling::Grows } else { Scaling::Stable });
        }
    }

    /// Worked by hand: x = 0, 1, 2 (in ln 2) and y = 0, 1, 1 have slope ½, residuals −⅙, ⅓, −⅙, and with one degree of freedom a half
    /// width of 12.706 · √(⅙ / 2).
    #[test]
    fn the_interval_is_that_of_least_squares() {
        let sizes = [(1, 0, 1.0), (2, 0, 2.0), (4, 0, 2.0)];
        let slope = Slope::fit(&sizes).unwrap();
        let (low, high) = slope.interval.unwrap();
        assert!((slope.slope - 0.5).abs() < 1e-12);
        assert!((high - low - 2.0 * 12.706 * (1.0_f64 / 12.0).sqrt()).abs() < 1e-9, "{low} to {high}");
        assert_eq!(slope.scaling(false), Scaling::CannotTell);
        // Without a degree of freedom there is no interval, and without two widths no slope.
        assert_eq!(Slope::fit(&sizes[..2]).unwrap().interval, None);
        assert_eq!(Slope::fit(&[(2, 0, 1.0), (2, 1, 3.0)]), None);
    }
}
