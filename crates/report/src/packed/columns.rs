//! Columns of tables, one after another.

use super::header::{Header, PackedColumn, PackedTable};
use dunwu::store::{Column, Table};

/// Where a column may begin, so that a page can lay a typed array over it.
const ALIGNMENT: usize = 8;

/// In a column of texts: a cell that is empty, or one beyond what a byte can number.
const MISSING: u8 = u8::MAX;

/// The bytes of all columns so far.
#[derive(Default)]
pub(super) struct Columns {
    bytes: Vec<u8>,
}

impl Columns {
    /// Adds a table; one that is not exact holds f32 where others hold f64.
    pub(super) fn add(&mut self, name: &str, table: &Table, is_exact: bool) -> PackedTable {
        let columns = table.columns.iter().map(|(name, column)| self.column(name, column, is_exact)).collect();
        PackedTable { name: name.to_owned(), n_rows: table.n_rows(), columns }
    }

    fn column(&mut self, name: &str, column: &Column, is_exact: bool) -> PackedColumn {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
        let at = self.bytes.len();
        let name = name.to_owned();
        let or_nan = |value: &Option<f64>| value.unwrap_or(f64::NAN);
        let (kind, names) = match column {
            Column::Float64(values) => (self.numbers(values.iter().copied(), is_exact), None),
            Column::OptFloat64(values) => (self.numbers(values.iter().map(or_nan), is_exact), None),
            // Steps and counts are exact as f64, and as f32 only below 2²⁴.
            Column::Int64(values) => (self.numbers(values.iter().map(|&n| n as f64), true), None),
            Column::OptInt64(values) => {
                (self.numbers(values.iter().map(|n| n.map_or(f64::NAN, |n| n as f64)), true), None)
            }
            Column::Bool(values) => (self.numbers(values.iter().map(|&is| f64::from(u8::from(is))), is_exact), None),
            Column::OptBool(values) => {
                let number = |is: &Option<bool>| is.map_or(f64::NAN, |is| f64::from(u8::from(is)));
                (self.numbers(values.iter().map(number), is_exact), None)
            }
            Column::Utf8(values) => self.texts(values.iter().map(|text| Some(text.as_str()))),
            Column::OptUtf8(values) => self.texts(values.iter().map(Option::as_deref)),
        };
        PackedColumn { name, kind, at, names }
    }

    fn numbers(&mut self, values: impl Iterator<Item = f64>, is_exact: bool) -> &'static str {
        if is_exact {
            values.for_each(|value| self.bytes.extend_from_slice(&value.to_le_bytes()));
            "f64"
        } else {
            values.for_each(|value| self.bytes.extend_from_slice(&(value as f32).to_le_bytes()));
            "f32"
        }
    }

    /// A byte a text, its place among the different ones; the columns that tables have hold labels and names of irreps.
    fn texts<'a>(&mut self, texts: impl Iterator<Item = Option<&'a str>>) -> (&'static str, Option<Vec<String>>) {
        let mut names: Vec<String> = Vec::new();
        for text in texts {
            let place = text.and_then(|text| {
                let known = names.iter().position(|name| name == text);
                known.or_else(|| {
                    (names.len() < usize::from(MISSING)).then(|| {
                        names.push(text.to_owned());
                        names.len() - 1
                    })
                })
            });
            self.bytes.push(place.map_or(MISSING, |place| place as u8));
        }
        ("u8", Some(names))
    }

    /// The whole: `header`, whose places of columns are counted from the first column on, then the columns.
    pub(super) fn finish(self, header: &Header) -> Vec<u8> {
        let mut text = serde_json::to_vec(header).expect("a header has a JSON form");
        let prefix = size_of::<u32>();
        text.resize((prefix + text.len()).next_multiple_of(ALIGNMENT) - prefix, b' ');
        let length = u32::try_from(text.len()).expect("a header is far below four gigabytes");
        [length.to_le_bytes().as_slice(), &text, &self.bytes].concat()
    }
}
