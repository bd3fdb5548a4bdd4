//! What programs read of a run.

use super::KeptRun;
use dunwu::Opened;
use dunwu::measure::{self, shape};
use dunwu::opened::{Stage, UnitLabel};
use dunwu::origin::{ArrayOrigin, Origin};
use dunwu::store::{StoredOutcome, WritingProcess};
use dunwu_engine::task::SharedProblem;
use schemars::JsonSchema;
use serde::Serialize;

/// A run as programs read it. Numbers that are not finite are `null`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunData {
    /// Its directory.
    pub run: String,
    /// Canonical name of its task: `cyclic:71`.
    pub task: String,
    /// Where its weights came from; `null` where they were trained here.
    pub imported: Option<RunOrigin>,
    /// How it ended; a run that is not finished is judged as if it ended at its last evaluation.
    pub outcome: StoredOutcome,
    /// Step at which training accuracy arrived at its level, 0.99 unless the spec says otherwise, and stayed for a while.
    pub step_memorized: Option<u64>,
    /// Step at which test accuracy arrived at its level, 0.99 unless the spec says otherwise, and stayed for a while.
    pub step_generalized: Option<u64>,
    /// Step from which on training accuracy is below its level again until the end; `null` where it holds or never arrived.
    pub step_forgotten: Option<u64>,
    /// Step from which on test accuracy is below its level again until the end; `null` where it holds or never arrived.
    pub step_lost: Option<u64>,
    /// How far training accuracy fell from its highest value to its last, where it had arrived.
    pub train_accuracy_fall: Option<f64>,
    /// How far test accuracy fell from its highest value to its last, where it had arrived.
    pub test_accuracy_fall: Option<f64>,
    /// Whether an accuracy that is below its level was still rising at the end.
    pub improving: bool,
    /// Loss on the training sample at the last evaluation, in nats or as a squared error a sample.
    pub train_loss: Option<f64>,
    /// Share of the training sample that is answered as it is labelled, at the last evaluation.
    pub train_accuracy: Option<f64>,
    /// Loss on the samples held out, at the last evaluation.
    pub test_loss: Option<f64>,
    /// Share of the samples held out that is answered right, at the last evaluation.
    pub test_accuracy: Option<f64>,
    /// Share of the corrupted training samples that get the wrong label that they were given; `null` without any.
    pub corrupted_accuracy: Option<f64>,
    /// Share of the corrupted training samples that get their true label; `null` without any.
    pub restored_accuracy: Option<f64>,
    /// Hidden units by label at the last snapshot.
    pub units: RunUnits,
    /// Each of several problems that one network learns at once, at the last snapshot; none where there is one problem.
    pub problems: Vec<RunProblem>,
    /// Nontrivial irreps at the last snapshot; `null` where the task has none.
    pub irreps: Option<RunIrreps>,
    /// The stages that it passed through, in order; none where they are not kept.
    pub stages: Vec<RunStage>,
    /// Steps over the training time that they took, measuring and writing not counted; `null` while it is not finished.
    pub steps_per_second: Option<f64>,
    /// What computed it.
    pub kernel: String,
    /// Whether it was there already and was not trained now.
    pub reused: bool,
    /// The process that is writing it; `null` where none is.
    pub writer: Option<WritingProcess>,
}

/// Where imported weights came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunOrigin {
    /// The files' names, without their folder, by step.
    pub files: Vec<String>,
    /// The steps that they were put at.
    pub steps: Vec<u64>,
    /// Which array became which, in the network's order.
    pub arrays: Vec<RunArray>,
    /// Names of arrays that were not taken over.
    pub left_out: Vec<String>,
}

/// An imported array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunArray {
    /// Its name in the file.
    pub theirs: String,
    /// Its name in the network: `hidden.0.weight`.
    pub ours: String,
    /// Extents in the file.
    pub their_shape: Vec<usize>,
    /// Extents in the network; a matrix is `[inputs, outputs]`.
    pub our_shape: Vec<usize>,
    /// How it lies in the file: `as it is`, `transposed`.
    pub taken: String,
}

/// Hidden units by what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunUnits {
    /// Their contribution to the fit carries over to samples that were held out.
    pub generalizing: usize,
    /// Their contribution is to the training sample only.
    pub memorizing: usize,
    /// They contribute nothing significant yet.
    pub undecided: usize,
    /// Their weights have decayed to nothing.
    pub dead: usize,
}

/// One of several problems.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunProblem {
    /// Canonical name of its task.
    pub task: String,
    /// Its share of the training sample.
    pub share: f64,
    /// Share of its training samples that is answered as it is labelled.
    pub train_accuracy: Option<f64>,
    /// Share of its samples held out that is answered right; `null` where none is held out.
    pub test_accuracy: Option<f64>,
}

/// Irreps by whether a pure unit carries them: one with more than 0.9 of its power there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunIrreps {
    /// Names of those that at least one does.
    pub covered: Vec<String>,
    /// Names of those that none does.
    pub missing: Vec<String>,
}

/// A stage and its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunStage {
    /// Which.
    pub name: Stage,
    /// Its first step.
    pub from: u64,
    /// The first step of the next one, or the last of all.
    pub to: u64,
}

impl RunData {
    pub(super) fn of(opened: &Opened, kept: &KeptRun) -> Self {
        let last = opened.scalars.last();
        let frame = opened.frames.last();
        let count = |label: UnitLabel| frame.map_or(0, |frame| frame.count(label));
        let names = |irreps: Vec<&dunwu::group::Irrep>| irreps.iter().map(|irrep| irrep.name.clone()).collect();
        Self {
            run: kept.dir.display().to_string(),
            task: opened.task.clone(),
            imported: opened.origin.as_ref().map(RunOrigin::of),
            outcome: opened.outcome.into(),
            step_memorized: opened.memorized(),
            step_generalized: opened.generalized(),
            step_forgotten: opened.knowledge.forgotten(),
            step_lost: opened.knowledge.lost(),
            train_accuracy_fall: opened.knowledge.memorized.map(|stay| stay.fall()),
            test_accuracy_fall: opened.knowledge.generalized.map(|stay| stay.fall()),
            improving: opened.improving,
            train_loss: last.map(|row| row.train_loss),
            train_accuracy: last.map(|row| row.train_accuracy),
            test_loss: last.and_then(|row| row.test_loss),
            test_accuracy: last.and_then(|row| row.test_accuracy),
            corrupted_accuracy: last.and_then(|row| row.corrupted_accuracy),
            restored_accuracy: last.and_then(|row| row.restored_accuracy),
            units: RunUnits {
                generalizing: count(UnitLabel::Generalizing),
                memorizing: count(UnitLabel::Memorizing),
                undecided: count(UnitLabel::Undecided),
                dead: count(UnitLabel::Dead),
            },
            problems: problems(opened),
            irreps: opened
                .coverage()
                .map(|(covered, missing)| RunIrreps { covered: names(covered), missing: names(missing) }),
            stages: opened
                .stages
                .iter()
                .map(|span| RunStage { name: span.name, from: span.from, to: span.to })
                .collect(),
            steps_per_second: kept.end.filter(|end| end.seconds > 0.0).map(|end| end.step as f64 / end.seconds),
            kernel: dunwu_engine::kernel::kernel_name(opened.spec.numerics).to_owned(),
            reused: kept.reused,
            writer: kept.writer.clone(),
        }
    }
}

impl RunOrigin {
    fn of(origin: &Origin) -> Self {
        let array = |array: &ArrayOrigin| RunArray {
            theirs: array.pair.theirs.clone(),
            ours: array.pair.ours.clone(),
            their_shape: array.their_shape.clone(),
            our_shape: array.our_shape.clone(),
            taken: array.pair.form.words().to_owned(),
        };
        Self {
            files: origin.snapshots.iter().map(|snapshot| snapshot.file.clone()).collect(),
            steps: origin.snapshots.iter().map(|snapshot| snapshot.step).collect(),
            arrays: origin.arrays.iter().map(array).collect(),
            left_out: origin.left_out.iter().map(|left| left.theirs.clone()).collect(),
        }
    }
}

fn problems(opened: &Opened) -> Vec<RunProblem> {
    let frame = opened.frames.last();
    let accuracy = |handle, i: usize| frame?.entries::<shape::PerProblem>(handle)?.get(i).copied().flatten();
    let problem = |(i, problem): (usize, SharedProblem)| RunProblem {
        share: problem.share.0 as f64 / problem.share.1 as f64,
        task: problem.name,
        train_accuracy: accuracy(measure::PROBLEM_TRAIN_ACCURACY, i),
        test_accuracy: accuracy(measure::PROBLEM_TEST_ACCURACY, i),
    };
    opened.spec.task.several().into_iter().enumerate().map(problem).collect()
}
