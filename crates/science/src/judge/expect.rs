//! Who foretells, and what they foretell of runs that were not made.

use super::event::{Frequency, NearFrequency, Odds, PowerOdds};
use super::memory::Memory;
use super::number::{CurvePredictor, Predictor};
use super::reference::{Neighbours, PowerLaws};
use super::row::{Axes, Forecast, Row, Seen};
use super::score::RunRecord;
use super::trial::{Trial, held, law_of, lay_out, margin_of, program};
use crate::claim::{Claim, Scope, Statement};
use crate::lab::{LabCard, Point};
use std::sync::Arc;

/// What is foretold at a point that was not run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expectation {
    /// A number on the scale on which it is judged, with the width of the forecast.
    Number(f64, f64),
    /// The probability that an event happens.
    Event(f64),
}

/// Who foretells.
#[derive(Clone, Copy, Debug)]
pub enum Rival<'a> {
    /// A claim.
    Claim(&'a Claim),
    /// R0: a constant.
    Constant,
    /// R1: a power law.
    PowerLaw,
    /// R2: what near runs came to.
    Neighbours,
}

/// What a rival foretells of the subject of `claim` at each point, after all runs in the claim's scope; `None` where it says nothing.
pub fn expectation(
    card: &LabCard,
    question: &Scope,
    claim: &Claim,
    rival: Rival<'_>,
    runs: &[RunRecord],
    points: &[Point],
    memory: &mut Memory,
) -> Vec<Option<Expectation>> {
    let axes = memory.axes(card);
    let laid = lay_out(card, question, &axes, claim, runs);
    let (rows, resolution) = match &laid.trial {
        Trial::Numbers { rows, resolution } => (rows, Some(*resolution)),
        Trial::Events { rows } => (rows, None),
        _ => return vec![None; points.len()],
    };
    let Some(course) = memory.course(&key_of(card, question, claim), card, rival, rows, resolution) else {
        return vec![None; points.len()];
    };
    let mut predictor = course.predictor.copy();
    let mut expect = |point: &Point| {
        let next = Row { x: axes.numbers(card, point), seen: Seen::Event(false), run: usize::MAX };
        let forecast = predictor.forecast(rows, &next);
        let (middle, width) = forecast.middle();
        match forecast {
            Forecast::Number(_) => Some(Expectation::Number(middle, width)),
            Forecast::Event(p) => Some(Expectation::Event(p)),
        }
    };
    points.iter().map(&mut expect).collect()
}

/// What is foretold and where, by which references are shared.
pub(super) fn key_of(card: &LabCard, question: &Scope, claim: &Claim) -> String {
    format!(
        "{} {} | {} | {}",
        claim.statement.kind(),
        claim.statement.subject(),
        claim.scope,
        held(card, question, claim)
    )
}

/// The predictor of a rival; `resolution` is that of numbers, `None` for events.
pub(super) fn predictor(
    card: &LabCard,
    axes: &Arc<Axes>,
    rival: Rival<'_>,
    resolution: Option<f64>,
) -> Option<Box<dyn Predictor>> {
    Some(match (rival, resolution) {
        (Rival::Constant, Some(resolution)) => Box::new(CurvePredictor::constant(resolution)),
        (Rival::PowerLaw, Some(resolution)) => Box::new(PowerLaws::new(axes, resolution)),
        (Rival::Neighbours, Some(resolution)) => Box::new(Neighbours::new(axes, resolution)),
        (Rival::Constant, None) => Box::new(Frequency::default()),
        (Rival::PowerLaw, None) => Box::new(PowerOdds::new(axes)),
        (Rival::Neighbours, None) => Box::new(NearFrequency::new(axes)),
        (Rival::Claim(claim), resolution) => match (&claim.statement, resolution) {
            (Statement::Law { .. }, Some(resolution)) => {
                Box::new(CurvePredictor::new(law_of(claim, axes, card)?, resolution))
            }
            (Statement::Boundary { .. }, None) => Box::new(Odds::new(margin_of(claim, axes, card)?)),
            (Statement::Collapse { along, .. }, Some(resolution)) => {
                Box::new(Neighbours::along(axes, program(claim, along, &axes.names), resolution))
            }
            _ => return None,
        },
    })
}
