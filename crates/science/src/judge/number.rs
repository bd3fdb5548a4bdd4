//! Forecasts of numbers: each outcome from those before it alone.

use super::density::{Student, log2_sum};
use super::fit::{Curve, Fitted, Tails, fit};
use super::row::{Axes, Forecast, Row, Scale, Seen};
use crate::expression::{Expression, Program};
use std::sync::Arc;

/// Whoever foretells outcomes one by one.
pub(super) trait Predictor {
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
struct Experts {
    bits: Vec<f64>,
    last: Vec<Student>,
}

impl Experts {
    fn forecast(&mut self, experts: Vec<Student>) -> Forecast {
        self.bits.resize(experts.len(), 0.0);
        let sum = log2_sum(self.bits.iter().copied());
        let weights: Vec<f64> = self.bits.iter().map(|bits| (bits - sum).exp2().max(1e-6)).collect();
        let all: f64 = weights.iter().sum();
        let mixture = weights.iter().map(|weight| weight / all).zip(experts.iter().copied()).collect();
        self.last = experts;
        Forecast::Number(mixture)
    }

    fn learn(&mut self, row: &Row, resolution: f64) {
        for (bits, expert) in self.bits.iter_mut().zip(&self.last) {
            *bits += Forecast::Number(vec![(1.0, *expert)]).log2_mass(row.seen, resolution);
        }
    }
}

/// A curve with normal and with heavy tails. Until there are more rows than parameters it foretells what the constant does.
#[derive(Clone)]
pub(super) struct CurvePredictor<C> {
    curve: C,
    fits: [Option<Fitted>; 2],
    /// The number of rows that the fits are of.
    n_fitted: usize,
    experts: Experts,
    fallback: Option<Box<CurvePredictor<Constant>>>,
    least_scale: f64,
}

impl<C: Curve> CurvePredictor<C> {
    pub(super) fn new(curve: C, least_scale: f64) -> Self {
        let fallback = CurvePredictor { curve: Constant, fits: [None, None], n_fitted: 0, experts: Experts::default(), fallback: None, least_scale };
        Self { curve, fits: [None, None], n_fitted: 0, experts: Experts::default(), fallback: Some(Box::new(fallback)), least_scale }
    }
}

impl CurvePredictor<Constant> {
    pub(super) fn constant(least_scale: f64) -> Self {
        Self { curve: Constant, fits: [None, None], n_fitted: 0, experts: Experts::default(), fallback: None, least_scale }
    }
}

/// Rows after which an earlier fit is where the next one begins, but for those at which the number of rows has doubled.
const COLD: usize = 8;

impl<C: Curve + Clone + 'static> Predictor for CurvePredictor<C> {
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
            (_, None) => self.experts.forecast(vec![Student { location: 0.0, scale: 10.0_f64.max(self.least_scale), freedom: 1.0 }; 2]),
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

/// The value of an expression with free constants, on the scale of the observable.
#[derive(Clone)]
pub(super) struct Law {
    program: Program,
    constants: Constants,
    scale: Scale,
}

/// What the free constants of an expression are.
#[derive(Clone)]
pub(super) struct Constants(Vec<Role>);

/// What a constant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It multiplies the whole, and is found as a logarithm.
    Factor,
    /// It is a power.
    Power,
    /// It stands somewhere else and carries a unit.
    Other,
}

/// Powers are about 1.
const POWER_WIDTH: f64 = 5.0;
/// Factors carry units, so that nothing is known of them.
const FACTOR_WIDTH: f64 = 1e3;
/// So do other constants.
const OTHER_WIDTH: f64 = 1e6;

impl Constants {
    /// Those of a claim in these expressions, whose product or ratio is `programs`.
    pub(super) fn of(names: &[String], expressions: &[&Expression], programs: &[&Program], may_be_factor: bool, rows: &[Row]) -> Self {
        let role = |(place, name): (usize, &String)| {
            if may_be_factor && programs.iter().any(|program| multiplies(program, names.len(), place, rows)) {
                Role::Factor
            } else if expressions.iter().any(|expression| expression.has_power(name)) {
                Role::Power
            } else {
                Role::Other
            }
        };
        Self(names.iter().enumerate().map(role).collect())
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    /// Constants from parameters, of which those of factors are logarithms.
    fn values(&self, parameters: &[f64]) -> Vec<f64> {
        self.0.iter().zip(parameters).map(|(role, value)| if *role == Role::Factor { value.exp() } else { *value }).collect()
    }

    fn prior(&self, parameter: usize) -> (f64, f64) {
        match self.0[parameter] {
            Role::Factor => (0.0, FACTOR_WIDTH),
            Role::Power => (0.0, POWER_WIDTH),
            Role::Other => (0.0, OTHER_WIDTH),
        }
    }

    /// Where searches begin: factors at 1, the first two other constants at several values each.
    fn starts(&self) -> Vec<Vec<f64>> {
        let first = self.0.iter().map(|role| if *role == Role::Factor { 0.0 } else { 1.0 }).collect::<Vec<f64>>();
        let mut starts = vec![first];
        for place in (0..self.len()).filter(|place| self.0[*place] != Role::Factor).take(2) {
            let values: &[f64] = if self.0[place] == Role::Power { &[1.0, -1.0, 0.3] } else { &[1.0, 1e-3, 0.03, 30.0, 1e3] };
            let with = |value: &f64| {
                let value = *value;
                starts.iter().map(move |start| {
                    let mut start = start.clone();
                    start[place] = value;
                    start
                })
            };
            starts = values.iter().flat_map(with).collect();
        }
        starts
    }

    /// The first factor.
    fn factor(&self) -> Option<usize> {
        self.0.iter().position(|role| *role == Role::Factor)
    }
}

impl Law {
    pub(super) fn new(program: Program, constants: Constants, scale: Scale) -> Self {
        Self { program, constants, scale }
    }
}

/// Whether a constant multiplies or divides the whole: twice the constant is twice or half the value, for all rows.
fn multiplies(program: &Program, n: usize, place: usize, rows: &[Row]) -> bool {
    let constants: Vec<f64> = (0..n).map(|i| 0.7 + 0.31 * i as f64).collect();
    let mut twice = constants.clone();
    twice[place] *= 2.0;
    let ratios = rows.iter().take(16).filter_map(|row| Some(program.at(&row.x, &twice)? / program.at(&row.x, &constants)?));
    let ratios: Vec<f64> = ratios.collect();
    [2.0, 0.5].iter().any(|by| !ratios.is_empty() && ratios.iter().all(|ratio| (ratio - by).abs() < 1e-9))
}

impl Curve for Law {
    fn len(&self) -> usize {
        self.constants.len()
    }

    fn at(&self, row: &Row, parameters: &[f64]) -> Option<f64> {
        self.scale.scaled(self.program.at(&row.x, &self.constants.values(parameters))?)
    }

    fn prior(&self, parameter: usize) -> (f64, f64) {
        self.constants.prior(parameter)
    }

    fn starts(&self) -> Vec<Vec<f64>> {
        self.constants.starts()
    }
}

/// Where an event becomes likely: slope × ln(left / right), and what is foretold is its logistic function.
#[derive(Clone)]
pub(super) struct Margin {
    left: Program,
    right: Program,
    constants: Constants,
}

/// Slopes of boundaries over the logarithm of a ratio: from 1 (a decade from unlikely to likely) to 25 lies within a standard deviation.
const SLOPE: (f64, f64) = (1.6, 1.6);

impl Margin {
    pub(super) fn new(left: Program, right: Program, constants: Constants) -> Self {
        Self { left, right, constants }
    }
}

impl Curve for Margin {
    fn len(&self) -> usize {
        self.constants.len() + 1
    }

    fn at(&self, row: &Row, parameters: &[f64]) -> Option<f64> {
        let (slope, rest) = parameters.split_last()?;
        let constants = self.constants.values(rest);
        let ratio = self.left.at(&row.x, &constants)? / self.right.at(&row.x, &constants)?;
        // One that is not positive has no logarithm: the claim says nothing there.
        let margin = ratio.ln();
        margin.is_finite().then(|| slope.clamp(-5.0, 7.0).exp() * margin)
    }

    fn scaling(&self) -> Option<usize> {
        Some(self.constants.len())
    }

    fn prior(&self, parameter: usize) -> (f64, f64) {
        if parameter == self.constants.len() { SLOPE } else { self.constants.prior(parameter) }
    }

    fn starts(&self) -> Vec<Vec<f64>> {
        // A logistic function is flat far from its middle, so that a factor is looked for over many orders of magnitude.
        let factor = self.constants.factor();
        let shifts: Vec<f64> = if factor.is_none() { vec![0.0] } else { (-6..=12).map(|k| f64::from(k) * 1.5).collect() };
        let with_slope = |start: &Vec<f64>, shift: f64| {
            let mut start = start.clone();
            if let Some(factor) = factor {
                start[factor] = shift;
            }
            start.push(SLOPE.0);
            start
        };
        let starts = self.constants.starts();
        starts.iter().flat_map(|start| shifts.iter().map(|shift| with_slope(start, *shift))).collect()
    }
}

/// The power law of everything that was varied: linear in the logarithms. The reference R1.
#[derive(Clone)]
pub(super) struct PowerLaw {
    pub(super) axes: Arc<Axes>,
    pub(super) varied: Vec<usize>,
    /// What a slope is thought to be at most, about.
    pub(super) width: f64,
}

impl Curve for PowerLaw {
    fn len(&self) -> usize {
        self.varied.len() + 1
    }

    fn at(&self, row: &Row, parameters: &[f64]) -> Option<f64> {
        let middle = |axis: usize| (self.axes.scaled(axis, row.x[axis]) - self.axes.middle(axis)) * self.axes.unit(axis);
        Some(parameters[0] + self.varied.iter().zip(&parameters[1..]).map(|(&axis, slope)| slope * middle(axis)).sum::<f64>())
    }

    fn prior(&self, parameter: usize) -> (f64, f64) {
        if parameter == 0 { (0.0, 1e4) } else { (0.0, self.width) }
    }

    fn starts(&self) -> Vec<Vec<f64>> {
        vec![vec![0.0; self.len()]]
    }
}

/// R1 as a predictor: it knows the axes that were varied so far.
#[derive(Clone)]
pub(super) struct PowerLaws {
    axes: Arc<Axes>,
    least_scale: f64,
    inner: Option<CurvePredictor<PowerLaw>>,
    constant: CurvePredictor<Constant>,
}

/// Powers of laws are about 1: a slope of 3 is a standard deviation.
const SLOPE_WIDTH: f64 = 3.0;

impl PowerLaws {
    pub(super) fn new(axes: &Arc<Axes>, least_scale: f64) -> Self {
        Self { axes: axes.clone(), least_scale, inner: None, constant: CurvePredictor::constant(least_scale) }
    }
}

impl Predictor for PowerLaws {
    fn copy(&self) -> Box<dyn Predictor> {
        Box::new(self.clone())
    }

    fn forecast(&mut self, past: &[Row], next: &Row) -> Forecast {
        let varied = self.axes.varied_with(past, next);
        let is_other = self.inner.as_ref().is_none_or(|inner| inner.curve.varied != varied);
        if is_other {
            let curve = PowerLaw { axes: self.axes.clone(), varied, width: SLOPE_WIDTH };
            let mut inner = CurvePredictor::new(curve, self.least_scale);
            inner.experts.bits = self.inner.take().map(|old| old.experts.bits).unwrap_or_default();
            self.inner = Some(inner);
        }
        let constant = self.constant.forecast(past, next);
        let inner = self.inner.as_mut().expect("made above");
        if past.len() <= inner.curve.len() + 1 { constant } else { inner.forecast(past, next) }
    }

    fn learn(&mut self, row: &Row, resolution: f64) {
        self.constant.learn(row, resolution);
        if let Some(inner) = self.inner.as_mut() {
            inner.learn(row, resolution);
        }
    }
}

/// No theory: what near rows came to, beside the power law. The reference R2.
#[derive(Clone)]
pub(super) struct Neighbours {
    axes: Arc<Axes>,
    /// The axes that count; all where it is empty.
    only: Option<Program>,
    least_scale: f64,
    experts: Experts,
    /// Sums of squares of what was missed, by bandwidth.
    missed: [f64; BANDWIDTHS.len()],
    n: f64,
    last: [f64; BANDWIDTHS.len()],
    /// Whether the last forecast was its own.
    has_said: bool,
}

/// Widths of what counts as near, as shares of an axis.
pub(super) const BANDWIDTHS: [f64; 3] = [0.05, 0.15, 0.4];
/// What a far row counts, so that the mean is what is foretold where nothing is near.
const FAR: f64 = 0.05;

impl Neighbours {
    pub(super) fn new(axes: &Arc<Axes>, least_scale: f64) -> Self {
        Self { axes: axes.clone(), only: None, least_scale, experts: Experts::default(), missed: [0.0; 3], n: 0.0, last: [0.0; 3], has_said: false }
    }

    /// Along one expression alone, on a logarithmic scale where it is positive.
    pub(super) fn along(axes: &Arc<Axes>, along: Program, least_scale: f64) -> Self {
        Self { only: Some(along), ..Self::new(axes, least_scale) }
    }

    fn distance2(&self, a: &Row, b: &Row, range: f64) -> f64 {
        match &self.only {
            Some(along) => {
                let at = |row: &Row| along.at(&row.x, &[]).map(|x| if x > 0.0 { x.ln() } else { x });
                match (at(a), at(b)) {
                    (Some(a), Some(b)) => ((a - b) / range).powi(2),
                    _ => f64::INFINITY,
                }
            }
            None => distance2(&self.axes, a, b),
        }
    }
}

/// The squared distance of two rows over all axes, each from 0 to 1.
pub(super) fn distance2(axes: &Axes, a: &Row, b: &Row) -> f64 {
    (0..axes.names.len()).map(|axis| (axes.share(axis, a.x[axis]) - axes.share(axis, b.x[axis])).powi(2)).sum()
}

impl Predictor for Neighbours {
    fn copy(&self) -> Box<dyn Predictor> {
        Box::new(self.clone())
    }

    fn forecast(&mut self, past: &[Row], next: &Row) -> Forecast {
        let number = |row: &Row| match row.seen {
            Seen::Number(z) | Seen::Above(z) => z,
            Seen::Event(happened) => f64::from(u8::from(happened)),
        };
        if past.len() < 3 {
            self.has_said = false;
            return Forecast::Number(vec![(1.0, Student { location: 0.0, scale: 10.0_f64.max(self.least_scale), freedom: 1.0 })]);
        }
        let mean = past.iter().map(number).sum::<f64>() / past.len() as f64;
        let spread = (past.iter().map(|row| (number(row) - mean).powi(2)).sum::<f64>() / (past.len() - 1) as f64).sqrt();
        let range = self.only.as_ref().map_or(1.0, |along| {
            let values = past.iter().filter_map(|row| along.at(&row.x, &[])).map(|x| if x > 0.0 { x.ln() } else { x });
            let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
            (most - least).max(1e-9)
        });
        let distances: Vec<f64> = past.iter().map(|row| self.distance2(row, next, range)).collect();
        let students = BANDWIDTHS.iter().enumerate().map(|(place, width)| {
            let (mut sum, mut weights) = (FAR * mean, FAR);
            for (row, distance2) in past.iter().zip(&distances) {
                let weight = (-0.5 * distance2 / (width * width)).exp();
                sum += weight * number(row);
                weights += weight;
            }
            let location = sum / weights;
            self.last[place] = location;
            // How much was missed so far, with the rows' spread as one miss.
            let scale = ((self.missed[place] + spread * spread) / (self.n + 1.0)).sqrt().max(self.least_scale);
            Student { location, scale, freedom: (past.len() as f64).min(5.0) }
        });
        let students: Vec<Student> = students.collect();
        self.has_said = true;
        self.experts.forecast(students)
    }

    fn learn(&mut self, row: &Row, resolution: f64) {
        if !self.has_said {
            return;
        }
        self.experts.learn(row, resolution);
        if let Seen::Number(z) = row.seen {
            for (missed, last) in self.missed.iter_mut().zip(&self.last) {
                *missed += (z - last).powi(2);
            }
            self.n += 1.0;
        }
    }
}
