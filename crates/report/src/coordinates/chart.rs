//! The figures: slopes with their intervals beside the band, and sizes over the width.

use super::answer::{quantity_words, scaling_words};
use crate::plot::LEFT;
use crate::words::{count, number};
use dunwu::answer::{
    Anchor, Axis, Band, Color, FAINT, Figure, Frame, Item, Layer, Line, Place, Plot, Plots, Points, RESTORED, Scale,
    Segments, TEST, TRAIN, Text, Tick, Ticks, WIDTH, range,
};
use dunwu::stats::median;
use dunwu_verdict::coordinates::{Coordinates, PartScaling, QuantityScaling, Scaling};

/// Room for the names of rows.
const NAMES: f64 = 250.0;
/// Room for the words of verdicts.
const VERDICTS: f64 = 136.0;
/// Height of a row.
const ROW: f64 = 18.0;
const TOP: f64 = 14.0;
/// The band in which a slope counts as none.
const BAND_TINT: &str = "#E4F2EC";
/// Room for the names of curves.
const RIGHT: f64 = 166.0;

fn color(scaling: Option<Scaling>) -> Color {
    match scaling {
        Some(Scaling::Stable) => RESTORED,
        Some(Scaling::Grows) => TRAIN,
        Some(Scaling::Shrinks) => TEST,
        Some(Scaling::CannotTell) | None => FAINT,
    }
}

/// Names that are longer than there is room for lose their middle.
fn shortened(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let (head, tail) = (most / 2, most - most / 2 - 1);
    letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - tail..]).collect()
}

/// Every judged slope with its interval, a row each.
pub(super) fn slopes(found: &Coordinates) -> Figure {
    const NAME: &str = "coordinates-slopes";
    const TITLE: &str = "Slopes";
    let rows: Vec<(&PartScaling, &QuantityScaling)> = found.judged().collect();
    let values = rows.iter().flat_map(|(_, one)| [one.slope, one.low, one.high]).flatten();
    // An interval of a single degree of freedom may be many times as wide as what it is about.
    let Some((low, high)) = range(values.map(|value| value.clamp(-4.0, 4.0))) else {
        return Figure::undefined(NAME, TITLE, "no size can be fitted");
    };
    let x = Scale::linear([low, high], &[-2.0 * found.band, 2.0 * found.band]);
    let n = rows.len() as f64;
    let frame = Frame { left: NAMES, top: TOP, width: WIDTH - NAMES - VERDICTS, height: ROW * n };
    let axis = Axis::of(x, Some("slope b (size ∝ widthᵇ)"));
    let nothing = Axis { title: None, scale: Scale::Linear { low: 0.0, high: n }, ticks: Ticks::None };
    let mut plot = Plot::new(frame, "", axis, nothing);
    plot.bands.push(Band { from: -found.band, to: found.band, names: Vec::new(), tint: BAND_TINT });
    let mut plots = Plots { size: (WIDTH, TOP + ROW * n + 46.0), plots: Vec::new(), items: Vec::new() };
    for (i, (part, one)) in rows.iter().enumerate() {
        let (y, color) = (n - i as f64 - 0.5, color(one.verdict));
        if let Some((low, high)) = one.low.zip(one.high) {
            let segments = vec![(Place::at(low, y), Place::at(high, y))];
            plot.layers.push(Layer::Segments(Segments { segments, color, width: 1.8, dashed: false }));
        }
        plot.layers.extend(one.slope.map(|slope| Layer::Points(Points::filled([(slope, y)], 3.4, color))));
        let line = TOP + ROW * (i as f64 + 0.5) + 4.0;
        let name = format!("{}, {}", shortened(&part.name, 26), one.quantity.name());
        plots.items.push(Item::Text(Text::small(Place::at(NAMES - 12.0, line), Anchor::End, name)));
        let verdict = Text::small(Place::at(WIDTH - VERDICTS + 8.0, line), Anchor::Start, scaling_words(one.verdict));
        plots.items.push(Item::Text(Text { color: color.text, ..verdict }));
    }
    plots.plots.push(plot);
    let caption = format!(
        "A row a size: the power of the width with which it goes, with its 95 % interval. In the green band, ±{}, it counts as stable.",
        number(found.band)
    );
    Figure::of_plots(NAME, TITLE, caption, plots)
}

/// A size over the width, in multiples of the narrowest network's.
struct Curve<'a> {
    part: &'a PartScaling,
    one: &'a QuantityScaling,
    points: Vec<(f64, f64)>,
}

/// Medians over seeds, as multiples of the narrowest network's.
pub(super) fn sizes(found: &Coordinates) -> Figure {
    const NAME: &str = "coordinates-sizes";
    const TITLE: &str = "Sizes";
    let of = |(part, one)| Some(Curve { part, one, points: multiples(found, one)? });
    let curves: Vec<Curve<'_>> = found.judged().filter_map(of).collect();
    let values: Vec<f64> = curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.1)).collect();
    if values.is_empty() {
        return Figure::undefined(NAME, TITLE, "no size can be followed from the narrowest network on");
    }
    let [low, high] = [found.widths.first(), found.widths.last()].map(|width| width.map_or(1.0, |&width| width as f64));
    let x = Scale::Log { low, high };
    let ticks = found.widths.iter().map(|&width| Tick { value: width as f64, label: Some(count(width)) });
    let axis = Axis { title: Some(format!("width ({})", found.setting)), scale: x, ticks: Ticks::At(ticks.collect()) };
    let y = Scale::log(values.into_iter().chain([0.5, 2.0]), 12);
    let frame = Frame { left: LEFT, top: 24.0, width: WIDTH - LEFT - RIGHT, height: 200.0 };
    let mut plot = Plot::new(frame, "Size (multiple of the narrowest network's)", axis, Axis::of(y, None));
    // The steepest of each direction are named; more names than a dozen have no room.
    let mut by_slope: Vec<usize> = (0..curves.len()).collect();
    let slope = |i: &usize| curves[*i].one.slope.map_or(0.0, f64::abs);
    by_slope.sort_by(|a, b| slope(b).total_cmp(&slope(a)));
    for (place, i) in by_slope.iter().enumerate() {
        let Curve { part, one, points } = &curves[*i];
        let name = format!("{}, {}", shortened(&part.name, 12), one.quantity.name());
        let name = Some(name.as_str()).filter(|_| place < 10);
        plot.layers.push(Layer::Line(Line::solid(name, points.clone(), color(one.verdict), 1.6)));
    }
    let caption = format!(
        "Medians over seeds by width, for what is judged ({}, {}, {}). A stable size stays at 1; orange grows, blue shrinks.",
        quantity_words(dunwu_verdict::coordinates::Quantity::Last),
        quantity_words(dunwu_verdict::coordinates::Quantity::Change),
        quantity_words(dunwu_verdict::coordinates::Quantity::Effect),
    );
    let plots = Plots { size: (WIDTH, 24.0 + 200.0 + 44.0), plots: vec![plot], items: Vec::new() };
    Figure::of_plots(NAME, TITLE, caption, plots)
}

fn multiples(found: &Coordinates, one: &QuantityScaling) -> Option<Vec<(f64, f64)>> {
    let at = |width: u64| {
        let sizes = one.sizes.iter().filter(|size| size.width == width).filter_map(|size| size.size);
        median(sizes).filter(|&size| size > 0.0)
    };
    let first = at(*found.widths.first()?)?;
    Some(found.widths.iter().filter_map(|&width| Some((width as f64, at(width)? / first))).collect())
}
