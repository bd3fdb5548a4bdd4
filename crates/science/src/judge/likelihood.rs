//! The likeliest member of a family for rows that were seen: what a forecast has to beat for its evidence to be valid however often one
//! looks (universal inference: Wasserman, Ramdas, Balakrishnan 2020, arXiv:1912.11436).

use super::density::{Student, ln_constant};
use super::event::fit_odds;
use super::fit::{Curve, Fitted, Tails, fit};
use super::number::Constant;
use super::row::{Row, Seen};
use std::f64::consts::LN_2;

/// Degrees of freedom of the families of errors: normal, with heavy tails, and heavier.
const FREEDOMS: [f64; 4] = [f64::INFINITY, 8.0, 3.0, 1.0];

/// log₂ of the probability of the rows under the likeliest constant with the likeliest width and tails: the reference R0 of numbers.
pub(super) fn likeliest_constant(rows: &[Row], resolution: f64) -> f64 {
    let fits = Tails::BOTH.map(|tails| fit(&Constant, rows, tails, resolution, None));
    let mut best = f64::NEG_INFINITY;
    for fitted in fits.into_iter().flatten() {
        for freedom in FREEDOMS {
            best = best.max(climb(rows, resolution, freedom, fitted.parameters[0], fitted.scale, |row, shift| {
                Some(shift + 0.0 * row.x.len() as f64)
            }));
        }
    }
    best
}

/// The same for a curve: as likely as its parameters, a width and tails make the rows.
pub(super) fn likeliest_curve(curve: &dyn Curve, rows: &[Row], resolution: f64) -> f64 {
    let fits = Tails::BOTH.map(|tails| fit(curve, rows, tails, resolution, None));
    let mut best = f64::NEG_INFINITY;
    for fitted in fits.into_iter().flatten() {
        best = best.max(likeliest_around(curve, &fitted, rows, resolution));
    }
    best
}

pub(super) fn likeliest_around(curve: &dyn Curve, fitted: &Fitted, rows: &[Row], resolution: f64) -> f64 {
    FREEDOMS.into_iter().fold(f64::NEG_INFINITY, |best, freedom| {
        best.max(climb(rows, resolution, freedom, 0.0, fitted.scale, |row, shift| {
            Some(curve.at(row, &fitted.parameters)? + shift)
        }))
    })
}

/// The likeliest shift and width by coordinates: the logarithm is unimodal in each, near a fit.
fn climb(
    rows: &[Row],
    resolution: f64,
    freedom: f64,
    shift: f64,
    scale: f64,
    at: impl Fn(&Row, f64) -> Option<f64>,
) -> f64 {
    let constant = ln_constant(freedom);
    let bits = |shift: f64, scale: f64| -> f64 {
        let scale = scale.max(resolution);
        let ln_bin = constant - libm::log(scale) + libm::log(resolution);
        rows.iter()
            .filter_map(|row| {
                let student = Student { location: at(row, shift)?, scale, freedom };
                Some(match row.seen {
                    Seen::Number(z) if scale < 3.0 * resolution => student.log2_mass(z, resolution),
                    Seen::Number(z) => (student.ln_kernel(z) + ln_bin) / LN_2,
                    Seen::Above(z) => libm::log2(student.above(z).max(f64::MIN_POSITIVE)),
                    Seen::Event(_) => 0.0,
                })
            })
            .sum()
    };
    let (mut shift, mut ln_scale) = (shift, libm::log(scale.max(resolution)));
    for _ in 0..3 {
        let reach = libm::exp(ln_scale);
        shift = golden(|x| bits(x, libm::exp(ln_scale)), shift - reach, shift + reach);
        ln_scale = golden(|x| bits(shift, libm::exp(x)), ln_scale - 1.5, ln_scale + 1.5);
    }
    bits(shift, libm::exp(ln_scale))
}

fn golden(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (high - RATIO * (high - low), low + RATIO * (high - low));
    let (mut of_a, mut of_b) = (f(a), f(b));
    for _ in 0..18 {
        if of_a >= of_b {
            (high, b, of_b) = (b, a, of_a);
            a = high - RATIO * (high - low);
            of_a = f(a);
        } else {
            (low, a, of_a) = (a, b, of_b);
            b = low + RATIO * (high - low);
            of_b = f(b);
        }
    }
    f64::midpoint(low, high)
}

/// log₂ of the probability of the rows under the likeliest frequency: R0 of events.
pub(super) fn likeliest_frequency(rows: &[Row]) -> f64 {
    let n = rows.len() as f64;
    let k = rows.iter().filter(|row| row.seen == Seen::Event(true)).count() as f64;
    let term = |count: f64| if count == 0.0 { 0.0 } else { count * libm::log2(count / n) };
    term(k) + term(n - k)
}

/// log₂ of the probability of the rows under the likeliest odds of a curve, nearly without its priors.
pub(super) fn likeliest_odds(curve: &dyn Curve, rows: &[Row]) -> f64 {
    fit_odds(curve, rows, None, 4.0).map_or(f64::NEG_INFINITY, |fitted| fitted.ln_likelihood / LN_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[f64]) -> Vec<Row> {
        values.iter().enumerate().map(|(run, z)| Row { x: Vec::new(), seen: Seen::Number(*z), run }).collect()
    }

    /// Against a fine grid over the middle, the width and the tails.
    #[test]
    fn the_likeliest_constant_is_that_of_a_grid() {
        for values in [vec![1.0, 1.1, 0.8, 1.3, 0.9, 1.05], vec![0.0, 0.1, -0.2, 0.05, 9.0], vec![2.0; 5]] {
            let rows = rows(&values);
            let resolution = 0.01;
            let found = likeliest_constant(&rows, resolution);
            let mut best = f64::NEG_INFINITY;
            for freedom in FREEDOMS {
                for i in 0..400 {
                    let location = -1.0 + f64::from(i) * 0.01;
                    for j in 0..80 {
                        let scale = resolution * (f64::from(j) * 0.1).exp();
                        let student = Student { location, scale, freedom };
                        best = best.max(values.iter().map(|z| student.log2_mass(*z, resolution)).sum());
                    }
                }
            }
            assert!(found > best - 0.05, "{values:?}: {found} {best}");
        }
    }
}
