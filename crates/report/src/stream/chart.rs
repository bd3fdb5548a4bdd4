//! The drawing of a stream: perplexity, cache and time over the position in the text, one line a policy.

use super::words::megabytes;
use crate::plot::{LEFT, Panel};
use crate::svg::text_width;
use crate::words::{count, counted, list, number};
use dunwu::answer::{
    Axis, CORRUPTED, Color, Figure, Layer, Line, Lines, Mark, NEUTRAL, Plot, Plots, Points, RESTORED, Scale, TEST,
    TRAIN, Ticks, WIDTH, range,
};
use dunwu::stats::median;
use dunwu_streams::{Course, Part, Reading};

const NAME: &str = "stream";
const TITLE: &str = "Over the position in the text";
const PERPLEXITY: f64 = 210.0;
const LOWER: f64 = 84.0;
/// Between panels: the title of the lower one.
const BETWEEN: f64 = 38.0;
/// Letters of a policy's name beside its line.
const LETTERS: usize = 22;
/// A name beside a line is as high as this.
const LINE: f64 = 14.0;
/// More segments than this are drawn faintly behind medians of stretches.
const MANY: usize = 60;
/// Stretches along the axis.
pub(super) const STRETCHES: usize = 48;
/// Perplexities that differ by more than this factor are drawn by their logarithm.
const WIDE: f64 = 4.0;
/// Segments that differ in position by more than this factor are too.
const LONG: usize = 40;

/// Okabe and Ito's other two, which no other figure of text needs.
const ORANGE: Color = Color { line: "#E69F00", text: "#8A5F00" };
const SKY: Color = Color { line: "#56B4E9", text: "#1F719F" };
const COLORS: [Color; 7] = [TEST, TRAIN, RESTORED, CORRUPTED, ORANGE, SKY, NEUTRAL];

/// The colour of the `index`th policy.
pub(super) fn color(index: usize) -> Color {
    COLORS[index % COLORS.len()]
}

/// Whether the `index`th policy is dashed, as it is once all colours are used.
pub(super) fn is_dashed(index: usize) -> bool {
    index / COLORS.len() % 2 == 1
}

pub(super) fn figure(reading: &Reading) -> Figure {
    let Some(x) = positions(reading) else {
        return Figure::undefined(NAME, TITLE, "nothing is read yet");
    };
    let n = reading.courses.len() as f64;
    let widest = reading.courses.iter().map(|course| text_width(&shortened(&course.policy), 12.0)).fold(64.0, f64::max);
    let perplexities = reading.courses.iter().flat_map(|course| points(course, |part| Some(part.perplexity)));
    let y = perplexity_scale(perplexities.map(|(_, y)| y).collect());
    let marks = marks(reading, x);
    let upper = Panel {
        left: LEFT,
        top: 0.0,
        width: WIDTH - LEFT - 10.0 - widest,
        height: PERPLEXITY.max(LINE * n),
        strip: 0.0,
        names: 0.0,
        x,
        y,
    }
    .below_marks(&marks);
    let below = |above: &Panel, y: Scale| Panel {
        top: above.bottom() + BETWEEN,
        height: LOWER.max(LINE * n),
        names: 0.0,
        y,
        ..upper
    };
    let cache = below(&upper, cache_scale(reading));
    let time = below(&cache, time_scale(reading));
    let remark = if matches!(y, Scale::Log { .. }) { ", by logarithm" } else { "" };
    let plot = |panel: &Panel, title: &str, layers: Vec<Layer>| {
        let x = Axis { title: None, scale: panel.x, ticks: Ticks::Unlabelled };
        let mut plot = Plot::new(panel.frame(), title, x, Axis::of(panel.y, None));
        plot.marks = marks.iter().map(|(at, name)| Mark { at: *at, name: name.clone() }).collect();
        plot.layers = layers;
        plot
    };
    let perplexity = layers(reading, &upper, |part| Some(part.perplexity), |course| Some(shortened(&course.policy)));
    let mut first = plot(&upper, &format!("Perplexity (by segment{remark})"), perplexity);
    first.names_bands = true;
    let end = |course: &Course| Some(number(megabytes(course.cache_bytes)));
    let second = plot(&cache, "Cache (MB)", layers(reading, &cache, |part| Some(megabytes(part.bytes)), end));
    let last = |course: &Course| course.ms_per_token_last.map(number);
    let title = "Time (ms a token, median of each segment)";
    let mut third = plot(&time, title, layers(reading, &time, |part| part.milliseconds, last));
    let remark = if matches!(x, Scale::Log { .. }) { " (by logarithm)" } else { "" };
    third.x = Axis::of(x, Some(&format!("tokens read{remark}")));
    let plots = Plots { size: (WIDTH, time.bottom() + 44.0), plots: vec![first, second, third], items: Vec::new() };
    Figure::of_plots(NAME, TITLE, caption(reading), plots)
}

fn caption(reading: &Reading) -> String {
    let courses = &reading.courses;
    let n = courses.iter().map(|course| course.parts.len()).max().unwrap_or(0);
    let faint = if n > MANY { "; faint: single segments, bold: their medians over stretches of the axis" } else { "" };
    let (tokens, segment) = (courses.first().map_or(0, |course| course.tokens), reading.setting.segment.get());
    format!(
        "{} over {} of {}, in {} of {}{faint}. The numbers beside the lower plots are the cache at the end and milliseconds a token \
         over the last thousand.",
        counted(courses.len(), "policy").replace("policys", "policies"),
        counted(tokens as usize, "token"),
        list(&reading.texts, 4),
        counted(n, "segment"),
        count(segment),
    )
}

pub(super) fn shortened(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        name.to_owned()
    } else {
        name.chars().take(LETTERS - 1).chain(['…']).collect()
    }
}

fn middle(part: &Part) -> f64 {
    f64::midpoint(part.from as f64, part.to as f64)
}

/// A quantity of each segment over its middle.
fn points(course: &Course, quantity: impl Fn(&Part) -> Option<f64>) -> Vec<(f64, f64)> {
    course.parts.iter().filter_map(|part| Some((middle(part), quantity(part)?))).collect()
}

/// From the first segment to the last token; by logarithm where there are many segments, so that the beginning, where caches fill and
/// the trained context ends, is not all at the edge.
fn positions(reading: &Reading) -> Option<Scale> {
    let parts = || reading.courses.iter().flat_map(|course| &course.parts);
    let (first, _) = range(parts().map(middle))?;
    let last = parts().map(|part| part.to as f64).fold(first, f64::max);
    if last > LONG as f64 * reading.setting.segment.get() as f64 {
        let full = reading.courses.iter().filter_map(|course| course.full_at).map(|from| from as f64);
        let low = full.filter(|&from| from > first / 8.0).fold(first, f64::min);
        return Some(Scale::Log { low: low / 1.15, high: last });
    }
    Some(Scale::Linear { low: 0.0, high: last })
}

fn perplexity_scale(values: Vec<f64>) -> Scale {
    match range(values.iter().copied().filter(|&value| value > 0.0)) {
        Some((low, high)) if high > WIDE * low => Scale::log(values, 12),
        _ => Scale::linear(values, &[]),
    }
}

/// From nothing; by logarithm where one cache is many times another.
fn cache_scale(reading: &Reading) -> Scale {
    let values =
        || reading.courses.iter().flat_map(|course| points(course, |part| Some(megabytes(part.bytes)))).map(|(_, y)| y);
    let ends = reading.courses.iter().map(|course| megabytes(course.cache_bytes));
    match range(ends.filter(|&end| end > 0.0)) {
        Some((low, high)) if high > 8.0 * low => Scale::log(values(), 6),
        _ => Scale::linear(values(), &[0.0]),
    }
}

/// From nothing to a little above nearly all segments: what a busy machine did to a few of them is held at the edge.
fn time_scale(reading: &Reading) -> Scale {
    let all = reading.courses.iter().flat_map(|course| points(course, |part| part.milliseconds));
    let mut values: Vec<f64> = all.map(|(_, y)| y).filter(|y| y.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let most = values.get((values.len() * 97 / 100).min(values.len().saturating_sub(1))).copied();
    Scale::linear([most.unwrap_or(1.0) * 1.15], &[0.0])
}

/// Where the model's trained context ends and caches are full.
fn marks(reading: &Reading, x: Scale) -> Vec<(f64, String)> {
    let mut full: Vec<u64> = reading.courses.iter().filter_map(|course| course.full_at).collect();
    full.sort_unstable();
    full.dedup();
    let noun = if full.len() == 1 && reading.courses.len() > 1 { "caches full" } else { "cache full" };
    let full = full.into_iter().take(3).map(|from| (from as f64, format!("{noun} at {}", count(from))));
    let context = reading.trained_context;
    let trained = (context as f64, format!("trained context {}", count(context)));
    let mut marks: Vec<(f64, String)> = full.chain([trained]).collect();
    marks.retain(|(at, _)| *at >= x.low() && *at <= x.high());
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    marks
}

/// A line for each policy, or a dot where it has one segment, with a word at its end. Where there are many segments, they are drawn
/// faintly, and their medians in front of them.
fn layers(
    reading: &Reading,
    panel: &Panel,
    quantity: impl Fn(&Part) -> Option<f64>,
    word: impl Fn(&Course) -> Option<String>,
) -> Vec<Layer> {
    let all: Vec<Vec<(f64, f64)>> = reading.courses.iter().map(|course| points(course, &quantity)).collect();
    let many = all.iter().enumerate().filter(|(_, points)| points.len() > MANY);
    let faint = |(index, points): (usize, &Vec<(f64, f64)>)| {
        Layer::Lines(Lines { lines: vec![points.clone()], color: color(index), width: 0.8, opacity: 0.22 })
    };
    let mut layers: Vec<Layer> = many.map(faint).collect();
    let mut named: Vec<(String, f64)> = Vec::new();
    for (index, (points, course)) in all.into_iter().zip(&reading.courses).enumerate() {
        let bold = if points.len() > MANY { medians(&points, panel.x) } else { points };
        let end = bold.iter().rev().find_map(|&point| panel.at(point)).map(|(_, y)| y);
        let name = word(course).zip(end).filter(|(word, y)| {
            // Numbers that are the same need no second writing.
            named.iter().all(|(other, at)| other != word || (at - y).abs() > LINE)
        });
        named.extend(name.clone());
        let name = name.map(|(word, _)| word);
        layers.push(if bold.len() == 1 {
            Layer::Points(Points { name, ..Points::filled(bold, 3.4, color(index)) })
        } else {
            Layer::Line(Line { dashed: is_dashed(index), ..Line::solid(name.as_deref(), bold, color(index), 1.8) })
        });
    }
    layers
}

/// Medians over even stretches of the axis.
pub(super) fn medians(points: &[(f64, f64)], x: Scale) -> Vec<(f64, f64)> {
    let stretch = |x_value: f64| x.place(x_value).map_or(0, |share| (share * STRETCHES as f64) as usize);
    let stretches = points.chunk_by(|a, b| stretch(a.0) == stretch(b.0));
    let of = |part: &[(f64, f64)]| {
        let xs = median(part.iter().map(|&(x, _)| x))?;
        Some((xs, median(part.iter().map(|&(_, y)| y))?))
    };
    stretches.filter_map(of).collect()
}
