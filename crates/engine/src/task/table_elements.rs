//! Which element each cell of a written table is: numbers from 0 or 1, or names, with or without a border that names them.

use super::table::TableError;
use crate::written::{WrittenFile, WrittenRow, whole_number};
use std::collections::{BTreeMap, BTreeSet};

/// One way to read a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// The number of the first element.
    pub(super) base: u64,
    /// Elements, `[row][column]`.
    pub(super) rows: Vec<Vec<u64>>,
    /// What the elements are called, where they have names.
    pub(super) names: Vec<String>,
}

impl Reading {
    /// How the element of a cell is written.
    pub(super) fn name(&self, row: usize, column: usize) -> String {
        let value = self.rows[row][column];
        self.names.get(value as usize).cloned().unwrap_or_else(|| value.to_string())
    }
}

/// Cells without their border.
struct Bordered {
    columns: Option<Vec<String>>,
    rows: Option<Vec<String>>,
    cells: Vec<Vec<String>>,
}

/// Every way in which the rows make a square table, the most literal first: at most one of them is a Latin square, because a row with its
/// name in front has that name twice. Where there is none, the error of the likeliest.
pub(super) fn readings(file: WrittenFile) -> Result<Vec<Reading>, TableError> {
    let WrittenFile { index_base, rows, .. } = file;
    if rows.len() > 1 && rows.iter().all(|row| row.is_lone) {
        return Err(TableError::Flat { cells: rows.len() });
    }
    let cells: Vec<Vec<String>> = rows.into_iter().map(|WrittenRow { cells, .. }| cells).collect();
    let mut readings: Vec<Reading> = numbers(&cells, index_base).into_iter().collect();
    let mut refusal = None;
    for bordered in borders(&cells) {
        match bordered.read(index_base) {
            Ok(reading) => readings.push(reading),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    readings.extend(triples(&cells, index_base));
    if !readings.is_empty() {
        return Ok(readings);
    }
    // A word among numbers is a slip; elsewhere words are names.
    let n_cells = cells.iter().flatten().count();
    let n_numbers = cells.iter().flatten().filter(|cell| whole_number(cell).is_some()).count();
    let is_square = cells.iter().all(|row| row.len() == cells.len());
    if is_square && 2 * n_numbers > n_cells {
        return Err(not_a_number(&cells, index_base));
    }
    if is_square && let Ok(reading) = named_by_first_row(&cells) {
        return Ok(vec![reading]);
    }
    // As many names as rows: nothing of it is a border.
    let n_names = cells.iter().flatten().collect::<BTreeSet<_>>().len();
    Err(match refusal {
        _ if is_square && n_names == cells.len() => TableError::NoOrder,
        Some(refusal) => refusal,
        None if is_square => TableError::NoOrder,
        None => not_square(&cells, index_base),
    })
}

fn not_a_number(cells: &[Vec<String>], index_base: Option<u64>) -> TableError {
    let base = index_base.unwrap_or(0);
    let mut places =
        (0u64..).zip(cells).flat_map(|(row, cells)| (0u64..).zip(cells).map(move |(column, cell)| (row, column, cell)));
    let (row, column, found) =
        places.find(|(_, _, cell)| whole_number(cell).is_none()).expect("some cell is no number");
    TableError::NotANumber { row: row + base, column: column + base, found: found.clone() }
}

fn not_square(cells: &[Vec<String>], index_base: Option<u64>) -> TableError {
    let odd = cells.iter().position(|row| row.len() != cells.len()).unwrap_or(0);
    let row = odd as u64 + index_base.unwrap_or(0);
    TableError::NotSquare { row, cells: cells.get(odd).map_or(0, Vec::len), rows: cells.len() }
}

/// The table as it stands, where all of it is whole numbers.
fn numbers(cells: &[Vec<String>], index_base: Option<u64>) -> Option<Reading> {
    let row = |row: &Vec<String>| row.iter().map(|cell| whole_number(cell)).collect::<Option<Vec<u64>>>();
    let rows: Vec<Vec<u64>> = cells.iter().map(row).collect::<Option<_>>()?;
    let base = index_base.unwrap_or_else(|| base_of(rows.iter().flatten(), rows.len()));
    Some(Reading { base, rows, names: Vec::new() })
}

/// From which number a table counts that does not say so: a Latin square has every element in it, so from 1 where there is no 0 and
/// its order is there.
fn base_of<'a>(values: impl Iterator<Item = &'a u64>, order: usize) -> u64 {
    let (least, most) = values.fold((u64::MAX, 0), |(least, most), &value| (least.min(value), most.max(value)));
    u64::from(least == 1 && most == order as u64)
}

/// The borders that the table's shape allows.
fn borders(cells: &[Vec<String>]) -> Vec<Bordered> {
    let [first, rest @ ..] = cells else { return Vec::new() };
    let Some(width) = rest.first().map(Vec::len) else { return Vec::new() };
    // A border around one element would make a table of any two rows.
    if rest.iter().any(|row| row.len() != width) || cells.len() < 3 && width < 3 {
        return Vec::new();
    }
    let in_front = |rows: &[Vec<String>]| rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    let behind = |rows: &[Vec<String>]| rows.iter().map(|row| row[1..].to_vec()).collect::<Vec<_>>();
    let mut borders = Vec::new();
    if width == rest.len() + 1 && (first.len() == width || first.len() + 1 == width) {
        let columns = first[usize::from(first.len() == width)..].to_vec();
        borders.push(Bordered { columns: Some(columns), rows: Some(in_front(rest)), cells: behind(rest) });
    }
    if width == rest.len() && first.len() == width {
        borders.push(Bordered { columns: Some(first.clone()), rows: None, cells: rest.to_vec() });
    }
    if width == cells.len() + 1 && first.len() == width {
        borders.push(Bordered { columns: None, rows: Some(in_front(cells)), cells: behind(cells) });
    }
    borders
}

impl Bordered {
    fn read(&self, index_base: Option<u64>) -> Result<Reading, TableError> {
        let columns = self.columns.as_deref().map(canonical);
        let rows = self.rows.as_deref().map(canonical);
        let borders = [("the row above the table", &columns), ("the column in front of the table", &rows)];
        for (what, border) in borders {
            let Some(border) = border else { continue };
            if index_of(border).len() < border.len() {
                let expected = "each element stands there once";
                return Err(TableError::Border { what, found: list(border), expected });
            }
        }
        let names = columns.as_ref().or(rows.as_ref()).expect("a border names columns or rows");
        let cells: Vec<Vec<String>> = self.cells.iter().map(|row| canonical(row)).collect();
        let is_name = |cell: &String| names.contains(cell);
        let same = columns.is_none() || rows.as_ref().is_none_or(|rows| rows.iter().all(is_name));
        if same && cells.iter().flatten().all(is_name) {
            return Ok(by_name(columns.as_deref(), rows.as_deref(), &cells));
        }
        // Names that only count columns and rows, as a data frame has them: the cells are numbers of their own.
        let column_order = columns.as_deref().map(counted);
        let row_order = rows.as_deref().map(counted);
        if column_order != Some(None)
            && row_order != Some(None)
            && let Some(reading) = numbers(&cells, index_base)
        {
            let placed = placed(&reading.rows, row_order.flatten(), column_order.flatten());
            return Ok(Reading { rows: placed, ..reading });
        }
        if !same {
            let expected = "it has the elements of the row above, in any order";
            let found = list(rows.as_deref().unwrap_or(names));
            return Err(TableError::Border { what: "the column in front of the table", found, expected });
        }
        let mut places = (0u64..)
            .zip(&cells)
            .flat_map(|(row, cells)| (0u64..).zip(cells).map(move |(column, cell)| (row, column, cell)));
        let (row, column, found) = places.find(|(_, _, cell)| !is_name(cell)).expect("some cell is no name");
        Err(TableError::UnknownName { row, column, found: found.clone(), names: list(names) })
    }
}

/// The table by the names at its border: in the order of the columns, or of their numbers where they are 0 to n − 1 or 1 to n.
fn by_name(columns: Option<&[String]>, rows: Option<&[String]>, cells: &[Vec<String>]) -> Reading {
    let mut names = columns.or(rows).expect("a border names columns or rows").to_vec();
    if let Some(order) = numbered(&names) {
        let mut sorted = names.clone();
        order.iter().zip(names).for_each(|(&place, name)| sorted[place] = name);
        names = sorted;
    }
    let index = index_of(&names);
    let place = |border: Option<&[String]>| {
        let border = border.or(columns).or(rows).expect("a border names columns or rows");
        Some(border.iter().map(|name| index[name.as_str()]).collect())
    };
    let numbers: Vec<Vec<u64>> =
        cells.iter().map(|row| row.iter().map(|cell| index[cell.as_str()] as u64).collect()).collect();
    Reading { base: 0, rows: placed(&numbers, place(rows), place(columns)), names }
}

/// The rows and columns put where they belong.
fn placed(cells: &[Vec<u64>], row_order: Option<Vec<usize>>, column_order: Option<Vec<usize>>) -> Vec<Vec<u64>> {
    let order = cells.len();
    let in_order = || (0..order).collect::<Vec<_>>();
    let (row_order, column_order) = (row_order.unwrap_or_else(in_order), column_order.unwrap_or_else(in_order));
    let mut placed = vec![vec![0; order]; order];
    for (row, &to_row) in cells.iter().zip(&row_order) {
        for (&value, &to_column) in row.iter().zip(&column_order) {
            placed[to_row][to_column] = value;
        }
    }
    placed
}

/// The place that each name says it has, where the names are 0 to n − 1 or 1 to n in any order.
fn numbered(names: &[String]) -> Option<Vec<usize>> {
    let numbers: Vec<u64> = names.iter().map(|name| whole_number(name)).collect::<Option<_>>()?;
    let base = *numbers.iter().min()?;
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let counts = base <= 1 && sorted.iter().zip(base..).all(|(&number, expected)| number == expected);
    counts.then(|| numbers.iter().map(|number| (number - base) as usize).collect())
}

/// The same of names with a number behind one word, as `V1` of R and `column_0` of polars.
fn counted(names: &[String]) -> Option<Vec<usize>> {
    let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let common = stem(names.first()?);
    let word = &names[0][..common];
    let numbers: Vec<String> =
        names.iter().map(|name| name.strip_prefix(word).map(str::to_owned)).collect::<Option<_>>()?;
    numbered(&numbers)
}

/// A table without a border whose first row and first column are the elements in their order: the identity stands first.
fn named_by_first_row(cells: &[Vec<String>]) -> Result<Reading, TableError> {
    let first_row = canonical(&cells[0]);
    let cells: Vec<Vec<String>> = cells.iter().map(|row| canonical(row)).collect();
    let first_column: Vec<String> = cells.iter().map(|row| row[0].clone()).collect();
    if first_row != first_column || index_of(&first_row).len() < first_row.len() {
        return Err(TableError::NoOrder);
    }
    Bordered { columns: Some(first_row.clone()), rows: Some(first_row), cells }.read(Some(0))
}

/// `a, b, a·b` a line, each pair once, numbers all; a line above that names the three is skipped.
fn triples(cells: &[Vec<String>], index_base: Option<u64>) -> Option<Reading> {
    let is_header = cells.first()?.iter().all(|cell| whole_number(cell).is_none());
    let cells = &cells[usize::from(is_header)..];
    let order = cells.len().isqrt();
    if order < 2 || order * order != cells.len() || cells.iter().any(|row| row.len() != 3) {
        return None;
    }
    let Reading { rows: triples, .. } = numbers(cells, index_base)?;
    let base = index_base.unwrap_or_else(|| base_of(triples.iter().flatten(), order));
    let mut rows = vec![vec![None; order]; order];
    for triple in &triples {
        let place = |operand: usize| usize::try_from(triple[operand].checked_sub(base)?).ok();
        rows.get_mut(place(0)?)?.get_mut(place(1)?)?.replace(triple[2]).is_none().then_some(())?;
    }
    let rows = rows.into_iter().map(|row| row.into_iter().collect::<Option<Vec<u64>>>()).collect::<Option<_>>()?;
    Some(Reading { base, rows, names: Vec::new() })
}

/// Numbers by their value, so that `1.0` and `1` are one name.
fn canonical(names: &[String]) -> Vec<String> {
    names.iter().map(|name| whole_number(name).map_or_else(|| name.clone(), |number| number.to_string())).collect()
}

fn index_of(names: &[String]) -> BTreeMap<&str, usize> {
    names.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect()
}

/// The first few, for an error.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let dots = if names.len() > SHOWN { ", …" } else { "" };
    names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ") + dots
}
