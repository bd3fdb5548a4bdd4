//! The section along φ = 0: energy against the angle from the memory peak.

use super::contour::Point;
use super::grid::Mark;
use super::marks;
use super::relief::Relief;
use crate::plot::{Panel, Stroke};
use crate::svg::{PathData, Svg};
use dunwu::answer as palette;

/// Bands of tint below the line, the line, and the marks that lie on it. The bands make the axis of heights the key of the
/// tints, so that no drawing needs another.
pub(super) fn draw(svg: &mut Svg, panel: &Panel, relief: &Relief, section: &[Point], marks: &[Mark]) {
    for (k, &level) in relief.levels.iter().enumerate() {
        let mut data = PathData::default();
        for part in section.split(|p| !p.1.is_finite()) {
            for hill in above(part, level) {
                let places: Vec<Point> = hill.iter().filter_map(|&p| panel.at(p)).collect();
                data.polyline(&places).close();
            }
        }
        svg.path(&data, &format!("fill=\"{}\"", relief.tint(k)));
    }
    panel.curve(svg, section, Stroke { color: palette::NEUTRAL, width: 1.2, dashed: false });
    // A mark beside the line would stand in the air.
    let tilt = 0.5;
    for mark in marks.iter().filter(|m| m.phi.abs() <= tilt) {
        if let Some(place) = panel.at((mark.theta, mark.height)) {
            marks::symbol(svg, place, mark, 3.6);
        }
    }
}

/// The parts of the line above a level as outlines that begin and end on it.
pub(super) fn above(line: &[Point], level: f64) -> Vec<Vec<Point>> {
    let mut hills = Vec::new();
    let mut hill: Vec<Point> = Vec::new();
    let meets = |a: Point, b: Point| (a.0 + (level - a.1) / (b.1 - a.1) * (b.0 - a.0), level);
    for (i, &point) in line.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| line[i]);
        match (before.is_some_and(|p| p.1 >= level), point.1 >= level) {
            (false, true) => {
                hill = vec![before.map_or((point.0, level), |p| meets(p, point)), point];
            }
            (true, true) => hill.push(point),
            (true, false) => {
                hill.extend(before.map(|p| meets(p, point)));
                hills.push(std::mem::take(&mut hill));
            }
            (false, false) => {}
        }
    }
    if let Some(&(x, _)) = hill.last() {
        hill.push((x, level));
        hills.push(hill);
    }
    hills
}
