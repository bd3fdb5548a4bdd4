//! What was foretold, kept between two looks: a forecast is made once, from the runs before it, and never again.

use super::expect::{Rival, predictor};
use super::likelihood::{likeliest_constant, likeliest_frequency};
use super::number::Predictor;
use super::row::{Axes, Forecast, Row};
use super::score::WARM_UP;
use crate::lab::LabCard;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Courses by who foretold what, and where. What is in it follows from the runs alone: without it the same numbers come out, later.
#[derive(Default)]
pub struct Memory {
    axes: Option<Arc<Axes>>,
    courses: BTreeMap<String, Course>,
    /// The likeliest constant of the scored rows of a key, with the number of rows.
    constants: BTreeMap<String, (usize, f64)>,
    /// Whether claims say no more than a constant, by id.
    pub(super) vacuous: BTreeMap<String, bool>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Memory").field("courses", &self.courses.len()).finish_non_exhaustive()
    }
}

/// Whoever foretold, with all that was foretold and what came.
pub(super) struct Course {
    pub(super) predictor: Box<dyn Predictor>,
    rows: Vec<Row>,
    pub(super) bits: Vec<f64>,
    pub(super) forecasts: Vec<Forecast>,
}

impl Course {
    pub(super) fn new(predictor: Box<dyn Predictor>) -> Self {
        Self { predictor, rows: Vec::new(), bits: Vec::new(), forecasts: Vec::new() }
    }

    /// Goes on to the end of the rows; `false` where they are not those that it knows, and more.
    pub(super) fn go_on(&mut self, rows: &[Row], resolution: f64) -> bool {
        if rows.len() < self.rows.len() || rows[..self.rows.len()] != self.rows[..] {
            return false;
        }
        for place in self.rows.len()..rows.len() {
            let forecast = self.predictor.forecast(&rows[..place], &rows[place]);
            self.bits.push(forecast.log2_mass(rows[place].seen, resolution));
            self.forecasts.push(forecast);
            self.predictor.learn(&rows[place], resolution);
            self.rows.push(rows[place].clone());
        }
        true
    }
}

impl Memory {
    /// The axes of the laboratory.
    pub(super) fn axes(&mut self, card: &LabCard) -> Arc<Axes> {
        self.axes.get_or_insert_with(|| Arc::new(Axes::of(card))).clone()
    }

    /// The course of a rival over rows; `key` names the outcome and the scope.
    pub(super) fn course(
        &mut self,
        key: &str,
        card: &LabCard,
        rival: Rival<'_>,
        rows: &[Row],
        resolution: Option<f64>,
    ) -> Option<&Course> {
        let who = match rival {
            Rival::Claim(claim) => claim.id(),
            other => format!("{other:?} | {key}"),
        };
        let axes = self.axes(card);
        let of = resolution.unwrap_or(1.0);
        let is_known = self.courses.get_mut(&who).is_some_and(|course| course.go_on(rows, of));
        if !is_known {
            let mut course = Course::new(predictor(card, &axes, rival, resolution)?);
            course.go_on(rows, of);
            self.courses.insert(who.clone(), course);
        }
        self.courses.get(&who)
    }

    /// log₂ of the probability of the scored rows under the likeliest constant.
    pub(super) fn constant(&mut self, key: &str, rows: &[Row], resolution: Option<f64>) -> f64 {
        match self.constants.get(key) {
            Some((n, bits)) if *n == rows.len() => *bits,
            _ => {
                let scored = &rows[WARM_UP.min(rows.len())..];
                let bits = resolution
                    .map_or_else(|| likeliest_frequency(scored), |resolution| likeliest_constant(scored, resolution));
                self.constants.insert(key.to_owned(), (rows.len(), bits));
                bits
            }
        }
    }
}
