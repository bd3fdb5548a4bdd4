//! What the columns of a table of results are: settings, repetitions, results, steps.

use super::claim::{Claim, ClaimError};
use crate::audit::data::Data;
use dunwu_engine::spec::SETTINGS;

/// Columns that count repetitions.
const SEEDS: [&str; 11] = [
    "seed",
    "random_seed",
    "rng_seed",
    "random_state",
    "run_seed",
    "repeat",
    "repetition",
    "replicate",
    "trial",
    "fold",
    "rep",
];
/// Columns that say at which step a number was read.
const STEPS: [&str; 9] =
    ["step", "epoch", "iteration", "best_step", "best_epoch", "eval_step", "eval_epoch", "global_step", "checkpoint"];
/// Columns that say how long a run was allowed to take.
const BUDGETS: [&str; 9] =
    ["steps", "max_steps", "total_steps", "n_steps", "epochs", "max_epochs", "n_epochs", "num_epochs", "budget"];
/// Columns that say how a run ended.
const OUTCOMES: [&str; 7] = ["outcome", "status", "state", "censored", "finished", "converged", "completed"];
/// Words in the names of numeric columns that are results.
const RESULT_WORDS: [&str; 26] = [
    "loss",
    "acc",
    "accuracy",
    "f1",
    "auc",
    "auroc",
    "bleu",
    "rouge",
    "perplexity",
    "ppl",
    "score",
    "error",
    "err",
    "reward",
    "return",
    "seconds",
    "time",
    "runtime",
    "duration",
    "hours",
    "mse",
    "mae",
    "rmse",
    "r2",
    "recall",
    "precision",
];
/// Columns of any kind that name a run or say where and when it was made.
const IDENTITIES: [&str; 18] = [
    "run",
    "id",
    "run_id",
    "timestamp",
    "date",
    "created",
    "path",
    "index",
    "host",
    "hostname",
    "node",
    "device",
    "gpu",
    "user",
    "commit",
    "version",
    "note",
    "notes",
];
/// Columns without which a table was not made by `dunwu sweep`.
const OF_SWEEP: [&str; 4] = ["run", "outcome", "n_labels", "n_train"];

/// The columns by what they are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Roles {
    pub compared: usize,
    pub measure: usize,
    pub seed: Option<usize>,
    pub step: Option<usize>,
    pub budget: Option<usize>,
    pub outcome: Option<usize>,
    /// Settings but for the compared one, tuned ones among them.
    pub settings: Vec<usize>,
    pub tuned: Vec<usize>,
}

impl Roles {
    pub(super) fn of(data: &Data, claim: &Claim) -> Result<Self, ClaimError> {
        let find = |name: &str| {
            let missing = || ClaimError::NoColumn { column: name.to_owned(), columns: data.names.clone() };
            data.column(name).ok_or_else(missing)
        };
        let (compared, measure) = (find(&claim.setting)?, find(&claim.measure)?);
        if !data.is_numeric(measure) {
            return Err(ClaimError::NotNumeric { column: data.names[measure].clone() });
        }
        let seed = claim.seed.as_deref().map(find).transpose()?.or_else(|| data.column_of(&SEEDS));
        let tuned = claim.tuned.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?;
        let results = claim.results.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?;
        let not_asked = |column: &usize| ![compared, measure].contains(column);
        let step = data.column_of(&STEPS).filter(not_asked);
        let budget = data.column_of(&BUDGETS).filter(not_asked).filter(|&column| data.is_numeric(column));
        let outcome = data.column_of(&OUTCOMES).filter(not_asked);
        let is_of_sweep = OF_SWEEP.iter().all(|name| data.column(name).is_some());
        let taken: Vec<usize> =
            [Some(compared), Some(measure), seed, step, outcome].into_iter().flatten().chain(results).collect();
        let is_setting = |&column: &usize| {
            let name = data.names[column].as_str();
            !taken.contains(&column)
                && if is_of_sweep {
                    name.starts_with("let.") || SETTINGS.iter().any(|setting| setting.key == name)
                } else {
                    tuned.contains(&column) || !is_result(data, column)
                }
        };
        let settings = (0..data.names.len()).filter(is_setting).collect();
        Ok(Self { compared, measure, seed, step, budget, outcome, settings, tuned })
    }

    /// How the columns were read, in sentences.
    pub(super) fn sentences(&self, data: &Data) -> Vec<String> {
        let name = |column: &usize| data.names[*column].clone();
        let list = |columns: &[usize]| match columns {
            [] => "none".to_owned(),
            columns => columns.iter().map(name).collect::<Vec<_>>().join(", "),
        };
        let varied = self.settings.iter().copied().filter(|&column| {
            let all: Vec<usize> = (0..data.n_rows()).collect();
            data.distinct(column, &all).len() > 1
        });
        let seed = self.seed.map_or_else(|| "none".to_owned(), |column| name(&column));
        vec![format!(
            "Columns read as settings that vary, beside {}: {}; as repetitions: {seed}.",
            data.names[self.compared],
            list(&varied.collect::<Vec<_>>())
        )]
    }
}

/// The words of a column's name.
pub(super) fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase)
}

/// Whether a column of a table of any origin is a result: by a word of its name, or as a measurement, most of whose values differ.
fn is_result(data: &Data, column: usize) -> bool {
    let name = data.names[column].to_lowercase();
    if IDENTITIES.contains(&name.as_str()) {
        return true;
    }
    if !data.is_numeric(column) {
        return false;
    }
    let rows: Vec<usize> = (0..data.n_rows()).collect();
    let is_whole = rows.iter().all(|&row| data.number(row, column).is_none_or(|x| x.fract() == 0.0));
    words(&name).any(|word| RESULT_WORDS.contains(&word.as_str()))
        || (!is_whole && rows.len() >= 6 && 2 * data.distinct(column, &rows).len() > rows.len())
}
