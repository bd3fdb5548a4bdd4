//! What stands beside every claim about numbers: R1, a power law of everything that was varied, and R2, what near rows came to.

use super::density::Student;
use super::fit::Curve;
use super::number::{Constant, CurvePredictor, Experts, Predictor};
use super::row::{Axes, Forecast, Row, Seen};
use crate::expression::Program;
use std::sync::Arc;

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
        let middle =
            |axis: usize| (self.axes.scaled(axis, row.x[axis]) - self.axes.middle(axis)) * self.axes.unit(axis);
        Some(
            parameters[0]
                + self.varied.iter().zip(&parameters[1..]).map(|(&axis, slope)| slope * middle(axis)).sum::<f64>(),
        )
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
        Self {
            axes: axes.clone(),
            only: None,
            least_scale,
            experts: Experts::default(),
            missed: [0.0; 3],
            n: 0.0,
            last: [0.0; 3],
            has_said: false,
        }
    }

    /// Along one expression alone, on a logarithmic scale where it is positive.
    pub(super) fn along(axes: &Arc<Axes>, along: Program, least_scale: f64) -> Self {
        Self { only: Some(along), ..Self::new(axes, least_scale) }
    }

    fn distance2(&self, a: &Row, b: &Row, range: f64) -> f64 {
        match &self.only {
            Some(along) => {
                let at = |row: &Row| along.at(&row.x, &[]).map(|x| if x > 0.0 { libm::log(x) } else { x });
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
            return Forecast::Number(vec![(
                1.0,
                Student { location: 0.0, scale: 10.0_f64.max(self.least_scale), freedom: 1.0 },
            )]);
        }
        let mean = past.iter().map(number).sum::<f64>() / past.len() as f64;
        let spread =
            (past.iter().map(|row| (number(row) - mean).powi(2)).sum::<f64>() / (past.len() - 1) as f64).sqrt();
        let range = self.only.as_ref().map_or(1.0, |along| {
            let values =
                past.iter().filter_map(|row| along.at(&row.x, &[])).map(|x| if x > 0.0 { libm::log(x) } else { x });
            let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
            (most - least).max(1e-9)
        });
        let distances: Vec<f64> = past.iter().map(|row| self.distance2(row, next, range)).collect();
        let students = BANDWIDTHS.iter().enumerate().map(|(place, width)| {
            let (mut sum, mut weights) = (FAR * mean, FAR);
            for (row, distance2) in past.iter().zip(&distances) {
                let weight = libm::exp(-0.5 * distance2 / (width * width));
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
