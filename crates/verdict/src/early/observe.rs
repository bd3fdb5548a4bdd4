//! A run trained and looked at: what a verdict is learned from.

use super::coordinates::{UNDEFINED, coordinates};
use super::looks::{LOOKS, step_of};
use super::signs::{Glance, N_SIGNS, Numbers, measured, numbers, signs_of};
use dunwu::knowledge::Knowledge;
use dunwu::opened::{Frame, measured_frame};
use dunwu::operation::Operation;
use dunwu::run::{Past, RunRequest};
use dunwu_engine::{Scalars, Snapshot, Training};
use serde::{Deserialize, Serialize};

/// Everything that signs can be read from, and what became of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trace {
    /// Its family, a place in [`super::worlds::FAMILIES`].
    pub family: usize,
    /// Which world of the family.
    pub index: u64,
    /// What was known before it.
    pub coordinates: Vec<f32>,
    /// Steps asked for.
    pub steps: u64,
    /// Labels M.
    pub n_labels: usize,
    /// Held-out samples.
    pub n_test: usize,
    /// Multiply-adds of one update, about.
    pub work: f64,
    /// Evaluations: step, training loss and accuracy, held-out loss and accuracy; [`UNDEFINED`] where there is none.
    pub rows: Vec<[f32; 5]>,
    /// Numbers of the inside: at the start, then at each look until the run ended or had generalized.
    pub inside: Vec<(u64, Vec<f32>)>,
    /// When held-out accuracy arrived at its level, if it did.
    pub generalized: Option<u64>,
    /// When training accuracy did.
    pub memorized: Option<u64>,
    /// How it ended.
    pub outcome: String,
}

/// Training accuracy that counts as memorized in every world.
const MEMORIZED: f64 = 0.99;

/// Trains the run of `request` on one thread and looks at it at [`LOOKS`].
///
/// # Errors
///
/// Says why the run cannot be made.
pub fn observe(family: usize, index: u64, request: &RunRequest) -> Result<Trace, String> {
    observe_beside(family, index, request, &mut |_, _| ())
}

/// The same, with somebody who looks at the training and its snapshot at the start and at each of [`LOOKS`] too.
pub(super) fn observe_beside(
    family: usize,
    index: u64,
    request: &RunRequest,
    beside: &mut dyn FnMut(&Training, &Snapshot),
) -> Result<Trace, String> {
    let RunRequest { spec, problem, split, decomposition, .. } = request;
    let n_train = split.train.labels.len();
    let operation = Operation::of(problem);
    let irreps = decomposition.as_ref().map(|decomposition| decomposition.irreps.as_slice());
    let wanted = measured(irreps.is_some());
    let mut training = Training::new(spec, problem, split, 1).map_err(|error| error.to_string())?;
    let initial = training.snapshot();
    let before = Past::so_far((spec, problem, n_train), operation, irreps, &[], &[]);
    let look_at = |snapshot: &Snapshot| -> Result<(u64, Vec<f32>), String> {
        let made = measured_frame((spec, problem, split), decomposition.as_ref(), &initial, snapshot, &wanted);
        let frame: Frame = made.map_err(|error| error.to_string())?;
        let stored = numbers(&before, &frame).map(|number| number.map_or(UNDEFINED, |number| number as f32));
        Ok((snapshot.step, stored.to_vec()))
    };
    let mut inside = vec![look_at(&initial)?];
    beside(&training, &initial);
    let mut scalars: Vec<Scalars> = Vec::new();
    let outcome = loop {
        let step = training.step();
        let is_due = inside.len() <= LOOKS.len() && step_of(inside.len() - 1, spec.steps) == step;
        let snapshot = is_due.then(|| training.snapshot());
        if let Some(snapshot) = &snapshot {
            beside(&training, snapshot);
        }
        let progress = training.advance();
        scalars.extend(progress.scalars);
        if let Some(outcome) = progress.outcome {
            break outcome;
        }
        if let Some(snapshot) = snapshot {
            inside.push(look_at(&snapshot)?);
        }
    };
    let knowledge = Knowledge::of(spec, &scalars);
    let number = |value: Option<f64>| value.map_or(UNDEFINED, |value| value as f32);
    let row = |row: &Scalars| {
        let (loss, accuracy) = (row.train_loss as f32, row.train_accuracy as f32);
        [row.step as f32, loss, accuracy, number(row.test_loss), number(row.test_accuracy)]
    };
    Ok(Trace {
        family,
        index,
        coordinates: coordinates(&before).to_vec(),
        steps: spec.steps,
        n_labels: problem.n_labels,
        n_test: problem.n_population() - n_train,
        work: n_train as f64 * Training::n_parameters(spec, problem).0 as f64,
        rows: scalars.iter().filter(|row| row.train_loss.is_finite()).map(row).collect(),
        inside,
        generalized: knowledge.generalized.map(|stay| stay.arrived),
        memorized: knowledge.memorized.map(|stay| stay.arrived),
        outcome: outcome.name().to_owned(),
    })
}

impl Trace {
    /// Looks at which the run was still under way and had not generalized, each with its signs.
    pub fn looks(&self) -> Vec<[f32; N_SIGNS]> {
        let known = |value: f32| (value != UNDEFINED).then_some(f64::from(value));
        let scalars: Vec<Scalars> = self
            .rows
            .iter()
            .map(|&[step, train_loss, train_accuracy, test_loss, test_accuracy]| Scalars {
                train_loss: f64::from(train_loss),
                train_accuracy: f64::from(train_accuracy),
                test_loss: known(test_loss),
                test_accuracy: known(test_accuracy),
                ..dunwu::scalars::empty(step as u64)
            })
            .collect();
        let inside: Vec<(u64, Numbers)> = self
            .inside
            .iter()
            .map(|(step, numbers)| (*step, std::array::from_fn(|number| known(numbers[number]))))
            .collect();
        let last = scalars.last().map_or(0, |row| row.step);
        let is_open = |step: u64| step <= last && self.generalized.is_none_or(|arrived| arrived > step);
        let steps = (0..LOOKS.len()).map(|look| step_of(look, self.steps));
        steps
            .take_while(|&step| is_open(step))
            .map(|step| {
                signs_of(&Glance {
                    step,
                    steps: self.steps,
                    n_labels: self.n_labels,
                    n_test: self.n_test,
                    memorized: MEMORIZED,
                    scalars: &scalars[..scalars.partition_point(|row| row.step <= step)],
                    inside: &inside[..inside.partition_point(|row| row.0 <= step)],
                })
            })
            .collect()
    }
}

/// What is known of the run of `request` before its first step.
pub fn coordinates_of(request: &RunRequest) -> Vec<f32> {
    let RunRequest { spec, problem, split, .. } = request;
    let known = (spec, problem, split.train.labels.len());
    coordinates(&Past::so_far(known, Operation::of(problem), None, &[], &[])).to_vec()
}
