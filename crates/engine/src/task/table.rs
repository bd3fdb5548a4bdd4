//! Cayley tables written in a file.

use super::cayley::{CayleyTable, LatinFault};
use super::family::Family;
use super::spelling::ORDER_LIMIT;
use serde_json::Value;

/// A group or quasigroup from a file. The file is read elsewhere; its text comes in here.
///
/// - JSON: a list of rows, `[[0, 1], [1, 0]]`, counted from 0, or `{"table": […], "index_base": 1}`; other keys are
///   ignored.
/// - CSV: a row a line, cells between commas; `# index_base = 1` on a line above the rows counts from 1; other lines
///   that begin with `#` are comments.
pub(super) const TABLE: Family = Family {
    name: "table",
    spelling: "table:FILE",
    tells: "a group or quasigroup from a Cayley table in a JSON or CSV file",
    example: "table:steiner.csv",
};

/// Why a table was refused. Rows and columns are counted like the file's elements, from its index base.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// No row at all.
    #[error("the table has no rows")]
    Empty,
    /// Not JSON although it begins like it.
    #[error("the table is not valid JSON ({message})")]
    Json {
        /// What the JSON reader says, with line and column.
        message: String,
    },
    /// JSON of another shape.
    #[error("the table must be a list of lists of whole numbers, or an object with such a list under \"table\"")]
    Shape,
    /// Neither 0 nor 1.
    #[error("index_base is {found}, it must be 0 or 1")]
    IndexBase {
        /// As written.
        found: String,
    },
    /// A cell that is no whole number.
    #[error("row {row}, column {column}: `{found}` is not a whole number")]
    NotANumber {
        /// Where: row.
        row: u64,
        /// Where: column.
        column: u64,
        /// As written.
        found: String,
    },
    /// More rows than a table may have.
    #[error("the table has {rows} rows, more than {ORDER_LIMIT}")]
    TooLarge {
        /// How many.
        rows: usize,
    },
    /// A row that is longer or shorter than the table is high.
    #[error("row {row} has {cells} cells, but the table has {rows} rows: it must be square")]
    NotSquare {
        /// The first such row.
        row: u64,
        /// How many cells it has.
        cells: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// A cell whose value names no row.
    #[error("row {row}, column {column}: {value} is no element; elements are {base} to {last}{}", base_hint(*.base, *.value, *.last))]
    OutOfRange {
        /// Where: row.
        row: u64,
        /// Where: column.
        column: u64,
        /// What stands there.
        value: u64,
        /// First element.
        base: u64,
        /// Last element.
        last: u64,
    },
    /// A value twice in a row.
    #[error("not a Latin square: row {row}, column {column}: {value} stands in this row already, in column {earlier}")]
    RepeatsInRow {
        /// Where: row.
        row: u64,
        /// Where: column.
        column: u64,
        /// What stands there.
        value: u64,
        /// The column that has it.
        earlier: u64,
    },
    /// A value twice in a column.
    #[error("not a Latin square: row {row}, column {column}: {value} stands in this column already, in row {earlier}")]
    RepeatsInColumn {
        /// Where: row.
        row: u64,
        /// Where: column.
        column: u64,
        /// What stands there.
        value: u64,
        /// The row that has it.
        earlier: u64,
    },
}

/// A file's cells as written.
struct Written {
    base: u64,
    rows: Vec<Vec<u64>>,
}

/// The Latin square that `text` holds, its elements counted from 0.
pub(super) fn read(text: &str) -> Result<CayleyTable, TableError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let Written { base, rows } = if text.starts_with(['[', '{']) { read_json(text)? } else { read_csv(text)? };
    let order = rows.len();
    if order == 0 {
        return Err(TableError::Empty);
    }
    if order as u64 > ORDER_LIMIT {
        return Err(TableError::TooLarge { rows: order });
    }
    if let Some((row, cells)) = rows.iter().enumerate().find(|(_, cells)| cells.len() != order) {
        return Err(TableError::NotSquare { row: row as u64 + base, cells: cells.len(), rows: order });
    }
    // A value below the base wraps to one that is out of range, like one past the end.
    let element = |&value: &u64| u32::try_from(value.wrapping_sub(base)).unwrap_or(u32::MAX);
    let table = CayleyTable { order, product: rows.iter().flatten().map(element).collect() };
    let Some(fault) = table.latin_fault() else { return Ok(table) };
    let place = |position: usize| position as u64 + base;
    Err(match fault {
        LatinFault::OutOfRange { row, column } => TableError::OutOfRange {
            row: place(row),
            column: place(column),
            value: rows[row][column],
            base,
            last: place(order - 1),
        },
        LatinFault::RepeatsInRow { row, column, earlier_column } => TableError::RepeatsInRow {
            row: place(row),
            column: place(column),
            value: rows[row][column],
            earlier: place(earlier_column),
        },
        LatinFault::RepeatsInColumn { row, column, earlier_row } => TableError::RepeatsInColumn {
            row: place(row),
            column: place(column),
            value: rows[row][column],
            earlier: place(earlier_row),
        },
    })
}

fn read_json(text: &str) -> Result<Written, TableError> {
    let value: Value = serde_json::from_str(text).map_err(|error| TableError::Json { message: error.to_string() })?;
    let base = match value.get("index_base") {
        None => 0,
        Some(found) => match found.as_u64() {
            Some(base @ 0..=1) => base,
            _ => return Err(TableError::IndexBase { found: found.to_string() }),
        },
    };
    let table = value.get("table").unwrap_or(&value);
    let mut rows = Vec::new();
    for (row, cells) in table.as_array().ok_or(TableError::Shape)?.iter().enumerate() {
        let cells = cells.as_array().ok_or(TableError::Shape)?;
        let number = |(column, cell): (usize, &Value)| {
            cell.as_u64().ok_or_else(|| not_a_number(row, column, base, &cell.to_string()))
        };
        rows.push(cells.iter().enumerate().map(number).collect::<Result<_, _>>()?);
    }
    Ok(Written { base, rows })
}

fn read_csv(text: &str) -> Result<Written, TableError> {
    let mut base = 0;
    let mut rows = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(("index_base", found)) = comment.split_once('=').map(|(key, value)| (key.trim(), value.trim()))
            {
                base = match found {
                    "0" => 0,
                    "1" => 1,
                    _ => return Err(TableError::IndexBase { found: found.to_owned() }),
                };
            }
            continue;
        }
        let number = |(column, cell): (usize, &str)| {
            cell.trim().parse().ok().ok_or_else(|| not_a_number(rows.len(), column, base, cell.trim()))
        };
        let cells: Vec<u64> = line.split(',').enumerate().map(number).collect::<Result<_, _>>()?;
        rows.push(cells);
    }
    Ok(Written { base, rows })
}

fn not_a_number(row: usize, column: usize, base: u64, found: &str) -> TableError {
    TableError::NotANumber { row: row as u64 + base, column: column as u64 + base, found: found.to_owned() }
}

/// The usual reason for a value just past the end.
fn base_hint(base: u64, value: u64, last: u64) -> &'static str {
    if base == 0 && value == last + 1 { " (say index_base 1 in the file if it counts from 1)" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_table_is_read_from_every_form() {
        let expected = CayleyTable::from_fn(3, |a, b| (a + b) % 3);
        for text in [
            "[[0,1,2],[1,2,0],[2,0,1]]",
            r#"{"table": [[0,1,2],[1,2,0],[2,0,1]]}"#,
            r#"{"name": "Z3", "order": 3, "index_base": 1, "table": [[1,2,3],[2,3,1],[3,1,2]]}"#,
            "0,1,2\n1,2,0\n2,0,1\n",
            "# made by hand\n\n0, 1, 2\r\n1, 2, 0\r\n2, 0, 1",
            "# index_base = 1\n1,2,3\n2,3,1\n3,1,2\n",
            "\u{feff}#index_base=1\n1,2,3\n2,3,1\n3,1,2\n",
        ] {
            assert_eq!(read(text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn the_first_offending_cell_is_named() {
        let check = |text: &str, expected: &str| assert_eq!(read(text).unwrap_err().to_string(), expected, "{text}");
        check("", "the table has no rows");
        check("[]", "the table has no rows");
        check("[[0,1],[1,0]", "the table is not valid JSON (EOF while parsing a list at line 1 column 12)");
        check(
            "{\"a\":1}",
            "the table must be a list of lists of whole numbers, or an object with such a list under \"table\"",
        );
        check("{\"table\":[[0]],\"index_base\":2}", "index_base is 2, it must be 0 or 1");
        check("# index_base = one\n0", "index_base is one, it must be 0 or 1");
        check("[[0,1],[1,-1]]", "row 1, column 1: `-1` is not a whole number");
        check("# index_base = 1\n1,2\n2,a", "row 2, column 2: `a` is not a whole number");
        check("0,1\n1,0,1", "row 1 has 3 cells, but the table has 2 rows: it must be square");
        check("0,1\n0,1", "not a Latin square: row 1, column 0: 0 stands in this column already, in row 0");
        check("0,0\n1,1", "not a Latin square: row 0, column 1: 0 stands in this row already, in column 0");
        check(
            "# index_base = 1\n1,2\n1,2",
            "not a Latin square: row 2, column 1: 1 stands in this column already, in row 1",
        );
        check("# index_base = 1\n1,0\n0,1", "row 1, column 2: 0 is no element; elements are 1 to 2");
        check(
            "1,2\n2,1",
            "row 0, column 1: 2 is no element; elements are 0 to 1 (say index_base 1 in the file if it counts from 1)",
        );
    }
}
