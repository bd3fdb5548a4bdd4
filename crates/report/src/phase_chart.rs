//! The drawings of a phase diagram: the phases themselves, and four quantities as heat maps.

use super::phase_grid::Grid;
use super::plot::SMALL;
use super::svg::{Anchor, PathData, Svg, WIDTH, text_width};
use super::words::{count, counted, number};
use dunwu::answer::range;
use dunwu::answer::sequential;
use dunwu::phase::{Cell, Diagram, FEW_SEEDS, Phase};

/// Dots with gaps.
const DOTTED: &str = " stroke-dasharray=\"0.1 4.2\"";
const MEASURED: &str = "half of the seeds generalize";
const THEORY: &str = "theory, 2.7482·max(1, d/2)·M ln M samples";
/// Shades of a heat map.
const SHADES: f64 = 24.0;

/// Fill and ink of a phase. The fills differ in lightness (CIE L* 37, 71, 90, 53, 87 in this order), so that grey keeps the common ones
/// apart; letters or marks tell all of them.
fn colors(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::Grokked => ("#005A94", "#fff"),
        Phase::SlowGrokked => ("#74B6E2", "#111"),
        Phase::SemiGrokked => ("#F0E3A1", "#111"),
        Phase::Ungrokked => ("#D55E00", "#fff"),
        Phase::NotMemorized => ("#D9D9D9", "#111"),
        Phase::Untested => ("#FFFFFF", "#111"),
        Phase::Collapsed => ("#9C9C9C", "#111"),
        Phase::Diverged => ("#CC79A7", "#111"),
        Phase::Failed => ("#FFFFFF", "#111"),
    }
}

/// The phases, a letter a cell; marks where cells are too small for letters.
pub(super) fn phases(diagram: &Diagram) -> String {
    let mut svg = Svg::default();
    let grid = Grid::of(diagram, (4.0, WIDTH - 6.0), 24.0, 400.0);
    if let Some(y) = &diagram.y {
        svg.text((0.0, 13.0), Anchor::Start, SMALL, &y.name);
    }
    grid.fill(&mut svg, |x, y| Some(colors(diagram.cell(x, y)?.phase).0.to_owned()));
    // Where every cell of a fine grid has few seeds, frames would hide the marks and tell nothing apart.
    let is_framed = !(grid.is_fine() && diagram.cells.iter().all(|cell| cell.few_seeds));
    for cell in diagram.cells.iter().filter(|cell| cell.few_seeds && is_framed) {
        grid.frame(&mut svg, cell.x, cell.y, colors(cell.phase).1);
    }
    boundaries(&mut svg, &grid, diagram, 2.2);
    if grid.is_fine() {
        for phase in Phase::ALL {
            let mut marks = PathData::default();
            diagram
                .cells
                .iter()
                .filter(|cell| cell.phase == phase)
                .for_each(|cell| mark(&mut marks, phase, grid.corner(cell.x, cell.y), grid.cell));
            stroke(&mut svg, &marks, phase);
        }
    } else {
        for cell in &diagram.cells {
            let few = if cell.few_seeds { "?" } else { "" };
            letter(&mut svg, cell.phase, few, grid.corner(cell.x, cell.y), grid.cell);
        }
    }
    let top = grid.axes(&mut svg, diagram);
    let bottom = legend(&mut svg, diagram, &grid, top + 10.0);
    let description = format!("{} of {}", counted(diagram.cells.len(), "cell"), phrase(diagram));
    svg.finish("phases", "Phases by outcome", &description, bottom)
}

/// `data.fraction and task`.
fn phrase(diagram: &Diagram) -> String {
    diagram.y.as_ref().map_or(diagram.x.name.clone(), |y| format!("{} and {}", diagram.x.name, y.name))
}

fn boundaries(svg: &mut Svg, grid: &Grid, diagram: &Diagram, width: f64) {
    let Some(along) = diagram.along else { return };
    grid.boundary(svg, along, &diagram.measured, width, "");
    grid.boundary(svg, along, &diagram.theory, width, DOTTED);
}

fn letter(svg: &mut Svg, phase: Phase, few: &str, (left, top): (f64, f64), (width, height): (f64, f64)) {
    let size = (height - 3.0).min(width - 3.0).min(13.0);
    let style = format!("font-size=\"{size:.0}\" font-weight=\"600\" fill=\"{}\"", colors(phase).1);
    let middle = (left + width / 2.0, top + height / 2.0 + size * 0.36);
    svg.text(middle, Anchor::Middle, &style, &format!("{}{few}", phase.letter()));
}

/// What stands for a phase in a cell without room for its letter; nothing for the first.
fn mark(data: &mut PathData, phase: Phase, (left, top): (f64, f64), (width, height): (f64, f64)) {
    let at = |x: f64, y: f64| (left + x * width, top + y * height);
    let strokes: &[[f64; 4]] = match phase {
        Phase::Grokked => &[],
        Phase::SlowGrokked => &[[0.2, 0.8, 0.8, 0.2]],
        Phase::SemiGrokked => &[[0.2, 0.5, 0.8, 0.5]],
        Phase::Ungrokked => &[[0.2, 0.2, 0.8, 0.8]],
        Phase::NotMemorized => &[[0.44, 0.5, 0.56, 0.5]],
        Phase::Untested => &[[0.35, 0.35, 0.65, 0.35], [0.35, 0.65, 0.65, 0.65]],
        Phase::Collapsed => &[[0.2, 0.3, 0.5, 0.75], [0.5, 0.75, 0.8, 0.3]],
        Phase::Diverged => &[[0.2, 0.2, 0.8, 0.8], [0.2, 0.8, 0.8, 0.2]],
        Phase::Failed => &[[0.5, 0.15, 0.5, 0.85], [0.2, 0.5, 0.8, 0.5]],
    };
    for [x0, y0, x1, y1] in strokes {
        data.move_to(at(*x0, *y0)).line_to(at(*x1, *y1));
    }
}

fn stroke(svg: &mut Svg, marks: &PathData, phase: Phase) {
    svg.path(marks, &format!("fill=\"none\" stroke=\"{}\" stroke-width=\"1\"", colors(phase).1));
}

/// Every phase that there is with its letter or mark and its number of cells, then what lines and frames mean.
fn legend(svg: &mut Svg, diagram: &Diagram, grid: &Grid, top: f64) -> f64 {
    const SWATCH: (f64, f64) = (20.0, 16.0);
    let mut place = (4.0, top);
    let mut entry = |svg: &mut Svg, width: f64, text: &str, draw: &dyn Fn(&mut Svg, (f64, f64))| {
        let wide = width + 6.0 + text_width(text, 12.0) + 16.0;
        if place.0 > 4.0 && place.0 + wide > WIDTH + 10.0 {
            place = (4.0, place.1 + 23.0);
        }
        draw(svg, place);
        svg.text((place.0 + width + 6.0, place.1 + 12.0), Anchor::Start, "", text);
        place.0 += wide;
    };
    for (phase, n) in diagram.counts() {
        entry(svg, SWATCH.0, &format!("{} ({})", phase.name(), counted(n, "cell")), &|svg, corner| {
            let style = format!("fill=\"{}\" stroke=\"#888\" stroke-width=\"0.8\"", colors(phase).0);
            svg.rect(corner, SWATCH, &style);
            if grid.is_fine() {
                let mut marks = PathData::default();
                mark(&mut marks, phase, corner, SWATCH);
                stroke(svg, &marks, phase);
            } else {
                letter(svg, phase, "", corner, SWATCH);
            }
        });
    }
    if diagram.cells.iter().any(|cell| cell.few_seeds) {
        let is_every = diagram.cells.iter().all(|cell| cell.few_seeds);
        let sign = match grid.is_fine() {
            true if is_every => "every cell: ",
            true => "",
            false => "?: ",
        };
        entry(svg, SWATCH.0, &format!("{sign}few seeds (fewer than {FEW_SEEDS})"), &|svg, (left, top)| {
            let style = "fill=\"none\" stroke=\"#111\" stroke-width=\"0.9\" stroke-dasharray=\"2 1.6\"";
            svg.rect((left + 2.0, top + 1.0), (SWATCH.0 - 4.0, SWATCH.1 - 2.0), style);
        });
    }
    let mut line = |svg: &mut Svg, name: &str, dash: &str| {
        entry(svg, 30.0, name, &|svg, (left, top)| {
            let style = format!("stroke=\"#111\" stroke-width=\"2.2\" stroke-linecap=\"round\"{dash}");
            svg.line((left + 1.0, top + 8.0), (left + 29.0, top + 8.0), &style);
        });
    };
    if !diagram.measured.places.is_empty() {
        line(svg, MEASURED, "");
    }
    if !diagram.theory.places.is_empty() {
        line(svg, THEORY, DOTTED);
    }
    place.1 + 24.0
}

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
pub(super) fn quantities(diagram: &Diagram) -> String {
    const HALF: f64 = WIDTH / 2.0;
    let mut svg = Svg::default();
    let mut top = 24.0;
    for pair in MAPS.chunks(2) {
        let mut bottom: f64 = top;
        for (i, map) in pair.iter().enumerate() {
            let left = i as f64 * (HALF + 6.0);
            bottom = bottom.max(heat(&mut svg, diagram, map, (left, left + HALF - 20.0), top));
        }
        top = bottom + 34.0;
    }
    let description = format!("Four heat maps over {}", phrase(diagram));
    svg.finish("phase-quantities", "Quantities over the same cells", &description, top - 24.0)
}

fn heat(svg: &mut Svg, diagram: &Diagram, map: &Map, (left, right): (f64, f64), top: f64) -> f64 {
    svg.heading((left, top - 9.0), map.title, map.remark);
    let grid = Grid::of(diagram, (left, right), top, 210.0);
    let value = |cell: &Cell| (map.value)(cell).filter(|value| value.is_finite() && (map.is_share || *value > 0.0));
    let ends = if map.is_share { Some((0.0, 1.0)) } else { range(diagram.cells.iter().filter_map(value)) };
    let shade = |value: f64| match ends {
        Some(_) if map.is_share => value,
        Some((low, high)) if low < high => (value / low).ln() / (high / low).ln(),
        _ => 0.5,
    };
    grid.fill(svg, |x, y| {
        let cell = diagram.cell(x, y)?;
        Some(value(cell).map_or("#fff".to_owned(), |value| sequential((shade(value) * SHADES).round() / SHADES)))
    });
    let mut undefined = PathData::default();
    for cell in diagram.cells.iter().filter(|cell| value(cell).is_none()) {
        let ((x, y), (w, h)) = (grid.corner(cell.x, cell.y), grid.cell);
        undefined.move_to((x + 0.25 * w, y + 0.75 * h)).line_to((x + 0.75 * w, y + 0.25 * h));
    }
    svg.path(&undefined, "fill=\"none\" stroke=\"#999\" stroke-width=\"0.9\"");
    boundaries(svg, &grid, diagram, 1.6);
    let below = grid.axes(svg, diagram);
    key(svg, (grid.left, below), ends.map(|(low, high)| (low, high, map.is_share)), !undefined.is_empty());
    below + 16.0
}

/// The shades with the values at their ends, and the sign for none.
pub(super) fn key(svg: &mut Svg, (left, top): (f64, f64), ends: Option<(f64, f64, bool)>, has_undefined: bool) {
    const BAR: f64 = 72.0;
    let mut x = left;
    if let Some((low, high, is_share)) = ends {
        let written = |value: f64| if is_share || value.fract() != 0.0 { number(value) } else { count(value as u64) };
        let (low, high) = (written(low), written(high));
        svg.text((x, top + 9.0), Anchor::Start, SMALL, &low);
        x += text_width(&low, 11.0) + 4.0;
        for i in 0..SHADES as usize {
            let color = sequential(i as f64 / (SHADES - 1.0));
            let width = BAR / SHADES;
            svg.rect((x + i as f64 * width, top), (width + 0.3, 10.0), &format!("fill=\"{color}\""));
        }
        x += BAR + 5.0;
        svg.text((x, top + 9.0), Anchor::Start, SMALL, &high);
        x += text_width(&high, 11.0) + 12.0;
    }
    if has_undefined {
        svg.line((x, top + 9.0), (x + 7.0, top + 1.0), "stroke=\"#999\" stroke-width=\"0.9\"");
        svg.text((x + 11.0, top + 9.0), Anchor::Start, SMALL, "no value");
    }
}
