//! Irreps and character tables of groups.

use super::data::{CharacterRow, IrrepFacts};
use dunwu::answer::{Table, TableCell};
use dunwu::group::{CharacterTable, Decomposition, Irrep, IrrepKind, c64};
use dunwu_engine::Problem;

/// Every irrep over ℂ, so that Σ d² is the order and there are as many as classes: of a complex pair, which a real network
/// learns as one and a [`Decomposition`] lists as one, both.
pub(super) fn over_the_complex_numbers(decomposition: &Decomposition) -> impl Iterator<Item = (String, &Irrep)> {
    decomposition.irreps.iter().flat_map(|irrep| {
        let conjugate = (irrep.kind == IrrepKind::Complex).then(|| (format!("{} conjugate", irrep.name), irrep));
        [(irrep.name.clone(), irrep)].into_iter().chain(conjugate)
    })
}

/// Every irrep over ℂ as data.
pub(super) fn irreps(decomposition: &Decomposition) -> Vec<IrrepFacts> {
    let facts = |(name, irrep): (String, &Irrep)| IrrepFacts { name, degree: irrep.degree, kind: irrep.kind };
    over_the_complex_numbers(decomposition).map(facts).collect()
}

/// How many irreps there are of each degree and type.
pub(super) fn kinds(decomposition: &Decomposition) -> Table {
    let mut kinds: Vec<(usize, IrrepKind, u64)> = Vec::new();
    for (_, irrep) in over_the_complex_numbers(decomposition) {
        match kinds.iter_mut().find(|(degree, kind, _)| *degree == irrep.degree && *kind == irrep.kind) {
            Some((_, _, count)) => *count += 1,
            None => kinds.push((irrep.degree, irrep.kind, 1)),
        }
    }
    let row = |(degree, kind, count): (usize, IrrepKind, u64)| {
        let kind_name = match kind {
            IrrepKind::Complex => "complex, in conjugate pairs",
            kind => kind.name(),
        };
        vec![kind_name.into(), TableCell::Count(degree as u64), TableCell::Count(count)]
    };
    Table::new("irreps", 1, &["type", "degree", "irreps"], kinds.into_iter().map(row).collect())
}

/// The character table of a group with no more classes than this, where it is computed.
pub(super) fn characters(problem: &Problem, most_classes: usize) -> Option<CharacterTable> {
    let table = problem.group()?;
    let is_small = table.classes()?.len() <= most_classes;
    is_small.then(|| CharacterTable::of(table).ok()).flatten()
}

/// The characters as data.
pub(super) fn rows(characters: &CharacterTable) -> Vec<CharacterRow> {
    let values = |values: &[c64]| values.iter().map(|value| [value.re, value.im]).collect();
    let row = |row: &dunwu::group::Character| CharacterRow {
        degree: row.degree,
        kind: row.kind,
        values: values(&row.values),
    };
    characters.characters.iter().map(row).collect()
}

/// Characters by row, classes by column, under the order of the elements of each class.
pub(super) fn table(problem: &Problem, decomposition: &Decomposition, characters: &CharacterTable) -> Option<Table> {
    let group = problem.group()?;
    let n_classes = characters.classes.len();
    let order = |class: &Vec<u32>| group.element_order(class[0]).map_or(String::new(), |order| order.to_string());
    let orders: Vec<String> = characters.classes.iter().map(order).collect();
    let heads: Vec<&str> = std::iter::once("element order").chain(orders.iter().map(String::as_str)).collect();
    let sizes = characters.classes.iter().map(|class| TableCell::Count(class.len() as u64));
    let mut rows: Vec<Vec<TableCell>> = vec![std::iter::once("class size".into()).chain(sizes).collect()];
    // Both lists have the irreps in the same order.
    for (row, (name, _)) in over_the_complex_numbers(decomposition).enumerate() {
        let values = &characters.characters[row].values;
        let entry = |class: usize| character(characters.integer(row, class), values[class]).into();
        rows.push(std::iter::once(name.into()).chain((0..n_classes).map(entry)).collect());
    }
    Some(Table::new("characters", 1, &heads, rows))
}

/// A value of a character: an integer as one, anything else as a short decimal `a+bi`.
fn character(integer: Option<i64>, value: c64) -> String {
    if let Some(integer) = integer {
        return integer.to_string();
    }
    // Far above the rounding of a sum of a few roots of unity.
    let is_zero = |part: f64| part.abs() < 1e-9;
    let decimal = |part: f64| {
        if is_zero(part - part.round()) {
            return format!("{part:.0}");
        }
        format!("{part:.3}").trim_end_matches('0').to_owned()
    };
    let imaginary = match decimal(value.im).as_str() {
        "1" => "i".to_owned(),
        "-1" => "-i".to_owned(),
        other => format!("{other}i"),
    };
    match (is_zero(value.re), is_zero(value.im)) {
        (_, true) => decimal(value.re),
        (true, false) => imaginary,
        (false, false) if value.im > 0.0 => format!("{}+{imaginary}", decimal(value.re)),
        (false, false) => format!("{}{imaginary}", decimal(value.re)),
    }
}
