//! A sweep's table from the words of a command line: which file, which of its runs.

use crate::failure::Failure;
use dunwu::sweep::{Results, ResultsError};
use dunwu_engine::spec::{Value, parse_value};
use serde_json::json;
use std::path::Path;

/// Reads a table.
pub(crate) fn read(table: &Path) -> Result<Results, Failure> {
    Results::read(table).map_err(refused)
}

/// A table that cannot be read is a failure, a column or value that it does not have is a mistake of the words.
pub(crate) fn refused(error: ResultsError) -> Failure {
    match error {
        ResultsError::Table(error) => error.into(),
        error => Failure::usage(error),
    }
}

/// A word as key and value.
pub(crate) fn key_value(word: &str) -> Result<(&str, &str), Failure> {
    let parts = word.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty());
    parts.ok_or_else(|| Failure::usage(format!("{word:?} is no KEY=VALUE, such as optimizer.weight_decay=1e-4")))
}

/// The runs with these values; `task=cyclic` leaves a family.
pub(crate) fn filtered(mut results: Results, filters: &[(&str, &str)]) -> Result<Results, Failure> {
    for (key, value) in filters {
        let kept = match *key {
            "task" if !value.contains(':') => results.of_family(value),
            key => results.only(key, &parse_value(value)),
        };
        results = kept.map_err(refused)?;
    }
    Ok(results)
}

/// A value as JSON.
pub(crate) fn value(value: Option<&Value>) -> serde_json::Value {
    match value {
        None => serde_json::Value::Null,
        Some(Value::Bool(flag)) => json!(flag),
        Some(Value::Int(number)) => json!(number),
        Some(Value::Float(number)) => json!(number),
        Some(Value::Text(text)) => json!(text),
    }
}
