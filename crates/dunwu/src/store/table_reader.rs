//! Tables read back, whoever wrote them: this command, or pandas, polars, `DuckDB` and R after a filter.
//!
//! Parquet with flat columns of whole numbers, floating-point numbers, truth values and text of any width, encoding and common compression
//! (Snappy, gzip, zstd, LZ4, Brotli); CSV with a line of names above, between commas, semicolons or tabs. Widths become the 64 bits of
//! [`Column`]. What has another shape (lists, structures, bytes) is left out.

use super::file::While as _;
use super::table::{Column, Table, TableError};
use parquet::basic::{ConvertedType, Type as PhysicalType};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{BoolType, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What programs write where there is no value.
const MISSING: [&str; 6] = ["", "NA", "NULL", "null", "None", "<NA>"];

/// Reads a table. A `.csv`, `.tsv` or `.txt` file is text; everything else has to be Parquet.
pub fn read_table(path: &Path) -> Result<Table, TableError> {
    let unreadable = |why: String| TableError::Unreadable { why, path: path.to_owned() };
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("").to_lowercase();
    if matches!(extension.as_str(), "csv" | "tsv" | "txt") {
        let bytes = fs::read(path).or_while("reading a table", path)?;
        if !bytes.starts_with(b"PAR1") {
            let why = |error: String| format!("as CSV: {error}");
            return read_csv(&bytes).map_err(|error| unreadable(why(error)));
        }
    }
    let mut file = File::open(path).or_while("reading a table", path)?;
    let mut first = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, 6), &mut first).or_while("reading a table", path)?;
    if let Some(what) = known_as(&first) {
        return Err(unreadable(format!("it is {what}")));
    }
    let file = File::open(path).or_while("reading a table", path)?;
    // `parquet` asserts in places what a broken file makes false.
    let read = catch_unwind(AssertUnwindSafe(|| read_parquet(file)));
    let table = read.unwrap_or_else(|_| Err("its pages are damaged".to_owned())).map_err(unreadable)?;
    // A damaged page may have fewer rows than it says.
    table.check().map_err(|error| unreadable(error.to_string()))?;
    Ok(table)
}

/// What begins so and is neither Parquet nor CSV.
fn known_as(first: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 6] = [
        (b"ARROW1", "an Arrow (feather) file"),
        (&[0x1F, 0x8B], "compressed with gzip; unpack it with `gunzip FILE`"),
        (&[0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd; unpack it with `zstd -d FILE`"),
        (b"PK\x03\x04", "a spreadsheet or an archive"),
        (b"SQLite", "a database of SQLite"),
        (b"RDX", "a file of R's own"),
    ];
    KNOWN.iter().find(|(magic, _)| first.starts_with(magic)).map(|(_, what)| *what)
}

fn read_parquet(file: File) -> Result<Table, String> {
    let reader = SerializedFileReader::new(file).map_err(|e| e.to_string())?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let mut table = Table::default();
    for index in 0..schema.num_columns() {
        let descriptor = schema.column(index);
        let is_flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        let Some(mut values) = Values::of(&descriptor).filter(|_| is_flat) else { continue };
        for group in 0..reader.num_row_groups() {
            // `parquet` asserts these.
            let chunk = reader.metadata().row_group(group).columns().get(index);
            let chunk =
                chunk.ok_or_else(|| format!("its column {:?} is not in every part of it", descriptor.name()))?;
            let begins = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
            if begins < 0 || chunk.compressed_size() < 0 {
                return Err(format!("its column {:?} begins or ends before the file does", descriptor.name()));
            }
            let group = reader.get_row_group(group).map_err(|e| e.to_string())?;
            values.extend(group.as_ref(), index).map_err(|why| format!("its column {:?}: {why}", descriptor.name()))?;
        }
        let is_required = descriptor.max_def_level() == 0;
        table.columns.push((descriptor.name().to_owned(), values.column(is_required)));
    }
    Ok(table)
}

/// The values of a column as they are read, all of them optional.
enum Values {
    Bool(Vec<Option<bool>>),
    /// `unsigned` where 32 bits count from 0; `scale` digits of a decimal number behind the point.
    Int {
        values: Vec<Option<i64>>,
        is_narrow: bool,
        unsigned: bool,
        scale: i32,
    },
    Float {
        values: Vec<Option<f64>>,
        is_narrow: bool,
    },
    Text(Vec<Option<String>>),
}

impl Values {
    fn of(descriptor: &ColumnDescriptor) -> Option<Self> {
        let converted = descriptor.converted_type();
        let unsigned = matches!(converted, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32);
        let scale = if converted == ConvertedType::DECIMAL { descriptor.type_scale() } else { 0 };
        match descriptor.physical_type() {
            PhysicalType::BOOLEAN => Some(Self::Bool(Vec::new())),
            PhysicalType::INT32 => Some(Self::Int { values: Vec::new(), is_narrow: true, unsigned, scale }),
            PhysicalType::INT64 => Some(Self::Int { values: Vec::new(), is_narrow: false, unsigned: false, scale }),
            PhysicalType::FLOAT => Some(Self::Float { values: Vec::new(), is_narrow: true }),
            PhysicalType::DOUBLE => Some(Self::Float { values: Vec::new(), is_narrow: false }),
            PhysicalType::BYTE_ARRAY if converted == ConvertedType::DECIMAL => None,
            PhysicalType::BYTE_ARRAY => Some(Self::Text(Vec::new())),
            PhysicalType::INT96 | PhysicalType::FIXED_LEN_BYTE_ARRAY => None,
        }
    }

    fn extend(&mut self, group: &dyn RowGroupReader, index: usize) -> Result<(), String> {
        match self {
            Self::Bool(values) => values.extend(read_column::<BoolType>(group, index)?),
            Self::Int { values, is_narrow: false, .. } => values.extend(read_column::<Int64Type>(group, index)?),
            Self::Int { values, unsigned, .. } => {
                let wide = |value: i32| if *unsigned { i64::from(value.cast_unsigned()) } else { i64::from(value) };
                values.extend(read_column::<Int32Type>(group, index)?.into_iter().map(|value| value.map(wide)));
            }
            Self::Float { values, is_narrow: false } => values.extend(read_column::<DoubleType>(group, index)?),
            Self::Float { values, .. } => {
                values.extend(read_column::<FloatType>(group, index)?.into_iter().map(|value| value.map(widened)));
            }
            Self::Text(values) => {
                for bytes in read_column::<ByteArrayType>(group, index)? {
                    let text = bytes.as_ref().map(|bytes| bytes.as_utf8().map(str::to_owned)).transpose();
                    values.push(text.map_err(|e| e.to_string())?);
                }
            }
        }
        Ok(())
    }

    fn column(self, is_required: bool) -> Column {
        fn all<T>(values: Vec<Option<T>>) -> Vec<T> {
            values.into_iter().flatten().collect()
        }
        match self {
            Self::Bool(values) if is_required => Column::Bool(all(values)),
            Self::Bool(values) => Column::OptBool(values),
            Self::Int { values, scale, .. } if scale != 0 => {
                let point = 10f64.powi(scale);
                Column::OptFloat64(values.into_iter().map(|value| value.map(|value| value as f64 / point)).collect())
            }
            Self::Int { values, .. } if is_required => Column::Int64(all(values)),
            Self::Int { values, .. } => Column::OptInt64(values),
            Self::Float { values, .. } if is_required => Column::Float64(all(values)),
            Self::Float { values, .. } => Column::OptFloat64(values),
            Self::Text(values) if is_required => Column::Utf8(all(values)),
            Self::Text(values) => Column::OptUtf8(values),
        }
    }
}

/// The number that a person meant: 0.1 of 32 bits is 0.1, and not 0.10000000149.
fn widened(narrow: f32) -> f64 {
    narrow.to_string().parse().unwrap_or(f64::from(narrow))
}

/// The column's values in row order; all `Some` where the schema requires them.
fn read_column<T: DataType>(group: &dyn RowGroupReader, index: usize) -> Result<Vec<Option<T::T>>, String> {
    let n_rows = usize::try_from(group.metadata().num_rows()).map_err(|e| e.to_string())?;
    let reader = group.get_column_reader(index).map_err(|e| e.to_string())?;
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut reader = get_typed_column_reader::<T>(reader);
    reader.read_records(n_rows, Some(&mut levels), None, &mut values).map_err(|e| e.to_string())?;
    if levels.is_empty() {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    Ok(levels.iter().map(|&level| if level == 1 { values.next() } else { None }).collect())
}

fn read_csv(bytes: &[u8]) -> Result<Table, String> {
    let text =
        str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {error}"))?.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or("");
    let separator = [',', ';', '\t'].into_iter().max_by_key(|&c| first.matches(c).count()).unwrap_or(',');
    let mut rows = csv_rows(text, separator)?.into_iter();
    let names = rows.next().filter(|names| names.len() > 1).ok_or("it has no line of names above")?;
    let mut seen = BTreeSet::new();
    if let Some(name) = names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(format!("two columns are called {name:?}"));
    }
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    for (row, line) in rows.zip(2..) {
        if row.len() != names.len() {
            return Err(format!("row {line} has {} cells and the first has {}", row.len(), names.len()));
        }
        for (column, cell) in columns.iter_mut().zip(row) {
            column.push(if MISSING.contains(&cell.as_str()) { None } else { Some(cell) });
        }
    }
    let decimal_comma = separator == ';';
    let columns = names.into_iter().zip(columns).map(|(name, cells)| (name, csv_column(cells, decimal_comma)));
    Ok(Table { columns: columns.collect() })
}

/// The narrowest kind of which all cells are.
fn csv_column(cells: Vec<Option<String>>, decimal_comma: bool) -> Column {
    fn each<T>(cells: &[Option<String>], read: impl Fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
        cells.iter().map(|cell| cell.as_deref().map_or(Some(None), |cell| read(cell).map(Some))).collect()
    }
    let truth = |cell: &str| match cell {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    };
    let number = |cell: &str| {
        let number = if decimal_comma { cell.replacen(',', ".", 1).parse() } else { cell.parse() };
        number.ok()
    };
    if cells.iter().all(Option::is_none) {
        return Column::OptUtf8(cells);
    }
    let column = each(&cells, truth).map(Column::OptBool);
    let column = column.or_else(|| each(&cells, |cell| cell.parse().ok()).map(Column::OptInt64));
    let column = column.or_else(|| each(&cells, number).map(Column::OptFloat64));
    column.unwrap_or(Column::OptUtf8(cells))
}

/// Rows of cells (RFC 4180): quotes keep separators and line breaks, doubled quotes are one.
fn csv_rows(text: &str, separator: char) -> Result<Vec<Vec<String>>, String> {
    let (mut rows, mut row, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
            c if is_quoted => cell.push(c),
            c if c == separator => row.push(std::mem::take(&mut cell)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    if is_quoted {
        return Err("a quote is not closed".to_owned());
    }
    if !(cell.is_empty() && row.is_empty()) {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|row| !(row.len() == 1 && row[0].is_empty()));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_of_any_program_becomes_columns() {
        let table = read_csv(
            b"\xEF\xBB\xBF\"\",name,n,x,ok,none\r\n\"1\",\"a,\"\"b\",1,0.5,True,\r\n\"2\",NA,,inf,FALSE,NA\r\n",
        )
        .unwrap();
        let wanted = [
            ("", Column::OptInt64(vec![Some(1), Some(2)])),
            ("name", Column::OptUtf8(vec![Some("a,\"b".into()), None])),
            ("n", Column::OptInt64(vec![Some(1), None])),
            ("x", Column::OptFloat64(vec![Some(0.5), Some(f64::INFINITY)])),
            ("ok", Column::OptBool(vec![Some(true), Some(false)])),
            ("none", Column::OptUtf8(vec![None, None])),
        ];
        assert_eq!(table.columns, wanted.map(|(name, column)| (name.to_owned(), column)));
        let german = read_csv(b"n;x\n1;0,5\n").unwrap();
        assert_eq!(german.columns[1].1, Column::OptFloat64(vec![Some(0.5)]));
        for (text, why) in [
            ("a,b\n1\n", "row 2 has 1 cells and the first has 2"),
            ("a,a\n1,2\n", "two columns are called \"a\""),
            ("a,b\n\"1,2\n", "a quote is not closed"),
            ("hello\n", "no line of names"),
        ] {
            assert!(read_csv(text.as_bytes()).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn narrow_numbers_are_the_ones_that_were_meant() {
        assert_eq!((widened(0.1), widened(1e-30), widened(3.0)), (0.1, 1e-30, 3.0));
        assert!(widened(f32::NAN).is_nan() && widened(f32::NEG_INFINITY) == f64::NEG_INFINITY);
    }

    #[test]
    fn what_is_no_table_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes, why) in [
            ("t.parquet", &b"ARROW1\0\0"[..], "an Arrow (feather) file"),
            ("t.csv.gz", &[0x1F, 0x8B, 8, 0], "gunzip"),
            ("t.xlsx", b"PK\x03\x04....", "a spreadsheet"),
            ("t.csv", &[0xFF, 0xFE, 0, 0xD8], "not UTF-8"),
        ] {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            let told = read_table(&path).unwrap_err().to_string();
            assert!(told.contains(why) && told.contains(name), "{told}");
        }
    }
}
