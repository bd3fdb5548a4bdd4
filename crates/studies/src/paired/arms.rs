//! The runs of both arms: in which group of other settings, at which cost of a step.

use super::effects::Seen;
use crate::phase::numbered;
use crate::sweep::{Results, ResultsError, result_columns};
use dunwu::stats::median;
use dunwu_engine::spec::Value;
use std::collections::BTreeMap;

/// Why two values cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairedError {
    /// There is no such column or value.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The column is what came out, or what pairs have in common.
    #[error("{column:?} cannot be compared or tuned; name a setting that was swept")]
    NotASetting {
        /// The column's name as the user wrote it.
        column: String,
    },
    /// Both arms are one.
    #[error("both values of {key} are {value}; name two different ones")]
    SameValue {
        /// The setting.
        key: String,
        /// The value.
        value: String,
    },
    /// The setting that is compared is to be tuned.
    #[error("tuned={key} is the setting that is compared; tune another")]
    TunedIsKey {
        /// The setting.
        key: String,
    },
    /// Several runs of one arm would share a partner.
    #[error(
        "runs of one arm with the same seed differ only in {column}, which the other arm does not have; fix it by KEY=VALUE, \
         or choose it by tuned={column}"
    )]
    Several {
        /// What they differ in.
        column: String,
    },
    /// The same run stands twice in the table.
    #[error("the table holds a run twice: all settings and the seed of {run:?} are those of another")]
    Twice {
        /// Its name.
        run: String,
    },
    /// No run has a partner.
    #[error(
        "no run of {key} = {a} has a partner of {key} = {b}: {}",
        if differing.is_empty() { "their seeds differ".to_owned() } else {
            format!("they differ in {} too; fix it by KEY=VALUE or choose it by tuned={}", differing.join(", "), differing[0])
        }
    )]
    NoPair {
        /// The setting.
        key: String,
        /// Its first value.
        a: String,
        /// Its second.
        b: String,
        /// Settings of which the arms share no value.
        differing: Vec<String>,
    },
}

/// One run.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// 0 or 1.
    pub(super) arm: usize,
    /// Numbers of the values of all other settings, without the tuned one.
    pub(super) group: Vec<usize>,
    /// The value of the tuned setting; `None` without.
    pub(super) tuned: Option<Value>,
    pub(super) seed: Option<u64>,
    /// Its row in the table.
    row: usize,
    /// Steps that it was given.
    budget: f64,
    seconds_a_step: Option<f64>,
    step_generalized: Option<f64>,
    test_accuracy: Option<f64>,
}

/// Runs of two values of one setting, those left out that ended with an error.
pub(super) struct Arms<'a> {
    results: &'a Results,
    pub(super) key: String,
    pub(super) values: [Value; 2],
    pub(super) runs: Vec<Run>,
    pub(super) failed: usize,
    /// Settings that are held equal within a pair.
    matched: Vec<String>,
    /// Settings that vary and are not: those that one arm does not have.
    unmatched: Vec<String>,
    costs: BTreeMap<(usize, Place), f64>,
}

/// A group of other settings with a value of the tuned one.
type Place = (Vec<usize>, String);

/// Every seed of every group with its run in each arm.
type Pairings<'r> = BTreeMap<(Place, Option<u64>), [Option<&'r Run>; 2]>;

impl<'a> Arms<'a> {
    pub(super) fn of(
        results: &'a Results,
        key: &str,
        values: &[Value; 2],
        tuned: Option<&str>,
    ) -> Result<Self, PairedError> {
        let key = setting(results, key)?;
        let tuned = tuned.map(|tuned| setting(results, tuned)).transpose()?;
        if tuned.as_ref() == Some(&key) {
            return Err(PairedError::TunedIsKey { key });
        }
        let own = |value: &Value| -> Result<Value, PairedError> {
            let found = results.only(&key, value)?.value(0, &key);
            Ok(found.expect("the runs that are left have the value"))
        };
        let values = [own(&values[0])?, own(&values[1])?];
        if values[0] == values[1] {
            return Err(PairedError::SameValue { key, value: values[0].to_string() });
        }
        let arm_of = |row: usize| values.iter().position(|value| results.value(row, &key).as_ref() == Some(value));
        let rows: Vec<(usize, usize)> = (0..results.len()).filter_map(|row| Some((row, arm_of(row)?))).collect();
        let has =
            |name: &str, arm: usize| rows.iter().any(|&(row, of)| of == arm && results.value(row, name).is_some());
        let others = || {
            let names = results.varied().into_iter().filter(|name| *name != key && Some(*name) != tuned.as_deref());
            // Free quantities say how a sweep was written; the settings that they became are what a run was made of.
            names.filter(|name| !name.starts_with("let.")).map(str::to_owned).collect::<Vec<_>>()
        };
        let (matched, unmatched): (Vec<String>, Vec<String>) =
            others().into_iter().partition(|name| has(name, 0) && has(name, 1));
        let numbers: Vec<Vec<usize>> = matched.iter().map(|name| numbered(results, name)).collect();
        let is_failed = |row: usize| results.outcome(row) == "failed";
        let run = |&(row, arm): &(usize, usize)| {
            let group = numbers.iter().map(|numbers| numbers[row]).collect();
            let tuned = tuned.as_ref().and_then(|tuned| results.value(row, tuned));
            Run::of(results, row, arm, group, tuned)
        };
        let runs: Vec<Run> = rows.iter().filter(|(row, _)| !is_failed(*row)).map(run).collect();
        let failed = rows.len() - runs.len();
        let mut arms = Self { results, key, values, runs, failed, matched, unmatched, costs: BTreeMap::new() };
        arms.costs = arms.costs();
        Ok(arms)
    }

    /// Every seed of every group with its run in each arm.
    pub(super) fn pairings(&self) -> Result<Pairings<'_>, PairedError> {
        let mut pairings = Pairings::new();
        for run in &self.runs {
            let partners = pairings.entry((run.place(), run.seed)).or_default();
            if let Some(other) = partners[run.arm].replace(run) {
                return Err(self.several(other, run));
            }
        }
        Ok(pairings)
    }

    fn several(&self, a: &Run, b: &Run) -> PairedError {
        let differs = |name: &&String| self.results.value(a.row, name) != self.results.value(b.row, name);
        match self.unmatched.iter().find(differs) {
            Some(column) => PairedError::Several { column: column.clone() },
            None => PairedError::Twice { run: self.results.text(b.row, "run").unwrap_or_default() },
        }
    }

    pub(super) fn no_pair(&self) -> PairedError {
        let of_arm = |name: &str, arm: usize| -> Vec<Option<Value>> {
            self.runs.iter().filter(|run| run.arm == arm).map(|run| self.results.value(run.row, name)).collect()
        };
        let shares_none = |name: &&String| {
            let (first, second) = (of_arm(name, 0), of_arm(name, 1));
            !first.iter().any(|value| second.contains(value))
        };
        let [a, b] = self.values.each_ref().map(ToString::to_string);
        let differing = self.matched.iter().filter(shares_none).cloned().collect();
        PairedError::NoPair { key: self.key.clone(), a, b, differing }
    }

    /// Median seconds a step of each arm in each group: a single run's noise does not matter.
    fn costs(&self) -> BTreeMap<(usize, Place), f64> {
        let mut seconds: BTreeMap<(usize, Place), Vec<f64>> = BTreeMap::new();
        for run in &self.runs {
            if let Some(cost) = run.seconds_a_step {
                seconds.entry((run.arm, run.place())).or_default().push(cost);
            }
        }
        seconds.into_iter().filter_map(|(place, costs)| Some((place, median(costs)?))).collect()
    }

    fn cost(&self, run: &Run) -> Option<f64> {
        self.costs.get(&(run.arm, run.place())).copied()
    }

    /// Seconds that a run's budget takes.
    fn compute(&self, run: &Run) -> Option<f64> {
        Some(run.budget * self.cost(run)?)
    }

    /// Both runs of a pair within the smaller of their two budgets.
    pub(super) fn seen(&self, pair: [&Run; 2]) -> [Seen; 2] {
        let [a, b] = pair.map(|run| self.compute(run));
        let horizon = a.zip(b).map(|(a, b)| a.min(b));
        pair.map(|run| self.seen_within(run, horizon))
    }

    /// A run within its own budget.
    pub(super) fn seen_alone(&self, run: &Run) -> Seen {
        self.seen_within(run, self.compute(run))
    }

    fn seen_within(&self, run: &Run, horizon: Option<f64>) -> Seen {
        let seconds = run.step_generalized.zip(self.cost(run)).map(|(step, cost)| step * cost);
        let is_within = seconds.zip(horizon).is_none_or(|(seconds, horizon)| seconds <= horizon);
        Seen {
            step: run.step_generalized.filter(|_| is_within),
            seconds: seconds.filter(|_| is_within),
            test_accuracy: run.test_accuracy,
        }
    }
}

impl Run {
    fn of(results: &Results, row: usize, arm: usize, group: Vec<usize>, tuned: Option<Value>) -> Self {
        let finite = |column: &str| results.number(row, column).filter(|value| value.is_finite());
        let step = finite("step").filter(|step| *step > 0.0);
        let seconds = finite("seconds").filter(|seconds| *seconds > 0.0);
        Self {
            arm,
            group,
            tuned,
            seed: results.count(row, "seed"),
            row,
            budget: finite("steps").or(step).unwrap_or(0.0),
            seconds_a_step: seconds.zip(step).map(|(seconds, step)| seconds / step),
            step_generalized: finite("step_generalized").filter(|_| results.generalizes(row)),
            test_accuracy: finite("test_accuracy"),
        }
    }

    pub(super) fn place(&self) -> Place {
        (self.group.clone(), format!("{:?}", self.tuned))
    }
}

/// The full name of a column that two runs of a pair may differ in.
fn setting(results: &Results, name: &str) -> Result<String, PairedError> {
    let full = results.resolve(name)?;
    if result_columns().any(|column| column == full) || full == "seed" {
        return Err(PairedError::NotASetting { column: full.to_owned() });
    }
    Ok(full.to_owned())
}
