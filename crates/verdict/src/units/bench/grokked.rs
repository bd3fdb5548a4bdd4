//! Networks of our own engine: the labels that its measures give, beside those from the arrays of the same layer.

use crate::units::{Answers, LayerSamples, Matrix, Samples, UnitRole};
use dunwu::measure::label::UnitLabel;
use dunwu::opened::unit_labels;
use dunwu::verb::VerbError;
use dunwu_engine::spec::{Value, apply, parse_value, presets};
use dunwu_engine::train::probe::Probe;
use dunwu_engine::{Snapshot, Split, Training};

/// The last hidden layer of a trained run, and the engine's labels of its units.
pub(super) struct EngineRun {
    pub(super) samples: LayerSamples,
    pub(super) labels: Vec<UnitLabel>,
}

/// Trains a preset with these settings, `key=value` each, to its end.
pub(super) fn train(preset: &str, words: &str) -> Result<EngineRun, VerbError> {
    let settings: Vec<(String, Value)> = words
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .map(|(key, value)| (key.to_owned(), parse_value(value)))
        .collect();
    let spec = apply(&(presets::find(preset)?.spec)(), &settings).map_err(|(_, error)| VerbError::usage(error))?;
    let problem = spec.task.resolve(None)?;
    let split = Split::draw(&problem, &spec.data, spec.seed, None)?;
    let mut training = Training::new(&spec, &problem, &split, 1)?;
    let mut probe = Probe::new(&spec, &problem);
    let (mut first, mut last): (Option<Snapshot>, Option<Snapshot>) = (None, None);
    loop {
        let progress = training.advance();
        if let Some(snapshot) = progress.snapshot {
            if first.is_none() { first = Some(snapshot) } else { last = Some(snapshot) }
        }
        if progress.outcome.is_some() {
            break;
        }
    }
    let (Some(first), Some(last)) = (first, last) else {
        return Err(VerbError::usage(format!("the run {preset} {words} keeps no two snapshots")));
    };
    let labels = unit_labels(&spec, &problem, &split, &first, &last)?;
    let weights = probe.weights(&training);
    let (n_units, n_classes) = (last.weights.n_units, problem.n_labels);
    let mut side = |samples: &dunwu_engine::Samples| {
        let mut layers = probe.layers(samples, &weights);
        let outputs = Matrix::new(n_classes, layers.pop().map(|layer| layer.1).unwrap_or_default());
        let activation = Matrix::new(n_units, layers.pop().map(|layer| layer.1).unwrap_or_default());
        let labels = samples.labels.iter().map(|&label| label as usize).collect();
        let answers = Answers::Logits(outputs);
        Samples { labels, answers, readout: activation.clone(), activation: Some(activation), input: None }
    };
    let (train, held_out) = (side(&split.train), side(&split.test));
    let top = Matrix::from_fn(n_classes, n_units, |c, j| last.weights.top[j * n_classes + c]);
    let samples = LayerSamples {
        name: format!("{preset} {words}"),
        basis: "units".to_owned(),
        n_classes,
        sequence_chance: None,
        train,
        held_out: Some(held_out),
        given_flags: None,
        output: Some((top, vec![0.0; n_classes])),
    };
    Ok(EngineRun { samples, labels })
}

/// The engine's label as a role; `None` where it leaves a unit undecided.
pub(super) fn role(label: UnitLabel) -> Option<UnitRole> {
    match label {
        UnitLabel::Generalizing => Some(UnitRole::Generalizing),
        UnitLabel::Memorizing => Some(UnitRole::Memorizing),
        UnitLabel::Dead => Some(UnitRole::Neither),
        UnitLabel::Undecided => None,
    }
}
