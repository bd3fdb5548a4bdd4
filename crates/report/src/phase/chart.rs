//! The phases as a map: a letter a cell, marks where cells are too small for letters, and both boundaries.

use super::grid::{Grid, boundaries};
use super::legend::{cell_color, ink, legend, strokes};
use super::words::place_name;
use crate::svg::WIDTH;
use dunwu::answer::{Anchor, Cell, Color, Figure, Fill, Item, Layer, Place, Plots, Segments, Text};
use dunwu_studies::phase::{Diagram, Phase};

/// The map of the phases.
pub(super) fn phases(diagram: &Diagram) -> Figure {
    let grid = Grid::of(diagram, (4.0, WIDTH - 6.0), 24.0, 400.0);
    let mut plot = grid.plot();
    plot.layers.push(cells(diagram, &grid));
    plot.layers.extend(grid.seams());
    // Where every cell of a fine grid has few seeds, frames would hide the marks and tell nothing apart.
    if !(grid.is_fine() && diagram.cells.iter().all(|cell| cell.few_seeds)) {
        plot.layers.extend(frames(diagram, &grid));
    }
    if grid.is_fine() {
        plot.layers.extend(marks(diagram, &grid));
    }
    plot.layers.extend(boundaries(diagram, &grid, 2.2));
    let (labels, below) = grid.labels(diagram);
    plot.layers.push(labels);
    let (mut items, bottom) = legend(diagram, &grid, below + 10.0);
    if let Some(y) = &diagram.y {
        items.push(Item::Text(Text::small(Place::at(0.0, 13.0), Anchor::Start, &y.name)));
    }
    let plots = Plots { size: (WIDTH, bottom), plots: vec![plot], items };
    Figure::of_plots("phases", "Phases by outcome", caption(diagram), plots)
}

fn caption(diagram: &Diagram) -> String {
    let lines = match diagram.along {
        Some(_) => {
            " The solid line is where half of the seeds generalize, the dashed one the theory's; either runs along the edge where \
             it lies outside of what was swept."
        }
        None => "",
    };
    format!("A cell is what most of its seeds came to, of equally many the less grokked.{lines}")
}

fn cells(diagram: &Diagram, grid: &Grid) -> Layer {
    if grid.is_fine() {
        return grid.merged(|x, y| Some(Fill::Color(cell_color(diagram.cell(x, y)?.phase).to_owned())));
    }
    let of_cell = |cell: &dunwu_studies::phase::Cell| {
        let (x, y) = grid.spans(cell.x, cell.y);
        let few = if cell.few_seeds { "?" } else { "" };
        let place = place_name(diagram, cell.x, cell.y);
        Cell {
            x,
            y,
            fill: Fill::Color(cell_color(cell.phase).to_owned()),
            letter: Some(format!("{}{few}", cell.phase.letter())),
            tells: Some(format!("{place}: {}, {} of {} generalized", cell.phase.name(), cell.generalized, cell.runs)),
        }
    };
    Layer::Cells(diagram.cells.iter().map(of_cell).collect())
}

/// Dashed frames inside cells with few seeds.
fn frames(diagram: &Diagram, grid: &Grid) -> Vec<Layer> {
    let inset = if grid.is_fine() { 0.6 } else { 2.0 };
    let frame = |cell: &dunwu_studies::phase::Cell| {
        let ((left, right), (low, high)) = grid.spans(cell.x, cell.y);
        let corners = [
            Place::at(left, high).moved(inset, inset),
            Place::at(right, high).moved(-inset, inset),
            Place::at(right, low).moved(-inset, -inset),
            Place::at(left, low).moved(inset, -inset),
        ];
        [(0, 1), (1, 2), (2, 3), (3, 0)].map(|(from, to)| (corners[from], corners[to]))
    };
    by_ink(|color| {
        let few = diagram.cells.iter().filter(|cell| cell.few_seeds && ink(cell.phase) == color);
        Segments { segments: few.flat_map(frame).collect(), color, width: 0.9, dashed: true }
    })
}

/// Strokes that name the phases of cells without room for letters.
fn marks(diagram: &Diagram, grid: &Grid) -> Vec<Layer> {
    let of_cell = |cell: &dunwu_studies::phase::Cell| {
        let ((left, right), (low, high)) = grid.spans(cell.x, cell.y);
        let at = move |x: f64, y: f64| Place::at(left + x * (right - left), high - y * (high - low));
        strokes(cell.phase).iter().map(move |[x0, y0, x1, y1]| (at(*x0, *y0), at(*x1, *y1)))
    };
    by_ink(|color| {
        let cells = diagram.cells.iter().filter(|cell| ink(cell.phase) == color);
        Segments { segments: cells.flat_map(of_cell).collect(), color, width: 1.0, dashed: false }
    })
}

/// A layer for each ink that has something to draw.
fn by_ink(segments: impl Fn(Color) -> Segments) -> Vec<Layer> {
    let inks = [ink(Phase::Grokked), ink(Phase::SlowGrokked)];
    inks.into_iter().map(segments).filter(|layer| !layer.segments.is_empty()).map(Layer::Segments).collect()
}
