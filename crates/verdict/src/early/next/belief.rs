//! What is believed of runs that were not made: whether they generalize, and when.
//!
//! ```text
//! P(y = 1 | x) = σ(θᵀx)        θ ~ N(μ₀, S₀), x = (1, shipped log odds, settings); Laplace: θ ~ N(μ, Σ), Σ⁻¹ = S₀⁻¹ + Σ p(1 − p) x xᵀ
//! ln t = f₀(x) + βᵀx + ε       β ~ N(0, B₀), ε ~ N(0, s²), over runs that did; f₀ what the shipped verdict says, or the mean of all
//! ```
//!
//! Where the verdict that is shipped knows the kind, its log odds come in with weight one, and few runs move it; elsewhere the runs of the
//! table speak alone.

use super::grid::Cell;
use crate::early::trees::probability;

/// Standard deviations that are believed in before any run.
struct Before {
    intercept: f64,
    shipped: f64,
    setting: f64,
}

/// Of a kind that the shipped verdict knows, and of another.
const KNOWN: Before = Before { intercept: 1.0, shipped: 0.3, setting: 0.7 };
const UNKNOWN: Before = Before { intercept: 4.0, shipped: 1e-3, setting: 4.0 };
/// Standard deviations of the weights that ln t is believed to have, for known kinds and for others.
const TIME_KNOWN: Before = Before { intercept: 0.5, shipped: 1e-3, setting: 0.3 };
const TIME_UNKNOWN: Before = Before { intercept: 1.5, shipped: 1e-3, setting: 1.0 };
/// Least and usual spread of ln t between seeds.
const SPREAD: (f64, f64) = (0.1, 0.3);

/// A normal distribution of weights.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    pub(super) mean: Vec<f64>,
    /// Σ, by rows.
    covariance: Vec<Vec<f64>>,
}

impl Normal {
    fn independent(deviations: &[f64], mean: Vec<f64>) -> Self {
        let n = deviations.len();
        let entry = |i: usize, j: usize| if i == j { deviations[i] * deviations[i] } else { 0.0 };
        Self { mean, covariance: (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect() }
    }

    /// Σx.
    fn times(&self, x: &[f64]) -> Vec<f64> {
        self.covariance.iter().map(|row| dot(row, x)).collect()
    }

    /// Mean and variance of θᵀx.
    pub(super) fn of(&self, x: &[f64]) -> (f64, f64) {
        (dot(&self.mean, x), dot(&self.times(x), x).max(0.0))
    }

    /// Hears of xᵀθ with precision `weight`: Σ ← Σ − Σx xᵀΣ w/(1 + w xᵀΣx). The mean moves by `pull` along the new Σx.
    pub(super) fn hear(&mut self, x: &[f64], weight: f64, pull: f64) {
        let along = self.times(x);
        let gain = 1.0 / (1.0 + weight * dot(&along, x));
        for (row, &a) in self.covariance.iter_mut().zip(&along) {
            row.iter_mut().zip(&along).for_each(|(entry, &b)| *entry -= a * b * weight * gain);
        }
        self.mean.iter_mut().zip(&along).for_each(|(mean, &a)| *mean += a * gain * pull);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What is believed of runs that were not made: the log odds that they generalize, and when they do.
#[derive(Clone, Debug)]
pub(super) struct Belief {
    /// θ.
    pub(super) odds: Normal,
    /// β.
    pub(super) times: Normal,
    /// s.
    pub(super) spread: f64,
    /// f₀ where the shipped verdict says nothing; `None` where no run generalized either.
    base: Option<f64>,
}

/// Newton steps to the most likely θ.
const NEWTON: usize = 30;

impl Belief {
    /// From the runs that were made; `hopes` are what is believed of each weight before any, in kinds that the shipped verdict does not know.
    pub(super) fn of(known: &[Cell], hopes: &[f64]) -> Self {
        let width = known.first().map_or(2, |cell| cell.x.len());
        let knows = known.iter().all(|cell| cell.shipped.is_some());
        let deviations = |before: &Before| {
            let mut deviations = vec![before.setting; width];
            (deviations[0], deviations[1]) = (before.intercept, before.shipped);
            deviations
        };
        // Where the shipped verdict knows the kind it has the direction already.
        let mut mean = if knows { vec![0.0; width] } else { hopes.to_vec() };
        mean[1] = 1.0;
        let prior = Normal::independent(&deviations(if knows { &KNOWN } else { &UNKNOWN }), mean);
        let odds = laplace(&prior, known);
        let generalized: Vec<(&Cell, f64)> =
            known.iter().filter_map(|cell| Some((cell, (cell.generalized? as f64).max(1.0).ln()))).collect();
        let mean_log = |logs: &[(&Cell, f64)]| {
            (!logs.is_empty()).then(|| logs.iter().map(|(_, log)| log).sum::<f64>() / logs.len() as f64)
        };
        let base = mean_log(&generalized);
        let before = deviations(if knows { &TIME_KNOWN } else { &TIME_UNKNOWN });
        let (mut times, mut spread) = (Normal::independent(&before, vec![0.0; width]), SPREAD.1);
        // Twice: the spread between seeds is read off what the first leaves over.
        for _ in 0..2 {
            times = Normal::independent(&before, vec![0.0; width]);
            for (cell, log) in &generalized {
                let from = cell.shipped.map_or(base.unwrap_or(0.0), |shipped| shipped.log_time);
                let weight = 1.0 / (spread * spread);
                let error = log - from - dot(&times.mean, &cell.x);
                times.hear(&cell.x, weight, weight * error);
            }
            let left = generalized.iter().map(|(cell, log)| {
                let from = cell.shipped.map_or(base.unwrap_or(0.0), |shipped| shipped.log_time);
                (log - from - dot(&times.mean, &cell.x)).powi(2)
            });
            // Three usual runs beside those that there are.
            let n = generalized.len() as f64 + 3.0;
            spread = ((left.sum::<f64>() + 3.0 * SPREAD.1 * SPREAD.1) / n).sqrt().max(SPREAD.0);
        }
        Self { odds, times, spread, base }
    }

    /// ln t of a run if it generalizes: mean and standard deviation, a new seed's spread in it. `None` where no run says anything.
    pub(super) fn log_time(&self, cell: &Cell) -> Option<(f64, f64)> {
        let from = cell.shipped.map_or(self.base, |shipped| Some(shipped.log_time))?;
        let (mean, variance) = self.times.of(&cell.x);
        // Of runs that generalize within their steps, so that none takes more.
        Some(((from + mean).min((cell.steps.max(1) as f64).ln()), (variance + self.spread * self.spread).sqrt()))
    }
}

/// P(y = 1) where the log odds are normal (`MacKay` 1992).
pub(super) fn chance((mean, variance): (f64, f64)) -> f64 {
    probability(mean / (1.0 + std::f64::consts::PI * variance / 8.0).sqrt())
}

/// The normal distribution about the most likely θ.
fn laplace(prior: &Normal, known: &[Cell]) -> Normal {
    let mut mean = prior.mean.clone();
    let mut found = prior.clone();
    for _ in 0..NEWTON {
        // One step: weighted least squares of the working response, heard run by run.
        let mut next = prior.clone();
        for cell in known {
            let eta = dot(&mean, &cell.x);
            let p = probability(eta);
            let weight = (p * (1.0 - p)).max(1e-4);
            let working = eta + (f64::from(u8::from(cell.generalized.is_some())) - p) / weight;
            let error = working - dot(&next.mean, &cell.x);
            next.hear(&cell.x, weight, weight * error);
        }
        let moved = next.mean.iter().zip(&mean).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        // Damped where it would leap.
        let share = if moved > 2.0 { 2.0 / moved } else { 1.0 };
        mean.iter_mut().zip(&next.mean).for_each(|(mean, next)| *mean += share * (next - *mean));
        found = Normal { mean: mean.clone(), covariance: next.covariance };
        if moved < 1e-9 {
            break;
        }
    }
    found
}
