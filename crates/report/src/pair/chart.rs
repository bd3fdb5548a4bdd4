//! The figure of a paired comparison: times of pairs, and effects with their intervals.

use super::names::arms;
use super::words::as_effect;
use crate::plot::LEFT;
use crate::svg::WIDTH;
use crate::words::number;
use dunwu::answer::{
    Anchor, Axis, Color, Figure, Frame, Item, Layer, NEUTRAL, Place, Plot, Plots, Points, RESTORED, Scale, Segments,
    TEST, Text, Ticks, range,
};
use dunwu_studies::paired::{Comparison, Effect, Effects};

const TOP: f64 = 30.0;
const HEIGHT: f64 = 210.0;
/// Where the effects begin.
const MIDDLE: f64 = 330.0;
/// Height of an effect's row.
const ROW: f64 = 17.0;
/// Lines of no effect, and of equal times.
const RULE: Color = Color { line: "#888", text: "#666" };

/// The figure.
pub(super) fn pairs(comparison: &Comparison) -> Figure {
    let mut plots = Plots::default();
    let [a, b] = arms(comparison);
    let effect = format!("{b} against {a} with 95 % intervals; the thin line is no effect.");
    let Some(scatter) = scatter(comparison) else {
        plots.size = (WIDTH, effects(comparison, 0.0, &mut plots));
        let caption = format!("Estimates of {effect} No pair has two runs that generalize within equal compute.");
        return Figure::of_plots("pairs", "Effects", caption, plots);
    };
    plots.plots.push(scatter);
    let bottom = effects(comparison, MIDDLE, &mut plots);
    plots.size = (WIDTH, bottom.max(TOP + HEIGHT + 44.0));
    let caption = format!(
        "Left, a dot a pair in which both generalize within equal compute; below the line {b} is quicker. Right, estimates of {effect}"
    );
    Figure::of_plots("pairs", "Pairs and effects", caption, plots)
}

/// Each pair's times against each other on equal logarithmic axes; `None` without a pair in which both generalize.
fn scatter(comparison: &Comparison) -> Option<Plot> {
    let unit = if comparison.is_in_seconds { "s" } else { "steps" };
    let positive = comparison.times.iter().filter(|pair| pair.iter().all(|&time| time > 0.0));
    let points: Vec<(f64, f64)> = positive.map(|[a, b]| (*a, *b)).collect();
    let (low, high) = range(points.iter().flat_map(|&(a, b)| [a, b]))?;
    let margin = (high / low).powf(0.06).max(1.1);
    let scale = Scale::Log { low: low / margin, high: high * margin };
    let frame = Frame { left: LEFT, top: TOP, width: HEIGHT, height: HEIGHT };
    let [a, b] = arms(comparison).map(|arm| format!("{} ({unit} to generalize)", shortened(&arm)));
    let mut plot = Plot::new(frame, b, Axis::of(scale, Some(&a)), Axis::of(scale, None));
    let ends = (Place::at(scale.low(), scale.low()), Place::at(scale.high(), scale.high()));
    plot.layers = vec![
        Layer::Segments(Segments { segments: vec![ends], color: RULE, width: 1.0, dashed: true }),
        Layer::Points(Points { opacity: 0.7, ..Points::filled(points, 2.6, TEST) }),
    ];
    Some(plot)
}

/// Every effect, plain and tuned, from `left` on an axis of ratios or of differences; says where the last one ends.
fn effects(comparison: &Comparison, left: f64, plots: &mut Plots) -> f64 {
    let mut lists: Vec<(&str, &Effects)> = vec![("equal settings", &comparison.effects)];
    lists.extend(comparison.tuned.as_ref().map(|tuned| ("tuned", &tuned.effects)));
    let rows = |read: &dyn Fn(&Effects) -> Option<Effect>| -> Vec<(&str, Effect)> {
        lists.iter().filter_map(|(name, effects)| Some((*name, read(effects)?))).collect()
    };
    let mut top = TOP;
    for (name, remark, nothing, rows) in [
        ("Steps to generalize", "(ratio)", 1.0, rows(&|effects| effects.steps_ratio)),
        ("Seconds to generalize", "(ratio)", 1.0, rows(&|effects| effects.seconds_ratio)),
        ("Share that generalized", "(difference)", 0.0, rows(&|effects| effects.generalized.as_ref().map(as_effect))),
        ("Test accuracy", "(difference)", 0.0, rows(&|effects| effects.test_accuracy_difference)),
    ] {
        if rows.is_empty() {
            continue;
        }
        let at = (left, top - 9.0);
        plots.items.push(Item::Heading { at, name: name.to_owned(), remark: remark.to_owned() });
        for (i, (name, _)) in rows.iter().enumerate() {
            let at = Place::at(left, top + ROW * (i as f64 + 0.5) + 5.0);
            plots.items.push(Item::Text(Text::small(at, Anchor::Start, *name)));
        }
        plots.plots.push(forest(nothing, &rows, (left, top)));
        top += ROW * rows.len() as f64 + 44.0;
    }
    let [a, b] = arms(comparison).map(|arm| shortened(&arm));
    let remark = format!("{b} against {a}");
    plots.items.push(Item::Text(Text::small(Place::at(left, top - 4.0), Anchor::Start, remark)));
    top + 8.0
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= 16 { name.to_owned() } else { name.chars().take(15).chain(['…']).collect() }
}

/// Estimates with intervals from a left top corner on, one a row, about the line of no effect.
fn forest(nothing: f64, rows: &[(&str, Effect)], (left, top): (f64, f64)) -> Plot {
    let reach = |value: f64| if nothing == 1.0 { value.max(1e-300).ln().abs() } else { value.abs() };
    let values = || rows.iter().flat_map(|(_, e)| [Some(e.estimate), e.low, e.high].into_iter().flatten());
    let most = values().map(reach).filter(|reach| reach.is_finite()).fold(0.0, f64::max).clamp(0.02, 600.0) * 1.1;
    let x = if nothing == 1.0 {
        Scale::Log { low: (-most).exp(), high: most.exp() }
    } else {
        Scale::Linear { low: -most, high: most }
    };
    let n = rows.len() as f64;
    let frame = Frame { left: left + 88.0, top, width: WIDTH - left - 100.0, height: ROW * n + 4.0 };
    let axis = |scale| Axis { title: None, scale, ticks: Ticks::None };
    let mut plot = Plot::new(frame, "", axis(x), axis(Scale::Linear { low: 0.0, high: n }));
    let rule =
        |from, to, width| Layer::Segments(Segments { segments: vec![(from, to)], color: RULE, width, dashed: false });
    plot.layers.push(rule(Place::at(nothing, 0.0), Place::at(nothing, n), 1.0));
    plot.layers.push(rule(Place::at(x.low(), 0.0), Place::at(x.high(), 0.0), 0.8));
    for (i, (_, effect)) in rows.iter().enumerate() {
        let y = n - i as f64 - 0.5;
        let color = if i == 0 { NEUTRAL } else { RESTORED };
        if let (Some(low), Some(high)) = (effect.low, effect.high) {
            let segments = vec![(Place::at(low, y), Place::at(high, y))];
            plot.layers.push(Layer::Segments(Segments { segments, color, width: 1.6, dashed: false }));
        }
        plot.layers.push(Layer::Points(Points::filled([(effect.estimate, y)], 3.4, color)));
    }
    let below = |value: f64, anchor| Text::small(Place::at(value, 0.0).moved(0.0, 13.0), anchor, number(value));
    let texts = vec![below(x.low(), Anchor::Start), below(x.high(), Anchor::End), below(nothing, Anchor::Middle)];
    plot.layers.push(Layer::Texts(texts));
    plot
}
