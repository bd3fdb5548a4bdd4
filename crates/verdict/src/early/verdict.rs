//! What is said of a run while it trains, from its past alone.

use super::coordinates::coordinates;
use super::forecast::{Reason, Uncertified, When, reasons, when, why_outside};
use super::looks::{look_at, step_of};
use super::model::{Inputs, Model};
use super::signs::{measured, signs};
use dunwu::knowledge::Knowledge;
use dunwu::opened::{Frame, measured_frame};
use dunwu::operation::Operation;
use dunwu::run::{Past, RunRequest};
use dunwu::store::{Record, RunDir};
use dunwu::verb::VerbError;
use dunwu_engine::Scalars;
use schemars::JsonSchema;
use serde::Serialize;

/// A snapshot counts for a look where it is at least this share of the look's steps old.
const RECENT: f64 = 0.7;

/// What parking the run now would risk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Park {
    /// The share of runs which did generalize that ever looked as bad, the run itself counted in: parking everything that looks so loses
    /// as many.
    pub at_risk: f64,
}

/// What is expected of a run at a step.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EarlyVerdict {
    /// The step that was asked about.
    pub at: u64,
    /// The step of the look that judged: the last one at or before; 0 before the first look.
    pub look: u64,
    /// What was seen.
    pub inputs: Inputs,
    /// The step at which the run had generalized by then; nothing is expected of it any more.
    pub generalized: Option<u64>,
    /// Whether the run is of a kind and size that the verdict knows; else nothing certified is said.
    pub inside: bool,
    /// Why it is not, a sentence each.
    pub outside: Vec<String>,
    /// The probability that it generalizes within its steps; null outside, and where it has.
    pub probability: Option<f64>,
    /// When, if it does.
    pub steps_to_generalize: Option<When>,
    /// What parking it would risk; null outside, and where it has generalized.
    pub park: Option<Park>,
    /// The strongest reasons, the strongest first.
    pub reasons: Vec<Reason>,
    /// The raw scores, where they were asked for.
    pub uncertified: Option<Uncertified>,
}

/// How a verdict is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// What it may see; `None` for all that there is.
    pub inputs: Option<Inputs>,
    /// Whether raw scores are given too.
    pub uncertified: bool,
}

/// What a past allows to expect.
pub fn verdict(model: &Model, past: &Past<'_>, asked: Asked) -> EarlyVerdict {
    let (spec, at) = (past.spec(), past.step());
    let look = look_at(at, spec.steps);
    let look_step = look.map_or(0, |look| step_of(look, spec.steps));
    let past = past.until(look_step);
    let inputs = seen(&past, look).min(asked.inputs.unwrap_or(Inputs::Group));
    let coordinates = coordinates(&past);
    let mut row = coordinates.to_vec();
    row.extend(signs(&past));
    row.truncate(inputs.width());
    let generalized = Knowledge::of(spec, past.scalars()).generalized.map(|stay| stay.arrived);
    let outside = why_outside(model, &past, &coordinates);
    let raw = Uncertified {
        probability: model.probability(inputs, &row),
        steps_to_generalize: when(model.time(inputs, &row, look), spec.steps),
    };
    let is_open = outside.is_empty() && generalized.is_none();
    EarlyVerdict {
        at,
        look: look_step,
        inputs,
        generalized,
        inside: outside.is_empty(),
        outside,
        probability: is_open.then_some(raw.probability),
        steps_to_generalize: is_open.then_some(raw.steps_to_generalize),
        park: is_open.then(|| Park { at_risk: model.head(inputs).minima.risk(raw.probability) }),
        reasons: reasons(model, inputs, &row),
        uncertified: asked.uncertified.then_some(raw),
    }
}

/// The most that a past shows at a look.
fn seen(past: &Past<'_>, look: Option<usize>) -> Inputs {
    if look.is_none() || past.scalars().is_empty() {
        return Inputs::Spec;
    }
    if past.scalars().iter().all(|row| row.test_accuracy.is_none()) {
        return Inputs::Training;
    }
    let frames = past.frames();
    let is_recent = frames.last().is_some_and(|frame| frame.step as f64 >= RECENT * past.step() as f64);
    match frames.first() {
        Some(first) if first.step == 0 && is_recent => {
            if past.irreps().is_some() {
                Inputs::Group
            } else {
                Inputs::Inside
            }
        }
        _ => Inputs::HeldOut,
    }
}

/// What the past of a recorded or living run allows to expect at `step`; at its last evaluation where none is named.
///
/// # Errors
///
/// Where the run cannot be read, or the step was never reached.
pub fn verdict_of_run(model: &Model, dir: &RunDir, step: Option<u64>, asked: Asked) -> Result<EarlyVerdict, VerbError> {
    let request = RunRequest::from_run(dir)?;
    let record = Record::read(dir)?;
    let last = record.scalars.last().map(|row| row.step);
    let Some(last) = last else {
        return Err(VerbError::usage(
            "this run has no evaluation yet; `dunwu forecast` says what to expect of its spec",
        ));
    };
    let at = step.unwrap_or(last);
    if at > last {
        return Err(VerbError::usage(format!(
            "step {at} was never reached; the last evaluation is that of step {last}"
        )));
    }
    let RunRequest { spec, problem, split, decomposition, .. } = &request;
    let judged = look_at(at, spec.steps).map_or(0, |look| step_of(look, spec.steps));
    let scalars: Vec<Scalars> = record.scalars.iter().filter(|row| row.step <= at).copied().collect();
    let irreps = decomposition.as_ref().map(|decomposition| decomposition.irreps.as_slice());
    let n_train = split.train.labels.len();
    let mut frames: Vec<Frame> = Vec::new();
    let wants_inside = asked.inputs.is_none_or(|inputs| inputs >= Inputs::Inside);
    if wants_inside && judged > 0 {
        let steps: Vec<u64> = record.snapshots.iter().map(|entry| entry.step).collect();
        let at_or_before = |step: u64| steps.iter().copied().filter(|&other| other <= step).max();
        let mut needed: Vec<u64> = [Some(0), at_or_before(judged / 2), at_or_before(judged)]
            .into_iter()
            .flatten()
            .filter(|step| steps.contains(step))
            .collect();
        needed.dedup();
        if needed.first() == Some(&0) {
            let initial = record.load_snapshot(0)?;
            let wanted = measured(irreps.is_some());
            for step in needed {
                let snapshot = record.load_snapshot(step)?;
                frames.push(measured_frame(
                    (spec, problem, split),
                    decomposition.as_ref(),
                    &initial,
                    &snapshot,
                    &wanted,
                )?);
            }
        }
    }
    let mut past = Past::so_far((spec, problem, n_train), Operation::of(problem), irreps, &scalars, &frames);
    past = past.at(at);
    Ok(verdict(model, &past, asked))
}
