//! The drawing of a paired comparison: times of pairs, and effects with their intervals.

use super::pair::as_effect;
use super::plot::{LEFT, Panel, SMALL};
use super::svg::{Anchor, Svg, WIDTH};
use super::words::{counted, number};
use dunwu::answer::{NEUTRAL, RESTORED, TEST};
use dunwu::answer::{Scale, range};
use dunwu::paired::{Comparison, Effect, Effects};
use dunwu::phase::shown;

const TOP: f64 = 30.0;
const HEIGHT: f64 = 210.0;
/// Where the effects begin.
const MIDDLE: f64 = 330.0;

/// The drawing as a whole SVG document.
pub(super) fn pairs(comparison: &Comparison) -> String {
    let mut svg = Svg::default();
    scatter(&mut svg, comparison);
    let bottom = effects(&mut svg, comparison);
    let description = counted(comparison.effects.pairs, "pair");
    svg.finish("pairs", "Pairs and effects", &description, bottom.max(TOP + HEIGHT + 44.0))
}

/// Each pair's times against each other on equal logarithmic axes.
fn scatter(svg: &mut Svg, comparison: &Comparison) {
    let unit = if comparison.is_in_seconds { "s" } else { "steps" };
    let positive = comparison.times.iter().filter(|pair| pair.iter().all(|&time| time > 0.0));
    let points: Vec<(f64, f64)> = positive.map(|[a, b]| (*a, *b)).collect();
    let Some((low, high)) = range(points.iter().flat_map(|&(a, b)| [a, b])) else {
        svg.text((LEFT, TOP + 20.0), Anchor::Start, SMALL, "no pair in which both generalize");
        return;
    };
    let margin = (high / low).powf(0.06).max(1.1);
    let scale = Scale::Log { low: low / margin, high: high * margin };
    let panel =
        Panel { left: LEFT, top: TOP, width: HEIGHT, height: HEIGHT, strip: 0.0, names: 0.0, x: scale, y: scale };
    panel.y_axis(svg, &format!("{} ({unit} to generalize)", shown(&comparison.b)));
    panel.x_axis(svg, Some(&format!("{} ({unit} to generalize)", shown(&comparison.a))));
    let line = "stroke=\"#888\" stroke-width=\"1\" stroke-dasharray=\"4 3\"";
    svg.line((panel.left, panel.bottom()), (panel.right(), panel.top), line);
    svg.group("fill-opacity=\"0.7\"", |svg| panel.dots(svg, &points, 2.6, TEST));
}

/// Every effect, plain and tuned, on an axis of ratios or of differences.
fn effects(svg: &mut Svg, comparison: &Comparison) -> f64 {
    let mut lists: Vec<(&str, &Effects)> = vec![("equal settings", &comparison.effects)];
    lists.extend(comparison.tuned.as_ref().map(|tuned| ("tuned", &tuned.effects)));
    let rows = |read: &dyn Fn(&Effects) -> Option<Effect>| -> Vec<(&str, Effect)> {
        lists.iter().filter_map(|(name, effects)| Some((*name, read(effects)?))).collect()
    };
    let second = shown(&comparison.b);
    let mut top = TOP;
    for (title, nothing, rows) in [
        ("Steps to generalize (ratio)", 1.0, rows(&|effects| effects.steps_ratio)),
        ("Seconds to generalize (ratio)", 1.0, rows(&|effects| effects.seconds_ratio)),
        ("Share that generalized (difference)", 0.0, rows(&|effects| effects.generalized.as_ref().map(as_effect))),
        ("Test accuracy (difference)", 0.0, rows(&|effects| effects.test_accuracy_difference)),
    ] {
        if !rows.is_empty() {
            top = forest(svg, title, nothing, &rows, top);
        }
    }
    svg.text((MIDDLE, top - 4.0), Anchor::Start, SMALL, &format!("{} against the other", shortened(&second)));
    top + 8.0
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= 16 { name.to_owned() } else { name.chars().take(15).chain(['…']).collect() }
}

/// Estimates with intervals, one a row, about the line of no effect; returns where the next begins.
fn forest(svg: &mut Svg, title: &str, nothing: f64, rows: &[(&str, Effect)], top: f64) -> f64 {
    const ROW: f64 = 17.0;
    let reach = |value: f64| if nothing == 1.0 { value.max(1e-300).ln().abs() } else { value.abs() };
    let values = || rows.iter().flat_map(|(_, e)| [Some(e.estimate), e.low, e.high].into_iter().flatten());
    let most = values().map(reach).filter(|reach| reach.is_finite()).fold(0.0, f64::max).clamp(0.02, 600.0) * 1.1;
    let x = if nothing == 1.0 {
        Scale::Log { low: (-most).exp(), high: most.exp() }
    } else {
        Scale::Linear { low: -most, high: most }
    };
    let height = ROW * rows.len() as f64 + 4.0;
    let panel =
        Panel { left: MIDDLE + 88.0, top, width: WIDTH - MIDDLE - 100.0, height, strip: 0.0, names: 0.0, x, y: x };
    let (name, remark) = title.split_at(title.find(" (").unwrap_or(title.len()));
    svg.heading((MIDDLE, top - 9.0), name, remark.trim_start());
    let place = |value: f64| panel.at_x(value).map_or(panel.left, |x| x.clamp(panel.left, panel.right()));
    svg.line((place(nothing), top), (place(nothing), panel.bottom()), "stroke=\"#888\" stroke-width=\"1\"");
    for (i, (name, effect)) in rows.iter().enumerate() {
        let y = top + ROW * (i as f64 + 0.5) + 1.0;
        let color = if i == 0 { NEUTRAL } else { RESTORED };
        if let (Some(low), Some(high)) = (effect.low, effect.high) {
            let style = format!("stroke=\"{}\" stroke-width=\"1.6\"", color.line);
            svg.line((place(low), y), (place(high), y), &style);
        }
        svg.circle((place(effect.estimate), y), 3.4, &format!("fill=\"{}\"", color.line));
        svg.text((MIDDLE, y + 4.0), Anchor::Start, SMALL, name);
    }
    let ends = [(panel.left, Anchor::Start, x.low()), (panel.right(), Anchor::End, x.high())];
    svg.line((panel.left, panel.bottom()), (panel.right(), panel.bottom()), "stroke=\"#888\" stroke-width=\"0.8\"");
    for (at, anchor, value) in ends {
        svg.text((at, panel.bottom() + 13.0), anchor, SMALL, &number(value));
    }
    svg.text((place(nothing), panel.bottom() + 13.0), Anchor::Middle, SMALL, &number(nothing));
    panel.bottom() + 40.0
}
