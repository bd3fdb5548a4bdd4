//! Tables as data: cells keep their values, and every skin writes them the same way.

use super::wording::{count, number, percent};
use schemars::JsonSchema;
use serde::Serialize;

/// A table with named columns.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Table {
    /// Name for programs and anchors: `thresholds`.
    pub name: String,
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// The rows, from top to bottom; each has a cell for every column.
    pub rows: Vec<Vec<TableCell>>,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Column {
    /// What stands above it.
    pub head: String,
    /// Whether it holds words, which stand at its left edge; numbers stand at the right one.
    pub is_text: bool,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableCell {
    /// Nothing is known or defined here.
    Missing,
    /// Words.
    Text(String),
    /// A whole number of things or steps.
    Count(u64),
    /// A quantity.
    Number(f64),
    /// A share from 0 to 1, written in percent.
    Share(f64),
    /// From one quantity to another; an end that is not known is open.
    Range(Option<f64>, Option<f64>),
}

impl TableCell {
    /// The cell of a value that may be missing.
    pub fn of<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Missing, cell)
    }

    /// The cell as people read it.
    pub fn shown(&self) -> String {
        let end = |end: &Option<f64>| end.map_or_else(|| "…".to_owned(), number);
        match self {
            Self::Missing => "–".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Count(n) => count(*n),
            Self::Number(x) => number(*x),
            Self::Share(share) => percent(*share),
            Self::Range(None, None) => "–".to_owned(),
            Self::Range(low, high) => format!("{} to {}", end(low), end(high)),
        }
    }
}

impl From<&str> for TableCell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for TableCell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Table {
    /// A table whose first `n_text` columns hold words and whose other columns hold numbers.
    pub fn new(name: &str, n_text: usize, heads: &[&str], rows: Vec<Vec<TableCell>>) -> Self {
        debug_assert!(rows.iter().all(|row| row.len() == heads.len()), "{name}: every row has a cell for every column");
        let column = |(i, head): (usize, &&str)| Column { head: (*head).to_owned(), is_text: i < n_text };
        Self { name: name.to_owned(), columns: heads.iter().enumerate().map(column).collect(), rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_as_numbers_are_everywhere() {
        let shown = [
            (TableCell::Missing, "–"),
            (TableCell::Count(12_345), "12,345"),
            (TableCell::Number(0.012_345), "0.0123"),
            (TableCell::Share(0.5), "50 %"),
            (TableCell::Range(Some(1.0), Some(2.5)), "1 to 2.5"),
            (TableCell::Range(None, Some(2.5)), "… to 2.5"),
            (TableCell::Range(None, None), "–"),
        ];
        for (cell, expected) in shown {
            assert_eq!(cell.shown(), expected);
        }
    }
}
