//! How long runs will take, from how long others took.
//!
//! ```text
//! seconds of a run  ≈  rate · work          rate = Σ seconds / Σ work over finished runs of its kind
//! ```
//!
//! Work is counted to the last step; runs that stop early are faster than that, and those that come later are expected to stop early
//! as often. The upper bound expects none of them to.

use super::SweepError;
use super::expand::Planned;
use super::folder::Folder;
use super::row::Row;
use super::rows;
use dunwu::verb::TimeLeft;
use dunwu_engine::{Split, Training};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What is known of how long runs take.
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    kinds: BTreeMap<String, Rate>,
    all: Rate,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    seconds: f64,
    /// Multiply-adds of whole runs.
    planned: f64,
    /// Multiply-adds up to where they stopped.
    made: f64,
}

impl Rate {
    fn add(&mut self, seconds: f64, planned: f64, made: f64) {
        self.seconds += seconds;
        self.planned += planned;
        self.made += made;
    }
}

impl Estimator {
    /// Learns from the runs of the list that are done, and gives those that are not.
    pub fn learn<'a>(
        &mut self,
        runs: &'a [Planned],
        folder: &Folder,
        retry_failed: bool,
    ) -> Result<Vec<&'a Planned>, SweepError> {
        let wanted = runs.iter().map(|run| &run.id).collect();
        let (rows, _) = rows::rows_of(folder, &wanted)?;
        let mut left = Vec::new();
        for run in runs {
            match rows.get(&run.id) {
                Some(row) if row.outcome.is_some() || !retry_failed => self.add(run, row),
                _ => left.push(run),
            }
        }
        Ok(left)
    }

    /// Learns from a finished run.
    pub fn add(&mut self, planned: &Planned, row: &Row) {
        let Some(step) = row.step.filter(|_| row.seconds() > 0.0) else { return };
        let made = planned.work * (step + 1) as f64 / (planned.spec.steps + 1) as f64;
        self.kinds.entry(kind(planned)).or_default().add(row.seconds(), planned.work, made);
        self.all.add(row.seconds(), planned.work, made);
    }

    /// Learns from a few steps of runs of every kind that is not known yet, for about `each` a kind.
    pub fn try_out(&mut self, runs: &[&Planned], each: Duration) {
        for run in runs {
            let is_new = !self.kinds.contains_key(&kind(run));
            if let Some((seconds, made)) = is_new.then(|| tried(run, each)).flatten() {
                // Nothing is known of stopping early, so that both are the same.
                self.kinds.entry(kind(run)).or_default().add(seconds, made, made);
                self.all.add(seconds, made, made);
            }
        }
    }

    /// How long these runs will take on so many cores, one run a core; `None` while nothing is known.
    ///
    /// No sooner than the longest of them: a run is not divided.
    pub fn of_all<'a>(&self, runs: impl Iterator<Item = &'a Planned>, cores: usize) -> Option<TimeLeft> {
        let (mut sum, mut longest) = (TimeLeft::default(), TimeLeft::default());
        for run in runs {
            let one = self.of(run)?;
            sum = TimeLeft { likely: sum.likely + one.likely, at_most: sum.at_most + one.at_most };
            longest.likely = longest.likely.max(one.likely);
            longest.at_most = longest.at_most.max(one.at_most);
        }
        let cores = cores.max(1) as f64;
        Some(TimeLeft {
            likely: longest.likely.max(sum.likely / cores),
            at_most: longest.at_most.max(sum.at_most / cores),
        })
    }

    /// How long a run will take; `None` where nothing is known at all.
    pub fn of(&self, run: &Planned) -> Option<TimeLeft> {
        let rate = self.kinds.get(&kind(run)).unwrap_or(&self.all);
        let is_known = rate.planned > 0.0 && rate.made > 0.0;
        let per = |work: f64| rate.seconds / work * run.work;
        is_known.then(|| TimeLeft { likely: per(rate.planned), at_most: per(rate.made) })
    }
}

/// Runs of one kind take time in proportion to their work.
fn kind(run: &Planned) -> String {
    let spec = &run.spec;
    format!("{} {:?} {:?} {:?}", spec.task, spec.model, spec.loss, spec.optimizer.method)
}

/// Seconds and multiply-adds of the first steps of a run.
fn tried(run: &Planned, time: Duration) -> Option<(f64, f64)> {
    let split = Split::draw(&run.problem, &run.spec.data, run.spec.seed, run.split_text()).ok()?;
    let mut training = Training::new(&run.spec, &run.problem, &split, 1).ok()?;
    let began = Instant::now();
    let mut steps = 0_u64;
    while began.elapsed() < time {
        steps += 1;
        if training.advance().outcome.is_some() {
            break;
        }
    }
    Some((began.elapsed().as_secs_f64(), run.work * steps as f64 / (run.spec.steps + 1) as f64))
}
