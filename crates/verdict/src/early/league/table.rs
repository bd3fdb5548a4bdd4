//! The table: what each predictor knows, and what stopping by it costs.

use super::benchmark::{Benchmark, Seen};
use super::predictors::{PREDICTORS, Predictor, Says, Scores};
use crate::early::learn::{auc, calibration_error};
use crate::early::looks::{LOOKS, step_of};
use crate::early::model::{Calibration, Model};
use crate::early::worlds::FAMILIES;
use crate::stats::ExactShare;
use schemars::JsonSchema;
use serde::Serialize;

/// Folds of pools: what is said of a pool was straightened on the pools of the other folds.
const FOLDS: usize = 5;
/// The look at which calibration and the worst family are taken: a tenth of the steps.
const TOLD: usize = 5;
/// The stated risk.
const ALPHA: f64 = 0.01;
/// Undecided runs of each kind that a family needs for an area of its own.
const LEAST: usize = 4;

/// A predictor on the benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LeagueRow {
    /// Its name.
    pub predictor: String,
    /// Where it comes from, and what it reads.
    pub source: String,
    /// Area under the ROC curve at each look, among runs still undecided then; null for rules that give no score.
    pub auc: Vec<Option<f64>>,
    /// Expected calibration error at a tenth of the steps.
    pub calibration_error: Option<f64>,
    /// The family with the smallest area at a tenth of the steps, of those with four runs of each kind.
    pub worst_family: Option<String>,
    /// Its area.
    pub worst_auc: Option<f64>,
    /// Runs that would have generalized and were stopped.
    pub false_kills: usize,
    /// Their share of the runs that generalize.
    pub false_kill_share: Option<f64>,
    /// Lower end of its exact 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Runs stopped.
    pub kills: usize,
    /// Share of the steps of runs that never generalize which is saved.
    pub wasted_steps_saved: f64,
    /// Share of the multiply-adds of runs that never generalize which is saved.
    pub wasted_work_saved: f64,
    /// Share of all steps that is saved; a run that generalizes ends there.
    pub steps_saved: f64,
    /// Pools with a run that generalizes in which the one that does so first is kept.
    pub fastest_kept: usize,
}

/// The whole table.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct League {
    /// Eight digits that tell one benchmark from another.
    pub benchmark: String,
    /// The model that is shipped.
    pub model: String,
    /// What it was drawn from.
    pub seed: u64,
    /// Pools.
    pub pools: usize,
    /// Runs.
    pub runs: usize,
    /// Runs that generalize.
    pub generalized: usize,
    /// Pools with a run that generalizes.
    pub pools_with_one: usize,
    /// Share of the steps at each look.
    pub looks: Vec<f64>,
    /// Runs still undecided at each look.
    pub undecided: Vec<usize>,
    /// Runs still undecided at each look that generalize later.
    pub undecided_generalized: Vec<usize>,
    /// The predictors.
    pub predictors: Vec<LeagueRow>,
}

/// Every predictor on a benchmark.
pub fn league(benchmark: &Benchmark) -> League {
    let runs = &benchmark.runs;
    let undecided = |look: usize| runs.iter().filter(move |run| run.looks.len() > look);
    let has_one = |pool: &&Vec<usize>| pool.iter().any(|&run| runs[run].generalized());
    League {
        benchmark: benchmark.digest.clone(),
        model: Model::shipped().digest(),
        seed: benchmark.request.seed,
        pools: benchmark.pools.len(),
        runs: runs.len(),
        generalized: runs.iter().filter(|run| run.generalized()).count(),
        pools_with_one: benchmark.pools.iter().filter(has_one).count(),
        looks: LOOKS.to_vec(),
        undecided: (0..LOOKS.len()).map(|look| undecided(look).count()).collect(),
        undecided_generalized: (0..LOOKS.len())
            .map(|look| undecided(look).filter(|run| run.generalized()).count())
            .collect(),
        predictors: PREDICTORS.iter().map(|predictor| row(*predictor, benchmark)).collect(),
    }
}

fn row(predictor: &dyn Predictor, benchmark: &Benchmark) -> LeagueRow {
    let runs = &benchmark.runs;
    let said = said(predictor, benchmark);
    let look = |look: usize, family: Option<usize>| -> Vec<(f64, bool)> {
        let of_family = |run: usize| family.is_none_or(|family| runs[run].trace.family == family);
        let open = (0..runs.len()).filter(|&run| runs[run].looks.len() > look && of_family(run));
        open.filter_map(|run| Some((said.probabilities[run][look]?, runs[run].generalized()))).collect()
    };
    let has_scores = said.probabilities.iter().flatten().any(Option::is_some);
    let told = look(TOLD, None);
    let worst = (0..FAMILIES.len())
        .filter_map(|family| {
            let judged = look(TOLD, Some(family));
            let n_true = judged.iter().filter(|row| row.1).count();
            (n_true >= LEAST && judged.len() - n_true >= LEAST).then(|| Some((family, auc(&judged)?)))?
        })
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let costs = Costs::of(benchmark, &said.kills);
    let share = ExactShare::of(costs.false_kills, runs.iter().filter(|run| run.generalized()).count());
    LeagueRow {
        predictor: predictor.name().to_owned(),
        source: predictor.source().to_owned(),
        auc: (0..LOOKS.len()).map(|place| auc(&look(place, None))).collect(),
        calibration_error: has_scores.then(|| calibration_error(&told)),
        worst_family: worst.map(|(family, _)| FAMILIES[family].name.to_owned()),
        worst_auc: worst.map(|(_, area)| area),
        false_kills: costs.false_kills,
        false_kill_share: share.share,
        low: share.low,
        high: share.high,
        kills: said.kills.iter().filter(|kill| kill.is_some()).count(),
        wasted_steps_saved: costs.wasted_steps_saved,
        wasted_work_saved: costs.wasted_work_saved,
        steps_saved: costs.steps_saved,
        fastest_kept: costs.fastest_kept,
    }
}

/// What a predictor says of every run.
struct Said {
    /// Probabilities at each look.
    probabilities: Vec<Scores>,
    /// The step at which each run is stopped.
    kills: Vec<Option<u64>>,
}

fn said(predictor: &dyn Predictor, benchmark: &Benchmark) -> Said {
    let runs = &benchmark.runs;
    let mut said = Said { probabilities: vec![[None; LOOKS.len()]; runs.len()], kills: vec![None; runs.len()] };
    let all_of = |pools: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
        pools.flat_map(|pool| benchmark.pools[pool].iter().copied()).collect()
    };
    let mut heard = Heard::of(predictor, benchmark, &[]);
    for fold in 0..FOLDS {
        let is_own = |pool: &usize| pool % FOLDS == fold;
        let mine = all_of(&mut (0..benchmark.pools.len()).filter(is_own));
        let others = all_of(&mut (0..benchmark.pools.len()).filter(|pool| !is_own(pool)));
        if predictor.reads_ends() {
            heard = Heard::of(predictor, benchmark, &others);
        }
        let Heard { raw, is_certain, .. } = &heard;
        let straight = |look: usize| straightened(runs, raw, &others, look, *is_certain);
        let curves: Vec<Straight> = (0..LOOKS.len()).map(straight).collect();
        let probability = |run: usize, look: usize| {
            let is_open = runs[run].looks.len() > look;
            raw[run].filter(|_| is_open).map(|scores| curves[look].probability(scores[look]))
        };
        let threshold = predictor.threshold(ALPHA).or_else(|| threshold_of(&others, runs, &probability));
        for run in mine {
            for look in 0..LOOKS.len() {
                said.probabilities[run][look] = probability(run, look);
            }
            if raw[run].is_none() {
                said.kills[run] = heard.kills[run];
            } else {
                let first = (0..LOOKS.len()).find(|&look| {
                    probability(run, look)
                        .zip(threshold)
                        .is_some_and(|(probability, threshold)| probability <= threshold)
                });
                said.kills[run] = first.map(|look| step_of(look, runs[run].trace.steps));
            }
        }
    }
    said
}

/// What a predictor said of every pool, given the ends of some runs.
struct Heard {
    raw: Vec<Option<Scores>>,
    is_certain: bool,
    kills: Vec<Option<u64>>,
}

impl Heard {
    fn of(predictor: &dyn Predictor, benchmark: &Benchmark, others: &[usize]) -> Self {
        let runs = &benchmark.runs;
        let known: Vec<&Seen> = others.iter().map(|&run| &runs[run]).collect();
        let mut heard = Self { raw: vec![None; runs.len()], is_certain: false, kills: vec![None; runs.len()] };
        for places in &benchmark.pools {
            let pool: Vec<&Seen> = places.iter().map(|&run| &runs[run]).collect();
            let said = predictor.says(&pool, &known);
            heard.is_certain |= matches!(said, Says::Probabilities(_));
            match said {
                Says::Kills(kills) => places.iter().zip(kills).for_each(|(&run, kill)| heard.kills[run] = kill),
                Says::Scores(scores) | Says::Probabilities(scores) => {
                    places.iter().zip(scores).for_each(|(&run, scores)| heard.raw[run] = Some(scores));
                }
            }
        }
        heard
    }
}

/// How scores at a look become probabilities.
struct Straight {
    is_certain: bool,
    calibration: Calibration,
    mean: f64,
    deviation: f64,
    base: f64,
}

impl Straight {
    fn probability(&self, score: Option<f64>) -> f64 {
        match score {
            Some(score) if self.is_certain => score,
            Some(score) => self.calibration.probability((score - self.mean) / self.deviation),
            // Who says nothing says what is true of all.
            None => self.base,
        }
    }
}

/// Platt's line through the scores of the other pools at a look.
fn straightened(runs: &[Seen], raw: &[Option<Scores>], others: &[usize], look: usize, is_certain: bool) -> Straight {
    let open: Vec<usize> = others.iter().copied().filter(|&run| runs[run].looks.len() > look).collect();
    let n_true = open.iter().filter(|&&run| runs[run].generalized()).count();
    let base = (n_true as f64 + 0.5) / (open.len() as f64 + 1.0);
    let pairs: Vec<(f64, f32)> =
        open.iter().filter_map(|&run| Some((raw[run]?[look]?, f32::from(u8::from(runs[run].generalized()))))).collect();
    let n = pairs.len().max(1) as f64;
    let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / n;
    let deviation = (pairs.iter().map(|pair| (pair.0 - mean).powi(2)).sum::<f64>() / n).sqrt().max(1e-9);
    let scores: Vec<f64> = pairs.iter().map(|pair| (pair.0 - mean) / deviation).collect();
    let targets: Vec<f32> = pairs.iter().map(|pair| pair.1).collect();
    Straight { is_certain, calibration: Calibration::fit(&scores, &targets), mean, deviation, base }
}

/// The probability that a share α of the other pools' runs which generalize ever fell below.
fn threshold_of(others: &[usize], runs: &[Seen], probability: &dyn Fn(usize, usize) -> Option<f64>) -> Option<f64> {
    let mut least: Vec<f64> = others
        .iter()
        .filter(|&&run| runs[run].generalized())
        .filter_map(|&run| (0..LOOKS.len()).filter_map(|look| probability(run, look)).min_by(f64::total_cmp))
        .collect();
    least.sort_by(f64::total_cmp);
    // So many may fall below, and where several tie none of them does.
    let rank = (ALPHA * (least.len() + 1) as f64).floor() as usize;
    least.get(rank).map(|least| least * (1.0 - 1e-9) - f64::MIN_POSITIVE)
}

/// What stopping costs and saves.
struct Costs {
    false_kills: usize,
    wasted_steps_saved: f64,
    wasted_work_saved: f64,
    steps_saved: f64,
    fastest_kept: usize,
}

impl Costs {
    fn of(benchmark: &Benchmark, kills: &[Option<u64>]) -> Self {
        let runs = &benchmark.runs;
        let saved = |run: usize| kills[run].map_or(0.0, |step| (runs[run].end() - step as f64).max(0.0));
        let share = |weight: &dyn Fn(usize) -> f64| {
            let all: f64 = (0..runs.len()).map(|run| weight(run) * runs[run].end()).sum();
            (0..runs.len()).map(|run| weight(run) * saved(run)).sum::<f64>() / all.max(f64::MIN_POSITIVE)
        };
        let is_wasted = |run: usize| f64::from(u8::from(!runs[run].generalized()));
        let fastest = |pool: &&Vec<usize>| {
            let first = pool.iter().copied().filter_map(|run| Some((runs[run].trace.generalized?, run))).min();
            first.is_some_and(|(_, run)| saved(run) == 0.0)
        };
        Self {
            false_kills: (0..runs.len()).filter(|&run| runs[run].generalized() && saved(run) > 0.0).count(),
            wasted_steps_saved: share(&is_wasted),
            wasted_work_saved: share(&|run| is_wasted(run) * runs[run].trace.work),
            steps_saved: share(&|_| 1.0),
            fastest_kept: benchmark.pools.iter().filter(fastest).count(),
        }
    }
}
