//! A foreign run as tables, one row an observation.

use super::record::ForeignRecord;
use crate::series::Series;
use dunwu::store::{Column, StoreError, Table};
use std::collections::BTreeMap;

/// Every table with its name, in reading order; those without rows are left out.
///
/// | Table | One row |
/// |---|---|
/// | `scalars` | a step: every series of scalars, empty where it was not recorded |
/// | `units` | a unit in an array: step, layer, series, unit, value |
/// | `marks` | what was said of a step |
pub fn tables(record: &ForeignRecord) -> Result<Vec<(&'static str, Table)>, StoreError> {
    let mut tables = vec![("scalars", table_of_series(&record.series()))];
    if !record.units.is_empty() {
        tables.push(("units", units(record)?));
    }
    if !record.marks.is_empty() {
        let steps = record.marks.iter().map(|mark| mark.step as i64).collect();
        let texts = record.marks.iter().map(|mark| mark.text.clone()).collect();
        tables.push(("marks", Table::default().with("step", Column::Int64(steps)).with("text", Column::Utf8(texts))));
    }
    Ok(tables)
}

/// Series side by side, a row a step; of a step that a series holds twice, the last value.
pub fn table_of_series(series: &[Series]) -> Table {
    let steps: BTreeMap<u64, usize> = series.iter().flat_map(|one| &one.steps).map(|&step| (step, 0)).collect();
    let rows: BTreeMap<u64, usize> = steps.into_keys().enumerate().map(|(row, step)| (step, row)).collect();
    let table = Table::default().with("step", Column::Int64(rows.keys().map(|&step| step as i64).collect()));
    series.iter().fold(table, |table, one| {
        let mut values = vec![None; rows.len()];
        for (step, &value) in one.steps.iter().zip(&one.values) {
            values[rows[step]] = Some(value);
        }
        table.with(&one.name, Column::OptFloat64(values))
    })
}

fn units(record: &ForeignRecord) -> Result<Table, StoreError> {
    let (mut steps, mut layers, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let (mut units, mut values) = (Vec::new(), Vec::new());
    for entry in &record.units {
        for (unit, value) in record.load_units(entry)?.into_iter().enumerate() {
            steps.push(entry.step as i64);
            layers.push(entry.layer.clone());
            names.push(entry.series.clone());
            units.push(unit as i64);
            values.push(f64::from(value));
        }
    }
    Ok(Table::default()
        .with("step", Column::Int64(steps))
        .with("layer", Column::Utf8(layers))
        .with("series", Column::Utf8(names))
        .with("unit", Column::Int64(units))
        .with("value", Column::Float64(values)))
}
