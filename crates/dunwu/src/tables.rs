//! An opened run as tables, one row an observation: what pandas, polars and DuckDB read.

use crate::Opened;
use crate::measure::{MEASURES, Quantity, Shape};
use crate::opened::Frame;
use crate::scalars::SCALARS;
use crate::store::{Column, Table};
use dunwu_engine::Scalars;
use dunwu_engine::task::SharedProblem;

/// Every table with its name, in reading order:
///
/// | Table | One row |
/// |---|---|
/// | `scalars` | an evaluation: step, losses, accuracies |
/// | `measures` | a snapshot: step and every scalar measure |
/// | `units` | a unit in a snapshot: step, unit, labels, every per-unit measure |
/// | `irreps` | an irrep in a snapshot: step, irrep, every per-irrep measure (only for groups) |
/// | `problems` | a problem in a snapshot: step, problem, share, every per-problem measure (only for several problems) |
/// | `unit_irreps` | a unit and an irrep in the last snapshot: the share of the unit's power (only for groups) |
/// | `spectra` | an entry of a spectrum in a snapshot: step, measure, index, value |
pub fn tables(opened: &Opened) -> Vec<(&'static str, Table)> {
    tables_of_frames(opened, &opened.frames)
}

/// The same with the rows of later steps than `step` only: what has come since.
pub fn tables_after(opened: &Opened, step: u64) -> Vec<(&'static str, Table)> {
    let scalars = &opened.scalars[opened.scalars.partition_point(|row| row.step <= step)..];
    let frames = &opened.frames[opened.frames.partition_point(|frame| frame.step <= step)..];
    tables_of(&Recorded { opened, scalars, frames })
}

/// The same with the rows of these snapshots only: of a large network a page holds fewer than were taken.
pub fn tables_of_frames(opened: &Opened, frames: &[Frame]) -> Vec<(&'static str, Table)> {
    tables_of(&Recorded { opened, scalars: &opened.scalars, frames })
}

/// A run, and what of it becomes rows.
struct Recorded<'a> {
    opened: &'a Opened,
    scalars: &'a [Scalars],
    frames: &'a [Frame],
}

fn tables_of(recorded: &Recorded<'_>) -> Vec<(&'static str, Table)> {
    let mut tables = vec![
        ("scalars", scalars(recorded.scalars)),
        ("measures", measures(recorded.frames)),
        ("units", units(recorded.frames)),
    ];
    tables.extend(irreps(recorded).map(|table| ("irreps", table)));
    tables.extend(problems(recorded).map(|table| ("problems", table)));
    tables.extend(unit_irreps(recorded).map(|table| ("unit_irreps", table)));
    tables.push(("spectra", spectra(recorded.frames)));
    tables
}

fn scalars(rows: &[Scalars]) -> Table {
    let steps = Column::Int64(rows.iter().map(|row| row.step as i64).collect());
    SCALARS.iter().fold(Table::default().with("step", steps), |table, scalar| {
        table.with(scalar.name, Column::OptFloat64(rows.iter().map(scalar.get).collect()))
    })
}

fn measures(frames: &[Frame]) -> Table {
    let steps = frames.iter().map(|frame| frame.step as i64).collect();
    let scalars = MEASURES.iter().enumerate().filter(|(_, measure)| measure.shape == Shape::Scalar);
    scalars.fold(Table::default().with("step", Column::Int64(steps)), |table, (index, measure)| {
        let value = |frame: &Frame| match frame.values.get(index)? {
            Some(Quantity::Scalar(value)) => Some(*value),
            _ => None,
        };
        table.with(measure.name, Column::OptFloat64(frames.iter().map(value).collect()))
    })
}

fn units(frames: &[Frame]) -> Table {
    let rows = || frames.iter().flat_map(|frame| (0..frame.labels.len()).map(move |unit| (frame, unit)));
    let table = Table::default()
        .with("step", Column::Int64(rows().map(|(frame, _)| frame.step as i64).collect()))
        .with("unit", Column::Int64(rows().map(|(_, unit)| unit as i64).collect()))
        .with("label", Column::Utf8(rows().map(|(frame, unit)| frame.labels[unit].name().into()).collect()))
        .with(
            "label_from_sample",
            Column::Utf8(rows().map(|(frame, unit)| frame.sample_labels[unit].name().into()).collect()),
        );
    with_entries(table, frames, Shape::PerUnit, |frame| frame.labels.len())
}

fn irreps(recorded: &Recorded<'_>) -> Option<Table> {
    let irreps = recorded.opened.irreps.as_ref()?;
    let rows = || recorded.frames.iter().flat_map(|frame| irreps.iter().map(move |irrep| (frame, irrep)));
    let table = Table::default()
        .with("step", Column::Int64(rows().map(|(frame, _)| frame.step as i64).collect()))
        .with("irrep", Column::Utf8(rows().map(|(_, irrep)| irrep.name.clone()).collect()))
        .with("degree", Column::Int64(rows().map(|(_, irrep)| irrep.degree as i64).collect()));
    Some(with_entries(table, recorded.frames, Shape::PerIrrep, |_| irreps.len()))
}

fn problems(recorded: &Recorded<'_>) -> Option<Table> {
    let problems = recorded.opened.spec.task.several();
    if problems.is_empty() {
        return None;
    }
    let rows = || recorded.frames.iter().flat_map(|frame| problems.iter().map(move |problem| (frame, problem)));
    let share = |problem: &SharedProblem| problem.share.0 as f64 / problem.share.1 as f64;
    let table = Table::default()
        .with("step", Column::Int64(rows().map(|(frame, _)| frame.step as i64).collect()))
        .with("problem", Column::Utf8(rows().map(|(_, problem)| problem.name.clone()).collect()))
        .with("share", Column::Float64(rows().map(|(_, problem)| share(problem)).collect()));
    Some(with_entries(table, recorded.frames, Shape::PerProblem, |_| problems.len()))
}

/// Of the last snapshot alone: over all of them it would outgrow everything else in the run's directory.
fn unit_irreps(recorded: &Recorded<'_>) -> Option<Table> {
    let (irreps, frame) = (recorded.opened.irreps.as_ref()?, recorded.frames.last()?);
    let rows = || (0..frame.labels.len()).flat_map(|unit| irreps.iter().map(move |irrep| (unit, irrep)));
    let table = Table::default()
        .with("step", Column::Int64(vec![frame.step as i64; frame.labels.len() * irreps.len()]))
        .with("unit", Column::Int64(rows().map(|(unit, _)| unit as i64).collect()))
        .with("irrep", Column::Utf8(rows().map(|(_, irrep)| irrep.name.clone()).collect()));
    let values = frame.measured().filter_map(|(measure, value)| match value {
        Some(Quantity::PerUnitAndIrrep(values)) => Some((measure.name, values)),
        _ => None,
    });
    Some(values.fold(table, |table, (name, values)| {
        table.with(name, Column::Float64(values.iter().map(|&value| f64::from(value)).collect()))
    }))
}

/// The table with one more column for each measure of `shape`, whose entries lie frame after frame.
fn with_entries(table: Table, frames: &[Frame], shape: Shape, n_entries: impl Fn(&Frame) -> usize) -> Table {
    MEASURES.iter().enumerate().filter(|(_, measure)| measure.shape == shape).fold(table, |table, (index, measure)| {
        let values = frames.iter().flat_map(|frame| {
            let entries: &[Option<f64>] = match frame.values.get(index) {
                Some(Some(
                    Quantity::PerUnit(entries) | Quantity::PerIrrep(entries) | Quantity::PerProblem(entries),
                )) => entries,
                _ => &[],
            };
            (0..n_entries(frame)).map(move |i| entries.get(i).copied().flatten())
        });
        table.with(measure.name, Column::OptFloat64(values.collect()))
    })
}

fn spectra(frames: &[Frame]) -> Table {
    let mut rows: Vec<(i64, &str, i64, f64)> = Vec::new();
    for frame in frames {
        for (measure, value) in frame.measured() {
            if let Some(Quantity::Spectrum(values)) = value {
                rows.extend(
                    values.iter().enumerate().map(|(i, &value)| (frame.step as i64, measure.name, i as i64, value)),
                );
            }
        }
    }
    Table::default()
        .with("step", Column::Int64(rows.iter().map(|row| row.0).collect()))
        .with("measure", Column::Utf8(rows.iter().map(|row| row.1.to_owned()).collect()))
        .with("index", Column::Int64(rows.iter().map(|row| row.2).collect()))
        .with("value", Column::Float64(rows.iter().map(|row| row.3).collect()))
}
