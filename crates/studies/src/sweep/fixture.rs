//! Tables of runs that were never made, for tests of what reads them.

use super::{Results, result_columns};
use dunwu::store::{Column, Table};
use dunwu_engine::spec::Value;

/// One run as a test wants it: columns by name, the others absent.
#[derive(Clone, Debug, Default)]
pub struct Row(pub Vec<(&'static str, Value)>);

impl Row {
    /// A run of `cyclic:M` with so many samples that memorized at step 50 and was censored at step 1,000 with this test accuracy.
    pub fn censored(m: i64, n: i64, seed: i64, test_accuracy: f64) -> Self {
        let row = Self::default();
        row.with("task", format!("cyclic:{m}").as_str().into())
            .with("seed", Value::Int(seed))
            .with("steps", Value::Int(1000))
            .with("n_labels", Value::Int(m))
            .with("n_train", Value::Int(n))
            .with("n_population", Value::Int(m * m))
            .with("outcome", "censored".into())
            .with("step", Value::Int(1000))
            .with("step_memorized", Value::Int(50))
            .with("test_accuracy", Value::Float(test_accuracy))
            .with("seconds", Value::Float(2.0))
    }

    /// The same, generalized at this step.
    pub fn grokked(m: i64, n: i64, seed: i64, step: i64) -> Self {
        Self::censored(m, n, seed, 1.0).with("outcome", "grokked".into()).with("step_generalized", Value::Int(step))
    }

    /// With this value in a column, instead of what it had.
    #[must_use]
    pub fn with(mut self, column: &'static str, value: Value) -> Self {
        self.0.retain(|(name, _)| *name != column);
        self.0.push((column, value));
        self
    }

    /// Without a value in a column.
    #[must_use]
    pub fn without(mut self, column: &str) -> Self {
        self.0.retain(|(name, _)| *name != column);
        self
    }

    fn get(&self, column: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| *name == column).map(|(_, value)| value)
    }
}

/// The rows as a sweep's table: settings in the order of their first appearance, then every column of results.
pub fn table(rows: &[Row]) -> Table {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.0) {
        if !names.contains(name) && result_columns().all(|result| result != *name) {
            names.push(name);
        }
    }
    let columns = names.into_iter().chain(result_columns());
    columns.fold(Table::default(), |table, name| table.with(name, column(rows, name)))
}

/// The rows as results.
pub fn results(rows: &[Row]) -> Results {
    Results::of(table(rows)).expect("rows of a test are a table")
}

/// Texts where one is a text, whole numbers where all are, else numbers.
fn column(rows: &[Row], name: &str) -> Column {
    let values: Vec<Option<&Value>> = rows.iter().map(|row| row.get(name)).collect();
    if values.iter().flatten().any(|value| matches!(value, Value::Text(_))) {
        let text = |value: &Value| if let Value::Text(text) = value { text.clone() } else { value.to_string() };
        return Column::OptUtf8(values.iter().map(|value| value.map(text)).collect());
    }
    let whole = |value: &Value| if let Value::Int(whole) = value { Some(*whole) } else { None };
    if values.iter().flatten().all(|value| whole(value).is_some()) {
        return Column::OptInt64(values.iter().map(|value| value.and_then(whole)).collect());
    }
    let number = |value: &Value| match value {
        Value::Float(number) => *number,
        Value::Int(whole) => *whole as f64,
        Value::Bool(_) | Value::Text(_) => panic!("{name} is a column of numbers"),
    };
    Column::OptFloat64(values.iter().map(|value| value.map(number)).collect())
}
