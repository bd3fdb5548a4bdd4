//! Snapshots of one run, measured and labelled.

use super::Frame;
use crate::group::Decomposition;
use crate::measure::label::{Estimate, Evidence, Luck, UnitLabel, label, label_from_sample, reference_norm};
use crate::measure::{self, Handle, MEASURES, Measure, Quantity, Scene, Setup, measure_only, shape};
use dunwu_engine::loss::Loss;
use dunwu_engine::model::{Predictor, PredictorError, Weights};
use dunwu_engine::spec::TopLayer;
use dunwu_engine::{Problem, RunSpec, Snapshot, Split};

/// One label a unit of `snapshot`, judged with the held-out samples, without the measures that labels do not need; `initial` is the
/// snapshot at step 0.
pub fn unit_labels(
    spec: &RunSpec,
    problem: &Problem,
    split: &Split,
    initial: &Snapshot,
    snapshot: &Snapshot,
) -> Result<Vec<UnitLabel>, PredictorError> {
    let run = MeasuredRun { spec, problem, split, decomposition: None, initial: &initial.weights };
    let luck = run.luck(initial)?;
    let (values, evidence) = run.measure(snapshot, |scene| measure_only(&scene.without_kernel(), &EVIDENCE))?;
    Ok(run.frame(snapshot, values, &evidence, luck).labels)
}

/// The measures of these places in [`MEASURES`], of `snapshot`; the others are `None`, and units have no labels. `initial` is the
/// snapshot at step 0.
pub fn measured_frame(
    (spec, problem, split): (&RunSpec, &Problem, &Split),
    decomposition: Option<&Decomposition>,
    initial: &Snapshot,
    snapshot: &Snapshot,
    wanted: &[usize],
) -> Result<Frame, PredictorError> {
    let run = MeasuredRun { spec, problem, split, decomposition, initial: &initial.weights };
    let (values, _) = run.measure(snapshot, |scene| {
        let scene = scene.without_kernel();
        let measure =
            |(place, measure): (usize, &Measure)| wanted.contains(&place).then(|| (measure.compute)(&scene)).flatten();
        MEASURES.iter().enumerate().map(measure).collect()
    })?;
    Ok(Frame { step: snapshot.step, values, labels: Vec::new(), sample_labels: Vec::new() })
}

/// What stays the same over the snapshots of a run that are measured.
#[derive(Clone, Copy)]
pub(super) struct MeasuredRun<'a> {
    pub(super) spec: &'a RunSpec,
    pub(super) problem: &'a Problem,
    pub(super) split: &'a Split,
    pub(super) decomposition: Option<&'a Decomposition>,
    pub(super) initial: &'a Weights,
}

impl MeasuredRun<'_> {
    /// What `measured` makes of a snapshot, and what its units are judged by.
    pub(super) fn measure(
        &self,
        snapshot: &Snapshot,
        measured: impl FnOnce(Scene<'_>) -> Vec<Option<Quantity>>,
    ) -> Result<(Vec<Option<Quantity>>, Vec<Evidence>), PredictorError> {
        let predictor = predictor(self.spec, self.problem, snapshot)?;
        let setup = Setup {
            problem: self.problem,
            split: self.split,
            decomposition: self.decomposition,
            activation: self.spec.model.activation,
            objective: self.spec.loss,
            eta: ridge_eta(self.spec, self.split.train.labels.len()),
            initial: self.initial,
        };
        let scene = match &predictor {
            None => Scene::new(setup, snapshot),
            Some(predictor) => Scene::of_network(predictor, setup, snapshot),
        };
        let values = measured(scene);
        let frame = Frame { step: snapshot.step, values, labels: Vec::new(), sample_labels: Vec::new() };
        let evidence = evidence(&frame, &snapshot.weights, self.initial);
        Ok((frame.values, evidence))
    }

    /// How far contributions reach by luck in a network that has learned nothing.
    pub(super) fn luck(&self, untrained: &Snapshot) -> Result<Luck, PredictorError> {
        let (_, evidence) = self.measure(untrained, |scene| measure_only(&scene.without_kernel(), &LUCK))?;
        Ok(Luck::of(&evidence))
    }

    /// The frame of a snapshot that was measured, its units labelled.
    pub(super) fn frame(
        &self,
        snapshot: &Snapshot,
        values: Vec<Option<Quantity>>,
        evidence: &[Evidence],
        luck: Luck,
    ) -> Frame {
        let has_tokens = snapshot.weights.n_inputs > 0;
        let inputs = has_tokens.then(|| snapshot.weights.n_inputs as f64 / self.split.train.labels.len() as f64);
        Frame {
            step: snapshot.step,
            values,
            labels: evidence.iter().map(|unit| label(unit, inputs, luck)).collect(),
            sample_labels: evidence.iter().map(|unit| label_from_sample(unit, inputs, luck)).collect(),
        }
    }
}

/// The network of a snapshot; `None` where two tables of weights are all there is to it.
pub(crate) fn predictor(
    spec: &RunSpec,
    problem: &Problem,
    snapshot: &Snapshot,
) -> Result<Option<Predictor>, PredictorError> {
    let made_of_blocks = !snapshot.parameters.arrays.is_empty();
    made_of_blocks.then(|| Predictor::new(spec, problem, &snapshot.parameters)).transpose()
}

/// The paper's η: the ridge that the top layer is solved with, a probe of features included, or what weight decay λ amounts
/// to. Training minimises a mean over n samples and adds λ w to its gradient, so η = nλ/2 for the centred MSE, whose gradient
/// has a factor 2, and nλ for cross-entropy.
pub(crate) fn ridge_eta(spec: &RunSpec, n_train: usize) -> f64 {
    match (spec.model.top_layer, spec.loss.of_outputs()) {
        (TopLayer::Ridge { eta }, _) => eta,
        (TopLayer::Trained, Loss::Mse) => n_train as f64 * spec.optimizer.weight_decay / 2.0,
        (TopLayer::Trained, Loss::CrossEntropy | Loss::Shaped(_)) => n_train as f64 * spec.optimizer.weight_decay,
    }
}

/// Measures that units are labelled by.
const EVIDENCE: [Handle<shape::PerUnit>; 9] = [
    measure::UNIT_NORM,
    measure::UNIT_OUTPUT_NORM,
    measure::UNIT_FIT_TRAIN,
    measure::UNIT_FIT_TRAIN_ERROR,
    measure::UNIT_FIT_HELD_OUT,
    measure::UNIT_FIT_HELD_OUT_ERROR,
    measure::UNIT_CLASS_SIGNAL_TRAIN,
    measure::UNIT_CLASS_PARTICIPATION,
    measure::UNIT_TOP2,
];

/// Measures that luck is known by.
const LUCK: [Handle<shape::PerUnit>; 4] = [
    measure::UNIT_FIT_TRAIN,
    measure::UNIT_FIT_TRAIN_ERROR,
    measure::UNIT_FIT_HELD_OUT,
    measure::UNIT_FIT_HELD_OUT_ERROR,
];

/// What the labels are judged by, one entry a unit; reads [`EVIDENCE`] alone.
fn evidence(frame: &Frame, weights: &Weights, initial: &Weights) -> Vec<Evidence> {
    // Without a table of tokens a unit has no w of its own. It is dead when the outputs no longer listen to it, which only the
    // other units of the same snapshot can tell: the top layer as a whole grows and shrinks while the network learns.
    let largest_norm = frame.entries(measure::UNIT_NORM).map_or_else(
        || frame.entries(measure::UNIT_OUTPUT_NORM).unwrap_or_default().iter().flatten().copied().fold(0.0, f64::max),
        |_| reference_norm(weights, initial),
    );
    let column = |handle: Handle<shape::PerUnit>| frame.entries(handle).unwrap_or_default();
    let [norm, train, train_error, held_out, held_out_error, signal, participation, top2] = [
        measure::UNIT_NORM,
        measure::UNIT_FIT_TRAIN,
        measure::UNIT_FIT_TRAIN_ERROR,
        measure::UNIT_FIT_HELD_OUT,
        measure::UNIT_FIT_HELD_OUT_ERROR,
        measure::UNIT_CLASS_SIGNAL_TRAIN,
        measure::UNIT_CLASS_PARTICIPATION,
        measure::UNIT_TOP2,
    ]
    .map(column);
    let norm = if norm.is_empty() { column(measure::UNIT_OUTPUT_NORM) } else { norm };
    let at = |column: &[Option<f64>], unit: usize| column.get(unit).copied().flatten();
    let estimate = |mean: &[Option<f64>], error: &[Option<f64>], unit| {
        at(mean, unit).zip(at(error, unit)).map(|(mean, error)| Estimate { mean, error })
    };
    (0..weights.n_units)
        .map(|unit| Evidence {
            relative_norm: at(norm, unit).unwrap_or(0.0) / largest_norm.max(f64::MIN_POSITIVE),
            fit_train: estimate(train, train_error, unit),
            fit_held_out: estimate(held_out, held_out_error, unit),
            class_signal: at(signal, unit),
            label_share: at(participation, unit).map(|labels| labels / weights.n_labels as f64),
            top2: at(top2, unit),
        })
        .collect()
}
