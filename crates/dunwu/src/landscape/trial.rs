//! Short runs: from how much data on a real network generalizes.

use super::race::Crossing;
use crate::run::drive::{Before, Driven, Keeper, Pace, drive};
use crate::spec_file;
use crate::store::{Record, RunDir, RunId};
use dunwu_engine::kernel::kernel_name;
use dunwu_engine::spec::{Architecture, MlpSpec, Normalization, RecordSpec, Sampling};
use dunwu_engine::split::SplitError;
use dunwu_engine::train::TrainError;
use dunwu_engine::{Checkpoint, Problem, RunSpec, Scalars, Snapshot, Split, Training};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One short run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Sample seed, which is also that of the weights.
    pub seed: u64,
    /// Training samples.
    pub n_train: u64,
    /// Best test accuracy at any evaluation.
    pub test_accuracy: f64,
    /// Whether that is at least half-way from chance to 1.
    pub generalized: bool,
}

/// Why a short run could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// There is no such sample.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// There is no such network.
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// Sample sizes are known to this factor.
pub const PRECISION: f64 = 1.03;

/// The spec of a short run: that of the landscape's network, evaluated now and then, without snapshots.
///
/// Where inputs are numbers, the two-layer network is an MLP of one hidden layer without biases.
pub fn short(spec: &RunSpec, problem: &Problem) -> RunSpec {
    let mut spec = spec.clone();
    spec.record = RecordSpec {
        evaluate_every: (spec.steps / 100).max(1),
        snapshots_per_decade: 0,
        snapshot_every: 0,
        snapshot_at_events: false,
    };
    spec.events.generalized = half_way(problem);
    spec.events.sustained = 0;
    spec.events.stop_after = Some(0);
    if problem.n_features > 0 && spec.model.architecture == Architecture::TwoLayer {
        let normalization = Normalization::None;
        let mlp = MlpSpec { depth: 1, residual: false, biases: false, embedding: 0, normalization };
        spec.model.architecture = Architecture::Mlp(mlp);
    }
    spec
}

/// Test accuracy half-way from chance, the share of the most frequent label, to 1.
pub fn half_way(problem: &Problem) -> f64 {
    let mut counts = vec![0_usize; problem.n_labels];
    problem.labels.iter().for_each(|&label| counts[label as usize] += 1);
    let most = counts.into_iter().max().unwrap_or(0) as f64;
    f64::midpoint(most / problem.n_population().max(1) as f64, 1.0)
}

/// Runs that were made before and need not be trained again: rows of sweeps that kept their curves, and run directories.
#[derive(Clone, Debug, Default)]
pub struct MadeRuns {
    /// Folder that holds the run directories; `None` where every run is to be trained.
    runs: Option<PathBuf>,
    /// The kernel and the highest test accuracy of each run of a sweep, as far as its lines tell.
    best: BTreeMap<RunId, (String, f64)>,
}

impl MadeRuns {
    /// The run directories in `runs`, and beside them those runs of sweeps of which `best` knows kernel and highest test accuracy.
    pub fn new(runs: &Path, best: BTreeMap<RunId, (String, f64)>) -> Self {
        Self { runs: Some(runs.to_owned()), best }
    }

    /// The highest test accuracy of the run of `spec`, if this kernel made it to its end before.
    pub fn best(&self, spec: &RunSpec) -> Option<f64> {
        let runs = self.runs.as_ref()?;
        let id: RunId = spec_file::id(spec, &[]).parse().ok()?; // a spec with files is trained
        let kernel = kernel_name(spec.numerics);
        if let Some((_, best)) = self.best.get(&id).filter(|(made_by, _)| made_by == kernel) {
            return Some(*best);
        }
        // A directory that cannot be read costs no more than the training that it would have saved.
        let record = Record::read(&RunDir::find(runs, &id).ok()??).ok()?;
        let is_whole = record.finished.is_some() && record.header.kernel == kernel;
        is_whole.then(|| best_of(record.scalars.iter().filter_map(|row| row.test_accuracy)))
    }
}

fn best_of(accuracies: impl Iterator<Item = f64>) -> f64 {
    accuracies.fold(0.0, f64::max)
}

/// Keeps nothing: a short run is known by its accuracies alone.
struct Nothing;

impl Keeper for Nothing {
    type Error = Infallible;

    fn keep_scalars(&mut self, _: &Scalars) -> Result<(), Infallible> {
        Ok(())
    }

    fn keep_snapshot(&mut self, _: &Snapshot, _: Option<&Scalars>) -> Result<(), Infallible> {
        Ok(())
    }

    fn keep_checkpoint(&mut self, _: Checkpoint, _: &[Scalars]) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Trains on one sample until it generalizes or its steps are over; a run that was made before is looked up instead.
pub fn run(problem: &Problem, spec: &RunSpec, seed: u64, made: &MadeRuns) -> Result<Trial, TrialError> {
    let split = Split::draw(problem, &spec.data, seed, None)?;
    let spec = RunSpec { seed, ..spec.clone() };
    let best = match made.best(&spec) {
        Some(best) => best,
        None => {
            let training = Training::new(&spec, problem, &split, 1)?;
            let pace = Pace { checkpoint_every: Duration::MAX, must_stop: &|| false };
            match drive(training, Before::default(), &pace, &mut Nothing) {
                Ok(Driven::Ended(ended)) => best_of(ended.scalars.iter().filter_map(|row| row.test_accuracy)),
                Ok(Driven::Stopped { .. }) => unreachable!("nobody asks a short run to stop"),
            }
        }
    };
    Ok(Trial { seed, n_train: split.train.len() as u64, test_accuracy: best, generalized: best >= half_way(problem) })
}

/// The sample size from which on the runs of one seed generalize, by bisection between `low` and `high` samples: it takes for
/// granted that more data never hurts. All runs are handed back.
pub fn threshold(
    problem: &Problem,
    spec: &RunSpec,
    seed: u64,
    [mut low, mut high]: [u64; 2],
    made: &MadeRuns,
) -> Result<(Crossing, Vec<Trial>), TrialError> {
    let mut trials = Vec::new();
    let mut generalizes = |count: u64| -> Result<bool, TrialError> {
        let mut spec = spec.clone();
        spec.data.sampling = Sampling::Count(count);
        let trial = run(problem, &spec, seed, made)?;
        trials.push(trial);
        Ok(trial.generalized)
    };
    if !generalizes(high)? {
        return Ok((Crossing::Beyond(high as f64), trials));
    }
    if generalizes(low)? {
        return Ok((Crossing::Below(low as f64), trials));
    }
    while high - low > 1 && high as f64 > PRECISION * low as f64 {
        let middle = ((low as f64 * high as f64).sqrt().round() as u64).clamp(low + 1, high - 1);
        if generalizes(middle)? {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok((Crossing::At((low as f64 * high as f64).sqrt()), trials))
}
