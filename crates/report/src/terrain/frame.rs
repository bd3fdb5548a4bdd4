//! One amount of data: the block of mountains, the section through both peaks, and the map.

use super::grid::{Grid, Mark, Terrain};
use super::marks::short_name;
use super::relief::Relief;
use super::surface::View;
use super::{map, section, surface};
use crate::plot::{Panel, SMALL, Stroke};
use crate::svg::{Anchor, Svg};
use crate::words::{count, counted, number};
use dunwu::answer::FAINT;
use dunwu::answer::Scale;
use dunwu::landscape::PeakKind;

/// Size of a frame: the shape of a slide, because the block is wide.
const SIZE: (f64, f64) = (960.0, 520.0);
const SECTION_TOP: f64 = 84.0;
const SECTION_HEIGHT: f64 = 118.0;
const MAP_TOP: f64 = 252.0;
const MAP_SPACE: (f64, f64) = (316.0, 222.0);
const MAP_LEFT: f64 = 630.0;

/// The drawing for `terrains[index]` as a whole SVG document.
///
/// `name` makes its ids unique within a page. Scale of heights, tints and camera are those of all `terrains`, so that frames of
/// one set can be laid on each other.
pub(crate) fn frame(name: &str, terrains: &[Terrain], index: usize) -> String {
    let relief = Relief::of(terrains);
    let mut svg = Svg::default();
    let Some((terrain, grid)) = terrains.get(index).and_then(|t| Some((t, Grid::of(t)?))) else {
        svg.text((24.0, 40.0), Anchor::Start, SMALL, "not defined here: no grid of heights is given");
        return svg.finish_sized(name, "Energy landscape", "not defined here", SIZE);
    };
    let title = format!("n = {}", count(terrain.n_train as u64));
    svg.group("font-size=\"22\"", |svg| svg.heading((24.0, 36.0), &title, "training samples"));
    let marks = grid.marks(terrain);
    let told = summary(&marks);
    svg.text((24.0, 56.0), Anchor::Start, "font-size=\"13\" fill=\"#5f5f5f\"", &told);
    let view = View { left: 52.0, top: 112.0, width: 520.0, height: 384.0, is_named: true };
    surface::draw(&mut svg, &view, &relief, &grid, &marks);
    let map = map_panel(&relief);
    let others = terrains.iter().enumerate().filter(|&(i, t)| i != index && t.theta == terrain.theta);
    let faint: Vec<_> = others.filter_map(|(_, t)| Grid::of(t)?.section(0.0)).collect();
    draw_section(&mut svg, &map, &relief, (&grid, &marks), &faint);
    map.y_axis(&mut svg, "From above (tilt φ against angle θ, degrees)");
    map::draw(&mut svg, &map, &relief, &grid, &marks);
    map.x_axis(&mut svg, Some(&format!("θ, angle from {} (degrees)", origin(&marks))));
    let description = format!("Energy of a hidden unit for {}. {told}", counted(terrain.n_train, "training sample"));
    svg.finish_sized(name, &format!("Energy landscape at {title}"), &description, SIZE)
}

/// The peak that angles are counted from, by its kind, or by its name where the other peak is of that kind too.
fn origin(marks: &[Mark]) -> String {
    match marks {
        [first, second, ..] if first.kind == second.kind => short_name(&first.name),
        [first, ..] => format!("the {} peak", first.kind.name()),
        [] => "the first peak".to_owned(),
    }
}

/// The panel of the map: a degree is as long across as upwards.
fn map_panel(relief: &Relief) -> Panel {
    let (theta, phi) = (relief.theta.1 - relief.theta.0, relief.phi.1 - relief.phi.0);
    let degree = (MAP_SPACE.0 / theta).min(MAP_SPACE.1 / phi);
    Panel {
        left: MAP_LEFT,
        top: MAP_TOP,
        width: degree * theta,
        height: degree * phi,
        strip: 0.0,
        names: 0.0,
        x: Scale::Linear { low: relief.theta.0, high: relief.theta.1 },
        y: Scale::Linear { low: relief.phi.0, high: relief.phi.1 },
    }
}

/// The section above the map and along its axis; sections at other amounts of data stand behind it.
fn draw_section(
    svg: &mut Svg,
    map: &Panel,
    relief: &Relief,
    (grid, marks): (&Grid, &[Mark]),
    others: &[Vec<(f64, f64)>],
) {
    let panel = Panel { top: SECTION_TOP, height: SECTION_HEIGHT, y: relief.heights, ..*map };
    let remark = if others.is_empty() { "" } else { "; grey, behind: other n" };
    panel.y_axis(svg, &format!("Along φ = 0 (energy E{remark})"));
    let Some(line) = grid.section(0.0) else {
        svg.text((panel.left, panel.top + 20.0), Anchor::Start, SMALL, "not defined: φ = 0 lies outside the grid");
        return;
    };
    for other in others {
        panel.curve(svg, other, Stroke { color: FAINT, width: 0.6, dashed: false });
    }
    section::draw(svg, &panel, relief, &line, marks);
    panel.x_axis(svg, None);
}

/// Which mountain is the higher one.
fn summary(marks: &[Mark]) -> String {
    if let [left, right, ..] = marks
        && left.kind == right.kind
    {
        let [low, high] = [left.height.min(right.height), left.height.max(right.height)].map(number);
        return format!("two {} mountains, {high} and {low} high", left.kind.name());
    }
    let highest = |kind: PeakKind| {
        let peaks = marks.iter().filter(|m| m.kind == kind && m.is_peak && m.height.is_finite());
        peaks.map(|m| m.height).max_by(f64::total_cmp)
    };
    match (highest(PeakKind::Memory), highest(PeakKind::Feature)) {
        (Some(m), Some(g)) if g > m => {
            format!("the feature mountain is the higher one: {} against {}", number(g), number(m))
        }
        (Some(m), Some(g)) if g < m => {
            format!("the memory mountain is the higher one: {} against {}", number(m), number(g))
        }
        (Some(m), Some(_)) => format!("both mountains are {} high", number(m)),
        (Some(m), None) => format!("only a memory mountain: {}", number(m)),
        (None, Some(g)) => format!("only a feature mountain: {}", number(g)),
        (None, None) => "no mountain of either kind".into(),
    }
}
