//! A phase diagram as tables: letters for a terminal, the boundary line by line, every cell.

use super::grid::labels;
use super::words::place_name;
use dunwu::answer::{Block, Column, Fact, Section, Table, TableCell};
use dunwu_studies::phase::{Along, Cell, Diagram, FEW_SEEDS, Place, Within};

/// Columns of a terminal that the letters may take, their rows' names included.
const COLUMNS: usize = 80;

/// The letters of the phases for a terminal, rows as they are drawn, with what the letters mean.
pub(super) fn letters(diagram: &Diagram) -> [Section; 2] {
    let names: Vec<String> = diagram.y.as_ref().map_or(vec![String::new()], labels);
    let columns = labels(&diagram.x);
    let is_marked = is_marked(diagram);
    let letter = |x: usize, y: usize| {
        diagram.cell(x, y).map_or(String::new(), |cell| {
            format!("{}{}", cell.phase.letter(), if is_marked && cell.few_seeds { "?" } else { "" })
        })
    };
    let length = |text: &String| text.chars().count();
    let beside = names.iter().map(length).max().unwrap_or(0);
    let widest = columns.iter().map(length).max().unwrap_or(1).max(2);
    let is_wide = beside + 2 + columns.len() * (widest + 2) > COLUMNS;
    // Letters side by side under one head, where a column each would not fit.
    let groups: Vec<(String, Vec<usize>)> = if is_wide {
        let room = (COLUMNS - beside.min(COLUMNS / 2) - 6) / if is_marked { 2 } else { 1 };
        let all: Vec<usize> = (0..columns.len()).collect();
        all.chunks(room).map(|part| (span(&columns, part), part.to_vec())).collect()
    } else {
        columns.iter().enumerate().map(|(x, name)| (name.clone(), vec![x])).collect()
    };
    let width = if is_wide && is_marked { 2 } else { 1 };
    let row = |(y, name): (usize, &String)| {
        let of_group = |(_, part): &(String, Vec<usize>)| {
            let letters = part.iter().map(|&x| format!("{:<width$}", letter(x, y))).collect::<Vec<_>>().concat();
            TableCell::Text(if is_wide { letters } else { letters.trim().to_owned() })
        };
        std::iter::once(name.as_str().into()).chain(groups.iter().map(of_group)).collect()
    };
    let mut rows: Vec<(usize, &String)> = names.iter().enumerate().collect();
    if diagram.y.as_ref().is_some_and(|y| y.numbers().is_some()) {
        rows.reverse(); // numbers ascend upwards, names go down
    }
    let y_name = diagram.y.as_ref().map_or("", |y| y.name.as_str());
    let head = |(head, _): &(String, Vec<usize>)| Column { head: head.clone(), is_text: is_wide };
    let first = Column { head: y_name.to_owned(), is_text: true };
    let table = Table {
        name: "phases".to_owned(),
        columns: std::iter::once(first).chain(groups.iter().map(head)).collect(),
        rows: rows.into_iter().map(row).collect(),
    };
    let mut meanings: Vec<Fact> =
        diagram.counts().into_iter().map(|(phase, _)| Fact::new(phase.letter(), phase.name())).collect();
    if is_marked {
        meanings.push(Fact::new("?", format!("fewer than {FEW_SEEDS} seeds")));
    }
    [
        Section::of_terminal(
            Some(&format!("Phases, with {} from left to right", diagram.x.name)),
            vec![Block::Table(table)],
        ),
        Section::of_terminal(None, vec![Block::Facts(meanings)]),
    ]
}

/// Whether a mark tells cells with few seeds apart; where every cell has few, a sentence says so.
fn is_marked(diagram: &Diagram) -> bool {
    diagram.cells.iter().any(|cell| cell.few_seeds) && !diagram.cells.iter().all(|cell| cell.few_seeds)
}

/// `0.1 to 0.9, 40 values`.
fn span(columns: &[String], part: &[usize]) -> String {
    match part {
        [only] => columns[*only].clone(),
        [first, .., last] => format!("{} to {}, {} values", columns[*first], columns[*last], part.len()),
        [] => String::new(),
    }
}

/// Line by line: measured and theoretical sample sizes and their ratio.
pub(super) fn boundary(diagram: &Diagram) -> Option<Table> {
    let along = diagram.along?;
    let number = |value: Option<f64>| TableCell::of(value, TableCell::Number);
    let samples = |place: Option<&Place>| match place {
        None => TableCell::Missing,
        Some(Place { within: Within::Below, n: None, .. }) => "below".into(),
        Some(Place { within: Within::Beyond, n: None, .. }) => "beyond".into(),
        Some(Place { n, .. }) => number(*n),
    };
    let row = |line: usize| {
        let (measured, theory) = (diagram.measured.on(line), diagram.theory.on(line));
        vec![
            diagram.lines().map_or("all".to_owned(), |axis| labels(axis)[line].clone()).into(),
            samples(measured),
            TableCell::Range(measured.and_then(|place| place.low), measured.and_then(|place| place.high)),
            samples(theory),
            number(diagram.ratio(line)),
            number(measured.and_then(|place| place.value)),
            number(theory.and_then(|place| place.value)),
        ]
    };
    let n_lines = if along == Along::X { diagram.n_rows() } else { diagram.x.values.len() };
    let amounts = diagram.amounts().map_or("", |axis| axis.name.as_str());
    let line = diagram.lines().map_or("", |axis| axis.name.as_str());
    let (here, there) = (format!("{amounts} there"), format!("{amounts}, theory"));
    let heads = [line, "samples", "95 % interval", "theory", "ratio", &here, &there];
    Some(Table::new("boundary", 1, &heads, (0..n_lines).map(row).collect()))
}

/// Every cell with what its runs came to.
pub(super) fn cells(diagram: &Diagram) -> Table {
    let row = |cell: &Cell| {
        let count = |n: usize| TableCell::Count(n as u64);
        let share = |value: Option<f64>| TableCell::of(value, TableCell::Share);
        let step = |step: f64| TableCell::Count(step.round() as u64);
        let range = cell.range_step_generalized;
        let few = if cell.few_seeds { format!("{} (few)", cell.seeds).into() } else { count(cell.seeds) };
        vec![
            place_name(diagram, cell.x, cell.y).into(),
            cell.phase.name().into(),
            TableCell::Share(cell.phase_share),
            few,
            count(cell.generalized),
            TableCell::Range(Some(cell.share.low), Some(cell.share.high)),
            TableCell::of(cell.median_step_generalized, step),
            TableCell::of(range, |(first, _)| step(first)),
            TableCell::of(range, |(_, last)| step(last)),
            share(cell.test_accuracy),
            share(cell.generalizing_units),
        ]
    };
    let heads = [
        "cell",
        "phase",
        "of runs",
        "seeds",
        "generalized",
        "share, 95 %",
        "median step",
        "first step",
        "last step",
        "test accuracy",
        "generalizing units",
    ];
    Table::new("cells", 2, &heads, diagram.cells.iter().map(row).collect())
}
