//! What the runs of one size say about its threshold, with the thresholds scattered about a law.
//!
//! ```text
//! L(θ, b) = Π over runs of P or 1 − P,     P = 1 / (1 + exp(−b (ln n − θ)))
//! L_τ(θ, b) = ∫ N(ε; 0, τ) L(θ + ε, b) dε
//! ```
//!
//! Tabulated over θ once, so that every law reads the same tables.

use super::runs::Size;
use super::threshold::{Cells, softplus};

/// Slopes b that are thought possible, log-uniform: from 10 % to 90 % of the runs while n grows by a factor of 4.3, or by 4.5 %
/// (e^(4.4/b)).
pub const LEAST_SLOPE: f64 = 3.0;
/// The other end.
pub const LARGEST_SLOPE: f64 = 100.0;
/// Slopes on the grid, 13 % apart; four times as many change an evidence by 0.004 nats (`tests`).
const N_SLOPES: usize = 28;
/// Standard deviations τ of a threshold's logarithm about a law that are thought possible, equally likely: none, and 2 % to 16 %. A law that holds to
/// no better than that is none, and nobody believes one to better than 2 % at sizes that can be trained.
pub const SCATTERS: [f64; 5] = [0.0, 0.02, 0.04, 0.08, 0.16];
/// Step of θ in a table. A quarter of the width 1/b of the sharpest transition; between the steps ln L is taken as linear, which is
/// wrong by at most (1/8) step² times its curvature, 0.02 for ten runs in the middle of the sharpest one.
const STEP: f64 = 0.0025;
/// How far a table goes beyond the amounts that were looked at, seven times the largest τ.
const MARGIN: f64 = 1.2;
/// Where a Gaussian is cut off; it has 7·10⁻⁶ of its mass beyond.
const CUT: f64 = 4.5;
/// ln of what is nothing beside the largest value of a table; keeps logarithms finite.
const NOTHING: f64 = -700.0;

/// `ln L_τ(θ, b)` of one size.
pub(super) struct SizeLikelihood {
    amounts: Vec<[f64; 3]>,
    /// θ of the first entry.
    low: f64,
    /// Entries a row.
    len: usize,
    /// Rows by τ, then b.
    rows: Vec<f64>,
    /// Largest entry of each row.
    peaks: Vec<f64>,
}

/// The slopes b of the grid, equally likely.
pub(super) fn slopes() -> Vec<f64> {
    let (low, high) = (LEAST_SLOPE.ln(), LARGEST_SLOPE.ln());
    (0..N_SLOPES).map(|i| (low + (high - low) * (i as f64 + 0.5) / N_SLOPES as f64).exp()).collect()
}

impl SizeLikelihood {
    pub(super) fn of(size: &Size, slopes: &[f64]) -> Self {
        let cells = Cells::of(&size.runs);
        let amounts: Vec<[f64; 3]> = cells
            .n
            .iter()
            .zip(cells.successes.iter().zip(&cells.totals))
            .map(|(n, (successes, total))| [n.ln(), *successes, *total])
            .collect();
        let low = amounts[0][0] - MARGIN;
        let high = amounts[amounts.len() - 1][0] + MARGIN;
        let len = ((high - low) / STEP).ceil() as usize + 1;
        let mut rows = Vec::with_capacity(SCATTERS.len() * slopes.len() * len);
        for tau in SCATTERS {
            let kernel = kernel(tau);
            let reach = kernel.len() / 2;
            for &b in slopes {
                let exact: Vec<f64> =
                    (0..len + 2 * reach).map(|i| direct(&amounts, low + (i as f64 - reach as f64) * STEP, b)).collect();
                rows.extend(smoothed(&exact, &kernel));
            }
        }
        let peaks = rows.chunks(len).map(|row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max)).collect();
        Self { amounts, low, len, rows, peaks }
    }

    /// `ln L_τ(θ, b)` for the `row`-th pair of τ and b; beyond the table, where it says nothing new, without τ.
    pub(super) fn at(&self, row: usize, theta: f64, b: f64) -> f64 {
        let place = (theta - self.low) / STEP;
        let whole = place.floor();
        if whole < 0.0 || whole as usize + 1 >= self.len {
            return direct(&self.amounts, theta, b);
        }
        let start = row * self.len + whole as usize;
        let [left, right] = [self.rows[start], self.rows[start + 1]];
        left + (place - whole) * (right - left)
    }

    /// The largest value of a row.
    pub(super) fn peak(&self, row: usize) -> f64 {
        self.peaks[row]
    }

    /// ln of the mean of L over θ uniform between `low` and `high`: the evidence of a size that obeys no law.
    pub(super) fn free(&self, (low, high): (f64, f64), b: f64) -> f64 {
        let n = ((high - low) / STEP).ceil().max(1.0);
        let values: Vec<f64> =
            (0..n as usize).map(|i| direct(&self.amounts, low + (high - low) * (i as f64 + 0.5) / n, b)).collect();
        ln_mean(&values)
    }
}

/// ln of the mean of what `logs` are the logarithms of.
pub(super) fn ln_mean(logs: &[f64]) -> f64 {
    let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    peak + (logs.iter().map(|log| (log - peak).exp()).sum::<f64>() / logs.len() as f64).ln()
}

/// ln L(θ, b), from ln n, runs that generalized and all runs of every amount.
pub(super) fn direct(amounts: &[[f64; 3]], theta: f64, b: f64) -> f64 {
    let of_amount = |[ln_n, successes, total]: &[f64; 3]| {
        let x = b * (ln_n - theta);
        successes * x - total * softplus(x)
    };
    amounts.iter().map(of_amount).sum()
}

/// A Gaussian of standard deviation `tau` on the steps of a table, with sum 1; a single 1 for none.
fn kernel(tau: f64) -> Vec<f64> {
    let reach = (CUT * tau / STEP).ceil() as i32;
    let weight = |i: i32| if tau == 0.0 { 1.0 } else { (-0.5 * (f64::from(i) * STEP / tau).powi(2)).exp() };
    let weights: Vec<f64> = (-reach..=reach).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn smoothed(logs: &[f64], kernel: &[f64]) -> Vec<f64> {
    if kernel.len() == 1 {
        return logs.to_vec();
    }
    let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let values: Vec<f64> = logs.iter().map(|log| (log - peak).exp()).collect();
    let mean = |window: &[f64]| window.iter().zip(kernel).map(|(value, weight)| value * weight).sum::<f64>();
    values.windows(kernel.len()).map(|window| peak + mean(window).ln().max(NOTHING)).collect()
}
