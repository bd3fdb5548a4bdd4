//! A grid of cells of two settings: its place, labels beside it, fills, and boundaries across it.

use super::legend::{INK, RIM, WHITE};
use crate::svg::text_width;
use dunwu::answer::wording::number;
use dunwu::answer::{Anchor, Axis, Cell, Fill, Frame, Layer, Line, Place, Plot, Scale, Segments, Text, Ticks};
use dunwu_studies::phase::{Along, Boundary, Diagram};

/// Size of the texts beside a grid.
const SIZE: f64 = 11.0;
/// Cells smaller than this have no letters and no seams.
const FINE: f64 = 13.0;
/// Letters of a name beside a row, at most.
const LONGEST: usize = 18;

/// Cells of equal size; values along y go up where they are numbers, down where they are names. In the data coordinates of its plot a cell
/// is 1 wide and 1 high, from the lower left corner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) frame: Frame,
    n: (usize, usize),
    is_upward: bool,
}

impl Grid {
    /// The grid of a diagram from `left` to `right`, at most `height` high, below `top`, labels of its rows within.
    pub(super) fn of(diagram: &Diagram, (left, right): (f64, f64), top: f64, height: f64) -> Self {
        let n = (diagram.x.values.len(), diagram.n_rows());
        let is_upward = diagram.y.as_ref().is_some_and(|y| y.numbers().is_some());
        let beside = diagram.y.as_ref().map_or(Vec::new(), labels);
        let beside = beside.iter().map(|label| text_width(label, SIZE) + 11.0).fold(0.0, f64::max);
        let mut inner = left + beside;
        if diagram.x.numbers().is_none() {
            // Names below columns are turned and reach to the left of them.
            let column = ((right - inner) / n.0 as f64).min(64.0);
            let reach = |(i, label): (usize, &String)| text_width(label, SIZE) * 0.77 - (i as f64 + 0.5) * column;
            let reach = labels(&diagram.x).iter().enumerate().map(reach).fold(0.0, f64::max);
            inner = inner.max(left + reach + 4.0);
        }
        let cell = (((right - inner) / n.0 as f64).min(64.0), (height / n.1 as f64).clamp(4.0, 28.0));
        let frame = Frame { left: inner, top, width: cell.0 * n.0 as f64, height: cell.1 * n.1 as f64 };
        Self { frame, n, is_upward }
    }

    /// The plot without what it shows.
    pub(super) fn plot(&self) -> Plot {
        let axis =
            |n: usize| Axis { title: None, scale: Scale::Linear { low: 0.0, high: n as f64 }, ticks: Ticks::None };
        Plot::new(self.frame, "", axis(self.n.0), axis(self.n.1))
    }

    /// Width and height of a cell in user units.
    fn cell(&self) -> (f64, f64) {
        (self.frame.width / self.n.0 as f64, self.frame.height / self.n.1 as f64)
    }

    /// Whether cells are too small for letters and seams.
    pub(super) fn is_fine(&self) -> bool {
        self.cell().0 < FINE || self.cell().1 < FINE
    }

    /// From where to where a cell lies along x and along y.
    pub(super) fn spans(&self, x: usize, y: usize) -> ((f64, f64), (f64, f64)) {
        let row = if self.is_upward { y } else { self.n.1 - 1 - y };
        ((x as f64, x as f64 + 1.0), (row as f64, row as f64 + 1.0))
    }

    /// Cells without letters; neighbours of one fill in a fine grid are one rectangle.
    pub(super) fn merged(&self, fill: impl Fn(usize, usize) -> Option<Fill>) -> Layer {
        let mut cells = Vec::new();
        for y in 0..self.n.1 {
            let fills: Vec<Option<Fill>> = (0..self.n.0).map(|x| fill(x, y)).collect();
            let mut x = 0;
            for run in fills.chunk_by(|a, b| self.is_fine() && a == b && *a != Some(Fill::Undefined)) {
                if let Some(fill) = &run[0] {
                    let ((from, _), rows) = self.spans(x, y);
                    let to = from + run.len() as f64;
                    cells.push(Cell { x: (from, to), y: rows, fill: fill.clone(), letter: None, tells: None });
                }
                x += run.len();
            }
        }
        Layer::Cells(cells)
    }

    /// White lines between cells that are large enough, and the rim around all.
    pub(super) fn seams(&self) -> Vec<Layer> {
        let (right, top) = (self.n.0 as f64, self.n.1 as f64);
        let across = |y: usize| (Place::at(0.0, y as f64), Place::at(right, y as f64));
        let upwards = |x: usize| (Place::at(x as f64, 0.0), Place::at(x as f64, top));
        let inner = (1..self.n.1).map(across).chain((1..self.n.0).map(upwards));
        let seams = Segments { segments: inner.collect(), color: WHITE, width: 1.0, dashed: false };
        let rim = vec![across(0), across(self.n.1), upwards(0), upwards(self.n.0)];
        let rim = Segments { segments: rim, color: RIM, width: 0.8, dashed: false };
        let seams = (!self.is_fine() && !seams.segments.is_empty()).then_some(seams);
        seams.into_iter().chain([rim]).map(Layer::Segments).collect()
    }

    /// Values beside rows and below columns, with the name of the axis below; and where what follows may begin.
    pub(super) fn labels(&self, diagram: &Diagram) -> (Layer, f64) {
        let mut texts = Vec::new();
        let (width, height) = self.cell();
        if let Some(y) = &diagram.y {
            let labels = labels(y);
            let mut free_above = f64::INFINITY;
            for row in 0..self.n.1 {
                let middle = self.frame.height - (row as f64 + 0.5) * height;
                if middle + 6.0 < free_above {
                    let label = &labels[if self.is_upward { row } else { self.n.1 - 1 - row }];
                    let at = Place::at(0.0, row as f64 + 0.5).moved(-6.0, 4.0);
                    texts.push(Text::small(at, Anchor::End, label));
                    free_above = middle - 6.0;
                }
            }
        }
        let labels = labels(&diagram.x);
        let below = |i: usize, dx: f64, dy: f64| Place::at(i as f64 + 0.5, 0.0).moved(dx, dy);
        let longest = labels.iter().map(|label| text_width(label, SIZE)).fold(0.0, f64::max);
        let is_turned = longest + 3.0 >= width && diagram.x.numbers().is_none();
        let depth = if is_turned {
            let turned = |(i, label): (usize, &String)| Text {
                turned: -40,
                ..Text::small(below(i, 4.0, 12.0), Anchor::End, label)
            };
            texts.extend(labels.iter().enumerate().map(turned));
            longest * 0.65 + 28.0
        } else {
            let stride = ((longest + 3.0) / width).ceil().max(1.0) as usize;
            let upright = |(i, label): (usize, &String)| Text::small(below(i, 0.0, 14.0), Anchor::Middle, label);
            texts.extend(labels.iter().enumerate().step_by(stride).map(upright));
            29.0
        };
        // A name wider than its grid, as of a grid of one column, begins where the drawing has room.
        let middle = self.frame.left + self.frame.width / 2.0;
        let shift = (text_width(&diagram.x.name, SIZE) / 2.0 - middle).max(0.0);
        let at = Place::at(self.n.0 as f64 / 2.0, 0.0).moved(shift, depth);
        texts.push(Text::small(at, Anchor::Middle, &diagram.x.name));
        (Layer::Texts(texts), self.frame.top + self.frame.height + depth + 12.0)
    }

    /// A boundary as steps from line to line, with a pale rim so that it stands out on any fill.
    fn boundary(&self, along: Along, boundary: &Boundary, width: f64, dashed: bool) -> Vec<Layer> {
        let (_, n_rows) = self.n;
        let ends = |place: &dunwu_studies::phase::Place| match along {
            Along::X => {
                let (_, (low, high)) = self.spans(0, place.line);
                let ends = [(place.at, low), (place.at, high)];
                if self.is_upward { ends } else { [ends[1], ends[0]] }
            }
            Along::Y => {
                let y = if self.is_upward { place.at } else { n_rows as f64 - place.at };
                let ((left, right), _) = self.spans(place.line, 0);
                [(left, y), (right, y)]
            }
        };
        let runs = boundary.places.chunk_by(|a, b| b.line == a.line + 1);
        runs.map(|run| {
            let line = Line::solid(None, run.iter().flat_map(ends).collect(), INK, width);
            Layer::Line(Line { dashed, halo: true, ..line })
        })
        .collect()
    }
}

/// Both boundaries: the measured one solid, the theory's dashed.
pub(super) fn boundaries(diagram: &Diagram, grid: &Grid, width: f64) -> Vec<Layer> {
    let Some(along) = diagram.along else { return Vec::new() };
    let mut layers = grid.boundary(along, &diagram.measured, width, false);
    layers.extend(grid.boundary(along, &diagram.theory, width, true));
    layers
}

/// Values as short as they can be told apart: three digits where that is enough.
pub(super) fn labels(axis: &dunwu_studies::phase::Axis) -> Vec<String> {
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
