//! Short real runs beside a race's landscapes.

use super::axis::{Axis, MOST};
use super::race::Race;
use crate::failure::Failure;
use dunwu::landscape::race::{Crossing, Estimate};
use dunwu::landscape::trial::{self, MadeRuns, Trial, TrialError};
use std::path::Path;

/// What short runs came to.
#[derive(Default)]
pub(super) struct Training {
    /// From where on, or up to where, they generalize; `None` without any.
    pub(super) estimate: Option<Estimate>,
    /// All of them.
    pub(super) trials: Vec<Trial>,
    /// Of each value, how many seeds generalize and how many there are.
    pub(super) of_value: Vec<Option<(usize, usize)>>,
}

/// Where n is varied, each seed's threshold by bisection; else one run a value and seed.
pub(super) fn train(race: &Race, runs: &Path) -> Result<Training, Failure> {
    race.bar.set_message("short real runs");
    let made = MadeRuns::in_folder(runs).map_err(Failure::usage)?;
    if race.axis.key == "data.count" { thresholds(race, &made) } else { every_value(race, &made) }
}

fn thresholds(race: &Race, made: &MadeRuns) -> Result<Training, Failure> {
    let (problem, axis) = (&race.request.problem, &race.axis);
    let spec = trial::short(&race.request.spec, problem);
    let most = ((MOST * problem.n_population() as f64) as u64).max(2);
    let least = (axis.values[0] as u64 / 2).clamp(1, most - 1);
    let mut seeds: Vec<(u64, Option<Threshold>)> = race.seeds.iter().map(|&seed| (seed, None)).collect();
    race.workers.each(&mut seeds, |_, (seed, threshold)| {
        *threshold = Some(trial::threshold(problem, &spec, *seed, [least, most], made));
        race.bar.inc(1);
    });
    let thresholds = seeds.into_iter().filter_map(|(_, threshold)| threshold).collect::<Result<Vec<_>, _>>();
    let (crossings, trials): (Vec<_>, Vec<_>) = thresholds.map_err(Failure::usage)?.into_iter().unzip();
    let generalizes = |crossing: &Crossing, x: f64| match *crossing {
        Crossing::Below(_) => true,
        Crossing::At(threshold) => x >= threshold,
        Crossing::Beyond(_) => false,
    };
    let n_generalize = |x: f64| crossings.iter().filter(|crossing| generalizes(crossing, x)).count();
    let of_value = axis.values.iter().map(|&x| Some((n_generalize(x), crossings.len()))).collect();
    let estimate = Estimate::of(crossings).map(|estimate| estimate.no_finer_than(trial::PRECISION));
    Ok(Training { estimate, trials: trials.concat(), of_value })
}

/// A seed's threshold with the runs that it took.
type Threshold = Result<(Crossing, Vec<Trial>), TrialError>;

fn every_value(race: &Race, made: &MadeRuns) -> Result<Training, Failure> {
    let (problem, Axis { specs, values, .. }) = (&race.request.problem, &race.axis);
    let pairs = specs.iter().flat_map(|spec| race.seeds.iter().map(move |&seed| (trial::short(spec, problem), seed)));
    let mut runs: Vec<_> = pairs.map(|(spec, seed)| (spec, seed, None)).collect();
    race.workers.each(&mut runs, |_, (spec, seed, trial)| *trial = Some(trial::run(problem, spec, *seed, made)));
    race.bar.inc(race.seeds.len() as u64);
    let trials = runs.into_iter().filter_map(|(_, _, trial)| trial).collect::<Result<Vec<_>, _>>();
    let trials = trials.map_err(Failure::usage)?;
    let by_value = || trials.chunks(race.seeds.len());
    // A run either generalizes or not, so that a crossing lies in the middle of two values.
    let lead = |trial: &Trial| if trial.generalized { f64::INFINITY } else { f64::NEG_INFINITY };
    let of_seed = |seed: usize| by_value().zip(values).map(|(runs, &x)| (x, lead(&runs[seed]))).collect();
    let estimate = Estimate::of_leads((0..race.seeds.len()).map(of_seed).collect());
    let successes = |runs: &[Trial]| Some((runs.iter().filter(|trial| trial.generalized).count(), runs.len()));
    Ok(Training { estimate, of_value: by_value().map(successes).collect(), trials })
}
