//! Negative controls: runs that cannot generalize, and curves that look as if something were about to happen.

use crate::early::looks::LOOKS;
use crate::early::model::{Inputs, Model};
use crate::early::observe::{Trace, observe};
use crate::early::worlds::draw;
use dunwu::run::RunRequest;
use dunwu::verb::{VerbError, Watcher};
use schemars::JsonSchema;
use serde::Serialize;

/// Runs of one kind that must not be called hopeful.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Control {
    /// `shuffled_labels`, `no_decay` or `oscillating`.
    pub control: String,
    /// What it is, in words.
    pub tells: String,
    /// Runs.
    pub runs: usize,
    /// Runs that generalized all the same.
    pub generalized: usize,
    /// Mean probability of those that did not at each look, from losses and accuracies; null where all were decided.
    pub mean: Vec<Option<f64>>,
    /// The largest at a tenth of the steps.
    pub largest: Option<f64>,
}

/// All controls.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Controls {
    /// Share of the steps at each look.
    pub looks: Vec<f64>,
    /// A line a control.
    pub controls: Vec<Control>,
    /// What the mean probability on shuffled labels has to stay below at a tenth of the steps.
    pub bar: f64,
    /// Whether it does.
    pub holds: bool,
}

/// What the mean on shuffled labels has to stay below, and the look at which it has to.
const BAR: f64 = 0.02;
const TENTH: usize = 5;
/// Families that controls are drawn from: sums modulo M, two activations, two losses.
const FAMILIES: u64 = 4;

/// Makes so many runs of each control.
///
/// # Errors
///
/// Where a run cannot be made, or the work was stopped.
pub fn controls(runs: usize, seed: u64, watcher: &mut Watcher<'_>) -> Result<Controls, VerbError> {
    watcher.phase("making controls", Some(2 * runs as u64));
    let mut made = |key: &str, value: &str, done: usize| -> Result<Vec<Trace>, VerbError> {
        (0..runs)
            .map(|run| {
                if watcher.is_stopped() {
                    return Err(VerbError::Stopped);
                }
                watcher.pieces((done + run) as u64);
                let family = run as u64 % FAMILIES;
                let mut words = draw(family as usize, seed, 10_000_000 + run as u64).words;
                let word = format!("{key}={value}");
                match words.iter_mut().find(|other| other.split_once('=').is_some_and(|(name, _)| name == key)) {
                    Some(other) => *other = word,
                    None => words.push(word),
                }
                let request = RunRequest::from_words(&words)?;
                observe(family as usize, run as u64, &request).map_err(|error| VerbError::Failed(error.into()))
            })
            .collect()
    };
    let shuffled = made("data.corrupted", "1.0", 0)?;
    let undecayed = made("optimizer.weight_decay", "0", runs)?;
    let oscillating: Vec<Trace> = shuffled.iter().map(oscillating).collect();
    let controls = vec![
        control("shuffled_labels", "every training label is wrong", &shuffled),
        control("oscillating", "the same, with a training loss made to oscillate by 40 %", &oscillating),
        control("no_decay", "no weight decay; some generalize all the same", &undecayed),
    ];
    let holds = controls[0].mean[TENTH].is_none_or(|mean| mean < BAR);
    Ok(Controls { looks: LOOKS.to_vec(), controls, bar: BAR, holds })
}

/// A run whose training loss swings for no reason, a period of six evaluations.
fn oscillating(trace: &Trace) -> Trace {
    let mut trace = trace.clone();
    for (place, row) in trace.rows.iter_mut().enumerate() {
        row[1] *= 1.0 + 0.4 * libm::sin(place as f64 * std::f64::consts::FRAC_PI_3) as f32;
    }
    trace
}

fn control(name: &str, tells: &str, traces: &[Trace]) -> Control {
    let model = Model::shipped();
    let at = |look: usize| -> Vec<f64> {
        let open = traces.iter().filter(|trace| trace.generalized.is_none());
        open.filter_map(|trace| {
            let mut row = trace.coordinates.clone();
            row.extend(trace.looks().get(look)?);
            row.truncate(Inputs::HeldOut.width());
            Some(model.probability(Inputs::HeldOut, &row))
        })
        .collect()
    };
    let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    Control {
        control: name.to_owned(),
        tells: tells.to_owned(),
        runs: traces.len(),
        generalized: traces.iter().filter(|trace| trace.generalized.is_some()).count(),
        mean: (0..LOOKS.len()).map(|look| mean(at(look))).collect(),
        largest: at(TENTH).into_iter().max_by(f64::total_cmp),
    }
}
