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
use dunwu_engine::Snapshot;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

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
    /// Whether the run was over by then; nothing is expected of it any more.
    pub ended: bool,
    /// Whether the run is of a kind and size that the verdict knows; else nothing certified is said.
    pub inside: bool,
    /// Why it is not, a sentence each.
    pub outside: Vec<String>,
    /// The probability that it generalizes within its steps; null outside, where it has, and where it is over.
    pub probability: Option<f64>,
    /// When, if it does.
    pub steps_to_generalize: Option<When>,
    /// What parking it would risk; null outside, where it has generalized, and where it is over.
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
    let generalized = Knowledge::of(spec, past.scalars()).generalized.map(|stay| stay.arrived);
    let ended = at >= spec.steps || past.scalars().last().is_some_and(|row| !row.train_loss.is_finite());
    let past = past.until(look_step);
    let inputs = seen(&past, look).min(asked.inputs.unwrap_or(Inputs::Group));
    let coordinates = coordinates(&past);
    let mut row = coordinates.to_vec();
    row.extend(signs(&past));
    row.truncate(inputs.width());
    let outside = why_outside(model, &past, &coordinates);
    let raw = Uncertified {
        probability: if outside.is_empty() {
            model.probability(inputs, &row)
        } else {
            model.foreign_probability(inputs, &row)
        },
        steps_to_generalize: when(model.time(inputs, &row, look), spec.steps),
    };
    let is_open = outside.is_empty() && generalized.is_none() && !ended;
    EarlyVerdict {
        at,
        look: look_step,
        inputs,
        generalized,
        ended,
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

/// A recorded or living run as it can be looked at: each snapshot is read and measured once.
pub struct RecordedRun {
    request: RunRequest,
    record: Record,
    initial: Option<Snapshot>,
    frames: BTreeMap<u64, Frame>,
}

impl RecordedRun {
    /// The run in `dir`.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or has no evaluation yet.
    pub fn open(dir: &RunDir) -> Result<Self, VerbError> {
        let (request, record) = (RunRequest::from_run(dir)?, Record::read(dir)?);
        if record.scalars.is_empty() {
            let why = "this run has no evaluation yet; `dunwu forecast` says what to expect of its spec";
            return Err(VerbError::usage(why));
        }
        let has_first = record.snapshots.first().is_some_and(|entry| entry.step == 0);
        let initial = if has_first { Some(record.load_snapshot(0)?) } else { None };
        Ok(Self { request, record, initial, frames: BTreeMap::new() })
    }

    /// Steps of the whole run.
    pub fn steps(&self) -> u64 {
        self.request.spec.steps
    }

    /// What its past allows to expect at `step`; at its last evaluation where none is named.
    ///
    /// # Errors
    ///
    /// Where the step was never reached, or a snapshot cannot be read.
    pub fn verdict(&mut self, model: &Model, step: Option<u64>, asked: Asked) -> Result<EarlyVerdict, VerbError> {
        let last = self.record.scalars.last().map_or(0, |row| row.step);
        let at = step.unwrap_or(last);
        if at > last {
            let why = format!("step {at} was never reached; the last evaluation is that of step {last}");
            return Err(VerbError::usage(why));
        }
        let look = look_at(at, self.steps()).map(|look| step_of(look, self.steps()));
        let wants_inside = asked.inputs.is_none_or(|inputs| inputs >= Inputs::Inside);
        let steps = match look.filter(|_| wants_inside) {
            Some(look) => self.measure(look)?,
            None => Vec::new(),
        };
        let frames: Vec<Frame> = steps.iter().map(|step| self.frames[step].clone()).collect();
        let RunRequest { spec, problem, split, decomposition, .. } = &self.request;
        let scalars = &self.record.scalars[..self.record.scalars.partition_point(|row| row.step <= at)];
        let irreps = decomposition.as_ref().map(|decomposition| decomposition.irreps.as_slice());
        let known = (spec, problem, split.train.labels.len());
        let past = Past::so_far(known, Operation::of(problem), irreps, scalars, &frames).at(at);
        let mut found = verdict(model, &past, asked);
        // A run whose units all decayed is over, which its losses do not show.
        if self.record.finished.is_some_and(|finished| finished.step <= at) && !found.ended {
            found.ended = true;
            (found.probability, found.steps_to_generalize, found.park) = (None, None, None);
        }
        Ok(found)
    }

    /// Measures what a look at a step reads: the first snapshot, the last one until half of the step, and the last one until the step.
    /// Gives their steps, none where the first is not there.
    fn measure(&mut self, look: u64) -> Result<Vec<u64>, VerbError> {
        let Some(initial) = &self.initial else { return Ok(Vec::new()) };
        let until = |step: u64| self.record.snapshots.iter().map(|entry| entry.step).rfind(|&other| other <= step);
        let mut steps: Vec<u64> = [Some(0), until(look / 2), until(look)].into_iter().flatten().collect();
        steps.dedup();
        let RunRequest { spec, problem, split, decomposition, .. } = &self.request;
        for &step in &steps {
            if let Entry::Vacant(place) = self.frames.entry(step) {
                let snapshot = self.record.load_snapshot(step)?;
                let wanted = measured(decomposition.is_some());
                let run = (spec, problem, split);
                place.insert(measured_frame(run, decomposition.as_ref(), initial, &snapshot, &wanted)?);
            }
        }
        Ok(steps)
    }
}
