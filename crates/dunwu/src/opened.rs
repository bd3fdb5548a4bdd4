//! A run opened: its record with everything derived from it.

use crate::group::{Decomposition, Irrep};
use crate::kernel_steps::KernelSteps;
use crate::knowledge::Knowledge;
use crate::measure::label::{Estimate, Evidence, Luck, label, label_from_sample, reference_norm};
use crate::measure::stage::{StageEvidence, stages};
use crate::measure::{self, Handle, MEASURES, Measure, Quantity, Scene, Setup, measure_all, measure_only, shape};
use crate::operation::Operation;
use crate::story;
use crate::theory::{Expectation, expectation};
use dunwu_engine::loss::{Loss, Objective};
use dunwu_engine::model::{Predictor, PredictorError, Weights};
use dunwu_engine::spec::{Architecture, MlpSpec, Normalization, TopLayer, TransformerSpec};
use dunwu_engine::task::Task;
use dunwu_engine::{Outcome, Problem, RunSpec, Scalars, Snapshot, Split};
use serde::{Deserialize, Serialize};

pub use crate::measure::label::UnitLabel;
pub use crate::measure::stage::{Stage, StageSpan};

/// All measures of one snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Updates made so far.
    pub step: u64,
    /// Values in the order of [`MEASURES`].
    pub values: Vec<Option<Quantity>>,
    /// One label a unit, judged with the held-out samples.
    pub labels: Vec<UnitLabel>,
    /// One label a unit, judged from the training sample alone.
    pub sample_labels: Vec<UnitLabel>,
}

impl Frame {
    /// The value of any measure; `None` where it is undefined here.
    pub fn value<S: Copy>(&self, handle: Handle<S>) -> Option<&Quantity> {
        self.values.get(handle.index())?.as_ref()
    }

    /// The value of a scalar measure.
    pub fn scalar(&self, handle: Handle<shape::Scalar>) -> Option<f64> {
        match self.value(handle)? {
            Quantity::Scalar(value) => Some(*value),
            _ => None,
        }
    }

    /// The values of a measure with one entry a unit, an irrep or a problem.
    pub fn entries<S: shape::Entries + Copy>(&self, handle: Handle<S>) -> Option<&[Option<f64>]> {
        match self.value(handle)? {
            Quantity::PerUnit(values) | Quantity::PerIrrep(values) | Quantity::PerProblem(values) => Some(values),
            _ => None,
        }
    }

    /// The numbers of a spectrum, descending.
    pub fn spectrum(&self, handle: Handle<shape::Spectrum>) -> Option<&[f64]> {
        match self.value(handle)? {
            Quantity::Spectrum(values) => Some(values),
            _ => None,
        }
    }

    /// Every measure with its value here, in the order of [`MEASURES`].
    pub fn measured(&self) -> impl Iterator<Item = (&'static Measure, Option<&Quantity>)> {
        MEASURES.iter().enumerate().map(|(index, measure)| (measure, self.values.get(index).and_then(Option::as_ref)))
    }

    /// For each irrep whether a pure unit (purity above 0.9) carries it; `None` where the task has no irreps. The trivial one,
    /// which centring removes, never is.
    pub fn covered_irreps(&self) -> Option<Vec<bool>> {
        let covered = |units: &Option<f64>| units.is_some_and(|units| units >= 1.0);
        self.entries(measure::IRREP_UNITS).map(|units| units.iter().map(covered).collect())
    }

    /// Units with this label.
    pub fn count(&self, wanted: UnitLabel) -> usize {
        self.labels.iter().filter(|&&label| label == wanted).count()
    }
}

/// A run with everything derived from its record.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What was asked.
    pub spec: RunSpec,
    /// Canonical name of the task, e.g. `cyclic:71`.
    pub task: String,
    /// Labels M.
    pub n_labels: usize,
    /// Training samples.
    pub n_train: usize,
    /// All samples.
    pub n_population: usize,
    /// What the operation is.
    pub operation: Operation,
    /// Irreps, the trivial one first; `None` where the task is no group.
    pub irreps: Option<Vec<Irrep>>,
    /// Losses and accuracies, by step.
    pub scalars: Vec<Scalars>,
    /// Measures of every snapshot, by step.
    pub frames: Vec<Frame>,
    /// When the network knew its training sample and the samples held out, from which step on and until which.
    pub knowledge: Knowledge,
    /// Whether an accuracy that is below its level was rising at the end; see [`Knowledge::is_improving`].
    pub improving: bool,
    /// Stages passed through, in order; none where they are not known.
    pub stages: Vec<StageSpan>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the theory expected of it.
    pub expectation: Expectation,
    /// Plain sentences about this run, in reading order.
    pub story: Vec<String>,
}

impl Opened {
    /// Step at which train accuracy arrived at its level.
    pub fn memorized(&self) -> Option<u64> {
        self.knowledge.memorized.map(|stay| stay.arrived)
    }

    /// Step at which test accuracy arrived at its level, whether or not it stayed there.
    pub fn generalized(&self) -> Option<u64> {
        self.knowledge.generalized.map(|stay| stay.arrived)
    }

    /// Whether inputs are tuples of tokens; else they are numbers.
    pub fn has_tokens(&self) -> bool {
        !matches!(self.spec.task, Task::Parity(_) | Task::Digits)
    }

    /// Why no unit has a weight for each token, where none has; what is read off such weights is then not defined.
    pub fn why_no_token_weights(&self) -> Option<String> {
        match self.spec.model.architecture {
            _ if !self.has_tokens() => Some(format!("inputs of {} are numbers, not tokens", self.task)),
            Architecture::TwoLayer
            | Architecture::Mlp(MlpSpec { depth: 1, normalization: Normalization::None, .. }) => None,
            Architecture::Mlp(MlpSpec { depth: 1, .. }) => Some("a norm stands between tokens and units".to_owned()),
            Architecture::Mlp(MlpSpec { depth, .. }) => {
                Some(format!("units of the last of {depth} hidden layers read the layer below, not tokens"))
            }
            Architecture::Transformer(_) => {
                Some("units of a transformer's last block read its residual stream, not tokens".to_owned())
            }
        }
    }

    /// What the entries of the features are called: units of the last hidden layer, or directions of a normalised stream.
    pub fn feature_noun(&self) -> &'static str {
        match self.spec.model.architecture {
            Architecture::Transformer(TransformerSpec { normalization, .. })
                if normalization != Normalization::None =>
            {
                "directions of the normalised stream"
            }
            _ => "units",
        }
    }

    /// Which irreps pure units carry at the last snapshot, and which none does; the trivial one, which centring removes, is
    /// not counted. `None` where the task has no irreps.
    pub fn coverage(&self) -> Option<(Vec<&Irrep>, Vec<&Irrep>)> {
        let irreps = self.irreps.as_ref()?;
        let rows = irreps.iter().zip(self.frames.last()?.covered_irreps()?).skip(1);
        let (covered, missing): (Vec<_>, Vec<_>) = rows.partition(|&(_, covered)| covered);
        Some((covered.into_iter().map(|row| row.0).collect(), missing.into_iter().map(|row| row.0).collect()))
    }
}

/// A run being opened, snapshot by snapshot: while it trains, or from its record afterwards.
pub struct Opening<'a> {
    spec: &'a RunSpec,
    problem: &'a Problem,
    split: &'a Split,
    decomposition: Option<&'a Decomposition>,
    /// The weights at the first snapshot, and how far contributions reach there by luck.
    first: Option<(Weights, Luck)>,
    kernel_steps: KernelSteps,
    frames: Vec<Frame>,
}

impl<'a> Opening<'a> {
    /// Nothing seen yet.
    pub fn new(
        spec: &'a RunSpec,
        problem: &'a Problem,
        split: &'a Split,
        decomposition: Option<&'a Decomposition>,
    ) -> Self {
        let kernel_steps = KernelSteps::of(spec, problem, split.train.len());
        Self { spec, problem, split, decomposition, first: None, kernel_steps, frames: Vec::new() }
    }

    /// Takes frames that were derived before, instead of adding their snapshots.
    pub fn reuse(&mut self, frames: Vec<Frame>) {
        self.frames = frames;
    }

    /// Frames so far, by step.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Measures and labels one more snapshot; the first one must be step 0, which rotation is measured from. Refused where its
    /// parameters are not those of the spec's network.
    pub fn add(&mut self, snapshot: &Snapshot) -> Result<&Frame, PredictorError> {
        let run = MeasuredRun {
            spec: self.spec,
            problem: self.problem,
            split: self.split,
            decomposition: self.decomposition,
            initial: self.first.as_ref().map_or(&snapshot.weights, |(weights, _)| weights),
        };
        let has_kernel = self.kernel_steps.contains(snapshot.step);
        let measured = |scene: Scene<'_>| measure_all(&if has_kernel { scene } else { scene.without_kernel() });
        let (values, evidence) = run.measure(snapshot, measured)?;
        let luck = self.first.as_ref().map_or_else(|| Luck::of(&evidence), |(_, luck)| *luck);
        let frame = run.frame(snapshot, values, &evidence, luck);
        if self.first.is_none() {
            self.first = Some((snapshot.weights.clone(), luck));
        }
        self.frames.push(frame);
        Ok(self.frames.last().expect("just pushed"))
    }

    /// The whole run.
    pub fn finish(self, scalars: Vec<Scalars>, outcome: Outcome) -> Opened {
        let evidence: Vec<StageEvidence> = self.frames.iter().map(stage_evidence).collect();
        let last_step = scalars.last().map_or(0, |row| row.step);
        let stages = match self.spec.loss {
            Objective::Outputs(_) => stages(&evidence, last_step),
            // The stages are those of features that learn through a top layer.
            Objective::Features(_) => Vec::new(),
        };
        let irreps = self.decomposition.map(|decomposition| decomposition.irreps.clone());
        let (n_train, n_population) = (self.split.train.labels.len(), self.problem.labels.len());
        let knowledge = Knowledge::of(self.spec, &scalars);
        let expectation = expectation(self.spec, self.problem, irreps.as_deref(), n_train);
        let mut opened = Opened {
            spec: self.spec.clone(),
            task: self.problem.name.clone(),
            n_labels: self.problem.n_labels,
            n_train,
            n_population,
            operation: Operation::of(self.problem),
            irreps,
            improving: knowledge.is_improving(&scalars, [n_train, n_population.saturating_sub(n_train)]),
            scalars,
            frames: self.frames,
            knowledge,
            stages,
            outcome: knowledge.outcome(outcome, last_step),
            expectation,
            story: Vec::new(),
        };
        opened.story = story::tell(&opened);
        opened
    }
}

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
    let (_, first) = run.measure(initial, |scene| measure_only(&scene.without_kernel(), &LUCK))?;
    let (values, evidence) = run.measure(snapshot, |scene| measure_only(&scene.without_kernel(), &EVIDENCE))?;
    Ok(run.frame(snapshot, values, &evidence, Luck::of(&first)).labels)
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
struct MeasuredRun<'a> {
    spec: &'a RunSpec,
    problem: &'a Problem,
    split: &'a Split,
    decomposition: Option<&'a Decomposition>,
    initial: &'a Weights,
}

impl MeasuredRun<'_> {
    /// What `measured` makes of a snapshot, and what its units are judged by.
    fn measure(
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

    /// The frame of a snapshot that was measured, its units labelled.
    fn frame(&self, snapshot: &Snapshot, values: Vec<Option<Quantity>>, evidence: &[Evidence], luck: Luck) -> Frame {
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

fn stage_evidence(frame: &Frame) -> StageEvidence {
    StageEvidence::of(
        frame.step,
        frame.entries(measure::UNIT_ROTATION),
        frame.entries(measure::UNIT_FIT_TRAIN),
        &frame.labels,
    )
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
