//! Units over time: a map for each quantity of a layer, a row a unit, a column a step.

use super::layers::evenly;
use super::spectra::is_spectrum;
use crate::plot::LEFT;
use crate::words::{count, counted, number};
use dunwu::answer::{
    Anchor, Axis, Cell, Figure, Fill, Frame, Item, Layer, Place, Plot, Plots, Scale, Text, Tick, Ticks, WIDTH, range,
};
use dunwu::store::StoreError;
use dunwu_foreign::run::{ForeignRecord, UnitsEntry};
use std::collections::BTreeMap;

/// Maps of one report: beyond, a page would be slow to open.
const MOST_MAPS: usize = 12;
/// Rows and columns of a map; neighbours of one row share it as their mean.
const MOST_ROWS: usize = 64;
const MOST_COLUMNS: usize = 48;

/// The maps that there is room for, and how many quantities of layers have none.
pub(super) fn figures(record: &ForeignRecord) -> Result<(Vec<Figure>, usize), StoreError> {
    let mut all: BTreeMap<(&str, &str), Vec<&UnitsEntry>> = BTreeMap::new();
    for entry in record.units.iter().filter(|entry| entry.n > 1 && !is_spectrum(&entry.series)) {
        all.entry((&entry.layer, &entry.series)).or_default().push(entry);
    }
    let mut figures = Vec::new();
    for ((layer, series), entries) in all.iter().take(MOST_MAPS) {
        figures.push(figure(record, layer, series, entries)?);
    }
    Ok((figures, all.len().saturating_sub(MOST_MAPS)))
}

fn figure(record: &ForeignRecord, layer: &str, series: &str, entries: &[&UnitsEntry]) -> Result<Figure, StoreError> {
    let chosen: Vec<&UnitsEntry> = evenly(entries.len(), MOST_COLUMNS).into_iter().map(|i| entries[i]).collect();
    let columns = chosen.iter().map(|entry| record.load_units(entry)).collect::<Result<Vec<_>, _>>()?;
    let n_units = columns.iter().map(Vec::len).max().unwrap_or(0);
    let (name, title) = (
        format!("units-{}", dunwu::store::slug(&format!("{layer} {series}"))),
        format!("{series} of the units of {layer}"),
    );
    // Units in the order of their last values, so that those that go together stand together.
    let mut order: Vec<usize> = (0..n_units).collect();
    let last = |unit: usize| columns.iter().rev().find_map(|column| column.get(unit)).copied().unwrap_or(f32::NAN);
    order.sort_by(|&a, &b| last(b).total_cmp(&last(a)).then(a.cmp(&b)));
    let a_row = n_units.div_ceil(MOST_ROWS).max(1);
    let rows: Vec<&[usize]> = order.chunks(a_row).collect();
    let mean = |units: &[usize], column: &[f32]| {
        let values: Vec<f64> =
            units.iter().filter_map(|&unit| column.get(unit)).map(|&value| f64::from(value)).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let grid: Vec<Vec<f64>> =
        rows.iter().map(|units| columns.iter().map(|column| mean(units, column)).collect()).collect();
    let Some((low, high)) = range(grid.iter().flatten().copied()) else {
        return Ok(Figure::undefined(&name, &title, "no value is finite"));
    };
    let mut cells = Vec::new();
    for (row, values) in grid.iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            let shade = if high > low { (value - low) / (high - low) } else { 0.0 };
            let fill = if value.is_finite() { Fill::Shade(shade) } else { Fill::Undefined };
            let (x, y) = ((column as f64, column as f64 + 1.0), (row as f64, row as f64 + 1.0));
            cells.push(Cell { x, y, fill, letter: None, tells: None });
        }
    }
    let frame = Frame {
        left: LEFT,
        top: 26.0,
        width: WIDTH - LEFT - 170.0,
        height: (rows.len() as f64 * 6.0).clamp(60.0, 260.0),
    };
    let tick = |column: usize| Tick { value: column as f64 + 0.5, label: Some(count(chosen[column].step)) };
    let ticks = evenly(chosen.len(), 6).into_iter().map(tick).collect();
    let x = Axis {
        title: Some("training step of the array".to_owned()),
        scale: Scale::Linear { low: 0.0, high: chosen.len() as f64 },
        ticks: Ticks::At(ticks),
    };
    let y = Axis { title: None, scale: Scale::Linear { low: rows.len() as f64, high: 0.0 }, ticks: Ticks::None };
    let mut plot = Plot::new(frame, "Units, sorted by their last values", x, y);
    plot.layers = vec![Layer::Cells(cells)];
    plot.outlined = true;
    let bottom = frame.top + frame.height;
    let shades = Item::Shades { at: (frame.left + frame.width + 16.0, frame.top), ends: (number(low), number(high)) };
    let units = Text::small(Place::at(frame.left - 8.0, frame.top + 9.0), Anchor::End, count(n_units as u64));
    let plots = Plots { size: (WIDTH, bottom + 44.0), plots: vec![plot], items: vec![shades, Item::Text(units)] };
    let shared =
        if a_row > 1 { format!(" Each row is the mean of {}.", counted(a_row, "unit")) } else { String::new() };
    let caption = format!(
        "{} at {}, from {} to {}.{shared}",
        counted(n_units, "unit"),
        counted(chosen.len(), "step"),
        number(low),
        number(high)
    );
    Ok(Figure::of_plots(&name, &title, caption, plots))
}
