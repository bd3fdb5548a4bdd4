//! Numbers and names in a text that other programs wrote, before anybody says what they mean: Cayley tables and splits.
//!
//! ```text
//! text ─▶ JSON | nested brackets | lines ─▶ WrittenFile { index_base, rows of cells, each with its place }
//! ```

mod brackets;
mod json;
mod lines;
mod printed_by_r;

use std::fmt;

/// How tables and splits may be written; help, errors and the guide say the same.
pub const TEXT_FORMATS: &str = "A row a line, cells between commas, semicolons, tabs, bars or blanks; lines that begin with # or % are \
comments; or nested lists of JSON, YAML, Python, NumPy, R, GAP, MATLAB or C.";

/// Where in a file, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line of a text.
    Line(usize),
    /// Entry of a list.
    Entry(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Entry(entry) => write!(f, "entry {entry}"),
        }
    }
}

/// Why a text is no rows of cells.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrittenError {
    /// Begins like JSON and is none.
    #[error("it is not valid JSON ({message})")]
    Json {
        /// What the JSON reader says, with line and column.
        message: String,
    },
    /// JSON without the list.
    #[error("{found} is no list of rows; write a list of lists, or an object with such a list under \"{key}\"{hint}")]
    Shape {
        /// What stands there.
        found: String,
        /// The key under which the list is looked for.
        key: &'static str,
        /// How pandas writes what is read.
        hint: &'static str,
    },
    /// An array that `NumPy` printed in short.
    #[error(
        "{place}: `...` stands for what was not printed; save it whole with numpy.savetxt(FILE, array, fmt=\"%d\"), or \
         print it after numpy.set_printoptions(threshold=sys.maxsize)"
    )]
    Elided {
        /// Where.
        place: Place,
    },
    /// Neither 0 nor 1.
    #[error("index_base is {found}, it must be 0 or 1")]
    IndexBase {
        /// The value of `index_base` as it stands in the file.
        found: String,
    },
    /// Bytes that are no text.
    #[error("{place}: there is a NUL byte, so this is no text; save it as UTF-8 text, such as with numpy.savetxt")]
    Nul {
        /// Where.
        place: Place,
    },
}

/// A row of cells as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrittenRow {
    pub(crate) place: Place,
    pub(crate) cells: Vec<String>,
    /// The row as it stands in the file.
    pub(crate) written: String,
    /// One value of a plain list, not a list of one.
    pub(crate) is_lone: bool,
}

/// All rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenFile {
    /// From which number it says that it counts.
    pub(crate) index_base: Option<u64>,
    pub(crate) rows: Vec<WrittenRow>,
    /// Tuples that the file says are not trained on, under keys such as `test`.
    pub(crate) others: Vec<WrittenRow>,
}

/// Reads a text; `keys` are those of a JSON object under which its rows stand, the first of which an error names.
pub(crate) fn read(text: &str, keys: &'static [&'static str]) -> Result<WrittenFile, WrittenError> {
    let text = text.trim_start_matches('\u{feff}');
    if let Some(line) = text.lines().position(|line| line.contains('\0')) {
        return Err(WrittenError::Nul { place: Place::Line(line + 1) });
    }
    let is_elided = |line: &str| line.contains("...") || line.contains('…');
    let is_data = |line: &str| !lines::is_comment(line);
    if let Some(line) = text.lines().position(|line| is_data(line) && is_elided(line)) {
        return Err(WrittenError::Elided { place: Place::Line(line + 1) });
    }
    let body = text.trim();
    if let Some(rows) = printed_by_r::read(body) {
        return with_base(text, rows);
    }
    if !body.starts_with(['[', '{']) {
        return match brackets::read(body) {
            Some(rows) => with_base(text, rows),
            None => with_base(text, lines::read(text)),
        };
    }
    match serde_json::from_str(body) {
        Ok(value) => json::read(&value, keys),
        Err(error) => match first_object(body) {
            Some(object) => json::read(&object, keys),
            // What other programs print is no JSON and has brackets too.
            None => match brackets::read(body) {
                Some(rows) => with_base(text, rows),
                None => Err(WrittenError::Json { message: error.to_string() }),
            },
        },
    }
}

/// The object of the first line, where each line is one.
fn first_object(body: &str) -> Option<serde_json::Value> {
    let first = serde_json::from_str(body.lines().next()?).ok()?;
    matches!(first, serde_json::Value::Object(_)).then_some(first)
}

fn with_base(text: &str, rows: Vec<WrittenRow>) -> Result<WrittenFile, WrittenError> {
    let said = text.lines().filter(|line| lines::is_comment(line)).find_map(|line| {
        let (key, value) = line.trim().trim_start_matches(['#', '%', '/', ' ', '\t']).split_once(['=', ':'])?;
        (key.trim() == "index_base").then(|| value.trim().to_owned())
    });
    let index_base = match said.as_deref() {
        None => None,
        Some("0") => Some(0),
        Some("1") => Some(1),
        Some(found) => return Err(WrittenError::IndexBase { found: found.to_owned() }),
    };
    Ok(WrittenFile { index_base, rows, others: Vec::new() })
}

/// The whole number that a cell holds, however it is written: `3`, `3.0`, `3.000e+00`, `3.`; `None` of anything else.
pub(crate) fn whole_number(cell: &str) -> Option<u64> {
    if let Ok(number) = cell.parse() {
        return Some(number);
    }
    // `nan` and `inf` are numbers to a parser, and names of elements to a reader.
    let looks_like_number =
        cell.starts_with(|c: char| c.is_ascii_digit() || c == '+') && cell.contains(['.', 'e', 'E', '+']);
    let number: f64 = looks_like_number.then(|| cell.parse().ok()).flatten()?;
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}

/// The truth value that a cell holds, as Python, R and JSON write it.
pub(crate) fn truth_value(cell: &str) -> Option<bool> {
    match cell {
        "true" | "True" | "TRUE" | "T" => Some(true),
        "false" | "False" | "FALSE" | "F" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        read(text, &["table"]).unwrap().rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn the_same_cells_are_read_from_every_form() {
        for text in [
            "[[0,1],[1,0]]",
            "[ [ 0, 1 ],\n  [ 1, 0 ] ]",
            "t := [ [ 0, 1 ], [ 1, 0 ] ];;",
            "table = [(0, 1),\n (1, 0),]",
            "[[0 1]\n [1 0]]",
            "array([[0, 1],\n       [1, 0]], dtype=int32)",
            "[0 1; 1 0]",
            "A = [0, 1;\n 1, 0];",
            "{{0, 1}, {1, 0}}",
            "((0, 1), (1, 0))",
            "0,1\n1,0\n",
            "0 1\n1 0",
            "  0  1\n  1  0  \n",
            "0\t1\r\n1\t0\r\n",
            "0;1\n1;0",
            "0;1;\n1;0;",
            "0, 1,\n1, 0",
            "0 1;\n1 0;",
            "\u{feff}# two\n\n0,1 # first\n1,0",
            "% two\n0 & 1 \\\\\n1 & 0 \\\\",
            "|0|1|\n|---|---|\n|1|0|",
            "\"0\",\"1\"\n\"1\",\"0\"",
            "[0, 1]\n[1, 0]\n",
            "(0, 1)\n(1, 0)",
            "- [0, 1]\n- [1, 0]\n",
            "table:\n  - [0, 1]\n  - [1, 0]\n",
            "t := [ [ 0, 1 ], [ 1, \\\n  0 ] ];",
            "int T[2][2] = {{0, 1}, {1, 0}};",
            "const T: [[u8; 2]; 2] = [[0, 1], [1, 0]];",
            "     [,1] [,2]\n[1,]    0    1\n[2,]    1    0\n",
            "     [,1]\n[1,]    0\n[2,]    1\n     [,2]\n[1,]    1\n[2,]    0\n",
        ] {
            assert_eq!(cells(text), [["0", "1"], ["1", "0"]], "{text}");
        }
    }

    #[test]
    fn names_keep_their_commas_in_parentheses_and_quotes() {
        assert_eq!(cells("(),(1,2)\n(1,2),()"), [["()", "(1,2)"], ["(1,2)", "()"]]);
        assert_eq!(cells("() (1,2)(3,4)\n(1,2)(3,4) ()"), [["()", "(1,2)(3,4)"], ["(1,2)(3,4)", "()"]]);
        assert_eq!(cells("\"a,b\",\"c\"\"d\"\nx,y"), [["a,b", "c\"d"], ["x", "y"]]);
        assert_eq!(cells(",a,b\na,a,b"), [["", "a", "b"], ["a", "a", "b"]]);
        assert_eq!(cells("\ta\tb\na\ta\tb"), [["", "a", "b"], ["a", "a", "b"]]);
        assert_eq!(cells("   a  b\na  a  b"), [vec!["a", "b"], vec!["a", "a", "b"]]);
        assert_eq!(cells("0: 0 1\n1: 1 0"), [["0", "0", "1"], ["1", "1", "0"]]);
        assert_eq!(cells("a: 0 1\nb 1 0"), [["a:", "0", "1"], ["b", "1", "0"]]);
    }

    #[test]
    fn whole_numbers_are_read_as_any_program_writes_them() {
        for (cell, number) in
            [("3", 3), ("3.0", 3), ("3.", 3), ("3.000000000000000000e+00", 3), ("1e2", 100), ("+3", 3)]
        {
            assert_eq!(whole_number(cell), Some(number), "{cell}");
        }
        for cell in ["-1", "3.5", "nan", "inf", "a", "", "1e300", "e", "0x1"] {
            assert_eq!(whole_number(cell), None, "{cell}");
        }
    }

    #[test]
    fn what_is_no_list_says_what_it_is() {
        let refused = |text: &str| read(text, &["table"]).unwrap_err().to_string();
        assert!(refused("[[0,1],[1,0]").contains("not valid JSON (EOF"));
        assert!(refused("[[0 1 ... 5 6]\n [1 2]]").contains("line 1: `...`"));
        assert!(refused("0,1\0").contains("line 1: there is a NUL byte"));
        assert!(refused("{\"a\": 1}").contains("under \"table\""));
        assert!(refused("{\"a\": 1}\n{\"a\": 2}").starts_with("`{\"a\":1}` is no list of rows"));
    }
}
