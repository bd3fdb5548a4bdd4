//! The training samples that a file names.
//!
//! ```text
//! 2,1                 their operands, counted from 0: a tuple a line, or a list of lists
//! 7                   their places in the population, a·p + b for two operands of p tokens: one a line, or a plain list
//! 0,1,0,0,1,…         a mask: one value of 0 and 1, or false and true, for every sample in order, or one a cell of the p × p table
//! a,b,split           columns with names, of which `split` or `train` says train or test, or true or false
//! {"train": […]}      any of these under a key; what stands under `test` has to be what is left
//! ```
//!
//! Tokens are those that the task names. `# index_base = 1` on a line above, or `"index_base": 1` in an object, counts tokens and places from 1.

use super::file_error::SplitFileError;
use crate::task::Problem;
use crate::written::{self, Place, WrittenFile, WrittenRow, truth_value, whole_number};

/// Keys of a JSON object under which the training samples may stand.
const KEYS: &[&str] =
    &["train", "train_indices", "train_idx", "training", "train_mask", "mask", "pairs", "tuples", "indices", "data"];

/// Names of a column that says which samples are trained on.
const MEMBERSHIP: &[&str] = &["split", "set", "subset", "part", "train", "is_train", "in_train", "train_mask", "mask"];
/// Names of a column that counts lines; the first is how pandas and R leave it.
const COUNTERS: &[&str] = &["", "Unnamed: 0", "index", "rownames", "row_nr", "row_index"];

/// Population indices of the samples that a split file names.
pub(super) fn read(problem: &Problem, text: &str, file: &str) -> Result<Vec<u32>, SplitFileError> {
    let in_file = |reason| SplitFileError::Written { reason, file: file.to_owned() };
    let written = written::read(text, KEYS).map_err(in_file)?;
    let base = written.index_base.unwrap_or(0);
    let population = problem.n_population();
    // Where the inputs are numbers, a sample is named by its place, as if it were the only operand.
    let sizes = if problem.n_features == 0 { problem.operand_sizes.clone() } else { vec![population] };
    let reader = Reader { problem, sizes, base, file };
    let WrittenFile { rows, others, .. } = written;
    let chosen = reader.samples(rows)?;
    if chosen.is_empty() {
        return Err(SplitFileError::Empty { file: file.to_owned(), population });
    }
    if !others.is_empty() {
        reader.check_rest(&chosen, others)?;
    }
    Ok(chosen)
}

struct Reader<'a> {
    problem: &'a Problem,
    /// Tokens of each operand.
    sizes: Vec<usize>,
    base: u64,
    file: &'a str,
}

impl Reader<'_> {
    /// Places in the population, in the order of the file.
    fn samples(&self, mut rows: Vec<WrittenRow>) -> Result<Vec<u32>, SplitFileError> {
        if let Some(header) = Self::header(&rows) {
            rows.remove(0);
            rows = self.columns(&header, rows)?;
        }
        if let Some(chosen) = self.mask(&rows)? {
            return Ok(chosen);
        }
        let n_operands = self.sizes.len();
        // One line of many numbers is a plain list; one of a number too many is a slip.
        if let [row] = &rows[..]
            && row.cells.len() > n_operands + 1
        {
            let lone = |(index, cell): (usize, &String)| WrittenRow {
                place: Place::Entry(index + 1),
                cells: vec![cell.clone()],
                written: cell.clone(),
                is_lone: true,
            };
            rows = row.cells.iter().enumerate().map(lone).collect();
        }
        if let Some(odd) = rows.iter().find(|row| row.cells.len() != rows[0].cells.len()) {
            let (place, found, sizes) = (odd.place, odd.written.clone(), self.sizes.clone());
            return Err(SplitFileError::NotASample { place, found, sizes, file: self.file.to_owned() });
        }
        self.drop_labels(&mut rows);
        let mut named_at: Vec<Option<Place>> = vec![None; self.problem.n_population()];
        let mut chosen = Vec::with_capacity(rows.len());
        for row in &rows {
            let index = self.place(row)?;
            if let Some(earlier) = named_at[index] {
                let (place, tuple, file) = (row.place, row.written.clone(), self.file.to_owned());
                return Err(SplitFileError::Duplicate { place, tuple, earlier, file });
            }
            named_at[index] = Some(row.place);
            chosen.push(index as u32);
        }
        Ok(chosen)
    }

    /// The place of one sample.
    fn place(&self, row: &WrittenRow) -> Result<usize, SplitFileError> {
        let (place, file) = (row.place, || self.file.to_owned());
        let numbers: Option<Vec<u64>> = row.cells.iter().map(|cell| whole_number(cell)).collect();
        let population = self.problem.n_population();
        let (base, n_operands) = (self.base, self.sizes.len());
        match numbers.as_deref() {
            Some([index]) => match index.checked_sub(base).filter(|&index| index < population as u64) {
                Some(index) => Ok(index as usize),
                None => {
                    let (first, last) = (base, base + population as u64 - 1);
                    Err(SplitFileError::NoSample { place, index: *index, first, last, file: file() })
                }
            },
            Some(tokens) if tokens.len() == n_operands => {
                let mut index = 0;
                for (operand, (&token, &size)) in tokens.iter().zip(&self.sizes).enumerate() {
                    // What stands in the file is the token as the task names it: y of x/y is counted from 1.
                    let first = self.problem.operand_firsts.get(operand).map_or(0, |&first| u64::from(first)).max(base);
                    let Some(counted) = token.checked_sub(first).filter(|&token| token < size as u64) else {
                        let (last, operand) = (first + size as u64 - 1, operand + 1);
                        return Err(SplitFileError::OutOfRange { place, token, operand, first, last, file: file() });
                    };
                    index = index * size + counted as usize;
                }
                Ok(index)
            }
            _ => {
                let sizes = self.sizes.clone();
                Err(SplitFileError::NotASample { place, found: row.written.clone(), sizes, file: file() })
            }
        }
    }

    /// The names of columns, where the first row is words.
    fn header(rows: &[WrittenRow]) -> Option<Vec<String>> {
        let [first, rest @ ..] = rows else { return None };
        let is_word = |cell: &String| whole_number(cell).is_none() && truth_value(cell).is_none();
        let is_header = !first.cells.is_empty() && first.cells.iter().all(is_word);
        let follows = rest.first()?.cells.iter().any(|cell| !is_word(cell));
        (is_header && follows).then(|| {
            let missing = rest[0].cells.len().saturating_sub(first.cells.len());
            let unnamed = std::iter::repeat_n(String::new(), usize::from(missing == 1));
            unnamed.chain(first.cells.iter().cloned()).collect()
        })
    }

    /// The operands' columns of the training samples, by the columns' names.
    fn columns(&self, names: &[String], rows: Vec<WrittenRow>) -> Result<Vec<WrittenRow>, SplitFileError> {
        let is_among = |name: &String, list: &[&str]| {
            list.contains(&name.to_lowercase().as_str()) || list.contains(&name.as_str())
        };
        let unknown = |found: &[&String]| SplitFileError::Columns {
            found: found.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "),
            sizes: self.sizes.clone(),
            file: self.file.to_owned(),
        };
        let n_operands = self.sizes.len();
        let membership = names.iter().position(|name| names.len() > 1 && is_among(name, MEMBERSHIP));
        let mut kept: Vec<usize> = (0..names.len()).filter(|&column| Some(column) != membership).collect();
        if kept.len() > 1 && kept.len() != n_operands && is_among(&names[kept[0]], COUNTERS) {
            kept.remove(0);
        }
        let named: Vec<&String> = kept.iter().map(|&column| &names[column]).collect();
        let is_label = kept.len() == n_operands + 1;
        if !(kept.len() == n_operands || kept.len() == 1 || is_label) {
            return Err(unknown(&named));
        }
        // `b, a` and `col, row`: columns whose names say that they stand the other way round.
        if let [first, second, ..] = &named[..]
            && n_operands > 1
            && is_reversed(first, second)
        {
            return Err(unknown(&named));
        }
        let mut chosen = Vec::new();
        for row in rows {
            let odd = || SplitFileError::NotASample {
                place: row.place,
                found: row.written.clone(),
                sizes: self.sizes.clone(),
                file: self.file.to_owned(),
            };
            if row.cells.len() != names.len() {
                return Err(odd());
            }
            let is_trained_on = match membership {
                None => true,
                Some(column) => match (row.cells[column].to_lowercase().as_str(), truth_value(&row.cells[column])) {
                    (_, Some(value)) => value,
                    ("1" | "train" | "training", _) => true,
                    ("0" | "test" | "val" | "valid" | "validation" | "eval" | "held_out" | "holdout", _) => false,
                    _ => return Err(odd()),
                },
            };
            if is_trained_on {
                let cells = kept.iter().map(|&column| row.cells[column].clone()).collect();
                chosen.push(WrittenRow { cells, ..row });
            }
        }
        if is_label && !self.are_labels(&chosen) {
            return Err(unknown(&named));
        }
        Ok(chosen)
    }

    /// Whether the last cell of each row is the label of the operands before it.
    fn are_labels(&self, rows: &[WrittenRow]) -> bool {
        let n_operands = self.sizes.len();
        n_operands > 1
            && rows.iter().all(|row| {
                let Some((label, operands)) =
                    row.cells.split_last().filter(|(_, operands)| operands.len() == n_operands)
                else {
                    return false;
                };
                let sample = WrittenRow { cells: operands.to_vec(), ..row.clone() };
                let label = whole_number(label).and_then(|label| label.checked_sub(self.base));
                self.place(&sample).is_ok_and(|index| label == Some(u64::from(self.problem.labels[index])))
            })
    }

    fn drop_labels(&self, rows: &mut [WrittenRow]) {
        if !rows.is_empty() && self.are_labels(rows) {
            rows.iter_mut().for_each(|row| drop(row.cells.pop()));
        }
    }

    /// The samples of a mask: a value for every sample, in one column, one line, or as the table of two operands.
    fn mask(&self, rows: &[WrittenRow]) -> Result<Option<Vec<u32>>, SplitFileError> {
        let population = self.problem.n_population();
        let cells: Vec<&String> = rows.iter().flat_map(|row| &row.cells).collect();
        let are_truths = !cells.is_empty() && cells.iter().all(|cell| truth_value(cell).is_some());
        let bit = |cell: &str| {
            truth_value(cell).or(match whole_number(cell) {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            })
        };
        let bits: Option<Vec<bool>> = cells.iter().map(|cell| bit(cell)).collect();
        let is_one_list = rows.len() == 1 || rows.iter().all(|row| row.cells.len() == 1);
        let is_table =
            matches!(self.sizes[..], [a, b] if rows.len() == a && rows.iter().all(|row| row.cells.len() == b));
        let bits = match bits {
            Some(bits) if bits.len() == population && (is_one_list || is_table) => bits,
            _ if are_truths => {
                let (row, sizes) = (&rows[0], self.sizes.clone());
                let found = format!("{} … ({} values for {population} samples)", row.written, cells.len());
                return Err(SplitFileError::NotASample { place: row.place, found, sizes, file: self.file.to_owned() });
            }
            _ => return Ok(None),
        };
        // Four values of 0 and 1 name two pairs of two tokens too.
        let are_pairs =
            !are_truths && self.sizes.len() > 1 && rows.iter().all(|row| row.cells.len() == self.sizes.len());
        let are_places = !are_truths && population == 2;
        if are_pairs || are_places {
            let remedy =
                "write a mask with true and false, and samples as a list of lists with another order of them or fewer";
            let file = self.file.to_owned();
            return Err(SplitFileError::Ambiguous { one: "samples", other: "a mask", remedy, file });
        }
        Ok(Some((0u32..).zip(bits).filter(|(_, bit)| *bit).map(|(index, _)| index).collect()))
    }

    /// What the file tests on is everything that it does not train on.
    fn check_rest(&self, chosen: &[u32], others: Vec<WrittenRow>) -> Result<(), SplitFileError> {
        let tested = self.samples(others)?;
        let differs = |problem: String| SplitFileError::TestDiffers { problem, file: self.file.to_owned() };
        let mut is_trained_on = vec![false; self.problem.n_population()];
        chosen.iter().for_each(|&index| is_trained_on[index as usize] = true);
        let both = tested.iter().filter(|&&index| is_trained_on[index as usize]).count();
        if both > 0 {
            return Err(differs(format!("trained on too, {both} of them")));
        }
        let left = self.problem.n_population() - chosen.len();
        (tested.len() == left)
            .then_some(())
            .ok_or_else(|| differs(format!("{} of the {left} that are left", tested.len())))
    }
}

/// Whether two names are known in the other order.
fn is_reversed(first: &str, second: &str) -> bool {
    let (first, second) = (first.to_lowercase(), second.to_lowercase());
    let are_letters = first.chars().count() == 1 && second.chars().count() == 1;
    let known = [("row", "col"), ("row", "column"), ("left", "right"), ("first", "second"), ("lhs", "rhs")];
    (are_letters && first > second) || known.iter().any(|&(one, other)| first == other && second == one)
}
