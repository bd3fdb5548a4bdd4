//! The map: bands of tint between contours, seen from above.

use super::contour::{self, Point};
use super::grid::{Grid, Mark};
use super::marks::{self, ON_TINT, Space};
use super::relief::Relief;
use crate::plot::Panel;
use crate::svg::{Anchor, PathData, Svg, text_width};
use crate::words::number;
use dunwu::answer::peak_color;

const LABEL: f64 = 9.5;
const NAME: f64 = 11.0;

/// The whole map inside the panel.
pub(super) fn draw(svg: &mut Svg, panel: &Panel, relief: &Relief, grid: &Grid, marks: &[Mark]) {
    let place = |outline: &[Point]| outline.iter().filter_map(|&p| panel.at(p)).collect::<Vec<_>>();
    let mut named: Vec<(f64, Vec<Point>)> = Vec::new();
    for (k, &level) in relief.levels.iter().enumerate() {
        // Each band is laid on the one below, so that no gap shows between two of them.
        let outlines = contour::outlines(grid, if k == 0 { f64::NEG_INFINITY } else { level });
        let mut data = PathData::default();
        for outline in &outlines {
            data.polyline(&straightened(&place(outline))).close();
        }
        let is_named = k > 0 && relief.is_named(k);
        let stroke = match (k, is_named) {
            (0, _) => "",
            (_, true) => " stroke=\"#2e3b30\" stroke-opacity=\"0.75\" stroke-width=\"0.8\"",
            (_, false) => " stroke=\"#2e3b30\" stroke-opacity=\"0.35\" stroke-width=\"0.5\"",
        };
        svg.path(&data, &format!("fill=\"{}\" fill-rule=\"evenodd\"{stroke}", relief.tint(k)));
        if is_named {
            named.extend(outlines.iter().map(|outline| (level, place(outline))));
        }
    }
    if let (Some(from), Some(to)) = (panel.at((relief.theta.0, 0.0)), panel.at((relief.theta.1, 0.0)))
        && (relief.phi.0..=relief.phi.1).contains(&0.0)
    {
        svg.line(from, to, "stroke=\"#222\" stroke-width=\"0.9\" stroke-dasharray=\"1 3\" stroke-linecap=\"round\"");
    }
    // Over the parts of the outlines that follow the border of the grid and are no contours.
    let frame = "fill=\"none\" stroke=\"#fff\" stroke-width=\"2\"";
    svg.rect((panel.left, panel.top), (panel.width, panel.height), frame);
    let mut taken = Vec::new();
    names(svg, panel, marks, &mut taken);
    named.sort_by(|a, b| a.0.total_cmp(&b.0));
    levels(svg, panel, &named, &mut taken);
}

/// Without the points on a straight stretch parallel to an axis, of which the border of the grid is made.
fn straightened(outline: &[Point]) -> Vec<Point> {
    let mut outline = outline.to_vec();
    outline.dedup();
    if outline.first() == outline.last() {
        outline.pop();
    }
    let n = outline.len();
    let is_kept = |&i: &usize| {
        let (a, b, c) = (outline[(i + n - 1) % n], outline[i], outline[(i + 1) % n]);
        let is_flat = |of: fn(Point) -> f64| of(a) == of(b) && of(b) == of(c);
        !(is_flat(|p| p.0) || is_flat(|p| p.1))
    };
    (0..n).filter(is_kept).map(|i| outline[i]).collect()
}

fn names(svg: &mut Svg, panel: &Panel, marks: &[Mark], taken: &mut Vec<Space>) {
    let whole = Space([panel.left, panel.top, panel.right(), panel.bottom()]);
    let places: Vec<(&Mark, Point)> = marks.iter().filter_map(|m| Some((m, panel.at((m.theta, m.phi))?))).collect();
    taken.extend(places.iter().map(|(_, (x, y))| Space([x - 6.0, y - 6.0, x + 6.0, y + 6.0])));
    for (mark, (x, y)) in places {
        marks::symbol(svg, (x, y), mark, 4.6);
        let name = marks::short_name(&mark.name);
        let width = text_width(&name, NAME);
        let left = (x - width / 2.0).clamp(panel.left + 2.0, (panel.right() - width - 2.0).max(panel.left + 2.0));
        // Above, below, right, left of the mark; then further away.
        let corners = [(left, y - 21.0), (left, y + 8.0), (x + 9.0, y - 7.0), (x - 9.0 - width, y - 7.0)];
        let further = [(left, y - 35.0), (left, y + 22.0), (left, y - 49.0), (left, y + 36.0)];
        let spaces = corners.into_iter().chain(further).map(|(x, y)| Space([x, y, x + width, y + 14.0]));
        let Some(space) = spaces.into_iter().find(|s| s.lies_in(&whole) && s.is_free(taken)) else { continue };
        taken.push(space);
        let style = format!("font-size=\"11\" fill=\"{}\" font-weight=\"600\" {ON_TINT}", peak_color(mark.kind).text);
        svg.text((f64::midpoint(space.0[0], space.0[2]), space.0[1] + 11.0), Anchor::Middle, &style, &name);
    }
}

/// One label on each contour that has room for it, where it runs most nearly level.
fn levels(svg: &mut Svg, panel: &Panel, named: &[(f64, Vec<Point>)], taken: &mut Vec<Space>) {
    let inner = Space([panel.left + 2.0, panel.top + 2.0, panel.right() - 2.0, panel.bottom() - 2.0]);
    for (level, outline) in named {
        let text = number(*level);
        let half = text_width(&text, LABEL) / 2.0;
        let n = outline.len();
        let length: f64 = (0..n).map(|i| distance(outline[i], outline[(i + 1) % n])).sum();
        if length < 8.0 * half {
            continue;
        }
        let slope = |i: usize| {
            let (a, b) = (outline[(i + n - 1) % n], outline[(i + 1) % n]);
            (b.1 - a.1).abs() / distance(a, b).max(1e-9)
        };
        let space = |i: usize| {
            let (x, y) = outline[i];
            Space([x - half - 1.0, y - 5.0, x + half + 1.0, y + 5.0])
        };
        let best = (0..n)
            .filter(|&i| space(i).lies_in(&inner) && space(i).is_free(taken))
            .min_by(|&a, &b| slope(a).total_cmp(&slope(b)));
        if let Some(i) = best.filter(|&i| slope(i) < 0.5) {
            taken.push(space(i));
            let (x, y) = outline[i];
            svg.text((x, y + 3.4), Anchor::Middle, &format!("font-size=\"9.5\" fill=\"#2e3b30\" {ON_TINT}"), &text);
        }
    }
}

fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}
