//! One network trained for a few steps, and the sizes of what it computes and of what changed in it.

use dunwu_engine::train::probe::Probe;
use dunwu_engine::{Outcome, Problem, RunSpec, Samples, Split, TrainError, Training};
use std::sync::atomic::{AtomicBool, Ordering};

/// Training samples on which activations are measured.
const PROBED: usize = 64;
/// A change of an activation below this share of it is rounding of single precision.
const ROUNDING: f64 = 1e-5;

/// Sizes in one network: root mean squares over units and samples, or over an array's entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trained {
    /// Every hidden layer, and the outputs last.
    pub(super) layers: Vec<LayerSizes>,
    /// Every array of weights.
    pub(super) arrays: Vec<ArraySizes>,
    /// The step at which it was no longer finite.
    pub(super) diverged: Option<u64>,
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LayerSizes {
    pub(super) name: String,
    /// Root mean square of the layer's activations x₀, before the first update.
    pub(super) initial: Option<f64>,
    /// Root mean square of the layer's activations xₜ, after the last update.
    pub(super) last: Option<f64>,
    /// Root mean square of the entries of xₜ − x₀; `None` where it is lost in rounding.
    pub(super) change: Option<f64>,
}

/// One array of weights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ArraySizes {
    pub(super) name: String,
    /// Root mean square of the entries of wₜ − w₀, what all updates together did to the array.
    pub(super) update: Option<f64>,
    /// Root mean square of f(w₀ with this array's wₜ) − f(w₀): what the array's update alone does to the outputs.
    pub(super) effect: Option<f64>,
}

/// Trains it for `steps` updates; `None` where it was asked to stop.
pub(super) fn train(
    (spec, problem, split): (&RunSpec, &Problem, &Split),
    steps: u64,
    stop: &AtomicBool,
) -> Result<Option<Trained>, TrainError> {
    let mut training = Training::new(spec, problem, split, 1)?;
    let mut probe = Probe::new(spec, problem);
    let samples = probed(&split.train);
    let first = probe.weights(&training);
    let x_first = probe.layers(&samples, &first);
    let mut diverged = None;
    while training.step() < steps && diverged.is_none() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match training.advance().outcome {
            Some(Outcome::Diverged { step }) => diverged = Some(step),
            Some(_) => break,
            None => {}
        }
    }
    let last = probe.weights(&training);
    let x_last = probe.layers(&samples, &last);
    if diverged.is_none() && !x_last.iter().all(|(_, x)| x.iter().all(|x| x.is_finite())) {
        diverged = Some(training.step());
    }
    let (f_first, f_size) = x_first.last().map(|(_, f)| (f.clone(), size(f))).unwrap_or_default();
    let layers = x_first.iter().zip(&x_last).map(|((name, first), (_, last))| LayerSizes {
        name: name.clone(),
        initial: Some(size(first)),
        last: seen(size(last), 0.0),
        change: seen(distance(first, last), size(first)),
    });
    let layers = layers.collect();
    let arrays = (0..first.len()).map(|place| {
        let update = distance(&first[place].1, &last[place].1);
        let mut effect = 0.0;
        if update != 0.0 {
            let mut mixed = first.clone();
            mixed[place].1.clone_from(&last[place].1);
            let outputs = probe.layers(&samples, &mixed).pop();
            effect = outputs.map_or(0.0, |(_, outputs)| distance(&f_first, &outputs));
        }
        ArraySizes { name: first[place].0.clone(), update: seen(update, 0.0), effect: seen(effect, f_size) }
    });
    Ok(Some(Trained { arrays: arrays.collect(), layers, diverged }))
}

/// The size of a change of something of size `of`; `None` where rounding or divergence leaves nothing to be seen.
fn seen(change: f64, of: f64) -> Option<f64> {
    (change.is_finite() && (change == 0.0 || change >= ROUNDING * of)).then_some(change)
}

/// Training samples at equal distances.
fn probed(train: &Samples) -> Samples {
    let n = train.len().min(PROBED);
    let places: Vec<u32> = (0..n).map(|i| (i * train.len() / n.max(1)) as u32).collect();
    train.select(&places)
}

fn size(values: &[f32]) -> f64 {
    root_mean_square(values.iter().map(|&x| f64::from(x)))
}

fn distance(one: &[f32], other: &[f32]) -> f64 {
    root_mean_square(one.iter().zip(other).map(|(a, b)| f64::from(*a) - f64::from(*b)))
}

fn root_mean_square(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1) as f64;
    (values.map(|x| x * x).sum::<f64>() / n).sqrt()
}
