//! Perplexity by place within a chunk: what a border costs the tokens behind it.

use super::chart::{color, is_dashed, shortened};
use crate::plot::{LEFT, Panel};
use crate::svg::text_width;
use crate::words::{count, number};
use dunwu::answer::{Axis, Figure, Layer, Line, Plot, Plots, Scale, Table, TableCell, Tick, Ticks, WIDTH, range};
use dunwu_streams::{Course, PlacePart, Reading};

/// A last place that predicts better than the first by less than this factor is no border's effect worth a sentence.
const WORTH: f64 = 1.1;

/// Fewer tokens than this have a perplexity that says little.
const ENOUGH: u64 = 16;

/// Courses with perplexities by place; none where no policy has chunks.
fn courses(reading: &Reading) -> Option<&[Course]> {
    reading.courses.first().filter(|course| !course.places.is_empty()).map(|_| &reading.courses[..])
}

/// `4 to 7`.
fn name(place: &PlacePart) -> String {
    if place.from == place.to { count(place.from) } else { format!("{} to {}", count(place.from), count(place.to)) }
}

/// `place 0`, `places 4 to 7`.
fn counted(place: &PlacePart) -> String {
    format!("{} {}", if place.from == place.to { "place" } else { "places" }, name(place))
}

/// What the first places of which enough tokens were predicted and the last ones are predicted with, of the policy for which that differs
/// most.
pub(super) fn sentence(reading: &Reading) -> Option<String> {
    let ends = |course: &Course| {
        let first = *course.places.iter().find(|place| place.tokens >= ENOUGH)?;
        let last = *course.places.last().filter(|last| last.tokens >= ENOUGH)?;
        Some((first, first.perplexity?, last, last.perplexity?))
    };
    let ratio = |course: &&Course| ends(course).map_or(0.0, |(_, first, _, last)| first / last);
    let worst = courses(reading)?.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
    let (first, near_border, last, inside) = ends(worst)?;
    if near_border < WORTH * inside {
        return None;
    }
    Some(format!(
        "{} predicts with perplexity {} from {} of a chunk and with {} from {}.",
        worst.policy,
        number(near_border),
        counted(&first),
        number(inside),
        counted(&last)
    ))
}

/// A row for each stretch of places, a column a policy.
pub(super) fn table(reading: &Reading) -> Option<Table> {
    let courses = courses(reading)?;
    let mut heads = vec!["places"];
    heads.extend(courses.iter().map(|course| course.policy.as_str()));
    let row = |index: usize| {
        let mut row: Vec<TableCell> = vec![name(&courses[0].places[index]).into()];
        row.extend(courses.iter().map(|course| {
            let perplexity = course.places[index].perplexity.filter(|perplexity| perplexity.is_finite());
            TableCell::of(perplexity, TableCell::Number)
        }));
        row
    };
    Some(Table::new("places", 1, &heads, (0..courses[0].places.len()).map(row).collect()))
}

/// A line a policy over the stretches of places.
pub(super) fn figure(reading: &Reading) -> Option<Figure> {
    const TITLE: &str = "Perplexity by place in the chunk";
    let courses = courses(reading)?;
    let stretches = &courses[0].places;
    let points = |course: &Course| -> Vec<(f64, f64)> {
        let all = course.places.iter().enumerate();
        let known = all.filter_map(|(index, place)| Some((index as f64, place.perplexity?)));
        known.filter(|(_, perplexity)| perplexity.is_finite()).collect()
    };
    let values = || courses.iter().flat_map(points).map(|(_, perplexity)| perplexity);
    if stretches.len() < 2 || range(values()).is_none() {
        return Some(Figure::undefined("stream-places", TITLE, "fewer than two places of a chunk were read"));
    }
    let widest = courses.iter().map(|course| text_width(&shortened(&course.policy), 12.0)).fold(64.0, f64::max);
    let panel = Panel {
        left: LEFT,
        top: 24.0,
        width: WIDTH - LEFT - 10.0 - widest,
        height: f64::max(170.0, 14.0 * courses.len() as f64),
        strip: 0.0,
        names: 0.0,
        x: Scale::Linear { low: 0.0, high: (stretches.len() - 1) as f64 },
        y: Scale::fitting(&values().collect::<Vec<_>>()),
    };
    let tick = |(index, place): (usize, &PlacePart)| Tick { value: index as f64, label: Some(count(place.from)) };
    let x = Axis {
        title: Some("place in the chunk, from".to_owned()),
        scale: panel.x,
        ticks: Ticks::At(stretches.iter().enumerate().map(tick).collect()),
    };
    let mut plot = Plot::new(panel.frame(), "Perplexity (by place)", x, Axis::of(panel.y, None));
    let line = |(index, course): (usize, &Course)| {
        let line = Line::solid(Some(&shortened(&course.policy)), points(course), color(index), 1.8);
        Layer::Line(Line { dashed: is_dashed(index), ..line })
    };
    plot.layers = courses.iter().enumerate().map(line).collect();
    let end = stretches.last().map_or(0, |last| last.to + 1);
    let caption = format!(
        "All policies by the same places: the position of the token that predicts, within chunks of {}. What only the chunked ones have \
         is the border's doing; what all have is the text's.",
        count(end)
    );
    let plots = Plots { size: (WIDTH, panel.bottom() + 44.0), plots: vec![plot], items: Vec::new() };
    Some(Figure::of_plots("stream-places", TITLE, caption, plots))
}
