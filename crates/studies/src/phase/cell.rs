//! One cell of a diagram: what its seeds came to.

use super::axes::PhaseError;
use super::kind::{Ending, Outcome, Phase};
use crate::sweep::Results;
use dunwu::stats::Share;
use std::collections::BTreeSet;

/// A cell with fewer seeds says so.
pub const FEW_SEEDS: usize = 3;

/// Runs that differ in nothing but the seed, summed up.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Position of its value on the axis of x.
    pub x: usize,
    /// Position of its value on the axis of y; 0 where there is none.
    pub y: usize,
    /// Rows of the table.
    pub runs: usize,
    /// Distinct seeds among the runs that did not end with an error; what everything below is of.
    pub seeds: usize,
    /// Runs that ended with an error.
    pub failed: usize,
    /// Runs that generalized and still do at the end.
    pub generalized: usize,
    /// Their share of the runs that did not end with an error, with its 95 % interval.
    pub share: Share,
    /// Median time to generalize, where those that did not are later than all that did; `None` where fewer than half did.
    pub median_step_generalized: Option<f64>,
    /// The first and the last run to generalize.
    pub range_step_generalized: Option<(f64, f64)>,
    /// Mean test accuracy at the last step.
    pub test_accuracy: Option<f64>,
    /// Mean share of generalizing units among those that are alive.
    pub generalizing_units: Option<f64>,
    /// Mean number of training samples.
    pub n_train: Option<f64>,
    /// What most of its runs came to; of equally many, the less grokked.
    pub phase: Phase,
    /// The share of its runs that did.
    pub phase_share: f64,
    /// Whether there are fewer than [`FEW_SEEDS`].
    pub few_seeds: bool,
    /// Positions of its runs in the table.
    pub(super) rows: Vec<usize>,
}

/// What a table says of one run.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) ending: Ending,
    seed: Option<u64>,
    n_train: Option<f64>,
    generalizing_units: Option<f64>,
}

impl Run {
    pub(super) fn of(results: &Results, run: usize) -> Result<Self, PhaseError> {
        let outcome = results.outcome(run);
        let Some(outcome) = Outcome::parse(&outcome) else { return Err(PhaseError::Outcome { outcome }) };
        let finite = |column: &str| results.number(run, column).filter(|value| value.is_finite());
        let unit = |label: &str| finite(&format!("units_{label}"));
        let alive = || Some(unit("generalizing")? + unit("memorizing")? + unit("undecided")?);
        let (n_train, test_accuracy) = (finite("n_train"), finite("test_accuracy"));
        Ok(Self {
            ending: Ending {
                outcome,
                memorized: finite("step_memorized").is_some(),
                step_generalized: finite("step_generalized").filter(|_| outcome == Outcome::Grokked),
                test_accuracy,
                n_labels: finite("n_labels").unwrap_or(f64::INFINITY),
                is_tested: n_train != finite("n_population"),
            },
            seed: results.count(run, "seed"),
            n_train,
            generalizing_units: alive().filter(|&alive| alive > 0.0).zip(unit("generalizing")).map(|(n, k)| k / n),
        })
    }

    pub(super) fn lost(&self) -> bool {
        self.ending.outcome == Outcome::Lost
    }

    fn generalized(&self) -> bool {
        self.ending.outcome == Outcome::Grokked
    }
}

impl Cell {
    /// Of these rows of the table; without phases, for which the other cells of its line have to be known.
    pub(super) fn of((x, y): (usize, usize), rows: Vec<usize>, runs: &[Run]) -> Self {
        let ended: Vec<&Run> =
            rows.iter().map(|&row| &runs[row]).filter(|run| run.ending.outcome != Outcome::Failed).collect();
        let generalized = ended.iter().filter(|run| run.generalized()).count();
        let seeds = ended.iter().map(|run| run.seed).collect::<BTreeSet<_>>().len();
        let steps = || ended.iter().filter_map(|run| run.ending.step_generalized);
        let median = median_with_never(steps().collect(), ended.len());
        Self {
            x,
            y,
            runs: rows.len(),
            seeds,
            failed: rows.len() - ended.len(),
            generalized,
            share: Share::of(generalized, ended.len()),
            median_step_generalized: median,
            range_step_generalized: steps().reduce(f64::min).zip(steps().reduce(f64::max)),
            test_accuracy: mean(ended.iter().filter_map(|run| run.ending.test_accuracy)),
            generalizing_units: mean(ended.iter().filter_map(|run| run.generalizing_units)),
            n_train: mean(rows.iter().filter_map(|&row| runs[row].n_train)),
            phase: Phase::Failed,
            phase_share: 0.0,
            few_seeds: seeds < FEW_SEEDS,
            rows,
        }
    }

    /// Settles the phase; `quickest` as in [`Phase::of`].
    pub(super) fn settle(&mut self, runs: &[Run], quickest: Option<f64>) {
        let phases: Vec<Phase> = self.rows.iter().map(|&row| Phase::of(&runs[row].ending, quickest)).collect();
        let votes = |phase: Phase| phases.iter().filter(|&&other| other == phase).count();
        // Of equal counts `max_by_key` takes the last, which is the less grokked.
        self.phase = Phase::ALL.into_iter().max_by_key(|&phase| votes(phase)).expect("there are phases");
        self.phase_share = votes(self.phase) as f64 / self.runs.max(1) as f64;
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The median of `n` values of which only `known` are finite, the others later than all of these. Where exactly half are known it is
/// the last of them.
pub(super) fn median_with_never(mut known: Vec<f64>, n: usize) -> Option<f64> {
    if known.is_empty() || 2 * known.len() < n {
        return None;
    }
    known.sort_by(f64::total_cmp);
    let lower = known[(n - 1) / 2];
    Some(known.get(n / 2).map_or(lower, |upper| f64::midpoint(lower, *upper)))
}
