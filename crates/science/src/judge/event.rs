//! Forecasts of events: each outcome from those before it alone.

use super::fit::{Curve, inverse, times};
use super::number::Predictor;
use super::reference::{BANDWIDTHS, PowerLaw, distance2};
use super::row::{Axes, Forecast, Row, Seen};
use std::sync::Arc;

/// How often it happened so far, with half a case of each before anything is seen (Krichevsky and Trofimov 1981). The reference R0.
#[derive(Clone, Default)]
pub(super) struct Frequency {
    happened: f64,
    n: f64,
}

impl Predictor for Frequency {
    fn copy(&self) -> Box<dyn Predictor> {
        Box::new(self.clone())
    }

    fn forecast(&mut self, _past: &[Row], _next: &Row) -> Forecast {
        Forecast::Event((self.happened + 0.5) / (self.n + 1.0))
    }

    fn learn(&mut self, row: &Row, _resolution: f64) {
        if let Seen::Event(happened) = row.seen {
            self.happened += f64::from(u8::from(happened));
            self.n += 1.0;
        }
    }
}

/// A logistic function of a curve, with what is unknown of its parameters spread over the odds (`MacKay` 1992).
#[derive(Clone)]
pub(super) struct Odds<C> {
    curve: C,
    fitted: Option<FittedOdds>,
    /// The number of rows that the fit is of.
    n_fitted: usize,
    frequency: Frequency,
}

impl<C: Curve> Odds<C> {
    pub(super) fn new(curve: C) -> Self {
        Self { curve, fitted: None, n_fitted: 0, frequency: Frequency::default() }
    }
}

/// Fewer rows are foretold by their frequency.
const FEWEST: usize = 4;
/// The share that the frequency has in every forecast, so that one surprise of a sharp boundary costs a few bits.
const DOUBT: f64 = 0.02;

impl<C: Curve + Clone + Send + 'static> Predictor for Odds<C> {
    fn copy(&self) -> Box<dyn Predictor> {
        Box::new(self.clone())
    }

    fn forecast(&mut self, past: &[Row], next: &Row) -> Forecast {
        let frequency = self.frequency.forecast(past, next);
        if past.len() < FEWEST {
            return frequency;
        }
        let is_warm = past.len() > 8 && !past.len().is_power_of_two();
        if self.n_fitted != past.len() {
            let warm = self.fitted.take().filter(|_| is_warm);
            self.fitted = fit_odds(&self.curve, past, warm.as_ref(), 1.0);
            self.n_fitted = past.len();
        }
        let p = self.fitted.as_ref().and_then(|fitted| fitted.probability(&self.curve, next));
        match (p, frequency) {
            (Some(p), Forecast::Event(often)) => Forecast::Event((1.0 - DOUBT) * p + DOUBT * often),
            (_, frequency) => frequency,
        }
    }

    fn learn(&mut self, row: &Row, resolution: f64) {
        self.frequency.learn(row, resolution);
    }
}

/// R1 for events: the odds as a power law of everything that was varied, with slopes thought to be small, middling or large.
#[derive(Clone)]
pub(super) struct PowerOdds {
    axes: Arc<Axes>,
    inner: Vec<Odds<PowerLaw>>,
    /// How well each did so far, in bits, and what each foretold last.
    bits: [f64; ODDS_WIDTHS.len()],
    last: [f64; ODDS_WIDTHS.len()],
    frequency: Frequency,
    varied: Vec<usize>,
}

/// Odds change by factors of e to these powers over a factor of e.
const ODDS_WIDTHS: [f64; 3] = [1.0, 4.0, 16.0];

impl PowerOdds {
    pub(super) fn new(axes: &Arc<Axes>) -> Self {
        Self {
            axes: axes.clone(),
            inner: Vec::new(),
            bits: [0.0; 3],
            last: [0.5; 3],
            frequency: Frequency::default(),
            varied: Vec::new(),
        }
    }
}

impl Predictor for PowerOdds {
    fn copy(&self) -> Box<dyn Predictor> {
        Box::new(self.clone())
    }

    fn forecast(&mut self, past: &[Row], next: &Row) -> Forecast {
        let varied = self.axes.varied_with(past, next);
        if self.inner.is_empty() || varied != self.varied {
            self.inner = ODDS_WIDTHS
                .map(|width| Odds::new(PowerLaw { axes: self.axes.clone(), varied: varied.clone(), width }))
                .into();
            self.varied = varied;
        }
        for (inner, last) in self.inner.iter_mut().zip(&mut self.last) {
            inner.frequency = self.frequency.clone();
            if let Forecast::Event(p) = inner.forecast(past, next) {
                *last = p;
            }
        }
        Forecast::Event(mean_of_experts(&self.bits, &self.last))
    }

    fn learn(&mut self, row: &Row, resolution: f64) {
        for (bits, p) in self.bits.iter_mut().zip(&self.last) {
            *bits += Forecast::Event(*p).log2_mass(row.seen, resolution);
        }
        self.frequency.learn(row, resolution);
    }
}

/// The mean of what experts say, each weighted by how well it did.
fn mean_of_experts(bits: &[f64], said: &[f64]) -> f64 {
    let most = bits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights = bits.iter().map(|bits| libm::exp2(bits - most));
    weights.clone().zip(said).map(|(weight, p)| weight * p).sum::<f64>() / weights.sum::<f64>()
}

/// R2 for events: how often it happened near by.
#[derive(Clone)]
pub(super) struct NearFrequency {
    axes: Arc<Axes>,
    bits: [f64; BANDWIDTHS.len()],
    last: [f64; BANDWIDTHS.len()],
    frequency: Frequency,
}

impl NearFrequency {
    pub(super) fn new(axes: &Arc<Axes>) -> Self {
        Self { axes: axes.clone(), bits: [0.0; 3], last: [0.5; 3], frequency: Frequency::default() }
    }
}

impl Predictor for NearFrequency {
    fn copy(&self) -> Box<dyn Predictor> {
        Box::new(self.clone())
    }

    fn forecast(&mut self, past: &[Row], next: &Row) -> Forecast {
        let Forecast::Event(often) = self.frequency.forecast(past, next) else {
            unreachable!("a frequency is of an event")
        };
        let distances: Vec<f64> = past.iter().map(|row| distance2(&self.axes, row, next)).collect();
        for (place, width) in BANDWIDTHS.iter().enumerate() {
            let (mut sum, mut weights) = (often, 1.0);
            for (row, distance2) in past.iter().zip(&distances) {
                let weight = libm::exp(-0.5 * distance2 / (width * width));
                sum += weight * f64::from(u8::from(row.seen == Seen::Event(true)));
                weights += weight;
            }
            self.last[place] = sum / weights;
        }
        Forecast::Event(mean_of_experts(&self.bits, &self.last))
    }

    fn learn(&mut self, row: &Row, resolution: f64) {
        for (bits, p) in self.bits.iter_mut().zip(&self.last) {
            *bits += Forecast::Event(*p).log2_mass(row.seen, resolution);
        }
        self.frequency.learn(row, resolution);
    }
}

/// Odds that were fitted.
#[derive(Clone)]
pub(super) struct FittedOdds {
    pub(super) parameters: Vec<f64>,
    inverse: Vec<f64>,
    /// The logarithm of the probability of the rows, without the prior.
    pub(super) ln_likelihood: f64,
    objective: f64,
}

/// The likeliest odds under the prior, whose widths are widened by `widen`.
pub(super) fn fit_odds(curve: &dyn Curve, rows: &[Row], warm: Option<&FittedOdds>, widen: f64) -> Option<FittedOdds> {
    let (starts, iterations) = match warm {
        Some(warm) => (vec![warm.parameters.clone()], 4),
        None => (curve.starts(), 25),
    };
    // A coarse look at every start, then the best three are followed.
    let mut begun: Vec<(f64, Vec<f64>)> = starts
        .into_iter()
        .filter_map(|start| Some((OddsEquations::at(curve, rows, &start, widen)?.objective, start)))
        .collect();
    begun.sort_by(|a, b| b.0.total_cmp(&a.0));
    let ends = begun.into_iter().take(3).filter_map(|(_, start)| climb(curve, rows, start, iterations, widen));
    ends.max_by(|a, b| a.objective.total_cmp(&b.objective))
}

fn climb(curve: &dyn Curve, rows: &[Row], start: Vec<f64>, iterations: usize, widen: f64) -> Option<FittedOdds> {
    let n = curve.len();
    let mut parameters = start;
    let mut equations = OddsEquations::at(curve, rows, &parameters, widen)?;
    let mut damping = 1e-3;
    for _ in 0..iterations {
        let mut matrix = equations.matrix.clone();
        (0..n).for_each(|i| matrix[i * n + i] *= 1.0 + damping);
        let step = inverse(&matrix, n).map(|inverse| times(&inverse, &equations.gradient, n));
        let next: Option<Vec<f64>> =
            step.map(|step| parameters.iter().zip(&step).map(|(a, b)| a + b.clamp(-4.0, 4.0)).collect());
        let tried = next.and_then(|next| Some((OddsEquations::at(curve, rows, &next, widen)?, next)));
        match tried.filter(|(tried, _)| tried.objective >= equations.objective) {
            Some((tried, next)) => {
                let is_still = tried.objective - equations.objective < 1e-9;
                (equations, parameters, damping) = (tried, next, damping * 0.2);
                if is_still {
                    break;
                }
            }
            None if damping > 1e6 => break,
            None => damping *= 8.0,
        }
    }
    let inverse = inverse(&equations.matrix, n)?;
    Some(FittedOdds { parameters, inverse, ln_likelihood: equations.ln_likelihood, objective: equations.objective })
}

struct OddsEquations {
    matrix: Vec<f64>,
    gradient: Vec<f64>,
    objective: f64,
    ln_likelihood: f64,
}

fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

impl OddsEquations {
    fn at(curve: &dyn Curve, rows: &[Row], parameters: &[f64], widen: f64) -> Option<Self> {
        let n = curve.len();
        let (mut matrix, mut gradient, mut ln_likelihood) = (vec![0.0; n * n], vec![0.0; n], 0.0);
        let mut moved = parameters.to_vec();
        let mut slope = vec![0.0; n];
        for row in rows {
            let Seen::Event(happened) = row.seen else { continue };
            // Outside of the domain nothing is said: an even chance.
            let Some(odds) = curve.at(row, parameters) else {
                ln_likelihood -= std::f64::consts::LN_2;
                continue;
            };
            let odds = odds.clamp(-30.0, 30.0);
            let p = logistic(odds);
            ln_likelihood -= libm::log1p(if happened { libm::exp(-odds) } else { libm::exp(odds) });
            for (place, slope) in slope.iter_mut().enumerate() {
                let by = 1e-6 * parameters[place].abs().max(1e-3);
                moved[place] = parameters[place] + by;
                *slope = curve.at(row, &moved).map_or(0.0, |there| (there.clamp(-30.0, 30.0) - odds) / by);
                moved[place] = parameters[place];
            }
            let (left, weight) = (f64::from(u8::from(happened)) - p, (p * (1.0 - p)).max(1e-6));
            for i in 0..n {
                gradient[i] += slope[i] * left;
                for j in 0..n {
                    matrix[i * n + j] += weight * slope[i] * slope[j];
                }
            }
        }
        let mut objective = ln_likelihood;
        for place in 0..n {
            let (middle, width) = curve.prior(place);
            let width = width * widen;
            let off = (parameters[place] - middle) / width;
            objective -= 0.5 * off * off;
            gradient[place] -= off / width;
            matrix[place * n + place] += 1.0 / (width * width);
        }
        objective.is_finite().then_some(Self { matrix, gradient, objective, ln_likelihood })
    }
}

impl FittedOdds {
    /// The probability at a row, moderated: σ(m / √(1 + π v / 8)). A parameter that scales the odds would by itself make any odds small that
    /// way; over that one is averaged instead, at three points of its distribution.
    fn probability(&self, curve: &dyn Curve, row: &Row) -> Option<f64> {
        let n = self.parameters.len();
        let Some(scaling) = curve.scaling() else { return self.moderated(curve, row, None, &self.parameters) };
        let deviation = self.inverse[scaling * n + scaling].max(0.0).sqrt();
        let at = |shift: f64| {
            let mut parameters = self.parameters.clone();
            parameters[scaling] += shift * deviation;
            self.moderated(curve, row, Some(scaling), &parameters)
        };
        let far = 3.0_f64.sqrt();
        Some(2.0 / 3.0 * at(0.0)? + (at(-far)? + at(far)?) / 6.0)
    }

    fn moderated(&self, curve: &dyn Curve, row: &Row, without: Option<usize>, parameters: &[f64]) -> Option<f64> {
        let n = self.parameters.len();
        let odds = curve.at(row, parameters)?;
        let mut moved = parameters.to_vec();
        let slope: Vec<f64> = (0..n)
            .map(|place| {
                if without == Some(place) {
                    return 0.0;
                }
                let by = 1e-6 * parameters[place].abs().max(1e-3);
                moved[place] += by;
                let slope = curve.at(row, &moved).map_or(0.0, |there| (there - odds) / by);
                moved[place] = parameters[place];
                slope
            })
            .collect();
        let variance: f64 = slope.iter().zip(times(&self.inverse, &slope, n)).map(|(a, b)| a * b).sum();
        Some(logistic(odds / (1.0 + std::f64::consts::FRAC_PI_8 * variance.max(0.0)).sqrt()))
    }
}
