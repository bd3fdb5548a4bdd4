//! The mountains as a block seen from above and in front: parallel projection, painted from back to front.

use super::contour::{self, Point};
use super::grid::{Grid, Mark};
use super::marks::{self, Space};
use super::relief::Relief;
use crate::plot::SMALL;
use crate::svg::{Anchor, PathData, Svg, text_width};
use dunwu::answer as palette;
use dunwu::answer::peak_color;

/// Turn of the block about the vertical, and height of the eye above the horizon.
const TURN_DEGREES: f64 = 22.0;
const EYE_DEGREES: f64 = 33.0;
/// The top of the scale of heights as a share of the block's longer side.
const STEEPNESS: f64 = 0.56;
/// Height of a line of a mark's name.
const LINE: f64 = 13.0;
/// Towards the light, along (θ, φ, height): from the upper left, as maps are lit.
const LIGHT: [f64; 3] = [-0.62, 0.28, 0.73];
/// Steps of brightness and of tint: with more, neighbours differ invisibly and cannot be merged.
const SHADES: f64 = 30.0;
const TINTS: f64 = 40.0;
/// By how much a quad reaches under those that are painted after it: a pixel, also where the drawing is shown at three
/// quarters of its size.
const MARGIN: f64 = 1.4;

/// A rectangle of the drawing and what shall be drawn into it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Whether the axes are named, and the marks in full.
    pub(super) is_named: bool,
}

/// From directions and heights to the drawing. It depends on what a set shares and on nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Camera {
    centre: Point,
    side: f64,
    top: f64,
    scale: f64,
    origin: Point,
}

impl Camera {
    /// The camera that fits the whole block into a view.
    pub(super) fn of(relief: &Relief, view: &View) -> Self {
        let (theta, phi) = (relief.theta, relief.phi);
        let centre = (f64::midpoint(theta.0, theta.1), f64::midpoint(phi.0, phi.1));
        let side = (theta.1 - theta.0).max(phi.1 - phi.0);
        let mut camera = Self { centre, side, top: relief.heights.high(), scale: 1.0, origin: (0.0, 0.0) };
        let corners = [theta.0, theta.1].into_iter().flat_map(|x| {
            [phi.0, phi.1].into_iter().flat_map(move |y| [0.0, relief.heights.high()].map(|z| (x, y, z)))
        });
        let places: Vec<Point> = corners.map(|(x, y, z)| camera.place(x, y, z)).collect();
        let ends = |of: fn(&Point) -> f64| {
            places.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
        };
        let ((left, right), (top, bottom)) = (ends(|p| p.0), ends(|p| p.1));
        camera.scale = (view.width / (right - left)).min(view.height / (bottom - top));
        camera.origin = (
            view.left + view.width / 2.0 - camera.scale * f64::midpoint(left, right),
            view.top + view.height - camera.scale * bottom,
        );
        camera
    }

    fn place(&self, theta: f64, phi: f64, height: f64) -> Point {
        let (sin, cos) = TURN_DEGREES.to_radians().sin_cos();
        let (eye_sin, eye_cos) = EYE_DEGREES.to_radians().sin_cos();
        let (u, v, z) = (theta - self.centre.0, phi - self.centre.1, self.raised(height));
        let (x, y) = (u * cos - v * sin, -((u * sin + v * cos) * eye_sin + z * eye_cos));
        (self.origin.0 + self.scale * x, self.origin.1 + self.scale * y)
    }

    /// A height in degrees of the other axes; beyond the scale it is held at its end.
    fn raised(&self, height: f64) -> f64 {
        (height / self.top).clamp(0.0, 1.0) * self.side * STEEPNESS
    }

    /// Whether nothing of the grid stands between the eye and a point on it: the way towards the eye is walked in steps of
    /// half a cell until it is above everything.
    pub(super) fn sees(&self, grid: &Grid, (theta, phi): Point, height: f64) -> bool {
        let (sin, cos) = TURN_DEGREES.to_radians().sin_cos();
        let step = 0.5 * (grid.x[1] - grid.x[0]).min(grid.y[1] - grid.y[0]);
        let rise = step * EYE_DEGREES.to_radians().tan() / (self.side * STEEPNESS) * self.top;
        let slack = 0.004 * self.top;
        let n = ((self.top - height) / rise).ceil().clamp(0.0, 1000.0) as usize;
        (1..=n).all(|k| {
            let k = k as f64;
            let ground = grid.height(theta - k * step * sin, phi - k * step * cos);
            ground.is_none_or(|ground| ground <= height + k * rise + slack)
        })
    }
}

/// The block, its contours, and poles on the summits.
pub(super) fn draw(svg: &mut Svg, view: &View, relief: &Relief, grid: &Grid, marks: &[Mark]) {
    let camera = Camera::of(relief, view);
    base(svg, &camera, relief);
    let quads = Painter { camera: &camera, relief, grid };
    for row in (0..grid.y.len() - 1).rev() {
        quads.row(svg, row);
    }
    walls(svg, &camera, grid);
    lines(svg, &camera, relief, grid, view.is_named);
    if view.is_named {
        axes(svg, &camera, relief);
    }
    poles(svg, view, &camera, grid, marks);
}

/// The ground at height zero, which shows where the grid is blank.
fn base(svg: &mut Svg, camera: &Camera, relief: &Relief) {
    let (theta, phi) = (relief.theta, relief.phi);
    let corners = [(theta.0, phi.0), (theta.1, phi.0), (theta.1, phi.1), (theta.0, phi.1)];
    let mut data = PathData::default();
    data.polyline(&corners.map(|(x, y)| camera.place(x, y, 0.0))).close();
    svg.path(&data, "fill=\"#f4f4f1\" stroke=\"#bbb\" stroke-width=\"0.6\"");
}

struct Painter<'a> {
    camera: &'a Camera,
    relief: &'a Relief,
    grid: &'a Grid,
}

impl Painter<'_> {
    /// One row of quads from its far end, neighbours of the same colour as one shape.
    fn row(&self, svg: &mut Svg, row: usize) {
        let colors: Vec<Option<String>> = (0..self.grid.x.len() - 1).map(|i| self.color(i, row)).collect();
        let mut end = colors.len();
        while end > 0 {
            let mut start = end - 1;
            while start > 0 && colors[start - 1] == colors[start] {
                start -= 1;
            }
            if let Some(color) = &colors[start] {
                let far = (start..=end).map(|i| self.corner(i, row + 1)).collect::<Vec<_>>();
                let near = (start..=end).rev().map(|i| self.corner(i, row)).collect::<Vec<_>>();
                let mut outline = [without_straight(&far), without_straight(&near)].concat();
                let n_far = outline.len() - without_straight(&near).len();
                // What is painted later covers this margin; without it a seam would show between neighbours. Where
                // nothing comes later, at the two near sides of the block, there is none.
                let (left, down) = (if start == 0 { 0.0 } else { MARGIN }, if row == 0 { 0.0 } else { MARGIN });
                outline[n_far..].iter_mut().for_each(|p| p.1 += down);
                if start == 0 {
                    outline.last_mut().expect("an outline has corners").1 -= down;
                }
                outline[0].0 -= left;
                outline.last_mut().expect("an outline has corners").0 -= left;
                let mut data = PathData::default();
                data.polyline(&outline).close();
                svg.path(&data, &format!("fill=\"{color}\""));
            }
            end = start;
        }
    }

    fn corner(&self, i: usize, j: usize) -> Point {
        self.camera.place(self.grid.x[i], self.grid.y[j], self.grid.z(i, j).unwrap_or(0.0))
    }

    /// Tint of the mean height, lit by Lambert's law; `None` where a corner has no height or nothing of it is seen.
    fn color(&self, i: usize, j: usize) -> Option<String> {
        let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
        let mut z = [0.0; 4];
        let mut is_seen = false;
        for (z, (i, j)) in z.iter_mut().zip(corners) {
            *z = self.grid.z(i, j)?;
            is_seen |= self.camera.sees(self.grid, (self.grid.x[i], self.grid.y[j]), *z);
        }
        if !is_seen {
            return None;
        }
        let (dx, dy) = (self.grid.x[i + 1] - self.grid.x[i], self.grid.y[j + 1] - self.grid.y[j]);
        let raised = z.map(|z| self.camera.raised(z));
        // Slopes of the plane that fits the four corners best.
        let slope = |plus: [usize; 2], minus: [usize; 2], length: f64| {
            (raised[plus[0]] + raised[plus[1]] - raised[minus[0]] - raised[minus[1]]) / (2.0 * length)
        };
        let light = lambert(slope([1, 2], [0, 3], dx), slope([2, 3], [0, 1], dy));
        let share = self.relief.share(z.iter().sum::<f64>() / 4.0);
        let tint = palette::hypsometric((share * TINTS).round() / TINTS);
        Some(lit(tint, (light * SHADES).round() / SHADES))
    }
}

/// Share of the light that a slope receives.
fn lambert(slope_x: f64, slope_y: f64) -> f64 {
    let length = (slope_x * slope_x + slope_y * slope_y + 1.0).sqrt();
    let norm = LIGHT.iter().map(|l| l * l).sum::<f64>().sqrt();
    ((LIGHT[2] - slope_x * LIGHT[0] - slope_y * LIGHT[1]) / (length * norm)).max(0.0)
}

/// A tint in the light: level ground keeps its tint, so that map and block agree; shadows are cool.
fn lit(tint: [f64; 3], light: f64) -> String {
    let ground = lambert(0.0, 0.0);
    let change = light - ground;
    let toward = if change < 0.0 { [38.0, 58.0, 66.0] } else { [255.0, 252.0, 240.0] };
    let weight = if change < 0.0 { -change / ground * 0.72 } else { change / (1.0 - ground) * 0.3 };
    palette::hex(std::array::from_fn(|c| tint[c] * (1.0 - weight) + toward[c] * weight))
}

/// Without the points that lie within a twentieth of a unit of the straight line that replaces them.
fn without_straight(line: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(line.len());
    let mut anchor = 0;
    for i in 0..line.len() {
        let is_last = i + 1 == line.len();
        let is_bent = !is_last && {
            let (a, b) = (line[anchor], line[i + 1]);
            let length = (b.0 - a.0).hypot(b.1 - a.1).max(1e-9);
            let off = |p: &Point| ((p.0 - a.0) * (b.1 - a.1) - (p.1 - a.1) * (b.0 - a.0)).abs() / length;
            line[anchor + 1..=i].iter().any(|p| off(p) > 0.05)
        };
        if i == 0 || is_last || is_bent {
            kept.push(line[i]);
            anchor = i;
        }
    }
    kept
}

/// The two sides of the block that face the eye.
fn walls(svg: &mut Svg, camera: &Camera, grid: &Grid) {
    let front = (0..grid.x.len()).map(|i| (grid.x[i], grid.y[0], grid.z(i, 0)));
    let side = (0..grid.y.len()).map(|j| (grid.x[0], grid.y[j], grid.z(0, j)));
    for (edge, fill) in [(front.collect::<Vec<_>>(), "#b9b7a8"), (side.collect(), "#cfcdc0")] {
        let mut data = PathData::default();
        for part in edge.split(|p| p.2.is_none()).filter(|part| part.len() > 1) {
            let top = part.iter().map(|&(x, y, z)| camera.place(x, y, z.unwrap_or(0.0))).collect::<Vec<_>>();
            let ends = [part.len() - 1, 0].map(|i| camera.place(part[i].0, part[i].1, 0.0));
            data.polyline(&[without_straight(&top), ends.to_vec()].concat()).close();
        }
        svg.path(&data, &format!("fill=\"{fill}\" stroke=\"#8b897c\" stroke-width=\"0.5\" stroke-linejoin=\"round\""));
    }
}

/// The contours that can be seen, and the line between the peaks.
fn lines(svg: &mut Svg, camera: &Camera, relief: &Relief, grid: &Grid, all: bool) {
    let on_border =
        |p: Point| p.0 == grid.x[0] || p.1 == grid.y[0] || grid.x.last() == Some(&p.0) || grid.y.last() == Some(&p.1);
    let named = |k: usize| relief.is_named(k);
    for (is_named, style) in [
        (false, "fill=\"none\" stroke=\"#2e3b30\" stroke-opacity=\"0.28\" stroke-width=\"0.45\""),
        (true, "fill=\"none\" stroke=\"#2e3b30\" stroke-opacity=\"0.6\" stroke-width=\"0.6\""),
    ] {
        let mut data = PathData::default();
        for k in (1..relief.levels.len()).filter(|&k| named(k) == is_named && (all || is_named)) {
            let level = relief.levels[k];
            for mut outline in contour::outlines(grid, level) {
                outline.extend(outline.first().copied());
                let points = outline.iter().map(|&p| (p, level)).collect::<Vec<_>>();
                visible(&mut data, camera, grid, &points, on_border);
            }
        }
        svg.path(&data, style);
    }
    if let Some(section) = grid.section(0.0) {
        let points: Vec<(Point, f64)> = section.iter().map(|&(x, z)| ((x, 0.0), z)).collect();
        let mut data = PathData::default();
        visible(&mut data, camera, grid, &points, |_| false);
        svg.path(
            &data,
            "fill=\"none\" stroke=\"#222\" stroke-width=\"0.9\" stroke-dasharray=\"1 3\" stroke-linecap=\"round\"",
        );
    }
}

/// Appends the stretches of a line on the surface that the eye sees, without those that `is_hidden` excludes.
fn visible(
    data: &mut PathData,
    camera: &Camera,
    grid: &Grid,
    line: &[(Point, f64)],
    is_hidden: impl Fn(Point) -> bool,
) {
    let shown = |&(p, z): &(Point, f64)| z.is_finite() && !is_hidden(p) && camera.sees(grid, p, z);
    for part in line.chunk_by(|a, b| shown(a) == shown(b)) {
        if part.len() > 1 && shown(&part[0]) {
            let places: Vec<Point> = part.iter().map(|&((x, y), z)| camera.place(x, y, z)).collect();
            data.polyline(&without_straight(&places));
        }
    }
}

/// The scale of heights at the left corner, and the names of the other two axes along the front.
fn axes(svg: &mut Svg, camera: &Camera, relief: &Relief) {
    let at = |height: f64| camera.place(relief.theta.0, relief.phi.1, height);
    svg.line(at(0.0), at(relief.heights.high()), "stroke=\"#888\" stroke-width=\"1\"");
    for tick in relief.heights.ticks() {
        let (Some(label), (x, y)) = (tick.label, at(tick.value)) else { continue };
        svg.line((x - 4.0, y), (x, y), "stroke=\"#888\" stroke-width=\"0.8\"");
        svg.text((x - 7.0, y + 4.0), Anchor::End, SMALL, &label);
    }
    let top = at(relief.heights.high());
    svg.text((top.0, top.1 - 9.0), Anchor::Middle, "font-weight=\"600\"", "E");
    let along = |from: (f64, f64), to: (f64, f64), text: &str, down: f64| {
        let (a, b) = (camera.place(from.0, from.1, 0.0), camera.place(to.0, to.1, 0.0));
        (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1) + down, text.to_owned())
    };
    let (theta, phi) = (relief.theta, relief.phi);
    let (x, y, text) = along((theta.0, phi.0), (theta.1, phi.0), "θ", 18.0);
    svg.text((x, y), Anchor::Middle, "font-size=\"12\" font-style=\"italic\" fill=\"#666\"", &text);
    let (x, y, text) = along((theta.0, phi.0), (theta.0, phi.1), "φ", 16.0);
    svg.text((x - 8.0, y), Anchor::End, "font-size=\"12\" font-style=\"italic\" fill=\"#666\"", &text);
}

/// A thin pole on each mark. On a large block its kind, its name and its height stand above all else; on a small one its kind, for
/// the first mark of each kind.
fn poles(svg: &mut Svg, view: &View, camera: &Camera, grid: &Grid, marks: &[Mark]) {
    let (length, size) = if view.is_named { (34.0, 4.6) } else { (9.0, 3.2) };
    let highest = if view.is_named { 44.0 } else { 32.0 };
    let mut taken: Vec<Space> = Vec::new();
    let mut drawn: Vec<(usize, Point)> =
        marks.iter().enumerate().map(|(i, m)| (i, camera.place(m.theta, m.phi, m.height))).collect();
    drawn.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
    for (i, (x, y)) in drawn {
        let mark = &marks[i];
        let color = peak_color(mark.kind);
        let is_first = marks[..i].iter().all(|other| other.kind != mark.kind);
        // From the lowest line to the uppermost: text and size.
        let lines = match (view.is_named, is_first) {
            (true, _) => vec![(marks::detail_text(mark), 11.0), (marks::kind_text(mark), 12.0)],
            (false, true) => vec![(marks::kind_text(mark), 10.0)],
            (false, false) => Vec::new(),
        };
        let width = lines.iter().map(|(text, size)| text_width(text, *size)).fold(0.0, f64::max);
        let left = (x - width / 2.0).clamp(view.left, (view.left + view.width - width).max(view.left));
        let mut top = y - length;
        let space = |top: f64| Space([left, top - 2.0 - LINE * lines.len() as f64, left + width, top + 2.0]);
        while !lines.is_empty() && top > highest && !space(top).is_free(&taken) {
            top -= 3.0;
        }
        if !lines.is_empty() {
            taken.push(space(top));
        }
        let dash = if mark.is_peak { "" } else { " stroke-dasharray=\"2 2\"" };
        let faint = if camera.sees(grid, (mark.theta, mark.phi), mark.height) { "1" } else { "0.45" };
        svg.line((x, y), (x, top), &format!("stroke=\"{}\" stroke-width=\"1\"{dash}", color.line));
        svg.group(&format!("opacity=\"{faint}\""), |svg| {
            marks::symbol(svg, (x, y), mark, size);
        });
        for (row, (text, size)) in lines.iter().enumerate() {
            let weight = if row + 1 == lines.len() { "font-weight=\"600\" " } else { "" };
            let style = format!("{weight}font-size=\"{size}\" fill=\"{}\" {}", color.text, marks::ON_TINT);
            svg.text((left + width / 2.0, top - 4.0 - LINE * row as f64), Anchor::Middle, &style, text);
        }
    }
}
