//! What a scaling law is asked for.

use super::study::Study;
use crate::sweep::{Filter, Results, ResultsError};
use dunwu::verb::{VerbError, Watcher};
use std::path::{Path, PathBuf};

/// A table and the runs of it to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawRequest {
    /// The Parquet file that `dunwu sweep` wrote.
    pub table: PathBuf,
    /// Settings that are held fixed; `task=cyclic` keeps a family of tasks.
    pub fixed: Vec<Filter>,
}

impl LawRequest {
    /// From words `KEY=VALUE`, each a setting that is to be held fixed.
    pub fn from_words(table: &Path, words: &[String]) -> Result<Self, VerbError> {
        let fixed = words.iter().map(|word| Filter::from_word(word)).collect::<Result<_, _>>()?;
        Ok(Self { table: table.to_owned(), fixed })
    }

    /// Reads the table, fits a threshold to each task and weighs the laws.
    pub fn study(&self, watcher: &mut Watcher<'_>) -> Result<Study, VerbError> {
        let results = Results::read(&self.table, watcher).and_then(|results| results.filtered(&self.fixed));
        let results = results.map_err(ResultsError::of_verb)?;
        watcher.phase("fitting thresholds and laws", None);
        Study::of(&results).map_err(VerbError::usage)
    }
}
