//! A quick fit of every product: least squares in logarithms for numbers, a logistic function for events.

use super::product::Sketch;
use super::search::Quantity;
use crate::judge::RunRecord;
use crate::judge::{Scale, solve};
use crate::lab::{LabCard, Observable, Outcome};

/// Rates every sketch: bits over the best constant, less what its factors and its free constants cost.
pub(super) fn rate(
    _card: &LabCard,
    target: &Observable,
    quantities: &[Quantity],
    runs: &[RunRecord],
    sketches: &mut [Sketch],
) {
    match Scale::of(target) {
        Some(scale) => rate_numbers(scale, &target.name, quantities, runs, sketches),
        None => rate_events(&target.name, quantities, runs, sketches),
    }
}

fn rate_numbers(scale: Scale, target: &str, quantities: &[Quantity], runs: &[RunRecord], sketches: &mut [Sketch]) {
    let seen: Vec<(usize, f64)> = runs
        .iter()
        .enumerate()
        .filter_map(|(place, run)| match run.outcomes.get(target)? {
            Outcome::Value(value) | Outcome::Censored(value) => scale.scaled(*value).map(|z| (place, z)),
            _ => None,
        })
        .collect();
    let n = seen.len() as f64;
    if seen.len() < 3 {
        return;
    }
    let mean = seen.iter().map(|(_, z)| z).sum::<f64>() / n;
    let all: f64 = seen.iter().map(|(_, z)| (z - mean).powi(2)).sum::<f64>().max(n * scale.resolution.powi(2));
    for sketch in sketches.iter_mut() {
        let free: Vec<usize> = (0..quantities.len()).filter(|place| sketch.powers[*place].is_none()).collect();
        let ln: Vec<f64> = seen.iter().map(|(run, _)| sketch.ln_at(quantities, *run)).collect();
        let rest = if scale.logarithmic {
            // z − ln product = ln c + Σ power · ln quantity.
            let columns: Vec<Vec<f64>> = free
                .iter()
                .map(|place| seen.iter().map(|(run, _)| libm::log(quantities[*place].values[*run])).collect())
                .collect();
            let left: Vec<f64> = seen.iter().zip(&ln).map(|((_, z), ln)| z - ln).collect();
            squares_left(&left, &columns)
        } else {
            // z = c · product, where free powers are not looked for quickly.
            let x: Vec<f64> = ln.iter().map(|ln| libm::exp(*ln)).collect();
            let (xz, xx) = seen.iter().zip(&x).fold((0.0, 0.0), |(xz, xx), ((_, z), x)| (xz + x * z, xx + x * x));
            seen.iter().zip(&x).map(|((_, z), x)| (z - xz / xx * x).powi(2)).sum()
        };
        let rest = rest.max(n * scale.resolution.powi(2) / 12.0);
        sketch.bits =
            0.5 * n * libm::log2(all / rest) - 0.5 * (free.len() as f64) * libm::log2(n) - sketch.rough_bits();
        if !sketch.bits.is_finite() {
            sketch.bits = f64::NEG_INFINITY;
        }
    }
}

/// The sum of squares that a line in these columns leaves.
fn squares_left(z: &[f64], columns: &[Vec<f64>]) -> f64 {
    let n = z.len() as f64;
    let centred = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / n;
        values.iter().map(|value| value - mean).collect::<Vec<f64>>()
    };
    let z = centred(z);
    let columns: Vec<Vec<f64>> = columns.iter().map(|column| centred(column)).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let all = dot(&z, &z);
    let k = columns.len();
    let matrix: Vec<f64> = (0..k * k)
        .map(|place| dot(&columns[place / k], &columns[place % k]) + if place / k == place % k { 1e-9 } else { 0.0 })
        .collect();
    let right: Vec<f64> = columns.iter().map(|column| dot(column, &z)).collect();
    let slopes = solve(&matrix, &right, k).unwrap_or_else(|| vec![0.0; k]);
    (all - slopes.iter().zip(&right).map(|(slope, right)| slope * right).sum::<f64>()).max(0.0)
}

fn rate_events(target: &str, quantities: &[Quantity], runs: &[RunRecord], sketches: &mut [Sketch]) {
    let seen: Vec<(usize, bool)> = runs
        .iter()
        .enumerate()
        .filter_map(|(place, run)| match run.outcomes.get(target)? {
            Outcome::Event(happened) => Some((place, *happened)),
            _ => None,
        })
        .collect();
    let n = seen.len() as f64;
    let happened = seen.iter().filter(|(_, happened)| *happened).count() as f64;
    if happened == 0.0 || happened == n {
        return;
    }
    let p = happened / n;
    let constant = n * (p * libm::log2(p) + (1.0 - p) * libm::log2(1.0 - p));
    for sketch in sketches.iter_mut() {
        let free: Vec<usize> = (0..quantities.len()).filter(|place| sketch.powers[*place].is_none()).collect();
        let left = sketch.left.expect("a boundary has a left side");
        let columns: Vec<Vec<f64>> = seen
            .iter()
            .map(|(run, _)| {
                let margin = libm::log(quantities[left].values[*run]) - sketch.ln_at(quantities, *run);
                [1.0, margin]
                    .into_iter()
                    .chain(free.iter().map(|place| libm::log(quantities[*place].values[*run])))
                    .collect()
            })
            .collect();
        let Some((slopes, bits)) = logistic_fit(&columns, &seen) else {
            sketch.bits = f64::NEG_INFINITY;
            continue;
        };
        sketch.is_turned = slopes[1] < 0.0;
        sketch.bits = bits - constant - 0.5 * (1.0 + free.len() as f64) * libm::log2(n) - sketch.rough_bits();
    }
}

/// Slopes and log₂ of the likelihood of a logistic function, slightly held back so that what is separable has an end.
fn logistic_fit(rows: &[Vec<f64>], seen: &[(usize, bool)]) -> Option<(Vec<f64>, f64)> {
    const HELD: f64 = 0.02;
    let k = rows.first()?.len();
    // Columns but the first are centred for the sake of the numbers.
    let means: Vec<f64> = (0..k)
        .map(|c| if c == 0 { 0.0 } else { rows.iter().map(|row| row[c]).sum::<f64>() / rows.len() as f64 })
        .collect();
    let mut slopes = vec![0.0; k];
    let mut ln = f64::NEG_INFINITY;
    for _ in 0..12 {
        let (mut matrix, mut gradient, mut now) = (vec![0.0; k * k], vec![0.0; k], 0.0);
        for (row, (_, happened)) in rows.iter().zip(seen) {
            let x = |c: usize| row[c] - means[c];
            let odds = (0..k).map(|c| slopes[c] * x(c)).sum::<f64>().clamp(-30.0, 30.0);
            let p = 1.0 / (1.0 + libm::exp(-odds));
            now -= libm::log1p(if *happened { libm::exp(-odds) } else { libm::exp(odds) });
            let (left, weight) = (f64::from(u8::from(*happened)) - p, (p * (1.0 - p)).max(1e-4));
            for i in 0..k {
                gradient[i] += left * x(i);
                for j in 0..k {
                    matrix[i * k + j] += weight * x(i) * x(j);
                }
            }
        }
        for c in 1..k {
            now -= 0.5 * HELD * slopes[c] * slopes[c];
            gradient[c] -= HELD * slopes[c];
            matrix[c * k + c] += HELD;
        }
        matrix[0] += 1e-6;
        if now < ln + 1e-4 {
            ln = ln.max(now);
            break;
        }
        ln = now;
        let step = solve(&matrix, &gradient, k)?;
        slopes.iter_mut().zip(step).for_each(|(slope, step)| *slope += step.clamp(-3.0, 3.0));
    }
    ln.is_finite().then_some((slopes, ln / std::f64::consts::LN_2))
}
