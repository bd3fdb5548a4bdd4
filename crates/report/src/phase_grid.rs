//! A grid of cells of two settings: places, labels beside it, fills, and boundaries across it.

use super::plot::SMALL;
use super::svg::{Anchor, PathData, Svg, text_width};
use super::words::number;
use dunwu::phase::{Along, Axis, Boundary, Diagram};

/// Size of the texts beside a grid.
const SIZE: f64 = 11.0;
/// Cells smaller than this have no letters and no seams.
const FINE: f64 = 13.0;
/// Letters of a name beside a row, at most.
const LONGEST: usize = 18;

/// Cells of equal size; values along y go up where they are numbers, down where they are names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) cell: (f64, f64),
    pub(super) n: (usize, usize),
    is_upward: bool,
}

impl Grid {
    /// The grid of a diagram from `left` to `right`, at most `height` high, below `top`, labels of its rows within.
    pub(super) fn of(diagram: &Diagram, (left, right): (f64, f64), top: f64, height: f64) -> Self {
        let n = (diagram.x.values.len(), diagram.n_rows());
        let is_upward = diagram.y.as_ref().is_some_and(|y| y.numbers().is_some());
        let labels = diagram.y.as_ref().map_or(Vec::new(), labels);
        let beside = labels.iter().map(|label| text_width(label, SIZE) + 11.0).fold(0.0, f64::max);
        let mut inner = left + beside;
        if diagram.x.numbers().is_none() {
            // Names below columns are turned and reach to the left of them.
            let column = ((right - inner) / n.0 as f64).min(64.0);
            let reach = |(i, label): (usize, &String)| text_width(label, SIZE) * 0.77 - (i as f64 + 0.5) * column;
            let reach = self::labels(&diagram.x).iter().enumerate().map(reach).fold(0.0, f64::max);
            inner = inner.max(left + reach + 4.0);
        }
        let left = inner;
        let cell = (((right - left) / n.0 as f64).min(64.0), (height / n.1 as f64).clamp(4.0, 28.0));
        Self { left, top, cell, n, is_upward }
    }

    pub(super) fn right(&self) -> f64 {
        self.left + self.cell.0 * self.n.0 as f64
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.cell.1 * self.n.1 as f64
    }

    /// Whether cells are too small for letters and seams.
    pub(super) fn is_fine(&self) -> bool {
        self.cell.0 < FINE || self.cell.1 < FINE
    }

    /// The upper left corner of a cell.
    pub(super) fn corner(&self, x: usize, y: usize) -> (f64, f64) {
        let row = if self.is_upward { self.n.1 - 1 - y } else { y };
        (self.left + x as f64 * self.cell.0, self.top + row as f64 * self.cell.1)
    }

    /// Fills cells; neighbours of one colour in a fine grid are one rectangle.
    pub(super) fn fill(&self, svg: &mut Svg, color: impl Fn(usize, usize) -> Option<String>) {
        for y in 0..self.n.1 {
            let colors: Vec<Option<String>> = (0..self.n.0).map(|x| color(x, y)).collect();
            let mut x = 0;
            for run in colors.chunk_by(|a, b| self.is_fine() && a == b) {
                if let Some(color) = &run[0] {
                    let seam = if self.is_fine() { "" } else { " stroke=\"#fff\" stroke-width=\"1\"" };
                    // Without a seam rows overlap a little, or the paper would shine through between them.
                    let overlap = if self.is_fine() { 0.4 } else { 0.0 };
                    let size = (run.len() as f64 * self.cell.0, self.cell.1 + overlap);
                    svg.rect(self.corner(x, y), size, &format!("fill=\"{color}\"{seam}"));
                }
                x += run.len();
            }
        }
        let size = (self.right() - self.left, self.bottom() - self.top);
        svg.rect((self.left, self.top), size, "fill=\"none\" stroke=\"#888\" stroke-width=\"0.8\"");
    }

    /// Values beside rows and below columns, with the names of both axes; returns where what follows may begin.
    pub(super) fn axes(&self, svg: &mut Svg, diagram: &Diagram) -> f64 {
        if let Some(y) = &diagram.y {
            let mut free_above = f64::INFINITY;
            let order: Vec<usize> =
                if self.is_upward { (0..self.n.1).collect() } else { (0..self.n.1).rev().collect() };
            let labels = labels(y);
            for i in order {
                let middle = self.corner(0, i).1 + self.cell.1 / 2.0;
                if middle + 6.0 < free_above {
                    svg.text((self.left - 6.0, middle + 4.0), Anchor::End, SMALL, &labels[i]);
                    free_above = middle - 6.0;
                }
            }
        }
        let labels = labels(&diagram.x);
        let middle = |i: usize| self.left + (i as f64 + 0.5) * self.cell.0;
        let fits = labels.iter().all(|label| text_width(label, SIZE) + 3.0 < self.cell.0);
        let title = |svg: &mut Svg, y: f64| {
            let middle = f64::midpoint(self.left, self.right());
            // A name wider than its grid, as of a grid of one column, begins where the drawing has room.
            let middle = middle.max(text_width(&diagram.x.name, SIZE) / 2.0);
            svg.text((middle, y), Anchor::Middle, SMALL, &diagram.x.name);
        };
        if !fits && diagram.x.numbers().is_none() {
            let longest = labels.iter().map(|label| text_width(label, SIZE)).fold(0.0, f64::max);
            for (i, label) in labels.iter().enumerate() {
                svg.turned_text((middle(i) + 4.0, self.bottom() + 12.0), -40, SMALL, label);
            }
            let below = self.bottom() + longest * 0.65 + 28.0;
            title(svg, below);
            return below + 12.0;
        }
        let widest = labels.iter().map(|label| text_width(label, SIZE)).fold(0.0, f64::max) + 3.0;
        let stride = (widest / self.cell.0).ceil().max(1.0) as usize;
        for (i, label) in labels.iter().enumerate().step_by(stride) {
            svg.text((middle(i), self.bottom() + 14.0), Anchor::Middle, SMALL, label);
        }
        title(svg, self.bottom() + 29.0);
        self.bottom() + 41.0
    }

    /// A dashed frame inside a cell: fewer seeds than it takes.
    pub(super) fn frame(&self, svg: &mut Svg, x: usize, y: usize, ink: &str) {
        let inset = if self.is_fine() { 0.6 } else { 2.0 };
        let (left, top) = self.corner(x, y);
        let style = format!("fill=\"none\" stroke=\"{ink}\" stroke-width=\"0.9\" stroke-dasharray=\"2 1.6\"");
        svg.rect((left + inset, top + inset), (self.cell.0 - 2.0 * inset, self.cell.1 - 2.0 * inset), &style);
    }

    /// A boundary as steps from line to line, on a pale seam so that it stands out on any fill.
    pub(super) fn boundary(&self, svg: &mut Svg, along: Along, boundary: &Boundary, width: f64, dash: &str) {
        let mut data = PathData::default();
        for run in boundary.places.chunk_by(|a, b| b.line == a.line + 1) {
            let ends = run.iter().flat_map(|place| match along {
                Along::X => {
                    let (x, top) = (self.left + place.at * self.cell.0, self.corner(0, place.line).1);
                    let rows = [(x, top), (x, top + self.cell.1)];
                    if self.is_upward { [rows[1], rows[0]] } else { rows }
                }
                Along::Y => {
                    let down = place.at * self.cell.1;
                    let y = if self.is_upward { self.bottom() - down } else { self.top + down };
                    let left = self.corner(place.line, 0).0;
                    [(left, y), (left + self.cell.0, y)]
                }
            });
            data.polyline(&ends.collect::<Vec<_>>());
        }
        let line = "fill=\"none\" stroke-linejoin=\"round\"";
        svg.path(&data, &format!("{line} stroke=\"#fff\" stroke-opacity=\"0.85\" stroke-width=\"{}\"", width + 2.4));
        svg.path(&data, &format!("{line} stroke=\"#111\" stroke-width=\"{width}\" stroke-linecap=\"round\"{dash}"));
    }
}

/// Values as short as they can be told apart: three digits where that is enough.
pub(super) fn labels(axis: &Axis) -> Vec<String> {
    let whole: Vec<String> = (0..axis.values.len()).map(|i| axis.label(i)).collect();
    let short: Vec<String> = match axis.numbers() {
        Some(numbers) => numbers.into_iter().map(number).collect(),
        None => whole.iter().map(|name| shortened(name)).collect(),
    };
    let is_apart = (1..short.len()).all(|i| !short[..i].contains(&short[i]));
    if is_apart { short } else { whole }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}
