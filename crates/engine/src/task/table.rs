//! Cayley tables written in a file.

use super::cayley::{CayleyTable, LatinFault};
use super::family::Family;
use super::spelling::ORDER_LIMIT;
use super::table_elements::{self, Reading};
use crate::written::{self, TEXT_FORMATS, WrittenError};

/// A group or quasigroup from a file. The file is read elsewhere; its text comes in here.
///
/// - Lines: a row a line, cells between commas, semicolons, tabs, bars or blanks; `#` and `%` begin comments.
/// - Lists: JSON, `{"index_base": 1, "table": […]}` among it, and what Python, `NumPy`, GAP and MATLAB print.
/// - Elements are numbers from 0, numbers from 1, or names. Names may stand above the columns, in front of the rows, or both; without
///   them the first row is the order of the elements, where it is the first column too.
/// - Triples: `a, b, a·b` a line, each pair once.
pub(super) const TABLE: Family = Family {
    name: "table",
    spelling: "table:FILE",
    tells: "a group or quasigroup from a Cayley table in a file: CSV, JSON, or as NumPy, pandas, GAP and MATLAB write one",
    example: "table:steiner.csv",
};

/// Keys of a JSON object under which a table may stand.
const KEYS: &[&str] = &["table", "cayley_table", "multiplication_table", "data"];

/// Why a table was refused. Rows and columns are counted like the file's elements, from its index base.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// No row at all.
    #[error("the table has no rows")]
    Empty,
    /// No rows of cells.
    #[error("the table cannot be read: {0}")]
    Written(#[from] WrittenError),
    /// One list of values.
    #[error("the table is a plain list of {cells} values; write a list of rows, such as [[0, 1], [1, 0]]")]
    Flat {
        /// How many values.
        cells: usize,
    },
    /// Names of elements in no order.
    #[error(
        "the entries are names, and as the first row is not the first column too, nothing says in which order they are the \
         elements; write the names above the columns and in front of the rows, as in `*,e,a` `e,e,a` `a,a,e`"
    )]
    NoOrder,
    /// A cell that the names at the table's border do not have.
    #[error("row {row}, column {column}: `{found}` is none of the elements, which are {names}")]
    UnknownName {
        /// Where: row.
        row: u64,
        /// Where: column.
        column: u64,
        /// The cell as it stands in the file.
        found: String,
        /// The names at the border, the first few.
        names: String,
    },
    /// Names at the border that are no elements.
    #[error("{what} names {found}; {expected}")]
    Border {
        /// Which border.
        what: &'static str,
        /// What it has.
        found: String,
        /// What it may have.
        expected: &'static str,
    },
    /// A cell that is no whole number.
    #[error("row {row}, column {column}: `{found}` is not a whole number. {TEXT_FORMATS}")]
    NotANumber {
        /// Where: row.
        row: u64,
        /// Where: column.
        column: u64,
        /// The cell as it stands in the file.
        found: String,
    },
    /// More rows than a table may have.
    #[error("the table has {rows} rows, more than {ORDER_LIMIT}")]
    TooLarge {
        /// How many.
        rows: usize,
    },
    /// A row that is longer or shorter than the table is high.
    #[error(
        "row {row} has {cells} cells, but the table has {rows} rows: it must be square, with or without names above its columns and \
         in front of its rows. {TEXT_FORMATS}"
    )]
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
        value: String,
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
        value: String,
        /// The row that has it.
        earlier: u64,
    },
}

/// The Latin square that `text` holds, its elements counted from 0.
pub(super) fn read(text: &str) -> Result<CayleyTable, TableError> {
    let readings = table_elements::readings(written::read(text, KEYS)?)?;
    let mut first_refusal = None;
    for reading in readings {
        match latin(&reading) {
            Ok(table) => return Ok(table),
            Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
        }
    }
    Err(first_refusal.unwrap_or(TableError::Empty))
}

fn latin(reading: &Reading) -> Result<CayleyTable, TableError> {
    let Reading { base, rows, .. } = reading;
    let (order, base) = (rows.len(), *base);
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
            value: reading.name(row, column),
            earlier: place(earlier_column),
        },
        LatinFault::RepeatsInColumn { row, column, earlier_row } => TableError::RepeatsInColumn {
            row: place(row),
            column: place(column),
            value: reading.name(row, column),
            earlier: place(earlier_row),
        },
    })
}

/// How to count from 1, which a value just past the end asks for.
fn base_hint(base: u64, value: u64, last: u64) -> &'static str {
    if base == 0 && value == last + 1 {
        "; a table that counts from 1 has no 0 in it, or says so: a line `# index_base = 1` above its rows, or \
         {\"index_base\": 1, \"table\": [[1, 2], [2, 1]]} in JSON"
    } else {
        ""
    }
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
        let begins = |text: &str, expected: &str| {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        };
        check("", "the table has no rows");
        check("[]", "the table has no rows");
        check(
            "[[0,1],[1,0]",
            "the table cannot be read: it is not valid JSON (EOF while parsing a list at line 1 column 12)",
        );
        begins(
            "{\"a\":1}",
            "the table cannot be read: `{\"a\":1}` is no list of rows; write a list of lists, or an object",
        );
        begins("{\"table\":[[0]],\"index_base\":2}", "the table cannot be read: index_base is 2, it must be 0 or 1");
        begins("# index_base = one\n0", "the table cannot be read: index_base is one, it must be 0 or 1");
        begins("[[0,1],[1,-1]]", "row 1, column 1: `-1` is not a whole number. A row a line");
        begins("# index_base = 1\n1,2\n2,a", "row 2, column 2: `a` is not a whole number. A row a line");
        begins("0,1\n1,0,1", "row 1 has 3 cells, but the table has 2 rows: it must be square, with or without names");
        begins("[0,1,1,0]", "the table is a plain list of 4 values; write a list of rows");
        begins("a,b\na,b", "the entries are names, and as the first row is not the first column too");
        begins("*,a,b\na,a,b\nb,b,c", "row 1, column 1: `c` is none of the elements, which are a, b");
        begins("*,a,a\na,a,a\na,a,a", "the row above the table names a, a; each element stands there once");
        begins(
            "*,a,b\na,a,b\nc,b,a",
            "the column in front of the table names a, c; it has the elements of the row above",
        );
        begins("*,e,a\ne,e,a\na,a,a", "not a Latin square: row 1, column 1: a stands in this row already, in column 0");
        check("0,1\n0,1", "not a Latin square: row 1, column 0: 0 stands in this column already, in row 0");
        check("0,0\n1,1", "not a Latin square: row 0, column 1: 0 stands in this row already, in column 0");
        check(
            "# index_base = 1\n1,2\n1,2",
            "not a Latin square: row 2, column 1: 1 stands in this column already, in row 1",
        );
        check("# index_base = 1\n1,0\n0,1", "row 1, column 2: 0 is no element; elements are 1 to 2");
        begins(
            "0,2\n2,1",
            "row 0, column 1: 2 is no element; elements are 0 to 1; a table that counts from 1 has no 0 in it",
        );
    }
}
