//! Colours, letters and marks of phases, and the key below the diagram.

use super::grid::Grid;
use crate::svg::{WIDTH, text_width};
use dunwu::answer::wording::counted;
use dunwu::answer::{Anchor, Color, Fill, Item, Place, Text};
use dunwu_studies::phase::{Diagram, FEW_SEEDS, Phase};

/// Ink of boundaries, letters and marks on light cells.
pub(super) const INK: Color = Color { line: "#111", text: "#111" };
/// Ink on dark cells, and the seams between cells.
pub(super) const WHITE: Color = Color { line: "#fff", text: "#fff" };
/// The rim of a grid and of a swatch.
pub(super) const RIM: Color = Color { line: "#888", text: "#666" };
const MEASURED: &str = "half of the seeds generalize";
const THEORY: &str = "theory, 2.7482·max(1, d/2)·M ln M samples";
const SWATCH: (f64, f64) = (20.0, 16.0);

/// Colour of a cell. They differ in lightness (CIE L* 37, 71, 90, 41, 53, 68, 87 in this order), so that grey keeps the common ones apart;
/// letters or marks name all of them.
pub(super) fn cell_color(phase: Phase) -> &'static str {
    match phase {
        Phase::Grokked => "#005A94",
        Phase::SlowGrokked => "#74B6E2",
        Phase::SemiGrokked => "#F0E3A1",
        Phase::Lost => "#8C4A9E",
        Phase::Ungrokked => "#D55E00",
        Phase::Forgot => "#B7A48B",
        Phase::NotMemorized => "#D9D9D9",
        Phase::Collapsed => "#9C9C9C",
        Phase::Diverged => "#CC79A7",
        Phase::Untested | Phase::Failed => "#FFFFFF",
    }
}

/// Ink of letters and marks on a cell.
pub(super) fn ink(phase: Phase) -> Color {
    match phase {
        Phase::Grokked | Phase::Lost | Phase::Ungrokked => WHITE,
        _ => INK,
    }
}

/// What stands for a phase in a cell without room for its letter: strokes from (x, y) to (x, y) in shares of the cell, from its upper left
/// corner; none for the first phase.
pub(super) fn strokes(phase: Phase) -> &'static [[f64; 4]] {
    match phase {
        Phase::Grokked => &[],
        Phase::SlowGrokked => &[[0.2, 0.8, 0.8, 0.2]],
        Phase::SemiGrokked => &[[0.2, 0.5, 0.8, 0.5]],
        Phase::Lost => &[[0.2, 0.2, 0.2, 0.8], [0.2, 0.8, 0.8, 0.8]],
        Phase::Ungrokked => &[[0.2, 0.2, 0.8, 0.8]],
        Phase::Forgot => &[[0.5, 0.2, 0.5, 0.8], [0.3, 0.4, 0.7, 0.4]],
        Phase::NotMemorized => &[[0.44, 0.5, 0.56, 0.5]],
        Phase::Untested => &[[0.35, 0.35, 0.65, 0.35], [0.35, 0.65, 0.65, 0.65]],
        Phase::Collapsed => &[[0.2, 0.3, 0.5, 0.75], [0.5, 0.75, 0.8, 0.3]],
        Phase::Diverged => &[[0.2, 0.2, 0.8, 0.8], [0.2, 0.8, 0.8, 0.2]],
        Phase::Failed => &[[0.5, 0.15, 0.5, 0.85], [0.2, 0.5, 0.8, 0.5]],
    }
}

/// Every phase that there is with its letter or mark and its number of cells, then what lines and frames mean. Begins at `top`; says
/// where it ends.
pub(super) fn legend(diagram: &Diagram, grid: &Grid, top: f64) -> (Vec<Item>, f64) {
    let mut key = Key { items: Vec::new(), at: (4.0, top) };
    for (phase, n) in diagram.counts() {
        let corner = key.entry(SWATCH.0, &format!("{} ({})", phase.name(), counted(n, "cell")));
        key.swatch(phase, corner);
        if grid.is_fine() {
            for [x0, y0, x1, y1] in strokes(phase) {
                let at = |x: f64, y: f64| (corner.0 + x * SWATCH.0, corner.1 + y * SWATCH.1);
                key.line(at(*x0, *y0), at(*x1, *y1), ink(phase), 1.0, false);
            }
        } else {
            let at = Place::at(corner.0 + SWATCH.0 / 2.0, corner.1 + 12.7);
            let text = Text { size: 13.0, color: ink(phase).text, ..Text::small(at, Anchor::Middle, phase.letter()) };
            key.items.push(Item::Text(text));
        }
    }
    if diagram.cells.iter().any(|cell| cell.few_seeds) {
        let is_every = diagram.cells.iter().all(|cell| cell.few_seeds);
        let sign = match grid.is_fine() {
            true if is_every => "every cell: ",
            true => "",
            false => "?: ",
        };
        let (left, top) = key.entry(SWATCH.0, &format!("{sign}few seeds (fewer than {FEW_SEEDS})"));
        let (left, top, right, bottom) = (left + 2.0, top + 1.0, left + SWATCH.0 - 2.0, top + SWATCH.1 - 1.0);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        corners.windows(2).for_each(|ends| key.line(ends[0], ends[1], INK, 0.9, true));
    }
    let lines =
        [(!diagram.measured.places.is_empty(), MEASURED, false), (!diagram.theory.places.is_empty(), THEORY, true)];
    for (_, name, dashed) in lines.into_iter().filter(|(is_drawn, ..)| *is_drawn) {
        let (left, top) = key.entry(30.0, name);
        key.line((left + 1.0, top + 8.0), (left + 29.0, top + 8.0), INK, 2.2, dashed);
    }
    (key.items, key.at.1 + 24.0)
}

/// A key under construction: entries in lines, broken where they would leave the drawing.
struct Key {
    items: Vec<Item>,
    at: (f64, f64),
}

impl Key {
    /// Makes room for a sign of this width and writes the text behind it; says where the sign's upper left corner is.
    fn entry(&mut self, width: f64, text: &str) -> (f64, f64) {
        let wide = width + 6.0 + text_width(text, 12.0) + 16.0;
        if self.at.0 > 4.0 && self.at.0 + wide > WIDTH + 10.0 {
            self.at = (4.0, self.at.1 + 23.0);
        }
        let corner = self.at;
        let place = Place::at(corner.0 + width + 6.0, corner.1 + 12.0);
        self.items.push(Item::Text(Text { size: 12.0, color: "#333", ..Text::small(place, Anchor::Start, text) }));
        self.at.0 += wide;
        corner
    }

    fn swatch(&mut self, phase: Phase, (left, top): (f64, f64)) {
        let rectangle = |at, size, color: &str| Item::Rectangle { at, size, fill: Fill::Color(color.to_owned()) };
        self.items.push(rectangle((left - 0.8, top - 0.8), (SWATCH.0 + 1.6, SWATCH.1 + 1.6), RIM.line));
        self.items.push(rectangle((left, top), SWATCH, cell_color(phase)));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), color: Color, width: f64, dashed: bool) {
        self.items.push(Item::Line { from, to, color, width, dashed });
    }
}
