//! Tables that pandas, polars and `DuckDB` read: Parquet and CSV.
//!
//! Parquet is written through the low-level column writers, without Arrow: the tables here are flat, and Arrow would
//! triple the build.

use super::file::{self, FileError};
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a Parquet row group; readers work through a file a group at a time. Parquet's own default.
const ROWS_PER_GROUP: usize = 1 << 20;

/// Named columns of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// In the order in which they are shown.
    pub columns: Vec<(String, Column)>,
}

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Truth values.
    Bool(Vec<bool>),
    /// Counts and indices.
    Int64(Vec<i64>),
    /// Counts and indices that may be absent.
    OptInt64(Vec<Option<i64>>),
    /// Numbers, NaN and infinities included.
    Float64(Vec<f64>),
    /// Numbers that may be absent; NaN is a number.
    OptFloat64(Vec<Option<f64>>),
    /// Text.
    Utf8(Vec<String>),
    /// Truth values that may be absent.
    OptBool(Vec<Option<bool>>),
    /// Text that may be absent.
    OptUtf8(Vec<Option<String>>),
}

/// Why a table could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A column's length is not the first one's.
    #[error("column {column:?} has {found} rows where the first column has {expected}")]
    Ragged {
        /// Its name.
        column: String,
        /// Its length.
        found: usize,
        /// The first column's.
        expected: usize,
    },
    /// Two columns of one name.
    #[error("two columns are called {column:?}")]
    SameName {
        /// Their name.
        column: String,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Neither Parquet nor CSV with flat columns.
    #[error(
        "not a table that this build reads ({why}); save it as Parquet or as CSV with a line of names above: {path:?}"
    )]
    Unreadable {
        /// What does not fit.
        why: String,
        /// The file.
        path: PathBuf,
    },
    /// The encoder refused.
    #[error("cannot encode the table as Parquet")]
    Encode {
        /// Why.
        #[from]
        source: ParquetError,
    },
}

impl Table {
    /// This table with a further column on its right.
    #[must_use]
    pub fn with(mut self, name: &str, column: Column) -> Self {
        self.columns.push((name.to_owned(), column));
        self
    }

    /// Rows.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Writes it to `path` as Parquet (Snappy), replacing what is there atomically.
    pub fn write_parquet(&self, path: &Path) -> Result<(), TableError> {
        Ok(file::replace(path, &self.to_parquet()?, "writing a table")?)
    }

    /// Writes it to `path` as CSV, replacing what is there atomically.
    pub fn write_csv(&self, path: &Path) -> Result<(), TableError> {
        Ok(file::replace(path, self.to_csv()?.as_bytes(), "writing a table")?)
    }

    /// It as CSV (RFC 4180, with line feeds): numbers as the shortest decimal that reads back to the same bits, absent
    /// ones empty, `NaN`, `inf` and `-inf` as such.
    pub fn to_csv(&self) -> Result<String, TableError> {
        self.check()?;
        let names: Vec<String> = self.columns.iter().map(|(name, _)| csv_field(name)).collect();
        let mut csv = names.join(",") + "\n";
        for row in 0..self.n_rows() {
            for (index, (_, column)) in self.columns.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                write!(csv, "{comma}{}", column.csv_field(row)).expect("a String takes everything");
            }
            csv.push('\n');
        }
        Ok(csv)
    }

    fn to_parquet(&self) -> Result<Vec<u8>, TableError> {
        self.check()?;
        let fields = self.columns.iter().map(|(name, column)| Ok(Arc::new(column.parquet_type(name)?)));
        let fields = fields.collect::<Result<Vec<_>, ParquetError>>()?;
        let schema = Arc::new(Type::group_type_builder("dunwu").with_fields(fields).build()?);
        let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties)?;
        for start in (0..self.n_rows()).step_by(ROWS_PER_GROUP) {
            let rows = start..self.n_rows().min(start + ROWS_PER_GROUP);
            let mut group = writer.next_row_group()?;
            for (_, column) in &self.columns {
                column.write_rows(&mut group, rows.clone())?;
            }
            group.close()?;
        }
        Ok(writer.into_inner()?)
    }

    pub(super) fn check(&self) -> Result<(), TableError> {
        let expected = self.n_rows();
        let mut seen = BTreeSet::new();
        for (name, column) in &self.columns {
            if column.len() != expected {
                return Err(TableError::Ragged { column: name.clone(), found: column.len(), expected });
            }
            if !seen.insert(name) {
                return Err(TableError::SameName { column: name.clone() });
            }
        }
        Ok(())
    }
}

impl Column {
    /// These rows, in this order.
    #[must_use]
    pub fn picked(&self, rows: &[usize]) -> Self {
        fn pick<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| values[row].clone()).collect()
        }
        match self {
            Self::Bool(values) => Self::Bool(pick(values, rows)),
            Self::Int64(values) => Self::Int64(pick(values, rows)),
            Self::OptInt64(values) => Self::OptInt64(pick(values, rows)),
            Self::Float64(values) => Self::Float64(pick(values, rows)),
            Self::OptFloat64(values) => Self::OptFloat64(pick(values, rows)),
            Self::Utf8(values) => Self::Utf8(pick(values, rows)),
            Self::OptBool(values) => Self::OptBool(pick(values, rows)),
            Self::OptUtf8(values) => Self::OptUtf8(pick(values, rows)),
        }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int64(values) => values.len(),
            Self::OptInt64(values) => values.len(),
            Self::Float64(values) => values.len(),
            Self::OptFloat64(values) => values.len(),
            Self::Utf8(values) => values.len(),
            Self::OptBool(values) => values.len(),
            Self::OptUtf8(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn csv_field(&self, row: usize) -> String {
        match self {
            Self::Bool(values) => values[row].to_string(),
            Self::Int64(values) => values[row].to_string(),
            Self::OptInt64(values) => values[row].map(|x| x.to_string()).unwrap_or_default(),
            // `Debug` writes the shortest decimal that reads back, with an exponent where `Display` would write zeros.
            Self::Float64(values) => format!("{:?}", values[row]),
            Self::OptFloat64(values) => values[row].map(|x| format!("{x:?}")).unwrap_or_default(),
            Self::Utf8(values) => csv_field(&values[row]),
            Self::OptBool(values) => values[row].map(|x| x.to_string()).unwrap_or_default(),
            Self::OptUtf8(values) => values[row].as_deref().map(csv_field).unwrap_or_default(),
        }
    }

    fn parquet_type(&self, name: &str) -> Result<Type, ParquetError> {
        let (physical, repetition, logical) = match self {
            Self::Bool(_) => (PhysicalType::BOOLEAN, Repetition::REQUIRED, None),
            Self::Int64(_) => (PhysicalType::INT64, Repetition::REQUIRED, None),
            Self::OptInt64(_) => (PhysicalType::INT64, Repetition::OPTIONAL, None),
            Self::Float64(_) => (PhysicalType::DOUBLE, Repetition::REQUIRED, None),
            Self::OptFloat64(_) => (PhysicalType::DOUBLE, Repetition::OPTIONAL, None),
            Self::Utf8(_) => (PhysicalType::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String)),
            Self::OptBool(_) => (PhysicalType::BOOLEAN, Repetition::OPTIONAL, None),
            Self::OptUtf8(_) => (PhysicalType::BYTE_ARRAY, Repetition::OPTIONAL, Some(LogicalType::String)),
        };
        Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical).build()
    }

    fn write_rows<W>(&self, group: &mut SerializedRowGroupWriter<'_, W>, rows: Range<usize>) -> Result<(), ParquetError>
    where
        W: std::io::Write + Send,
    {
        match self {
            Self::Bool(values) => write_column::<BoolType, W>(group, &values[rows], None),
            Self::Int64(values) => write_column::<Int64Type, W>(group, &values[rows], None),
            Self::OptInt64(values) => write_optional::<Int64Type, W>(group, &values[rows]),
            Self::Float64(values) => write_column::<DoubleType, W>(group, &values[rows], None),
            Self::OptFloat64(values) => write_optional::<DoubleType, W>(group, &values[rows]),
            Self::Utf8(values) => {
                let bytes: Vec<ByteArray> = values[rows].iter().map(|text| ByteArray::from(text.as_str())).collect();
                write_column::<ByteArrayType, W>(group, &bytes, None)
            }
            Self::OptBool(values) => write_optional::<BoolType, W>(group, &values[rows]),
            Self::OptUtf8(values) => {
                let bytes = values[rows].iter().map(|text| text.as_deref().map(ByteArray::from));
                write_optional::<ByteArrayType, W>(group, &bytes.collect::<Vec<_>>())
            }
        }
    }
}

fn write_optional<T: DataType, W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[Option<T::T>],
) -> Result<(), ParquetError> {
    let present: Vec<T::T> = values.iter().flatten().cloned().collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    write_column::<T, W>(group, &present, Some(&levels))
}

/// Writes the group's next column; `levels` says which rows have a value, `None` that all have.
fn write_column<T: DataType, W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("the schema has as many columns as the table");
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::table_reader::read_table;
    use super::*;
    use proptest::prelude::*;

    fn bits(table: &Table) -> Vec<(String, Vec<String>)> {
        let hex = |x: &f64| format!("{:016x}", x.to_bits());
        let rows = |column: &Column| match column {
            Column::Float64(values) => values.iter().map(hex).collect(),
            Column::OptFloat64(values) => values.iter().map(|x| format!("{:?}", x.as_ref().map(hex))).collect(),
            Column::Bool(values) => values.iter().map(|x| format!("{x:?}")).collect(),
            Column::Int64(values) => values.iter().map(|x| format!("{x:?}")).collect(),
            Column::OptInt64(values) => values.iter().map(|x| format!("o{x:?}")).collect(),
            Column::Utf8(values) => values.iter().map(|x| format!("{x:?}")).collect(),
            Column::OptBool(values) => values.iter().map(|x| format!("o{x:?}")).collect(),
            Column::OptUtf8(values) => values.iter().map(|x| format!("o{x:?}")).collect(),
        };
        table.columns.iter().map(|(name, column)| (name.clone(), rows(column))).collect()
    }

    proptest! {
        #[test]
        fn a_table_of_any_bits_comes_back_from_parquet(
            rows in proptest::collection::vec((any::<(bool, i64, Option<i64>, u64, Option<u64>)>(), ".{0,9}"), 0..40),
        ) {
            let table = Table::default()
                .with("bool", Column::Bool(rows.iter().map(|(r, _)| r.0).collect()))
                .with("int", Column::Int64(rows.iter().map(|(r, _)| r.1).collect()))
                .with("int?", Column::OptInt64(rows.iter().map(|(r, _)| r.2).collect()))
                .with("float", Column::Float64(rows.iter().map(|(r, _)| f64::from_bits(r.3)).collect()))
                .with("float?", Column::OptFloat64(rows.iter().map(|(r, _)| r.4.map(f64::from_bits)).collect()))
                .with("text, ‖G_F‖", Column::Utf8(rows.iter().map(|(_, text)| text.clone()).collect()))
                .with("bool?", Column::OptBool(rows.iter().map(|(r, _)| r.2.map(|_| r.0)).collect()))
                .with("text?", Column::OptUtf8(rows.iter().map(|(r, text)| r.4.map(|_| text.clone())).collect()));
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("t.parquet");
            table.write_parquet(&path).unwrap();
            prop_assert_eq!(bits(&read_table(&path).unwrap()), bits(&table));
        }

        #[test]
        fn a_number_comes_back_from_csv(x in any::<u64>().prop_map(f64::from_bits)) {
            let csv = Table::default().with("x", Column::Float64(vec![x])).to_csv().unwrap();
            let back: f64 = csv.lines().nth(1).unwrap().parse().unwrap();
            prop_assert!(back.to_bits() == x.to_bits() || (back.is_nan() && x.is_nan()));
        }
    }

    #[test]
    fn a_table_longer_than_a_row_group_comes_back() {
        let n = ROWS_PER_GROUP as i64 + 3;
        let odd = (0..n).map(|i| (i % 2 == 1).then_some(i as f64));
        let table =
            Table::default().with("i", Column::Int64((0..n).collect())).with("odd", Column::OptFloat64(odd.collect()));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.parquet");
        table.write_parquet(&path).unwrap();
        assert!(read_table(&path).unwrap() == table);
    }

    #[test]
    fn csv_quotes_what_would_break_a_row() {
        let table = Table::default()
            .with("a,b", Column::Utf8(vec!["plain".into(), "say \"yes\"".into(), "two\nlines".into()]))
            .with("x", Column::OptFloat64(vec![Some(1e300), None, Some(f64::NEG_INFINITY)]));
        let expected = "\"a,b\",x\nplain,1e300\n\"say \"\"yes\"\"\",\n\"two\nlines\",-inf\n";
        assert_eq!(table.to_csv().unwrap(), expected);
    }

    #[test]
    fn ragged_tables_and_repeated_names_are_refused() {
        let table = Table::default().with("a", Column::Int64(vec![1])).with("b", Column::Int64(vec![]));
        assert_eq!(table.to_csv().unwrap_err().to_string(), "column \"b\" has 0 rows where the first column has 1");
        let table = Table::default().with("a", Column::Int64(vec![1])).with("a", Column::Int64(vec![2]));
        assert!(matches!(table.to_parquet(), Err(TableError::SameName { .. })));
    }

    #[test]
    fn no_prefix_of_a_table_is_read_as_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.parquet");
        let bytes = Table::default().with("a", Column::Int64(vec![1, 2])).to_parquet().unwrap();
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            assert!(matches!(read_table(&path), Err(TableError::Unreadable { .. })), "{len} of {}", bytes.len());
        }
    }
}
