//! From a sweep's table to runs that a law can be asked about: one family of tasks, nothing varied but size, data and seed.

use crate::sweep::{Results, family};
use dunwu_engine::spec::Value;
use dunwu_engine::task::Task;
use std::collections::{BTreeMap, BTreeSet};

/// Runs of one family of tasks by size.
#[derive(Clone, Debug, PartialEq)]
pub struct Runs {
    /// What its tasks are called: `cyclic`.
    pub family: String,
    /// In ascending order of M; two tasks of one M are two sizes.
    pub sizes: Vec<Size>,
    /// Runs that failed, and are in none of the sizes.
    pub failed: usize,
    /// Runs that diverged; they count as not having generalized.
    pub diverged: usize,
    /// Runs whose units all decayed; they count as not having generalized.
    pub collapsed: usize,
    /// Runs that generalized and lost it again; they count as not generalized.
    pub lost: usize,
    /// Settings that differ between sizes and are the same within each.
    pub following: Vec<String>,
    /// Settings that all runs have in common, without the task and the amount of data.
    pub common: Vec<(String, Value)>,
    /// Most steps that a run may make, by its spec.
    pub steps: u64,
    /// Σ steps made · n · M.
    pub work: f64,
    /// What that took on one core.
    pub seconds: f64,
}

/// The runs of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct Size {
    /// As it is spelled: `cyclic:23`.
    pub task: String,
    /// M, its labels.
    pub m: usize,
    /// Samples that there are, M² for pairs.
    pub population: usize,
    /// In ascending order of n and seed.
    pub runs: Vec<Run>,
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// Training samples.
    pub n: usize,
    /// Its seed.
    pub seed: u64,
    /// Whether it generalized and still did when its steps were over.
    pub generalized: bool,
}

/// Why no law can be asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LawError {
    /// Every run failed, or there was none.
    #[error("no run finished ({failed} failed), so there is nothing to fit a law to")]
    NoRun {
        /// Those that failed.
        failed: usize,
    },
    /// A row lacks what a finished run has.
    #[error("the table has a finished run ({run}) without {column}")]
    Incomplete {
        /// Its id.
        run: String,
        /// What is missing.
        column: &'static str,
    },
    /// Tasks of several families.
    #[error(
        "a law is over tasks of one family and the table has {}; add {}",
        families.join(", "),
        families.iter().map(|family| format!("`task={family}`")).collect::<Vec<_>>().join(" or ")
    )]
    Families {
        /// Their names.
        families: Vec<String>,
    },
    /// A setting varies that is not part of a law.
    #[error(
        "within {task}, `{setting}` is {}; a law needs runs that differ in task, amount of data and seed alone{}",
        values.join(" and "),
        if *is_chosen { format!(": add `{setting}={}` or another of them", values[values.len() - 1]) } else { String::new() }
    )]
    Varied {
        /// The setting.
        setting: String,
        /// The first task within which it does.
        task: String,
        /// Its values there.
        values: Vec<String>,
        /// Whether the last one can be asked for.
        is_chosen: bool,
    },
    /// Too few sizes.
    #[error(
        "a law needs at least three sizes M and the runs have {}; sweep over more, such as task.order=23,41,71",
        sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    )]
    TooFewSizes {
        /// Those that there are.
        sizes: Vec<usize>,
    },
    /// No run generalized.
    #[error(
        "none of the {runs} runs generalized, so that every threshold lies above what was looked at; sweep over more data or steps"
    )]
    NoneGeneralized {
        /// How many there are.
        runs: usize,
    },
    /// All runs generalized.
    #[error("all {runs} runs generalized, so that every threshold lies below what was looked at; sweep over less data")]
    AllGeneralized {
        /// How many there are.
        runs: usize,
    },
}

/// What stands in `outcome`.
const FAILED: &str = "failed";
const DIVERGED: &str = "diverged";
const COLLAPSED: &str = "collapsed";
const LOST: &str = "lost";
/// Settings that say how much data there is.
const AMOUNTS: [&str; 3] = ["data.count", "data.fraction", "data.multiple_of_mlogm"];
/// Free quantities of a sweep are named so.
const FREE: &str = "let.";

impl Runs {
    /// The runs of a sweep.
    pub fn of(results: &Results) -> Result<Self, LawError> {
        let is_outcome = |run: usize, wanted: &str| results.outcome(run) == wanted;
        let finished: Vec<usize> = (0..results.len()).filter(|&run| !is_outcome(run, FAILED)).collect();
        let failed = results.len() - finished.len();
        if finished.is_empty() {
            return Err(LawError::NoRun { failed });
        }
        let results = results.picked(&finished);
        let sizes = sizes(&results)?;
        let families: BTreeSet<String> = sizes.iter().map(|size| family(&size.task)).collect();
        if families.len() > 1 {
            return Err(LawError::Families { families: families.into_iter().collect() });
        }
        let following = following(&results)?;
        let distinct: BTreeSet<usize> = sizes.iter().map(|size| size.m).collect();
        if distinct.len() < 3 {
            return Err(LawError::TooFewSizes { sizes: distinct.into_iter().collect() });
        }
        let runs = finished.len();
        match sizes.iter().map(Size::n_generalized).sum::<usize>() {
            0 => return Err(LawError::NoneGeneralized { runs }),
            all if all == runs => return Err(LawError::AllGeneralized { runs }),
            _ => {}
        }
        let ended = |wanted: &str| (0..results.len()).filter(|&run| results.outcome(run) == wanted).count();
        let number = |run, column| results.number(run, column).unwrap_or(0.0);
        let work = |run| number(run, "step") * number(run, "n_train") * number(run, "n_labels");
        Ok(Self {
            family: families.into_iter().next().unwrap_or_default(),
            failed,
            diverged: ended(DIVERGED),
            collapsed: ended(COLLAPSED),
            lost: ended(LOST),
            common: common(&results, &following),
            following,
            steps: (0..results.len()).filter_map(|run| results.count(run, "steps")).max().unwrap_or(0),
            work: (0..results.len()).map(work).sum(),
            seconds: (0..results.len()).map(|run| number(run, "seconds")).sum(),
            sizes,
        })
    }

    /// How many runs there are.
    pub fn len(&self) -> usize {
        self.sizes.iter().map(|size| size.runs.len()).sum()
    }

    /// Whether there is none, which [`Self::of`] refuses.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The geometric mean of the sizes.
    pub(super) fn middle(&self) -> f64 {
        (self.sizes.iter().map(|size| (size.m as f64).ln()).sum::<f64>() / self.sizes.len() as f64).exp()
    }

    /// The task of the family with M labels; `None` where a size is no parameter of it.
    pub(super) fn task_of(&self, m: usize) -> Option<Task> {
        let task = Task::parse(&self.sizes.first()?.task).ok()?;
        let is_parameter =
            |size: &Size| task.with_order(size.m as u64).is_some_and(|other| other.to_string() == size.task);
        let wanted = self.sizes.iter().all(is_parameter).then(|| task.with_order(m as u64))??;
        wanted.check().is_ok().then_some(wanted)
    }

    /// How many operands a sample has, from its population.
    pub(super) fn operands(&self) -> f64 {
        let size = &self.sizes[self.sizes.len() - 1];
        ((size.population as f64).ln() / (size.m as f64).ln()).max(1.0)
    }
}

impl Size {
    /// Runs that generalized.
    pub fn n_generalized(&self) -> usize {
        self.runs.iter().filter(|run| run.generalized).count()
    }
}

fn sizes(results: &Results) -> Result<Vec<Size>, LawError> {
    let mut by_task: BTreeMap<(usize, String), Size> = BTreeMap::new();
    for run in 0..results.len() {
        let missing = |column| LawError::Incomplete { run: results.text(run, "run").unwrap_or_default(), column };
        let count =
            |column| results.count(run, column).and_then(|n| usize::try_from(n).ok()).ok_or_else(|| missing(column));
        let task = results.text(run, "task").ok_or_else(|| missing("task"))?;
        // One label is no problem, and ln ln M needs more than one.
        let m = Some(count("n_labels")?).filter(|&m| m > 1).ok_or_else(|| missing("n_labels"))?;
        let n = Some(count("n_train")?).filter(|&n| n > 0).ok_or_else(|| missing("n_train"))?;
        let population = Some(count("n_population")?).filter(|&p| p > m).ok_or_else(|| missing("n_population"))?;
        let seed = results.count(run, "seed").ok_or_else(|| missing("seed"))?;
        let size = by_task.entry((m, task.clone())).or_insert(Size { task, m, population, runs: Vec::new() });
        size.runs.push(Run { n, seed, generalized: results.generalizes(run) });
    }
    let mut sizes: Vec<Size> = by_task.into_values().collect();
    sizes.iter_mut().for_each(|size| size.runs.sort_unstable());
    Ok(sizes)
}

/// Whether a law may see this setting vary.
fn is_of_the_law(setting: &str) -> bool {
    setting == "seed"
        || setting == "task"
        || setting.starts_with("task.")
        || setting.starts_with(FREE)
        || AMOUNTS.contains(&setting)
}

/// Settings that differ between tasks; refuses those that differ within one.
fn following(results: &Results) -> Result<Vec<String>, LawError> {
    let mut by_task: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for run in 0..results.len() {
        by_task.entry(results.text(run, "task").unwrap_or_default()).or_default().push(run);
    }
    let varied: Vec<&str> = results.varied().into_iter().filter(|setting| !is_of_the_law(setting)).collect();
    for (task, runs) in &by_task {
        let within = results.picked(runs);
        for &setting in &varied {
            let values = within.distinct(setting);
            if values.len() > 1 {
                let is_chosen = values[values.len() - 1].is_some();
                let values = values.iter().map(|value| value.as_ref().map_or("not set".to_owned(), shown)).collect();
                let (setting, task) = (setting.to_owned(), task.clone());
                return Err(LawError::Varied { setting, task, values, is_chosen });
            }
        }
    }
    Ok(varied.into_iter().map(str::to_owned).collect())
}

fn common(results: &Results, following: &[String]) -> Vec<(String, Value)> {
    let is_common = |setting: &&str| !is_of_the_law(setting) && !following.iter().any(|other| other == setting);
    let value = |setting: &str| Some((setting.to_owned(), results.value(0, setting)?));
    results.settings().filter(is_common).filter_map(value).collect()
}

/// As it is written on a command line.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}
