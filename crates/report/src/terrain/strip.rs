//! A few amounts of data side by side, small, for the report.

use super::grid::{Grid, Terrain};
use super::relief::Relief;
use super::surface::View;
use super::{section, surface};
use crate::plot::{Panel, SMALL};
use crate::svg::{Anchor, Svg, WIDTH};
use crate::words::count;
use dunwu::answer::Scale;

/// Room for the tick labels of the first section, and between two columns.
const LEFT: f64 = 51.0;
const GAP: f64 = 14.0;
/// Where the blocks begin: below the amount of data and two rows of names.
const NAMES: f64 = 58.0;
/// Width of a cell of the grid in a small block; finer ones are thinned, because nobody could see them.
const FINEST: f64 = 3.2;

/// Small multiples of the given terrains as a whole SVG document: the block above, its section along φ = 0 below, all on one
/// scale of heights. `relative_to` is the set whose scale is used; the terrains themselves where it is empty.
pub(crate) fn strip(terrains: &[Terrain], relative_to: &[Terrain]) -> String {
    let relief = Relief::of(if relative_to.is_empty() { terrains } else { relative_to });
    let mut svg = Svg::default();
    let n = terrains.len().max(1) as f64;
    let width = (WIDTH - LEFT - 4.0 - GAP * (n - 1.0)) / n;
    let block = (width * 0.86).min(210.0);
    let (block_top, section_top) = (NAMES, NAMES + block + 24.0);
    for (i, terrain) in terrains.iter().enumerate() {
        let left = LEFT + i as f64 * (width + GAP);
        let title = format!("n = {}", count(terrain.n_train as u64));
        svg.text((left, 14.0), Anchor::Start, "font-weight=\"600\"", &title);
        let Some(grid) = Grid::of(terrain) else {
            svg.text((left, block_top + 20.0), Anchor::Start, SMALL, "not defined");
            continue;
        };
        let marks = grid.marks(terrain);
        let stride = (FINEST * grid.x.len() as f64 / width).ceil() as usize;
        let view = View { left, top: block_top, width, height: block, is_named: false };
        surface::draw(&mut svg, &view, &relief, &grid.thinned(stride), &marks);
        let panel = Panel {
            left,
            top: section_top,
            width,
            height: 64.0,
            strip: 0.0,
            names: 0.0,
            x: Scale::Linear { low: relief.theta.0, high: relief.theta.1 },
            y: relief.heights,
        };
        let energy = if i == 0 { "E (energy)" } else { "E" };
        svg.text((left, section_top - 6.0), Anchor::Start, SMALL, energy);
        if i == 0 {
            for tick in relief.heights.ticks().iter().step_by(2) {
                if let (Some(y), Some(label)) = (panel.at_y(tick.value), &tick.label) {
                    svg.text((left - 6.0, y + 4.0), Anchor::End, SMALL, label);
                }
            }
        }
        if let Some(line) = grid.section(0.0) {
            section::draw(&mut svg, &panel, &relief, &line, &marks);
        }
        panel.x_axis(&mut svg, Some("θ (degrees)"));
    }
    let title = "Energy landscapes at several amounts of data";
    svg.finish_sized("terrain-strip", title, "One scale of heights for all.", (WIDTH, section_top + 64.0 + 42.0))
}
