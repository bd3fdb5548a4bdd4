//! A planted world as a laboratory.

use super::compiled::{Drawn, How, Law, compile};
use super::error::{Source, WorldError};
use super::file::{self, DrawnFor};
use super::noise::open_unit;
use crate::specification::{asked, specification};
use dunwu_science::expression::Program;
use dunwu_science::lab::{Lab, LabCard, Outcome, Point, Reading, Setting};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeMap;

/// A world whose law is known. Its readings depend on the file's text, the point and the seed alone, on every machine.
pub struct World {
    law: Law,
}

/// The state of a run while it is drawn.
struct Drawing<'a> {
    law: &'a Law,
    point: &'a Point,
    /// The point with every default, as text.
    asked: String,
    seed: u32,
    /// The values so far; NaN where there is none.
    values: Vec<f64>,
}

impl World {
    /// Reads a world. `path` is what its file is called in errors.
    ///
    /// # Errors
    ///
    /// Says what is wrong in which line, and what to do.
    pub fn read(text: &str, path: &str) -> Result<Self, WorldError> {
        let source = Source { text, path };
        let file = file::read(source)?;
        let version = &blake3::hash(text.as_bytes()).to_hex()[..8];
        Ok(Self { law: compile(source, &file, version)? })
    }

    /// What comes out at a point without any noise: the median of every number, the probability of every event, and what hidden
    /// quantities are at their middle. `None` where a law has no value there. For tests and examinations, which know the truth.
    pub fn truth(&self, point: &Point) -> BTreeMap<String, Option<f64>> {
        let mut drawing = Drawing::new(&self.law, point, 0);
        let mut truth = BTreeMap::new();
        for drawn in &self.law.drawn {
            let value = match (&drawn.how, drawing.held_at(drawn)) {
                (_, Some(at)) => drawing.value(at),
                (How::Event(log_odds), None) => drawing.value(log_odds).map(logistic),
                (How::Number { value, .. }, None) => drawing.value(value),
            };
            drawing.values[drawn.place] = value.unwrap_or(f64::NAN);
            truth.insert(drawn.name.clone(), value);
        }
        truth
    }

    fn missing(&self, why: &str) -> BTreeMap<String, Outcome> {
        let missing = |name: &String| (name.clone(), Outcome::Missing(why.to_owned()));
        self.law.card.observables.iter().map(|observable| missing(&observable.name)).collect()
    }
}

impl<'a> Drawing<'a> {
    fn new(law: &'a Law, point: &'a Point, seed: u32) -> Self {
        let numbers = law.card.numbers(point);
        let values = law.quantities.iter().map(|name| numbers.get(name).copied().unwrap_or(f64::NAN)).collect();
        Self { law, point, asked: asked(&law.card, point), seed, values }
    }

    fn value(&self, program: &Program) -> Option<f64> {
        program.at(&self.values, &self.law.constants)
    }

    /// The generator of one quantity of this run.
    fn rng(&self, name: &str, drawn_for: DrawnFor) -> ChaCha8Rng {
        let asked = if drawn_for == DrawnFor::Run { self.asked.as_str() } else { "" };
        let key = format!("{}\n{name}\n{asked}\n{}\n", self.law.card.name, self.seed);
        ChaCha8Rng::from_seed(*blake3::hash(key.as_bytes()).as_bytes())
    }

    /// What a quantity is held at, where it is held at this point.
    fn held_at<'d>(&self, drawn: &'d Drawn) -> Option<&'d Program> {
        let (knob, level, at) = drawn.held.as_ref()?;
        let knob = self.law.card.knob(knob)?;
        let is_held = matches!(self.law.card.setting(self.point, knob), Setting::Level(is) if is == level);
        is_held.then_some(at)
    }

    /// Draws a quantity, notes its value, and says what is seen of it.
    fn draw(&mut self, drawn: &Drawn) -> Outcome {
        let (value, outcome) = self.drawn(drawn);
        self.values[drawn.place] = value;
        outcome
    }

    fn drawn(&self, drawn: &Drawn) -> (f64, Outcome) {
        let undefined = |why: &str| (f64::NAN, Outcome::Undefined(why.to_owned()));
        if let Some(at) = self.held_at(drawn) {
            return match (self.value(at), &drawn.how) {
                (None, _) => undefined("what it is held at has no value here"),
                (Some(at), How::Event(_)) => (f64::from(u8::from(at > 0.0)), Outcome::Event(at > 0.0)),
                (Some(at), How::Number { .. }) => (at, Outcome::Value(at)),
            };
        }
        let mut rng = self.rng(&drawn.name, drawn.anew_for);
        match &drawn.how {
            How::Event(log_odds) => {
                let Some(log_odds) = self.value(log_odds) else { return undefined("its log odds have no value here") };
                let happens = open_unit(&mut rng) < logistic(log_odds);
                (f64::from(u8::from(happens)), Outcome::Event(happens))
            }
            How::Number { value, logarithmic, noise, horizon, needs } => {
                let Some(typical) = self.value(value) else { return undefined("its law has no value here") };
                if *logarithmic && typical <= 0.0 {
                    return undefined("its law is not positive here, and its errors are ratios");
                }
                let mut value = typical;
                if let Some((family, size)) = noise {
                    let size = self.value(size).filter(|size| *size >= 0.0);
                    let Some(size) = size else { return undefined("its noise has no size from 0 on here") };
                    let error = size * family.draw(&mut rng);
                    value = if *logarithmic { typical * libm::exp(error) } else { typical + error };
                }
                let horizon = match horizon.as_ref().map(|horizon| self.value(horizon)) {
                    Some(None) => return undefined("its horizon has no value here"),
                    Some(horizon) => horizon,
                    None => None,
                };
                let comes = needs.is_none_or(|event| self.values[event] == 1.0);
                match horizon {
                    _ if !value.is_finite() => undefined("its value is beyond all numbers"),
                    Some(horizon) if !comes || value > horizon => {
                        (if comes { value } else { f64::NAN }, Outcome::Censored(horizon))
                    }
                    None if !comes => undefined("what it needs did not happen"),
                    _ => (value, Outcome::Value(value)),
                }
            }
        }
    }
}

impl Lab for World {
    fn card(&self) -> &LabCard {
        &self.law.card
    }

    fn most_steps(&self, point: &Point) -> u64 {
        if self.law.card.fault(point).is_some() {
            return 0;
        }
        let steps = Drawing::new(&self.law, point, 0).value(&self.law.steps);
        steps.map_or(0, |steps| steps.max(0.0).round() as u64)
    }

    fn run(&self, point: &Point, seed: u32) -> Reading {
        let specification = specification(&self.law.card, point, seed);
        if let Some(fault) = self.law.card.fault(point) {
            return Reading { outcomes: self.missing(&fault), steps: 0, specification };
        }
        let steps = self.most_steps(point);
        let mut drawing = Drawing::new(&self.law, point, seed);
        let lost = drawing.value(&self.law.lost).unwrap_or(0.0);
        if open_unit(&mut drawing.rng("", DrawnFor::Run)) < lost {
            return Reading { outcomes: self.missing("the result of this run was lost"), steps, specification };
        }
        let mut outcomes = BTreeMap::new();
        for drawn in &self.law.drawn {
            let outcome = drawing.draw(drawn);
            if !drawn.is_hidden {
                outcomes.insert(drawn.name.clone(), outcome);
            }
        }
        Reading { outcomes, steps, specification }
    }
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}
