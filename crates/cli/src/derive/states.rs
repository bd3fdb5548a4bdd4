//! Weights and samples of a recorded run, under the names that a derivation declares.

use crate::failure::Failure;
use dunwu::run::RunRequest;
use dunwu::store::{Record, RunDir};
use dunwu_derive::{Derivation, State, Tensor};
use dunwu_engine::model::Weights;
use std::collections::BTreeMap;

/// Snapshots of a run on which steps are tried, at most, spread over all of them.
const MOST_STATES: usize = 8;
/// The relative rounding of weights: those of f32.
const ROUNDING: f64 = 6e-8;

/// The snapshots of a two-layer network over tokens, each with those of these matrices that the derivation declares.
///
/// | Name | Matrix | Shape |
/// |---|---|---|
/// | `W` | the table of tokens | inputs × units |
/// | `V` | the top layer | units × labels |
/// | `X` | the training samples, a one-hot row for each operand side by side | samples × inputs |
/// | `Y` | their labels as given, one-hot | samples × labels |
pub(super) fn of_run(dir: &RunDir, derivation: &Derivation) -> Result<Vec<State>, Failure> {
    let name = dir.short_name();
    let request = RunRequest::from_run(dir).map_err(Failure::of_request)?;
    let record = Record::read(dir).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let is_declared = |wanted: &str| derivation.declared().any(|declared| declared == wanted);
    if !["W", "V", "X", "Y"].into_iter().any(is_declared) {
        return Err(Failure::usage(
            "the derivation declares none of W, V, X and Y, which are what a run has: its table of tokens, its top layer, its training samples, their labels",
        ));
    }
    let steps: Vec<u64> = record.snapshots.iter().map(|entry| entry.step).collect();
    let every = steps.len().div_ceil(MOST_STATES).max(1);
    // From the last one backwards, so that it is among them.
    let mut steps: Vec<u64> = steps.into_iter().rev().step_by(every).collect();
    steps.reverse();
    if steps.is_empty() {
        return Err(Failure::usage(format!("{name} has no snapshots")));
    }
    let group = derivation.has_groups().then(|| request.problem.name.replace(':', " "));
    let (x, y) = samples(&request);
    steps
        .into_iter()
        .map(|step| {
            let snapshot = record.load_snapshot(step).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
            let weights = &snapshot.weights;
            if weights.n_inputs == 0 {
                return Err(Failure::usage(format!(
                    "{name} is no two-layer network over tokens, whose weights are W and V"
                )));
            }
            let all = weights_of(weights).into_iter().chain([("X", x.clone()), ("Y", y.clone())]);
            let tensors = all.filter(|(name, _)| is_declared(name)).map(|(name, tensor)| (name.to_owned(), tensor));
            Ok(State {
                name: format!("{name} at step {step}"),
                tensors: tensors.collect::<BTreeMap<_, _>>(),
                precision: ROUNDING,
                group: group.clone(),
            })
        })
        .collect()
}

fn weights_of(weights: &Weights) -> [(&'static str, Tensor); 2] {
    let matrix = |rows: usize, columns: usize, values: &[f32]| {
        Tensor::real(rows, columns, values.iter().map(|value| f64::from(*value)).collect())
    };
    [
        ("W", matrix(weights.n_inputs, weights.n_units, &weights.hidden)),
        ("V", matrix(weights.n_units, weights.n_labels, &weights.top)),
    ]
}

/// X and Y of the training samples.
fn samples(request: &RunRequest) -> (Tensor, Tensor) {
    let (problem, train) = (&request.problem, &request.split.train);
    let n = train.labels.len();
    let n_inputs = problem.operand_sizes.iter().sum();
    let mut x = vec![0.0; n * n_inputs];
    let mut offset = 0;
    for (tokens, size) in train.operands.iter().zip(&problem.operand_sizes) {
        for (row, token) in tokens.iter().enumerate() {
            x[row * n_inputs + offset + *token as usize] = 1.0;
        }
        offset += size;
    }
    let y = Tensor::from_fn(n, problem.n_labels, |row, label| f64::from(train.labels[row] as usize == label));
    (Tensor::real(n, n_inputs, x), y)
}
