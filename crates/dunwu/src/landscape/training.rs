//! Short real runs beside a race's landscapes.

use super::axis::{MOST, RaceAxis};
use super::race::{Crossing, Estimate};
use super::racing::RaceRequest;
use super::trial::{self, Trial, TrialError};
use crate::verb::{VerbError, Watcher};
use dunwu_engine::kernel::Workers;
use std::sync::atomic::Ordering;

/// What the short runs of a race came to.
#[derive(Clone, Debug, Default)]
pub struct RaceTraining {
    /// From where on, or up to where, they generalize; `None` without any.
    pub estimate: Option<Estimate>,
    /// Every run.
    pub trials: Vec<Trial>,
    /// At each value of the axis, how many seeds generalize and how many there are; empty without any run.
    pub of_value: Vec<Option<(usize, usize)>>,
}

impl RaceTraining {
    /// Where the number of samples is varied, finds the threshold of each seed by bisection; else trains one run a value and seed.
    pub(super) fn of(request: &RaceRequest, workers: &Workers, watcher: &mut Watcher<'_>) -> Result<Self, VerbError> {
        watcher.phase("short real runs", None);
        if request.axis.is_of_samples() {
            thresholds(request, workers, watcher)
        } else {
            every_value(request, workers, watcher)
        }
    }
}

fn thresholds(request: &RaceRequest, workers: &Workers, watcher: &mut Watcher<'_>) -> Result<RaceTraining, VerbError> {
    let (problem, axis, stop) = (&request.landscape.problem, &request.axis, watcher.stop());
    let spec = trial::short(&request.landscape.spec, problem);
    let most = ((MOST * problem.n_population() as f64) as u64).max(2);
    let least = (axis.values[0] as u64 / 2).clamp(1, most - 1);
    let mut seeds: Vec<(u64, Option<Threshold>)> = request.seeds.iter().map(|&seed| (seed, None)).collect();
    workers.each(&mut seeds, |_, (seed, threshold)| {
        if !stop.load(Ordering::Relaxed) {
            *threshold = Some(trial::threshold(problem, &spec, *seed, [least, most], &request.made));
        }
    });
    if watcher.is_stopped() {
        return Err(VerbError::Stopped);
    }
    let thresholds = seeds.into_iter().filter_map(|(_, threshold)| threshold).collect::<Result<Vec<_>, _>>();
    let (crossings, trials): (Vec<_>, Vec<_>) = thresholds.map_err(VerbError::usage)?.into_iter().unzip();
    let generalizes = |crossing: &Crossing, x: f64| match *crossing {
        Crossing::Below(_) => true,
        Crossing::At(threshold) => x >= threshold,
        Crossing::Beyond(_) => false,
    };
    let n_generalize = |x: f64| crossings.iter().filter(|crossing| generalizes(crossing, x)).count();
    let of_value = axis.values.iter().map(|&x| Some((n_generalize(x), crossings.len()))).collect();
    let estimate = Estimate::of(crossings).map(|estimate| estimate.no_finer_than(trial::PRECISION));
    Ok(RaceTraining { estimate, trials: trials.concat(), of_value })
}

/// A seed's threshold with the runs that it took.
type Threshold = Result<(Crossing, Vec<Trial>), TrialError>;

fn every_value(request: &RaceRequest, workers: &Workers, watcher: &mut Watcher<'_>) -> Result<RaceTraining, VerbError> {
    let RaceAxis { specs, values, has_numbers, .. } = &request.axis;
    let (problem, seeds, stop) = (&request.landscape.problem, &request.seeds, watcher.stop());
    let pairs = specs.iter().flat_map(|spec| seeds.iter().map(move |&seed| (trial::short(spec, problem), seed)));
    let mut runs: Vec<_> = pairs.map(|(spec, seed)| (spec, seed, None)).collect();
    workers.each(&mut runs, |_, (spec, seed, trial)| {
        if !stop.load(Ordering::Relaxed) {
            *trial = Some(trial::run(problem, spec, *seed, &request.made));
        }
    });
    if watcher.is_stopped() {
        return Err(VerbError::Stopped);
    }
    let trials = runs.into_iter().filter_map(|(_, _, trial)| trial).collect::<Result<Vec<_>, _>>();
    let trials = trials.map_err(VerbError::usage)?;
    let by_value = || trials.chunks(seeds.len());
    // A run either generalizes or not, so that a crossing lies in the middle of two values.
    let lead = |trial: &Trial| if trial.generalized { f64::INFINITY } else { f64::NEG_INFINITY };
    let of_seed = |seed: usize| by_value().zip(values).map(|(runs, &x)| (x, lead(&runs[seed]))).collect();
    // Names have no order in which runs could begin to generalize.
    let estimate = has_numbers.then(|| Estimate::of_leads((0..seeds.len()).map(of_seed).collect())).flatten();
    let successes = |runs: &[Trial]| Some((runs.iter().filter(|trial| trial.generalized).count(), runs.len()));
    Ok(RaceTraining { estimate, of_value: by_value().map(successes).collect(), trials })
}
