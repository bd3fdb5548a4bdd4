//! A table as audits walk it: cells by row and column, whatever their type.

use dunwu::store::{Column, Table};
use dunwu_engine::spec::Value;

/// Named columns of cells; a number that is not one (NaN) is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Data {
    /// Names of the columns.
    pub names: Vec<String>,
    /// `columns[column][row]`.
    pub columns: Vec<Vec<Option<Value>>>,
}

impl Data {
    /// The cells of a table, by column.
    pub(super) fn of(table: &Table) -> Self {
        let columns = table.columns.iter().map(|(_, column)| cells(column)).collect();
        Self { names: table.columns.iter().map(|(name, _)| name.clone()).collect(), columns }
    }

    /// Rows.
    pub(super) fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// The column of this name, whatever its case.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        let exact = self.names.iter().position(|other| other == name);
        exact.or_else(|| self.names.iter().position(|other| other.eq_ignore_ascii_case(name)))
    }

    /// The first column of these names.
    pub(super) fn column_of(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.column(name))
    }

    /// The number in a cell.
    pub(super) fn number(&self, row: usize, column: usize) -> Option<f64> {
        number(self.columns[column][row].as_ref()?)
    }

    /// The cell as text that is the same for equal values: 1, 1.0 and 1e0 are one.
    pub(super) fn key(&self, row: usize, column: usize) -> String {
        key(self.columns[column][row].as_ref())
    }

    /// The cells of several columns as one such text.
    pub(super) fn keys(&self, row: usize, columns: &[usize]) -> String {
        columns.iter().map(|&column| self.key(row, column)).collect::<Vec<_>>().join("\u{1f}")
    }

    /// Whether every cell of the column that has a value is a number, and one has.
    pub(super) fn is_numeric(&self, column: usize) -> bool {
        let mut values = self.columns[column].iter().flatten().peekable();
        values.peek().is_some() && values.all(|value| matches!(value, Value::Int(_) | Value::Float(_)))
    }

    /// Distinct values of the column in the given rows, in the order of their keys.
    pub(super) fn distinct(&self, column: usize, rows: &[usize]) -> Vec<String> {
        let mut keys: Vec<String> = rows.iter().map(|&row| self.key(row, column)).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// These rows, in this order.
    pub(super) fn picked(&self, rows: &[usize]) -> Self {
        let pick = |column: &Vec<Option<Value>>| rows.iter().map(|&row| column[row].clone()).collect();
        Self { names: self.names.clone(), columns: self.columns.iter().map(pick).collect() }
    }
}

/// The number of a value.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(whole) => Some(*whole as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(_) | Value::Text(_) => None,
    }
}

/// A text that is the same for equal values.
pub(super) fn key(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::Bool(truth)) => truth.to_string(),
        Some(Value::Text(text)) => text.clone(),
        // −0 is 0.
        Some(value) => number(value).map_or_else(String::new, |number| (number + 0.0).to_string()),
    }
}

fn cells(column: &Column) -> Vec<Option<Value>> {
    let float = |value: f64| (!value.is_nan()).then_some(Value::Float(value));
    match column {
        Column::Bool(values) => values.iter().map(|value| Some(Value::Bool(*value))).collect(),
        Column::OptBool(values) => values.iter().map(|value| value.map(Value::Bool)).collect(),
        Column::Int64(values) => values.iter().map(|value| Some(Value::Int(*value))).collect(),
        Column::OptInt64(values) => values.iter().map(|value| value.map(Value::Int)).collect(),
        Column::Float64(values) => values.iter().map(|value| float(*value)).collect(),
        Column::OptFloat64(values) => values.iter().map(|value| value.and_then(float)).collect(),
        Column::Utf8(values) => values.iter().map(|value| Some(Value::Text(value.clone()))).collect(),
        Column::OptUtf8(values) => values.iter().map(|value| value.clone().map(Value::Text)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_keys_however_they_are_written() {
        assert_eq!(key(Some(&Value::Int(1))), key(Some(&Value::Float(1.0))));
        assert_eq!(key(Some(&Value::Float(-0.0))), key(Some(&Value::Int(0))));
        assert_ne!(key(Some(&Value::Float(0.1))), key(Some(&Value::Float(0.1 + 1e-16 * 2.0))));
        let table = Table::default().with("x", Column::Float64(vec![f64::NAN, 2.0]));
        assert_eq!(Data::of(&table).columns[0], [None, Some(Value::Float(2.0))]);
    }
}
