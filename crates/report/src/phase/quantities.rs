//! Four quantities over the same cells, as heat maps.

use super::grid::{Grid, boundaries};
use crate::svg::{WIDTH, text_width};
use dunwu::answer::wording::{count, number};
use dunwu::answer::{Anchor, Color, Figure, Fill, Item, Place, Plot, Plots, Text, range};
use dunwu_studies::phase::{Cell, Diagram};

/// Shades of a heat map.
const SHADES: f64 = 24.0;
/// Width of the shades in a key, as every key of the sequential scale has them.
const BAR: f64 = 72.0;
/// The stroke that stands for no value.
const STROKE: Color = Color { line: "#999", text: "#666" };

/// One heat map.
struct Map {
    title: &'static str,
    remark: &'static str,
    value: fn(&Cell) -> Option<f64>,
    /// Whether it is a share, whose shades are those of 0 to 1; else shades go by the logarithm.
    is_share: bool,
}

const MAPS: [Map; 4] = [
    Map {
        title: "Generalized",
        remark: "(share of seeds)",
        value: |cell| (cell.seeds > 0).then_some(cell.share.share),
        is_share: true,
    },
    Map {
        title: "Time to generalize",
        remark: "(steps, median)",
        value: |cell| cell.median_step_generalized,
        is_share: false,
    },
    Map { title: "Test accuracy", remark: "(last step, mean)", value: |cell| cell.test_accuracy, is_share: true },
    Map {
        title: "Generalizing units",
        remark: "(share of the living)",
        value: |cell| cell.generalizing_units,
        is_share: true,
    },
];

/// The four quantities, two beside two.
pub(super) fn figure(diagram: &Diagram) -> Figure {
    const HALF: f64 = WIDTH / 2.0;
    let mut plots = Plots::default();
    let mut top = 24.0;
    for pair in MAPS.chunks(2) {
        let mut bottom: f64 = top;
        for (i, map) in pair.iter().enumerate() {
            let left = i as f64 * (HALF + 6.0);
            let (plot, below) = heat(diagram, map, (left, left + HALF - 20.0), top, &mut plots.items);
            plots.plots.push(plot);
            bottom = bottom.max(below);
        }
        top = bottom + 34.0;
    }
    plots.size = (WIDTH, top - 24.0);
    let caption = "The share of seeds that generalized; the median step at which they did, where at least half did (darker is \
                   later, by the logarithm); test accuracy at the last step; generalizing units among those that are alive.";
    Figure::of_plots("phase-quantities", "Four quantities over the same cells", caption, plots)
}

fn heat(diagram: &Diagram, map: &Map, (left, right): (f64, f64), top: f64, items: &mut Vec<Item>) -> (Plot, f64) {
    let at = (left, top - 9.0);
    items.push(Item::Heading { at, name: map.title.to_owned(), remark: map.remark.to_owned() });
    let grid = Grid::of(diagram, (left, right), top, 210.0);
    let value = |cell: &Cell| (map.value)(cell).filter(|value| value.is_finite() && (map.is_share || *value > 0.0));
    let ends = if map.is_share { Some((0.0, 1.0)) } else { range(diagram.cells.iter().filter_map(value)) };
    let shade = |value: f64| match ends {
        Some(_) if map.is_share => value,
        Some((low, high)) if low < high => (value / low).ln() / (high / low).ln(),
        _ => 0.5,
    };
    let fill = |value: f64| Fill::Shade((shade(value) * SHADES).round() / SHADES);
    let mut plot = grid.plot();
    plot.layers.push(grid.merged(|x, y| Some(value(diagram.cell(x, y)?).map_or(Fill::Undefined, fill))));
    plot.layers.extend(grid.seams());
    plot.layers.extend(boundaries(diagram, &grid, 1.6));
    let (labels, below) = grid.labels(diagram);
    plot.layers.push(labels);
    let has_undefined = diagram.cells.iter().any(|cell| value(cell).is_none());
    let written = |value: f64| if map.is_share || value.fract() != 0.0 { number(value) } else { count(value as u64) };
    items.extend(key((grid.frame.left, below), ends.map(|(low, high)| (written(low), written(high))), has_undefined));
    (plot, below + 16.0)
}

/// The shades with the values at their ends, and the sign for none.
fn key((left, top): (f64, f64), ends: Option<(String, String)>, has_undefined: bool) -> Vec<Item> {
    let mut items = Vec::new();
    let mut x = left;
    if let Some(ends) = ends {
        let texts = text_width(&ends.0, 11.0) + text_width(&ends.1, 11.0);
        items.push(Item::Shades { at: (x, top), ends });
        x += texts + BAR + 21.0;
    }
    if has_undefined {
        let (from, to) = ((x, top + 9.0), (x + 7.0, top + 1.0));
        items.push(Item::Line { from, to, color: STROKE, width: 0.9, dashed: false });
        items.push(Item::Text(Text::small(Place::at(x + 11.0, top + 9.0), Anchor::Start, "no value")));
    }
    items
}
