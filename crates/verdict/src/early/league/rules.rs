//! Rules that compare runs of one pool while they train and stop those that look worse than others.
//!
//! All of them rank by held-out accuracy, and by held-out loss against its start where that ties. A rung is a share of each run's own
//! steps. A rule with a warm-up stops nothing before a fifth of them.

use super::benchmark::Seen;

/// When each run of a pool is stopped; `None` for never.
pub(super) type Kills = Vec<Option<u64>>;

/// A share of the steps before which a rule with a warm-up stops nothing.
const WARM_UP: f64 = 0.2;

/// What a run is worth at a share of its steps: accuracy, then how far the loss has fallen.
fn worth(run: &Seen, share: f64) -> (f64, f64) {
    let rows = run.until((share * run.trace.steps as f64).ceil() as u64);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return (0.0, 0.0) };
    let loss = |row: &[f32; 5]| Seen::known(row[3]).map(|loss| loss.max(1e-12).ln());
    let fall = loss(first).zip(loss(last)).map_or(0.0, |(first, last)| first - last);
    (Seen::known(last[4]).unwrap_or(0.0), fall)
}

fn is_better(a: (f64, f64), b: (f64, f64)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
}

/// The step at a share of a run, if the run is not over by then: what has generalized or ended cannot be stopped.
fn step_at(run: &Seen, share: f64) -> Option<u64> {
    let step = (share * run.trace.steps as f64).ceil();
    (step < run.end()).then_some(step as u64)
}

/// Shares at which a rule with reduction factor η looks, from the first on.
fn rungs(eta: f64, first: f64) -> Vec<f64> {
    let mut rungs = vec![first];
    while rungs[rungs.len() - 1] * eta < 0.999 {
        rungs.push(rungs[rungs.len() - 1] * eta);
    }
    rungs
}

const fn first_rung(warm: bool, usual: f64) -> f64 {
    if warm { WARM_UP } else { usual }
}

/// Of the runs that reach a rung the best 1/η go on (Jamieson and Talwalkar 2016).
pub(super) fn successive_halving(pool: &[&Seen], eta: f64, first: f64) -> Kills {
    let mut kills: Kills = vec![None; pool.len()];
    let mut left: Vec<usize> = (0..pool.len()).collect();
    for rung in rungs(eta, first) {
        left.sort_by(|&a, &b| is_better(worth(pool[b], rung), worth(pool[a], rung)).then(a.cmp(&b)));
        let n_kept = ((left.len() as f64 / eta).floor() as usize).max(1);
        for run in left.split_off(n_kept.min(left.len())) {
            kills[run] = step_at(pool[run], rung);
        }
    }
    kills
}

/// Successive halving that waits for nobody: a run goes on if it is among the best 1/η of those that have come to its rung so far, itself
/// counted in, or the best of them (Li et al. 2020, arXiv:1810.05934, one worker; the least of one as in Optuna).
pub(super) fn asha(pool: &[&Seen], eta: f64, first: f64) -> Kills {
    let rungs = rungs(eta, first);
    let mut came: Vec<Vec<(f64, f64)>> = vec![Vec::new(); rungs.len()];
    let mut kill = |run: &&Seen| {
        rungs.iter().zip(&mut came).find_map(|(&rung, came)| {
            let own = worth(run, rung);
            came.push(own);
            let better = came.iter().filter(|other| is_better(**other, own).is_gt()).count();
            let n_kept = ((came.len() as f64 / eta).floor() as usize).max(1);
            // What has arrived by this rung goes on to the next ones, where others are compared with it.
            if better < n_kept { None } else { step_at(run, rung) }
        })
    };
    pool.iter().map(&mut kill).collect()
}

/// Brackets of successive halving that begin at ever later rungs; runs are dealt out to them in turn (Li et al. 2018, arXiv:1603.06560).
pub(super) fn hyperband(pool: &[&Seen], eta: f64, first: f64) -> Kills {
    let rungs = rungs(eta, first);
    let mut kills: Kills = vec![None; pool.len()];
    for bracket in 0..rungs.len() {
        let runs: Vec<usize> = (bracket..pool.len()).step_by(rungs.len()).collect();
        let part: Vec<&Seen> = runs.iter().map(|&run| pool[run]).collect();
        for (run, kill) in runs.into_iter().zip(successive_halving(&part, eta, rungs[bracket])) {
            kills[run] = kill;
        }
    }
    kills
}

/// Stops a run whose best accuracy so far is below the median of the running means of those before it, at the same share of their steps
/// (Golovin et al. 2017); from the fifth run on.
pub(super) fn median_rule(pool: &[&Seen], first: f64) -> Kills {
    const LEAST: usize = 4;
    let shares: Vec<f64> = crate::early::looks::LOOKS.into_iter().filter(|&share| share >= first).collect();
    let accuracies = |run: &Seen, share: f64| -> Vec<f64> {
        let rows = run.until((share * run.trace.steps as f64).ceil() as u64);
        rows.iter().filter_map(|row| Seen::known(row[4])).collect()
    };
    let mut kills: Kills = Vec::new();
    for (place, run) in pool.iter().enumerate() {
        let kill = shares.iter().find_map(|&share| {
            // Of those that were stopped before, only what they lived to see.
            let others = pool[..place]
                .iter()
                .zip(&kills)
                .filter(|(other, kill)| kill.is_none_or(|step| step as f64 >= share * other.trace.steps as f64));
            let mut means: Vec<f64> = others
                .map(|(other, _)| accuracies(other, share))
                .filter(|values| !values.is_empty())
                .map(|values| values.iter().sum::<f64>() / values.len() as f64)
                .collect();
            means.sort_by(f64::total_cmp);
            let median = *means.get(means.len() / 2).filter(|_| means.len() >= LEAST)?;
            let best = accuracies(run, share).into_iter().fold(0.0, f64::max);
            if best < median { step_at(run, share) } else { None }
        });
        kills.push(kill);
    }
    kills
}

/// Every rule, by the place that [`super::predictors`] gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    SuccessiveHalving { warm: bool },
    Asha { warm: bool },
    Hyperband { warm: bool },
    Median { warm: bool },
}

impl Rule {
    pub(super) fn kills(self, pool: &[&Seen]) -> Kills {
        match self {
            Self::SuccessiveHalving { warm } => successive_halving(pool, 2.0, first_rung(warm, 1.0 / 16.0)),
            Self::Asha { warm } => asha(pool, 3.0, first_rung(warm, 1.0 / 81.0)),
            Self::Hyperband { warm } => hyperband(pool, 3.0, first_rung(warm, 1.0 / 81.0)),
            Self::Median { warm } => median_rule(pool, first_rung(warm, 0.0)),
        }
    }
}
