//! What a phase diagram is asked for.

use super::axes::PhaseError;
use super::diagram::Diagram;
use crate::sweep::{Filter, Results, ResultsError};
use dunwu::verb::{VerbError, Watcher, key_value};
use std::path::{Path, PathBuf};

/// A table, the settings to draw it against, and the runs to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseRequest {
    /// The Parquet file that `dunwu sweep` wrote.
    pub table: PathBuf,
    /// The setting along the rows; chosen where it is not named and only one choice settles all that varies.
    pub x: Option<String>,
    /// The setting along the columns, as [`Self::x`].
    pub y: Option<String>,
    /// Settings that are held fixed.
    pub fixed: Vec<Filter>,
}

impl PhaseRequest {
    /// From words: `x=COLUMN`, `y=COLUMN`, and `KEY=VALUE` for each setting that is to be held fixed.
    pub fn from_words(table: &Path, words: &[String]) -> Result<Self, VerbError> {
        let mut request = Self { table: table.to_owned(), x: None, y: None, fixed: Vec::new() };
        for word in words {
            let (key, value) = key_value(word)?;
            let axis = match key {
                "x" => &mut request.x,
                "y" => &mut request.y,
                _ => {
                    request.fixed.push(Filter::from_word(word)?);
                    continue;
                }
            };
            if axis.replace(value.to_owned()).is_some() {
                return Err(VerbError::usage(format!("`{key}` is given twice; keep one of the two")));
            }
        }
        Ok(request)
    }

    /// Reads the table and sums up its runs cell by cell.
    pub fn diagram(&self, watcher: &mut Watcher<'_>) -> Result<Diagram, VerbError> {
        let results = Results::read(&self.table, watcher).and_then(|results| results.filtered(&self.fixed));
        let results = results.map_err(ResultsError::of_verb)?;
        Diagram::of(&results, self.x.as_deref(), self.y.as_deref()).map_err(|error| match error {
            PhaseError::Results(error) => error.of_verb(),
            error => VerbError::usage(error),
        })
    }
}
