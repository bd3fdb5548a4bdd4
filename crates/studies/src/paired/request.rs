//! What a paired comparison is asked for.

use super::arms::PairedError;
use super::comparison::Comparison;
use crate::sweep::{Filter, Results, ResultsError};
use dunwu::verb::{VerbError, Watcher, key_value};
use dunwu_engine::spec::{Value, parse_value};
use std::path::{Path, PathBuf};

/// A table, the setting whose two values are compared, and the runs to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairRequest {
    /// The Parquet file that `dunwu sweep` wrote.
    pub table: PathBuf,
    /// The setting.
    pub key: String,
    /// Its two values as written, with a comma between them: `adam,muon`.
    pub values: String,
    /// Another setting whose best value each arm chooses for itself, on one half of the seeds, to be judged on the other half.
    pub tuned: Option<String>,
    /// Settings that are held fixed.
    pub fixed: Vec<Filter>,
}

impl PairRequest {
    /// From words: `KEY=A,B` first, then `tuned=KEY`, and `KEY=VALUE` for each setting that is to be held fixed.
    pub fn from_words(table: &Path, words: &[String]) -> Result<Self, VerbError> {
        let Some((first, rest)) = words.split_first() else {
            return Err(VerbError::usage("no setting to compare; write KEY=A,B, such as optimizer=adam,muon"));
        };
        let (key, values) = key_value(first)?;
        let (key, values) = (key.to_owned(), values.to_owned());
        let mut request = Self { table: table.to_owned(), key, values, tuned: None, fixed: Vec::new() };
        for word in rest {
            match key_value(word)? {
                ("tuned", setting) => {
                    if request.tuned.replace(setting.to_owned()).is_some() {
                        return Err(VerbError::usage("`tuned` is given twice; keep one of the two"));
                    }
                }
                _ => request.fixed.push(Filter::from_word(word)?),
            }
        }
        Ok(request)
    }

    /// Reads the table and compares both values in pairs of runs.
    pub fn comparison(&self, watcher: &mut Watcher<'_>) -> Result<Comparison, VerbError> {
        let results = Results::read(&self.table, watcher).and_then(|results| results.filtered(&self.fixed));
        let results = results.map_err(ResultsError::of_verb)?;
        let values = two_values(&results, &self.key, &self.values)?;
        Comparison::of(&results, &self.key, &values, self.tuned.as_deref()).map_err(|error| match error {
            PairedError::Results(error) => error.of_verb(),
            error => VerbError::usage(error),
        })
    }
}

/// `A,B` as two values. A value may hold commas itself (`product:cyclic:2,cyclic:3`): the comma that divides is the one with a value
/// of the table on either side.
fn two_values(results: &Results, key: &str, both: &str) -> Result<[Value; 2], VerbError> {
    let column = results.resolve(key).map_err(ResultsError::of_verb)?;
    let splits = both.match_indices(',').map(|(at, _)| [parse_value(&both[..at]), parse_value(&both[at + 1..])]);
    let is_known = |value: &Value| results.only(column, value).is_ok();
    let known = splits.clone().find(|values| values.iter().all(is_known));
    match (known, splits.count()) {
        (Some(values), _) => Ok(values),
        (None, 1) => {
            let (a, b) = both.split_once(',').expect("there is one comma");
            Ok([parse_value(a), parse_value(b)]) // one of them is unknown, and is refused by name
        }
        (None, 0) => Err(VerbError::usage(format!("{key}={both}: write the two values to compare, as {key}=A,B"))),
        (None, n) => Err(VerbError::usage(format!(
            "{key}={both}: these are {} values, and two are compared; write {key}=A,B",
            n + 1
        ))),
    }
}
