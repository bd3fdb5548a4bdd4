//! Student's t distribution.

use super::Z95;
use std::cmp::Ordering;

/// Two-sided 95 % quantile of Student's t; `None` without a degree of freedom.
pub fn student_t95(degrees: usize) -> Option<f64> {
    const TABLE: [f64; 15] =
        [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131];
    match degrees.cmp(&1) {
        Ordering::Less => None,
        // From 16 degrees on, the first terms of its expansion in 1/ν, off by less than 10⁻³.
        _ => Some(TABLE.get(degrees - 1).copied().unwrap_or_else(|| {
            let (z, v) = (Z95, degrees as f64);
            z + (z.powi(3) + z) / (4.0 * v) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v * v)
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_published_tables() {
        for (degrees, expected) in
            [(1, 12.7062), (2, 4.3027), (5, 2.5706), (15, 2.1314), (16, 2.1199), (30, 2.0423), (120, 1.9799)]
        {
            let found = student_t95(degrees).unwrap();
            assert!((found - expected).abs() < 1e-3, "{degrees}: {found}");
        }
        assert_eq!(student_t95(0), None);
    }
}
