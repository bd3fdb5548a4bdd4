//! The drawing of a stream: perplexity, cache and time over the position in the text, one line a policy.

use super::figures::Figure;
use super::plot::{EndLabel, LEFT, Panel, Stroke};
use super::svg::{Svg, WIDTH, text_width};
use super::words::{count, counted, number};
use dunwu::answer::{CORRUPTED, Color, NEUTRAL, RESTORED, TEST, TRAIN};
use dunwu::answer::{Scale, range};
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
const STRETCHES: usize = 48;
/// Perplexities that differ by more than this factor are drawn by their logarithm.
const WIDE: f64 = 4.0;
/// Segments that differ in position by more than this factor are too.
const LONG: usize = 40;

/// Okabe and Ito's other two, which no other figure of text needs.
const ORANGE: Color = Color { line: "#E69F00", text: "#8A5F00" };
const SKY: Color = Color { line: "#56B4E9", text: "#1F719F" };
const COLORS: [Color; 7] = [TEST, TRAIN, RESTORED, CORRUPTED, ORANGE, SKY, NEUTRAL];

/// How the `index`th policy is drawn; dashed once all colours are used.
fn stroke(index: usize, width: f64) -> Stroke {
    Stroke { color: COLORS[index % COLORS.len()], width, dashed: index / COLORS.len() % 2 == 1 }
}

pub(super) fn figure(reading: &Reading) -> Figure {
    let Some(x) = positions(reading) else {
        return Figure::undefined(NAME, TITLE, "no segment is whole yet");
    };
    let mut svg = Svg::default();
    let widest = reading.courses.iter().map(|course| text_width(&shortened(&course.policy), 12.0)).fold(64.0, f64::max);
    let perplexities = reading.courses.iter().flat_map(|course| points(course, |part| Some(part.perplexity)));
    let y = perplexity_scale(perplexities.map(|(_, y)| y).collect());
    let marks = marks(reading, x);
    let upper = Panel {
        left: LEFT,
        top: 0.0,
        width: WIDTH - LEFT - 10.0 - widest,
        height: PERPLEXITY.max(LINE * reading.courses.len() as f64),
        strip: 0.0,
        names: 0.0,
        x,
        y,
    }
    .below_marks(&marks);
    let lower = |above: &Panel, y: Scale| Panel {
        top: above.bottom() + BETWEEN,
        height: LOWER.max(LINE * reading.courses.len() as f64),
        names: 0.0,
        y,
        ..upper
    };
    let remark = if matches!(y, Scale::Log { .. }) { ", by logarithm" } else { "" };
    upper.y_axis(&mut svg, &format!("Perplexity (by segment{remark})"));
    upper.mark_lines(&mut svg, &marks);
    draw(&mut svg, &upper, reading, |part| Some(part.perplexity), |course| Some(shortened(&course.policy)));
    upper.x_axis(&mut svg, None);

    let cache = lower(&upper, cache_scale(reading));
    cache.y_axis(&mut svg, "Cache (MB)");
    cache.mark_lines(&mut svg, &marks);
    draw(
        &mut svg,
        &cache,
        reading,
        |part| Some(megabytes(part)),
        |course| Some(number(course.cache_bytes as f64 / 1e6)),
    );
    cache.x_axis(&mut svg, None);

    let time = lower(&cache, time_scale(reading));
    time.y_axis(&mut svg, "Time (ms a token, median of each segment)");
    time.mark_lines(&mut svg, &marks);
    draw(&mut svg, &time, reading, |part| part.milliseconds, |course| course.ms_per_token_last.map(number));
    let remark = if matches!(x, Scale::Log { .. }) { " (by logarithm)" } else { "" };
    time.x_axis(&mut svg, Some(&format!("tokens read{remark}")));
    Figure::drawn(NAME, TITLE, caption(reading), svg, time.bottom() + 44.0)
}

fn caption(reading: &Reading) -> String {
    let courses = &reading.courses;
    let n = courses.iter().map(|course| course.parts.len()).max().unwrap_or(0);
    let faint = if n > MANY { "; faint: single segments, bold: their medians over stretches of the axis" } else { "" };
    let (tokens, segment) = (courses.first().map_or(0, |course| course.tokens), reading.setting.segment.get());
    format!(
        "{} over {} of {}, in {} of {}{faint}. Beside the lower panels: the cache at the end, and milliseconds a token over the last \
         thousand.",
        counted(courses.len(), "policy").replace("policys", "policies"),
        counted(tokens as usize, "token"),
        super::words::list(&reading.texts, 4),
        counted(n, "segment"),
        count(segment),
    )
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        name.to_owned()
    } else {
        name.chars().take(LETTERS - 1).chain(['…']).collect()
    }
}

fn middle(part: &Part) -> f64 {
    f64::midpoint(part.from as f64, part.to as f64)
}

fn megabytes(part: &Part) -> f64 {
    part.bytes as f64 / 1e6
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
        || reading.courses.iter().flat_map(|course| points(course, |part| Some(megabytes(part)))).map(|(_, y)| y);
    let ends = reading.courses.iter().map(|course| course.cache_bytes as f64 / 1e6);
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

/// A line for each policy, with a word at its end.
fn draw(
    svg: &mut Svg,
    panel: &Panel,
    reading: &Reading,
    quantity: impl Fn(&Part) -> Option<f64>,
    word: impl Fn(&Course) -> Option<String>,
) {
    let mut labels: Vec<EndLabel> = Vec::new();
    let lines: Vec<Vec<(f64, f64)>> = reading.courses.iter().map(|course| points(course, &quantity)).collect();
    for (index, points) in lines.iter().enumerate().filter(|(_, points)| points.len() > MANY) {
        svg.group("opacity=\"0.22\"", |svg| panel.curve(svg, points, stroke(index, 0.8)));
    }
    for (index, (points, course)) in lines.iter().zip(&reading.courses).enumerate() {
        let bold = if points.len() > MANY { medians(points, panel.x) } else { points.clone() };
        panel.curve(svg, &bold, stroke(index, 1.8));
        let end = bold.last().and_then(|&(_, y)| panel.at_y(y));
        if let (Some(y), Some(text)) = (end, word(course)) {
            // Numbers that are the same need no second writing.
            if labels.iter().all(|label| label.text != text || (label.y - y).abs() > LINE) {
                labels.push(EndLabel { y, text, color: stroke(index, 1.0).color });
            }
        }
    }
    panel.end_labels(svg, labels);
}

/// Medians over even stretches of the axis.
fn medians(points: &[(f64, f64)], x: Scale) -> Vec<(f64, f64)> {
    let stretch = |x_value: f64| x.place(x_value).map_or(0, |share| (share * STRETCHES as f64) as usize);
    let stretches = points.chunk_by(|a, b| stretch(a.0) == stretch(b.0));
    let of = |part: &[(f64, f64)]| {
        let xs = median(part.iter().map(|&(x, _)| x))?;
        Some((xs, median(part.iter().map(|&(_, y)| y))?))
    };
    stretches.filter_map(of).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart};
    use dunwu_streams::Setting;
    use std::num::NonZeroU64;

    /// A policy over `n` segments of 2048 whose perplexity is `of` the segment.
    pub(crate) fn course(policy: &str, n: u64, full: Option<u64>, of: impl Fn(u64) -> f64) -> Course {
        let part = |i: u64| Part {
            from: 2048 * i,
            to: 2048 * (i + 1),
            perplexity: of(i),
            milliseconds: Some(1.4 + 0.05 * ((i * 31 % 17) as f64)),
            bytes: full.map_or(23_000 * 2048 * (i + 1), |keys| 23_000 * keys.min(2048 * (i + 1))),
        };
        let parts: Vec<Part> = (0..n).map(part).collect();
        let bytes = parts.last().map_or(0, |part| part.bytes);
        let mean = parts.iter().map(|part| part.perplexity.ln()).sum::<f64>() / n.max(1) as f64;
        Course {
            policy: policy.to_owned(),
            tokens: 2048 * n,
            perplexity: (n > 0).then(|| mean.exp()),
            parts,
            evicts_from: full,
            full_at: full,
            cache_bytes: bytes,
            peak_cache_bytes: bytes,
            ms_per_token_first: Some(1.41),
            ms_per_token_last: Some(1.43),
        }
    }

    /// How hard the text is.
    pub(crate) fn text(i: u64) -> f64 {
        28.0 + 4.0 * (i as f64 * 1.7).sin() + 2.0 * (i as f64 * 0.31).cos()
    }

    pub(crate) fn reading(courses: Vec<Course>) -> Reading {
        let segment = NonZeroU64::new(2048).unwrap();
        Reading {
            model: "SmolLM2-135M-Instruct.Q4_1.gguf".to_owned(),
            texts: vec!["austen.txt".to_owned()],
            begin: Some("<|endoftext|>".to_owned()),
            setting: Setting { begin: Some(0), segment, cache: "f16".to_owned(), from: 0 },
            trained_context: 8192,
            command: "dunwu stream model.gguf austen.txt --policy sinks:4+1020 --policy window:1024".to_owned(),
            chunk: 64,
            threads: 2,
            ended: false,
            rounds: 0,
            courses,
        }
    }

    pub(crate) fn three(n: u64) -> Reading {
        let explodes = |i: u64| if i < 5 { text(i) } else { text(i) * (3.0 * (i - 4) as f64).powf(1.1) };
        reading(vec![
            course("sinks:4+1020", n, Some(1024), text),
            course("window:1024", n, Some(1024), |i| 1.55 * text(i)),
            course("sinks-absolute:4+1020", n, Some(1024), explodes),
        ])
    }

    #[test]
    fn every_stream_is_sound() {
        let many = (0..9).map(|i| course(&format!("h2o:{}+512", 512 + i), 12, Some(1024 + i), |j| text(j) + i as f64));
        let broken = |value: f64| reading(vec![course("full", 9, None, |i| if i == 4 { value } else { text(i) })]);
        let cases = [
            ("nine segments", three(9)),
            ("a million tokens", three(488)),
            ("one segment", three(1)),
            ("two segments", three(2)),
            ("no segment", three(0)),
            ("no policy", reading(Vec::new())),
            ("nine policies", reading(many.collect())),
            (
                "full beside a window",
                reading(vec![course("full", 90, None, text), course("window:8", 90, Some(8), text)]),
            ),
            ("not a number", broken(f64::NAN)),
            ("infinite", broken(f64::INFINITY)),
            ("huge", broken(1e200)),
            ("a hostile name", reading(vec![course("heads:<&\"a long path to a file\">.json", 9, Some(70), text)])),
        ];
        for (name, reading) in cases {
            if let Some(svg) = figure(&reading).svg {
                assert_sound(&svg, name);
                assert_texts_apart(&svg, name);
            }
        }
        assert!(figure(&three(0)).svg.is_none());
    }

    #[test]
    fn a_long_stream_is_drawn_by_logarithm_and_stays_light() {
        let svg = figure(&three(1953)).svg.unwrap();
        assert!(svg.contains("tokens read (by logarithm)") && svg.contains("by segment, by logarithm"));
        assert!(svg.len() < 120_000, "{}", svg.len());
        assert!(!figure(&three(9)).svg.unwrap().contains("tokens read (by"));
    }

    #[test]
    fn medians_keep_the_middle_of_each_stretch() {
        let x = Scale::Linear { low: 0.0, high: 480.0 };
        let points: Vec<(f64, f64)> = (0..480).map(|i| (f64::from(i), if i % 10 == 3 { 900.0 } else { 5.0 })).collect();
        let medians = medians(&points, x);
        assert_eq!(medians.len(), STRETCHES);
        assert!(medians.iter().all(|&(_, y)| y == 5.0));
    }

    /// Writes pages to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_streams() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        for n in [9, 488] {
            let page = crate::stream::page(&three(n));
            std::fs::write(folder.join(format!("stream-{n}.html")), page.html).unwrap();
        }
    }
}
