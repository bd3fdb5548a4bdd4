//! A run opened: its record with everything derived from it.

use crate::group::{Decomposition, Irrep};
use crate::kernel_steps::KernelSteps;
use crate::knowledge::Knowledge;
use crate::measure::label::Luck;
use crate::measure::stage::{StageEvidence, stages};
use crate::measure::{self, Handle, MEASURES, Measure, Quantity, Scene, measure_all, shape};
use crate::operation::Operation;
use crate::origin::Origin;
use crate::story;
use crate::theory::{Expectation, expectation};
use dunwu_engine::loss::Objective;
use dunwu_engine::model::{PredictorError, Weights};
use dunwu_engine::spec::{Architecture, MlpSpec, Normalization, TransformerSpec};
use dunwu_engine::task::Task;
use dunwu_engine::{Outcome, Problem, RunSpec, Scalars, Snapshot, Split, Training};
use serde::{Deserialize, Serialize};

mod measured_run;

pub use crate::measure::label::UnitLabel;
pub use crate::measure::stage::{Stage, StageSpan};
use measured_run::MeasuredRun;
pub use measured_run::{measured_frame, unit_labels};
pub(crate) use measured_run::{predictor, ridge_eta};

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
    /// Where the weights came from; `None` where they were trained here.
    pub origin: Option<Origin>,
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
    /// Where the weights came from; `None` where they were trained here.
    origin: Option<Origin>,
    first: Option<FirstSnapshot>,
    kernel_steps: KernelSteps,
    frames: Vec<Frame>,
}

/// The weights at a run's first snapshot, and how far contributions reach by luck in a network that has learned nothing: all that measuring
/// the next snapshot needs of those before it.
#[derive(Clone, Debug)]
pub struct FirstSnapshot {
    weights: Weights,
    luck: Luck,
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
        Self { spec, problem, split, decomposition, origin: None, first: None, kernel_steps, frames: Vec::new() }
    }

    /// The same of a run whose weights came from elsewhere. Everything is measured at each of its snapshots, which are few; where the
    /// first is not that of step 0, nobody knows where its units began.
    #[must_use]
    pub fn with_origin(self, origin: Option<Origin>) -> Self {
        let kernel_steps = if origin.is_some() { KernelSteps::All } else { self.kernel_steps };
        Self { origin, kernel_steps, ..self }
    }

    /// The same of a run of which other snapshots were added before, and looked at with [`Self::so_far`].
    #[must_use]
    pub fn after(self, first: Option<FirstSnapshot>) -> Self {
        Self { first, ..self }
    }

    /// Takes frames that were derived before, instead of adding their snapshots.
    pub fn reuse(&mut self, frames: Vec<Frame>) {
        self.frames = frames;
    }

    /// Frames so far, by step.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Measures and labels one more snapshot; the first one of a run that is trained here must be step 0, which rotation is measured
    /// from. Refused where its parameters are not those of the spec's network.
    pub fn add(&mut self, snapshot: &Snapshot) -> Result<&Frame, PredictorError> {
        if self.first.is_none() && !self.knows_its_start() {
            let luck = self.luck_of_untrained()?;
            self.first = Some(FirstSnapshot { weights: snapshot.weights.clone(), luck });
        }
        let run = MeasuredRun {
            spec: self.spec,
            problem: self.problem,
            split: self.split,
            decomposition: self.decomposition,
            initial: self.first.as_ref().map_or(&snapshot.weights, |first| &first.weights),
        };
        let has_kernel = self.kernel_steps.contains(snapshot.step);
        let measured = |scene: Scene<'_>| measure_all(&if has_kernel { scene } else { scene.without_kernel() });
        let (mut values, evidence) = run.measure(snapshot, measured)?;
        if !self.knows_its_start()
            && let Some(rotation) = values.get_mut(measure::UNIT_ROTATION.index())
        {
            *rotation = None;
        }
        let luck = self.first.as_ref().map_or_else(|| Luck::of(&evidence), |first| first.luck);
        let frame = run.frame(snapshot, values, &evidence, luck);
        if self.first.is_none() {
            self.first = Some(FirstSnapshot { weights: snapshot.weights.clone(), luck });
        }
        self.frames.push(frame);
        Ok(self.frames.last().expect("just pushed"))
    }

    /// Luck of the network that the spec begins with, for want of the one that the imported units began with.
    fn luck_of_untrained(&self) -> Result<Luck, PredictorError> {
        let Self { spec, problem, split, decomposition, .. } = *self;
        let Ok(training) = Training::new(spec, problem, split, 1) else { return Ok(Luck::ORDINARY) };
        let snapshot = training.snapshot();
        MeasuredRun { spec, problem, split, decomposition, initial: &snapshot.weights }.luck(&snapshot)
    }

    /// Whether the network at step 0 is known.
    fn knows_its_start(&self) -> bool {
        self.origin.as_ref().is_none_or(|origin| origin.snapshots.first().is_some_and(|first| first.step == 0))
    }

    /// The run so far, and what measuring its next snapshot needs of its first one: whoever opens a run in parts hands that to
    /// [`Self::after`], and the frames to [`Self::reuse`].
    pub fn so_far(mut self, scalars: Vec<Scalars>, outcome: Outcome) -> (Option<FirstSnapshot>, Opened) {
        (self.first.take(), self.finish(scalars, outcome))
    }

    /// The whole run.
    pub fn finish(self, scalars: Vec<Scalars>, outcome: Outcome) -> Opened {
        let evidence: Vec<StageEvidence> = self.frames.iter().map(stage_evidence).collect();
        let last_step = scalars.last().map_or(0, |row| row.step);
        let stages = match self.spec.loss {
            Objective::Outputs(_) if self.knows_its_start() => stages(&evidence, last_step),
            Objective::Outputs(_) => Vec::new(),
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
            origin: self.origin,
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

fn stage_evidence(frame: &Frame) -> StageEvidence {
    StageEvidence::of(
        frame.step,
        frame.entries(measure::UNIT_ROTATION),
        frame.entries(measure::UNIT_FIT_TRAIN),
        &frame.labels,
    )
}
