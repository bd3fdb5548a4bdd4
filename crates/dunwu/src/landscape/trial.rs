//! Short runs: from how much data on a real network generalizes.

use super::race::Crossing;
use dunwu_engine::spec::{Architecture, MlpSpec, RecordSpec, Sampling};
use dunwu_engine::split::SplitError;
use dunwu_engine::train::TrainError;
use dunwu_engine::{Problem, RunSpec, Split, Training};

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
        spec.model.architecture = Architecture::Mlp(MlpSpec { depth: 1, residual: false, biases: false, embedding: 0 });
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

/// Trains on one sample until it generalizes or its steps are over.
pub fn run(problem: &Problem, spec: &RunSpec, seed: u64) -> Result<Trial, TrialError> {
    let split = Split::draw(problem, &spec.data, seed, None)?;
    let spec = RunSpec { seed, ..spec.clone() };
    let mut training = Training::new(&spec, problem, &split, 1)?;
    let mut best = 0.0_f64;
    loop {
        let progress = training.advance();
        best = best.max(progress.scalars.and_then(|row| row.test_accuracy).unwrap_or(0.0));
        if progress.outcome.is_some() {
            let generalized = best >= half_way(problem);
            return Ok(Trial { seed, n_train: split.train.len() as u64, test_accuracy: best, generalized });
        }
    }
}

/// The sample size from which on the runs of one seed generalize, by bisection between `low` and `high` samples: it takes for
/// granted that more data never hurts. All runs are handed back.
pub fn threshold(
    problem: &Problem,
    spec: &RunSpec,
    seed: u64,
    [mut low, mut high]: [u64; 2],
) -> Result<(Crossing, Vec<Trial>), TrialError> {
    let mut trials = Vec::new();
    let mut generalizes = |count: u64| -> Result<bool, TrialError> {
        let mut spec = spec.clone();
        spec.data.sampling = Sampling::Count(count);
        let trial = run(problem, &spec, seed)?;
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
