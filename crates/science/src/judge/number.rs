//! Forecasts of numbers: each outcome from those before it alone.

use super::density::{Student, log2_sum};
use super::fit::{Curve, Fitted, Tails, fit};
use super::row::{Forecast, Row};

/// Whoever foretells outcomes one by one.
pub(super) trait Predictor: Send {
    /// What is foretold of the next row, from those before it.
    fn forecast(&mut self, past: &[Row], next: &Row) -> Forecast;
    /// What came of it.
    fn learn(&mut self, row: &Row, resolution: f64);
    /// A copy, which may be asked about rows that never come.
    fn copy(&self) -> Box<dyn Predictor>;
}

/// log₂ of the probability that each row was given, from those before it.
pub(super) fn course(predictor: &mut dyn Predictor, rows: &[Row], resolution: f64) -> (Vec<f64>, Vec<Forecast>) {
    let mut forecasts = Vec::with_capacity(rows.len());
    let bits = rows.iter().enumerate().map(|(place, row)| {
        let forecast = predictor.forecast(&rows[..place], row);
        let bits = forecast.log2_mass(row.seen, resolution);
        forecasts.push(forecast);
        predictor.learn(row, resolution);
        bits
    });
    (bits.collect(), forecasts)
}

/// A few experts on one outcome, each weighted by how well it foretold those before.
#[derive(Clone, Debug, Default)]
pub(super) struct Experts {
    pub(super) bits: Vec<f64>,
    last: Vec<Student>,
}

impl Experts {
    pub(super) fn forecast(&mut self, experts: Vec<Student>) -> Forecast {
        self.bits.resize(experts.len(), 0.0);
        let sum = log2_sum(self.bits.iter().copied());
        let weights: Vec<f64> = self.bits.iter().map(|bits| libm::exp2(bits - sum).max(1e-6)).collect();
        let all: f64 = weights.iter().sum();
        let mixture = weights.iter().map(|weight| weight / all).zip(experts.iter().copied()).collect();
        self.last = experts;
        Forecast::Number(mixture)
    }

    pub(super) fn learn(&mut self, row: &Row, resolution: f64) {
        for (bits, expert) in self.bits.iter_mut().zip(&self.last) {
            *bits += Forecast::Number(vec![(1.0, *expert)]).log2_mass(row.seen, resolution);
        }
    }
}

/// A curve with normal and with heavy tails. Until there are more rows than parameters it foretells what the constant does.
#[derive(Clone)]
pub(super) struct CurvePredictor<C> {
    pub(super) curve: C,
    fits: [Option<Fitted>; 2],
    /// The number of rows that the fits are of.
    n_fitted: usize,
    pub(super) experts: Experts,
    fallback: Option<Box<CurvePredictor<Constant>>>,
    least_scale: f64,
}

impl<C: Curve> CurvePredictor<C> {
    pub(super) fn new(curve: C, least_scale: f64) -> Self {
        let fallback = CurvePredictor {
            curve: Constant,
            fits: [None, None],
            n_fitted: 0,
            experts: Experts::default(),
            fallback: None,
            least_scale,
        };
        Self {
            curve,
            fits: [None, None],
            n_fitted: 0,
            experts: Experts::default(),
            fallback: Some(Box::new(fallback)),
            least_scale,
        }
    }
}

impl CurvePredictor<Constant> {
    pub(super) fn constant(least_scale: f64) -> Self {
        Self {
            curve: Constant,
            fits: [None, None],
            n_fitted: 0,
            experts: Experts::default(),
            fallback: None,
            least_scale,
        }
    }
}

/// Rows after which an earlier fit is where the next one begins, but for those at which the number of rows has doubled.
const COLD: usize = 8;

impl<C: Curve + Clone + Send + 'static> Predictor for CurvePredictor<C> {
    fn copy(&self) -> Box<dyn Predictor> {
        Box::new(self.clone())
    }

    fn forecast(&mut self, past: &[Row], next: &Row) -> Forecast {
        let fallback = self.fallback.as_mut().map(|fallback| fallback.forecast(past, next));
        let n = self.curve.len();
        let is_warm = past.len() > COLD && !past.len().is_power_of_two();
        let students = (past.len() > n + 1).then(|| {
            Tails::BOTH.map(|tails| {
                let place = tails as usize;
                let known = self.fits[place].take();
                let fitted = match known {
                    Some(known) if self.n_fitted == past.len() => known,
                    known => fit(&self.curve, past, tails, self.least_scale, known.filter(|_| is_warm).as_ref())?,
                };
                let Some(location) = self.curve.at(next, &fitted.parameters) else {
                    self.fits[place] = Some(fitted);
                    return None;
                };
                let wider = fitted.widening(&self.curve, next);
                let freedom = ((past.len() - n) as f64).min(tails.freedom());
                let scale = (fitted.scale * wider).max(self.least_scale);
                self.fits[place] = Some(fitted);
                Some(Student { location, scale, freedom })
            })
        });
        self.n_fitted = past.len();
        match (students, fallback) {
            (Some([Some(normal), Some(heavy)]), _) => self.experts.forecast(vec![normal, heavy]),
            (_, Some(fallback)) => {
                self.experts.last.clear();
                fallback
            }
            // Nothing is known of the number.
            (_, None) => self.experts.forecast(vec![
                Student {
                    location: 0.0,
                    scale: 10.0_f64.max(self.least_scale),
                    freedom: 1.0
                };
                2
            ]),
        }
    }

    fn learn(&mut self, row: &Row, resolution: f64) {
        if let Some(fallback) = self.fallback.as_mut() {
            fallback.learn(row, resolution);
        }
        self.experts.learn(row, resolution);
    }
}

/// One value for all rows.
#[derive(Clone)]
pub(super) struct Constant;

impl Curve for Constant {
    fn len(&self) -> usize {
        1
    }

    fn at(&self, _row: &Row, parameters: &[f64]) -> Option<f64> {
        Some(parameters[0])
    }

    fn prior(&self, _parameter: usize) -> (f64, f64) {
        (0.0, 1e4)
    }

    fn starts(&self) -> Vec<Vec<f64>> {
        vec![vec![0.0]]
    }
}
