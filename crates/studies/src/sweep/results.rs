//! A sweep's table, read back: what phase diagrams, laws and paired comparisons walk.
//!
//! One row a run. Columns whose name has a dot, and `task`, `loss`, `optimizer`, `steps`, `seed` and `numerics`, are settings
//! ([`SETTINGS`]) or free quantities (`let.NAME`); those of [`result_columns`] say what the run was of and what became of it. Whatever else
//! a table has, such as the index that pandas writes along, is ignored and told.

use super::row::UNMADE;
use dunwu::scalars::SCALARS;
use dunwu::store::{Column, Table, TableError, read_table};
use dunwu::verb::{VerbError, Watcher, key_value};
use dunwu_engine::spec::{SETTINGS, Value, nearest, parse_value, settings};
use dunwu_engine::task::Task;
use std::collections::BTreeSet;
use std::path::Path;

/// Columns that say what became of a run, without those of [`SCALARS`].
const RESULTS: &[&str] = &[
    "run",
    "n_labels",
    "n_train",
    "n_population",
    "outcome",
    "step",
    "step_memorized",
    "step_generalized",
    "units_generalizing",
    "units_memorizing",
    "units_undecided",
    "units_dead",
    "seconds",
    "error",
    "kernel",
    "version",
];

/// Columns of results that tables of earlier builds do not have.
const LATER_RESULTS: &[&str] =
    &["step_forgotten", "step_lost", "train_accuracy_fall", "test_accuracy_fall", "improving"];

/// Columns that only the table of a sweep with a judge has.
const JUDGED_RESULTS: &[&str] = &["parked", "parked_probability", "audited", "resumed"];

/// Columns that say what became of a run, among them what its last evaluation gave; a test holds the table that [`super::collect`]
/// makes to it.
pub fn result_columns() -> impl Iterator<Item = &'static str> {
    RESULTS.iter().chain(LATER_RESULTS).chain(JUDGED_RESULTS).copied().chain(SCALARS.iter().map(|scalar| scalar.name))
}

/// Finished runs with their settings.
#[derive(Clone, Debug)]
pub struct Results {
    table: Table,
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// It cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// It was not made by a sweep.
    #[error(
        "this is no table of a sweep: it has no column {column:?}; `dunwu sweep … --json` prints the path of one as `table`"
    )]
    NotASweep {
        /// What is missing.
        column: &'static str,
    },
    /// There is no such column.
    #[error(
        "no setting {column:?} was swept or set here{}; the table's are {}",
        nearest.as_ref().map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default(),
        columns.join(", ")
    )]
    NoColumn {
        /// The column's name as the user wrote it.
        column: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// Those that there are.
        columns: Vec<String>,
    },
    /// No run is left.
    #[error("no run has {column} = {value}; the table has {}", values.join(", "))]
    NoRun {
        /// Asked about.
        column: String,
        /// Asked for.
        value: String,
        /// Those that there are.
        values: Vec<String>,
    },
}

/// Keeps the runs that have one value of one setting: `model.width=256`. `task=cyclic` keeps a family of tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The setting, in full or as `dunwu run` shortens it.
    pub key: String,
    /// The value as written.
    pub value: String,
}

impl Filter {
    /// From a word `KEY=VALUE`.
    pub fn from_word(word: &str) -> Result<Self, VerbError> {
        let (key, value) = key_value(word)?;
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }

    /// Several filters as a line under a title: `optimizer = adam · model.width = 256`.
    pub fn line(filters: &[Self]) -> String {
        let shown: Vec<String> = filters.iter().map(|Self { key, value }| format!("{key} = {value}")).collect();
        shown.join(" · ")
    }
}

impl ResultsError {
    /// As a verb reports it: a table that cannot be read is a failure; a column or a value that the table does not have is a mistake of
    /// the request.
    pub fn of_verb(self) -> VerbError {
        match self {
            Self::Table(error) => VerbError::Failed(error.into()),
            error => VerbError::usage(error),
        }
    }
}

impl Results {
    /// How a run ended: the name of its outcome, or `failed`. Tables of earlier builds call grokked what had generalized at some time;
    /// here that is `lost` where it is below its level at the last evaluation.
    pub fn outcome(&self, run: usize) -> String {
        let outcome = self.text(run, "outcome").unwrap_or_default();
        let last = self.number(run, "test_accuracy").zip(self.number(run, "events.generalized"));
        let is_below = last.is_some_and(|(accuracy, level)| accuracy < level);
        if outcome == "grokked" && is_below { "lost".to_owned() } else { outcome }
    }

    /// Whether a run generalized and still did at its end: what `phase`, `law` and `pair` count.
    pub fn generalizes(&self, run: usize) -> bool {
        self.outcome(run) == "grokked"
    }

    /// Reads the table that `dunwu sweep` wrote, or that another program saved again, and says which columns are no settings.
    pub fn read(path: &Path, watcher: &mut Watcher<'_>) -> Result<Self, ResultsError> {
        let mut results = Self::of(read_table(path)?)?;
        let ignored: Vec<String> = results.ignored().map(|name| format!("{name:?}")).collect();
        if !ignored.is_empty() {
            let (columns, are) = if ignored.len() == 1 {
                ("column", "is no setting and is")
            } else {
                ("columns", "are no settings and are")
            };
            watcher.note(&format!("the {columns} {} of the table {are} ignored", ignored.join(", ")));
        }
        let made: Vec<usize> = (0..results.len()).filter(|&run| results.outcome(run) != UNMADE).collect();
        if made.len() < results.len() {
            let (unmade, n) = (results.len() - made.len(), results.len());
            watcher.note(&format!(
                "{unmade} of {n} runs were not made, because the budget of the sweep was spent before their turn; they are left out, and as they were those of which the least was expected, shares of the others that generalize are too high"
            ));
            results = results.picked(&made);
        }
        let parked = (0..results.len()).filter(|&run| results.outcome(run) == "parked").count();
        if parked > 0 {
            let n = results.len();
            watcher.note(&format!(
                "{parked} of {n} runs were parked by a judge; they are taken as runs that did not generalize, which a share up to its risk of those that would have are not"
            ));
        }
        Ok(results)
    }

    /// The table, if it is one of a sweep.
    pub fn of(table: Table) -> Result<Self, ResultsError> {
        let has = |wanted: &str| table.columns.iter().any(|(name, _)| name == wanted);
        match RESULTS.iter().find(|wanted| !has(wanted)) {
            Some(column) => Err(ResultsError::NotASweep { column }),
            None => Ok(Self { table }),
        }
    }

    /// Runs.
    pub fn len(&self) -> usize {
        self.table.n_rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value in `column`; `None` where the run has none.
    pub fn value(&self, run: usize, column: &str) -> Option<Value> {
        match self.column(column)? {
            Column::Bool(values) => Some(Value::Bool(values[run])),
            Column::OptBool(values) => values[run].map(Value::Bool),
            Column::Int64(values) => Some(Value::Int(values[run])),
            Column::OptInt64(values) => values[run].map(Value::Int),
            Column::Float64(values) => Some(Value::Float(values[run])),
            Column::OptFloat64(values) => values[run].map(Value::Float),
            Column::Utf8(values) => Some(Value::Text(values[run].clone())),
            Column::OptUtf8(values) => values[run].clone().map(Value::Text),
        }
    }

    /// The same where it is a number.
    pub fn number(&self, run: usize, column: &str) -> Option<f64> {
        match self.value(run, column)? {
            Value::Int(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            Value::Bool(_) | Value::Text(_) => None,
        }
    }

    /// The same where it is a count.
    pub fn count(&self, run: usize, column: &str) -> Option<u64> {
        match self.value(run, column)? {
            Value::Int(count) => u64::try_from(count).ok(),
            // As pandas keeps counts of which some are absent.
            Value::Float(count) if count.fract() == 0.0 && (0.0..9e15).contains(&count) => Some(count as u64),
            Value::Float(_) | Value::Bool(_) | Value::Text(_) => None,
        }
    }

    /// The same where it is a text.
    pub fn text(&self, run: usize, column: &str) -> Option<String> {
        match self.value(run, column)? {
            Value::Text(text) => Some(text),
            Value::Int(_) | Value::Float(_) | Value::Bool(_) => None,
        }
    }

    /// Columns that are settings or free quantities, in the table's order.
    pub fn settings(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| is_setting(name))
    }

    /// Columns that are neither settings nor results: those that other programs put there.
    pub fn ignored(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| !is_setting(name) && result_columns().all(|result| result != *name))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.table.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Settings that differ between runs, the seed left out.
    pub fn varied(&self) -> Vec<&str> {
        self.settings().filter(|&name| name != "seed" && self.distinct(name).len() > 1).collect()
    }

    /// The values in `column`, each once, in ascending order; `None` (no value) first.
    pub fn distinct(&self, column: &str) -> Vec<Option<Value>> {
        let mut values: Vec<Option<Value>> = Vec::new();
        for value in (0..self.len()).map(|run| self.value(run, column)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.sort_by(|a, b| order(a.as_ref()).partial_cmp(&order(b.as_ref())).unwrap_or(std::cmp::Ordering::Equal));
        values
    }

    /// The full name of a setting's column that a user may have shortened as in `dunwu run` (`optimizer` for
    /// `optimizer.name`), or a column of results.
    pub fn resolve(&self, name: &str) -> Result<&str, ResultsError> {
        let full = settings::find(name).map_or(name, |setting| setting.key);
        let columns = || self.table.columns.iter().map(|(name, _)| name.as_str());
        if let Some(column) = columns().find(|column| *column == full) {
            return Ok(column);
        }
        let other = SETTINGS.iter().find(|setting| setting.other_names.contains(&name)).map(|setting| setting.key);
        let nearest = other.filter(|key| columns().any(|column| column == *key)).map(str::to_owned);
        let nearest = nearest.or_else(|| nearest_of(name, columns()));
        Err(ResultsError::NoColumn {
            column: name.to_owned(),
            nearest,
            columns: self.settings().map(str::to_owned).collect(),
        })
    }

    /// The runs whose `column` is `value`; numbers are equal where their values are, however they are written.
    pub fn only(&self, column: &str, value: &Value) -> Result<Self, ResultsError> {
        let column = self.resolve(column)?.to_owned();
        let runs: Vec<usize> = (0..self.len())
            .filter(|&run| self.value(run, &column).is_some_and(|found| is_same(&found, value)))
            .collect();
        if runs.is_empty() {
            let shown = |value: Option<Value>| value.map_or("none".to_owned(), |value| value.to_string());
            let values = self.distinct(&column).into_iter().map(shown).collect();
            return Err(ResultsError::NoRun { column, value: value.to_string(), values });
        }
        Ok(self.picked(&runs))
    }

    /// The runs that pass every filter.
    pub fn filtered(mut self, filters: &[Filter]) -> Result<Self, ResultsError> {
        for Filter { key, value } in filters {
            self = match key.as_str() {
                "task" if !value.contains(':') => self.of_family(value)?,
                key => self.only(key, &parse_value(value))?,
            };
        }
        Ok(self)
    }

    /// The runs whose task is of this family, for `task=cyclic` where `task=cyclic:23` would leave one size.
    pub fn of_family(&self, wanted: &str) -> Result<Self, ResultsError> {
        let is_wanted = |run: &usize| self.text(*run, "task").is_some_and(|task| family(&task) == wanted);
        let runs: Vec<usize> = (0..self.len()).filter(is_wanted).collect();
        if runs.is_empty() {
            // No run has it as its task either: the error lists those that there are.
            return self.only("task", &Value::from(wanted));
        }
        Ok(self.picked(&runs))
    }

    /// These runs, in this order.
    #[must_use]
    pub fn picked(&self, runs: &[usize]) -> Self {
        let columns = self.table.columns.iter().map(|(name, column)| (name.clone(), column.picked(runs)));
        Self { table: Table { columns: columns.collect() } }
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.table.columns.iter().find(|(other, _)| other == name).map(|(_, column)| column)
    }
}

fn is_setting(name: &str) -> bool {
    name.starts_with("let.") || SETTINGS.iter().any(|setting| setting.key == name)
}

/// The task's spelling without its size: `cyclic:23` is of `cyclic`, `expression:x*y+x:97` of `expression:x*y+x`.
pub(crate) fn family(task: &str) -> String {
    const ANY: u64 = 7;
    let without_size = Task::parse(task).ok().and_then(|task| task.with_order(ANY)).map(|task| task.to_string());
    let family = without_size.as_deref().and_then(|text| text.strip_suffix(&format!(":{ANY}")));
    family.map_or_else(|| task.split(':').next().unwrap_or(task).to_owned(), str::to_owned)
}

fn nearest_of<'a>(name: &str, columns: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: BTreeSet<&str> = columns.collect();
    let known = SETTINGS.iter().map(|setting| setting.key).filter(|key| names.contains(key));
    nearest(name, known).map(str::to_owned)
}

fn is_same(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(_) | Value::Text(_) => None,
    };
    a == b || number(a).zip(number(b)).is_some_and(|(a, b)| a == b)
}

/// Nothing, truth values, numbers, texts.
fn order(value: Option<&Value>) -> (u8, f64, &str) {
    match value {
        None => (0, 0.0, ""),
        Some(Value::Bool(flag)) => (1, f64::from(u8::from(*flag)), ""),
        Some(Value::Int(number)) => (2, *number as f64, ""),
        Some(Value::Float(number)) => (2, *number, ""),
        Some(Value::Text(text)) => (3, 0.0, text),
    }
}
