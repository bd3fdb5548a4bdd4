//! Densities and tails of Student's t, with the normal as its limit, in bits.

use std::f64::consts::{LN_2, PI};

/// From so many degrees of freedom on, t is the normal within the precision asked here.
const NORMAL: f64 = 1e6;

/// Student's t with its place and width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Student {
    pub(super) location: f64,
    pub(super) scale: f64,
    /// Degrees of freedom; ∞ for the normal.
    pub(super) freedom: f64,
}

impl Student {
    /// log₂ of the mass in a bin of this width around z, so that no spike can buy bits: the masses of all bins add up to 1, within 10⁻⁸
    /// where the density times the width stands for them.
    pub(super) fn log2_mass(self, z: f64, width: f64) -> f64 {
        if self.scale < 3.0 * width {
            let near = z.max(2.0 * self.location - z);
            let mass = self.above(near - width / 2.0) - self.above(near + width / 2.0);
            // Far out the difference of the tails is rounded off, and the density is flat.
            if mass > 1e-12 {
                return libm::log2(mass);
            }
        }
        (self.ln_kernel(z) + ln_constant(self.freedom) - libm::log(self.scale) + libm::log(width)) / LN_2
    }

    /// ln of the density without what does not depend on z.
    pub(super) fn ln_kernel(self, z: f64) -> f64 {
        let t = (z - self.location) / self.scale;
        if self.freedom >= NORMAL {
            -0.5 * t * t
        } else {
            -f64::midpoint(self.freedom, 1.0) * libm::log1p(t * t / self.freedom)
        }
    }

    /// The mass above z.
    pub(super) fn above(self, z: f64) -> f64 {
        let t = (z - self.location) / self.scale;
        let tail = if self.freedom >= NORMAL {
            0.5 * libm::erfc(t.abs() / std::f64::consts::SQRT_2)
        } else {
            0.5 * incomplete_beta(self.freedom / 2.0, 0.5, self.freedom / (self.freedom + t * t))
        };
        if t >= 0.0 { tail } else { 1.0 - tail }
    }
}

/// ln of the density at the middle, for a scale of 1.
pub(super) fn ln_constant(freedom: f64) -> f64 {
    if freedom >= NORMAL {
        return -0.5 * libm::log(2.0 * PI);
    }
    libm::lgamma(f64::midpoint(freedom, 1.0)) - libm::lgamma(freedom / 2.0) - 0.5 * libm::log(freedom * PI)
}

/// The regularized incomplete beta function `I_x(a, b)` by its continued fraction (*Numerical Recipes*, 6.4).
pub(super) fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let front =
        libm::exp(libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..500 {
        let m = f64::from(m);
        for step in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / not_zero(1.0 + step * d);
            c = not_zero(1.0 + step / c);
            h *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

/// log₂ Σ 2^bits.
pub(crate) fn log2_sum(bits: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = bits.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        most
    } else {
        most + libm::log2(bits.map(|bits| libm::exp2(bits - most)).sum::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_of_all_bins_add_up_to_one_and_tails_to_their_sums() {
        for freedom in [1.0, 3.0, 30.0, f64::INFINITY] {
            for (scale, width) in [(1.0, 1.0), (0.2, 1.0), (0.5, 0.1), (2.0, 0.3)] {
                let t = Student { location: 0.37, scale, freedom };
                let bin = |k: i64| t.log2_mass(k as f64 * width, width).exp2();
                let far = if freedom < 2.0 { 3_000_000 } else { 40_000 };
                let sum: f64 = (-far..=far).map(bin).sum();
                // The Cauchy distribution has a share of 2 / (π · 10⁵) beyond the sum.
                assert!(
                    (sum - 1.0).abs() < if freedom < 2.0 { 3e-6 } else { 1e-6 },
                    "{freedom} {scale} {width}: {sum}"
                );
            }
            let t = Student { location: -0.4, scale: 1.3, freedom };
            let fine = 0.001;
            let far = if freedom < 2.0 { 30_000_000 } else { 400_000 };
            let sum: f64 = (0..far).map(|k| t.log2_mass(0.8 + (f64::from(k) + 0.5) * fine, fine).exp2()).sum();
            assert!((sum - t.above(0.8)).abs() < 1e-4, "{freedom}: {sum} {}", t.above(0.8));
            assert!((t.above(0.8) + Student { location: 0.4, ..t }.above(-0.8) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_incomplete_beta_is_the_sum_of_binomials() {
        // I_p(k, n − k + 1) = P(X ≥ k), X binomial.
        for (n, k, p) in [(10, 3, 0.2), (20, 15, 0.7), (5, 1, 0.01), (40, 20, 0.5)] {
            let choose = |n: u64, k: u64| (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product::<f64>();
            let sum: f64 =
                (k..=n).map(|i| choose(n, i) * f64::powi(p, i as i32) * f64::powi(1.0 - p, (n - i) as i32)).sum();
            assert!((incomplete_beta(k as f64, (n - k + 1) as f64, p) - sum).abs() < 1e-12);
        }
    }
}
