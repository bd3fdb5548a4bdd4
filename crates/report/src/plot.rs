//! One panel: axes, curves, areas, bands, marks and labels that do not overlap.

use super::svg::{Anchor, PathData, Svg, text_width};
use super::words;
use dunwu::answer::{Band, Color, Frame, Scale, Tick};

/// Height of the strip above a panel in which stages are named.
pub(super) const STAGE_STRIP: f64 = 16.0;
/// Room for tick labels on the left of a panel.
pub(super) const LEFT: f64 = 52.0;
/// Height of a row of events' names.
const NAME_ROW: f64 = 14.0;
/// Text of ticks and small remarks.
pub(super) const SMALL: &str = "font-size=\"11\" fill=\"#666\"";
const SMALL_SIZE: f64 = 11.0;

/// A rectangle in which values are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Height of the strip above in which stages are named; 0 without.
    pub(super) strip: f64,
    /// Height of the names of events between that strip and the title; 0 without.
    pub(super) names: f64,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub(super) color: Color,
    pub(super) width: f64,
    pub(super) dashed: bool,
}

/// A name beside the end of a curve, at height `y` of the drawing.
#[derive(Clone, Debug)]
pub(super) struct EndLabel {
    pub(super) y: f64,
    pub(super) text: String,
    pub(super) color: Color,
}

impl Panel {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Where it stands, as data.
    pub(super) fn frame(&self) -> Frame {
        Frame { left: self.left, top: self.top, width: self.width, height: self.height }
    }

    pub(super) fn at_x(&self, x: f64) -> Option<f64> {
        Some(self.left + self.x.place(x)? * self.width)
    }

    pub(super) fn at_y(&self, y: f64) -> Option<f64> {
        Some(self.bottom() - self.y.place(y)? * self.height)
    }

    pub(super) fn at(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        Some((self.at_x(x)?, self.at_y(y)?))
    }

    /// The base line with ticks; labels and title only where `title` is given.
    pub(super) fn x_axis(&self, svg: &mut Svg, title: Option<&str>) {
        self.x_axis_at(svg, self.x.ticks(), title);
    }

    /// The same with ticks of one's own.
    pub(super) fn x_axis_at(&self, svg: &mut Svg, ticks: Vec<Tick>, title: Option<&str>) {
        let bottom = self.bottom();
        svg.line((self.left, bottom), (self.right(), bottom), "stroke=\"#888\" stroke-width=\"1\"");
        let mut free_from = f64::NEG_INFINITY;
        for tick in ticks {
            let Some(x) = self.at_x(tick.value) else { continue };
            let length = if tick.label.is_some() { 5.0 } else { 2.5 };
            svg.line((x, bottom), (x, bottom + length), "stroke=\"#888\" stroke-width=\"0.8\"");
            if let (Some(label), true) = (tick.label, title.is_some()) {
                let half = text_width(&label, SMALL_SIZE) / 2.0;
                if x - half > free_from {
                    svg.text((x, bottom + 17.0), Anchor::Middle, SMALL, &label);
                    free_from = x + half + 4.0;
                }
            }
        }
        if let Some(title) = title.filter(|title| !title.is_empty()) {
            svg.text((self.left + self.width / 2.0, bottom + 34.0), Anchor::Middle, SMALL, title);
        }
    }

    /// Labelled ticks with faint lines across, and the title above, where it reads without turning the head.
    pub(super) fn y_axis(&self, svg: &mut Svg, title: &str) {
        self.y_ticks(svg, self.y.ticks(), true);
        self.title(svg, title);
    }

    /// Faint lines across at the labelled ones of `ticks`, their labels on the left where `is_labelled`.
    pub(super) fn y_ticks(&self, svg: &mut Svg, ticks: Vec<Tick>, is_labelled: bool) {
        for tick in ticks {
            let (Some(y), Some(label)) = (self.at_y(tick.value), tick.label) else { continue };
            svg.line((self.left, y), (self.right(), y), "stroke=\"#000\" stroke-opacity=\"0.09\" stroke-width=\"1\"");
            if is_labelled {
                svg.text((self.left - 7.0, y + 4.0), Anchor::End, SMALL, &label);
            }
        }
    }

    /// `quantity (unit)` above the panel, flush with the left edge of its margin.
    pub(super) fn title(&self, svg: &mut Svg, title: &str) {
        let split = title.find(" (").unwrap_or(title.len());
        let (name, unit) = title.split_at(split);
        svg.heading((self.left - LEFT, self.top - self.strip - self.names - 9.0), name, unit.trim_start());
    }

    /// A line through the points in order, interrupted where a value has no place.
    pub(super) fn curve(&self, svg: &mut Svg, points: &[(f64, f64)], stroke: Stroke) {
        let data = self.curve_data(points);
        let dash = if stroke.dashed { " stroke-dasharray=\"5 3\"" } else { "" };
        let style = format!(
            "fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" stroke-linecap=\"round\"{dash}",
            stroke.color.line, stroke.width
        );
        svg.path(&data, &style);
    }

    /// The path of [`Self::curve`]: at most four points a horizontal half unit (first, lowest, highest, last), so that a
    /// curve of a million evaluations stays as light as it looks and keeps its spikes.
    pub(super) fn curve_data(&self, points: &[(f64, f64)]) -> PathData {
        let mut data = PathData::default();
        for part in points.split(|&p| self.at(p).is_none()) {
            let places: Vec<(f64, f64)> = part.iter().filter_map(|&p| self.at(p)).collect();
            let mut first = true;
            for column in places.chunk_by(|a, b| (a.0 * 2.0).floor() == (b.0 * 2.0).floor()) {
                for place in extremes(column) {
                    if first {
                        data.move_to(place);
                    } else {
                        data.line_to(place);
                    }
                    first = false;
                }
            }
            if let [single] = places[..] {
                // A line to itself with a round cap is a dot; without it one point would be invisible.
                data.line_to((single.0 + 0.1, single.1));
            }
        }
        data
    }

    /// The path of the area between two curves over the same abscissae.
    pub(super) fn area_data(&self, lower: &[(f64, f64)], upper: &[(f64, f64)]) -> PathData {
        let outline = upper.iter().chain(lower.iter().rev()).filter_map(|&p| self.at(p));
        let mut data = PathData::default();
        for (i, place) in outline.enumerate() {
            if i == 0 {
                data.move_to(place);
            } else {
                data.line_to(place);
            }
        }
        if !data.is_empty() {
            data.close();
        }
        data
    }

    /// Tinted bands, each with the first of its names that fits in the strip above, where there is one.
    pub(super) fn bands(&self, svg: &mut Svg, bands: &[Band]) {
        let (top, bottom) = (self.top - self.strip, self.bottom());
        for band in bands {
            let (Some(from), Some(to)) = (self.at_x(band.from), self.at_x(band.to)) else { continue };
            svg.rect((from, top), (to - from, bottom - top), &format!("fill=\"{}\"", band.tint));
            // A centred name may touch the edges of its band, so the cautious estimate of its width is not needed.
            let fits = |text: &&String| text_width(text, SMALL_SIZE) * 0.92 < to - from;
            if self.strip == 0.0 {
                continue;
            }
            if let Some(shown) = band.names.iter().find(fits) {
                svg.text((f64::midpoint(from, to), top + 12.0), Anchor::Middle, SMALL, shown);
            }
        }
    }

    /// This panel under its title, the names of the events and the strip of stages, at the top of a drawing.
    pub(super) fn below_names(mut self, events: &[(u64, &str)]) -> Self {
        self.strip = STAGE_STRIP;
        self.below_marks(&Self::of_events(events))
    }

    /// This panel under its title and the names of marks, at the top of a drawing.
    pub(super) fn below_marks(mut self, marks: &[(f64, String)]) -> Self {
        self = self.named_above(marks);
        self.top = 22.0 + self.strip + self.names;
        self
    }

    /// This panel where it stands, with room above it for the names of marks.
    pub(super) fn named_above(mut self, marks: &[(f64, String)]) -> Self {
        let rows = self.named(marks).iter().map(|(place, _)| place.row + 1).max().unwrap_or(0);
        self.names = if rows == 0 { 0.0 } else { 4.0 + NAME_ROW * rows as f64 };
        self
    }

    /// Vertical lines at values of the axis, with their names above where there is room for names; the strip with the stages' names is
    /// left free.
    pub(super) fn mark_lines(&self, svg: &mut Svg, marks: &[(f64, String)]) {
        const STYLE: &str = "stroke=\"#222\" stroke-width=\"1\" stroke-dasharray=\"2 2.5\"";
        for (place, text) in self.named(marks) {
            svg.line((place.x, self.top), (place.x, self.bottom()), STYLE);
            if self.names > 0.0 {
                let y = self.top - self.strip - 5.0 - NAME_ROW * place.row as f64;
                let shift = if place.anchor == Anchor::Start { -2.0 } else { 2.0 };
                svg.text((place.x + shift, y), place.anchor, "font-size=\"11\" fill=\"#222\"", &text);
                if place.row > 0 {
                    svg.line((place.x, y + 3.0), (place.x, self.top - self.strip), STYLE);
                }
            }
        }
    }

    /// Events with the step at which they happened.
    fn of_events(events: &[(u64, &str)]) -> Vec<(f64, String)> {
        events.iter().map(|&(step, name)| (step as f64, format!("{name} at {}", words::count(step)))).collect()
    }

    /// Where the names of marks stand, with their texts.
    fn named(&self, marks: &[(f64, String)]) -> Vec<(NamePlace, String)> {
        let at: Vec<(f64, String)> =
            marks.iter().filter_map(|(x, text)| Some((self.at_x(*x)?, text.clone()))).collect();
        let lines: Vec<f64> = at.iter().map(|&(x, _)| x).collect();
        let mut taken = Vec::new();
        for (x, text) in &at {
            let width = text_width(text, SMALL_SIZE) + 4.0;
            taken.push(free_place(&taken, &lines, *x, width, self.right() + 100.0));
        }
        taken.into_iter().zip(at.into_iter().map(|(_, text)| text)).collect()
    }

    /// Names to the right of the panel, moved apart until none overlaps.
    pub(super) fn end_labels(&self, svg: &mut Svg, labels: Vec<EndLabel>) {
        let (top, bottom) = (self.top + 2.0, self.bottom());
        for label in spread(labels, top, bottom, 14.0) {
            svg.text(
                (self.right() + 8.0, label.y + 4.0),
                Anchor::Start,
                &format!("fill=\"{}\"", label.color.text),
                &label.text,
            );
        }
    }
}

/// First, lowest, highest and last point of one column, in order, without repeats.
fn extremes(column: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    let last = column.len() - 1;
    let by_height = |a: &usize, b: &usize| column[*a].1.total_cmp(&column[*b].1);
    let lowest = (0..=last).min_by(by_height).unwrap_or(0);
    let highest = (0..=last).max_by(by_height).unwrap_or(0);
    let mut kept = vec![0, lowest, highest, last];
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|i| column[i])
}

/// Where the name of an event at `x` stands: `row` rows above the title, from `from` to `to`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct NamePlace {
    row: usize,
    x: f64,
    from: f64,
    to: f64,
    anchor: Anchor,
}

/// The first place for a text of `width` beside `x` that is inside the drawing, free, and not crossed by the line of another
/// event: to the right, to the left, then a row higher.
fn free_place(taken: &[NamePlace], lines: &[f64], x: f64, width: f64, right: f64) -> NamePlace {
    let candidates = (0..3).flat_map(|row| {
        let start = NamePlace { row, x, from: x, to: x + width, anchor: Anchor::Start };
        [start, NamePlace { from: x - width, to: x, anchor: Anchor::End, ..start }]
    });
    let is_inside = |p: &NamePlace| p.from >= 0.0 && p.to <= right;
    let is_free = |p: &NamePlace| {
        // Touching is allowed: names on either side of one line.
        taken.iter().all(|t| t.row != p.row || t.to <= p.from || t.from >= p.to)
    };
    // A line ends at the row of its own name.
    let ends_below = |line: f64, p: &NamePlace| taken.iter().any(|t| t.x == line && t.row < p.row);
    let is_crossed =
        |p: &NamePlace| lines.iter().any(|&line| line > p.from + 1.0 && line < p.to - 1.0 && !ends_below(line, p));
    let good = candidates.clone().find(|p| is_inside(p) && is_free(p) && !is_crossed(p));
    good.or_else(|| candidates.clone().find(|p| is_inside(p) && is_free(p))).unwrap_or_else(|| {
        let anchor = if x < right / 2.0 { Anchor::Start } else { Anchor::End };
        NamePlace { row: 2, x, from: 0.0, to: right, anchor }
    })
}

/// Moves labels apart to at least `gap`, in the order of their heights, and keeps them between `top` and `bottom`.
fn spread(mut labels: Vec<EndLabel>, top: f64, bottom: f64, gap: f64) -> Vec<EndLabel> {
    labels.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut floor = top;
    for label in &mut labels {
        label.y = label.y.max(floor);
        floor = label.y + gap;
    }
    let mut ceiling = bottom;
    for label in labels.iter_mut().rev() {
        label.y = label.y.min(ceiling);
        ceiling = label.y - gap;
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel() -> Panel {
        let (x, y) = (Scale::Linear { low: 0.0, high: 10.0 }, Scale::Linear { low: 0.0, high: 1.0 });
        Panel { left: 0.0, top: 0.0, width: 100.0, height: 50.0, strip: 0.0, names: 0.0, x, y }
    }

    #[test]
    fn end_labels_never_overlap_and_keep_their_order() {
        let label = |y: f64| EndLabel { y, text: y.to_string(), color: dunwu::answer::TRAIN };
        let spread = spread([50.0, 49.0, 50.5, 10.0].map(label).to_vec(), 0.0, 52.0, 14.0);
        let heights: Vec<f64> = spread.iter().map(|l| l.y).collect();
        assert_eq!(spread.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), ["10", "49", "50", "50.5"]);
        assert!(heights.windows(2).all(|w| w[1] - w[0] >= 14.0 - 1e-9), "{heights:?}");
        assert!(heights.iter().all(|&y| (0.0..=52.0).contains(&y)), "{heights:?}");
    }

    #[test]
    fn a_long_curve_stays_light_and_keeps_its_spike() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i) / 1e4, 0.2)).collect();
        points[54_321].1 = 1.0;
        let mut svg = Svg::default();
        let stroke = Stroke { color: dunwu::answer::TRAIN, width: 1.0, dashed: false };
        panel().curve(&mut svg, &points, stroke);
        let text = svg.finish("x", "x", "x", 50.0);
        assert!(text.len() < 12_000, "{}", text.len());
        assert!(text.contains("L54.3 0"), "the spike at x = 5.4321 reaches the top edge");
    }

    #[test]
    fn a_curve_is_interrupted_where_a_value_is_missing() {
        let points =
            [(0.0, 0.0), (1.0, 1.0), (2.0, f64::NAN), (3.0, 0.0), (4.0, f64::INFINITY), (5.0, 1.0), (6.0, 1.0)];
        let mut svg = Svg::default();
        svg.path(&panel().curve_data(&points), "");
        let text = svg.finish("x", "x", "x", 50.0);
        assert!(text.contains("d=\"M0 50L10 0M30 50L30.1 50M50 0L60 0\""), "{text}");
    }

    #[test]
    fn names_of_events_keep_clear_of_each_other_and_of_lines() {
        let lines = [60.0, 95.0, 96.0];
        let first = free_place(&[], &lines, 60.0, 40.0, 100.0);
        assert_eq!((first.row, first.anchor), (0, Anchor::End), "to the right it would be crossed");
        let second = free_place(&[first], &lines, 95.0, 30.0, 100.0);
        assert_eq!((second.row, second.anchor), (0, Anchor::End), "to the right it would leave the drawing");
        let third = free_place(&[first, second], &lines, 96.0, 30.0, 100.0);
        assert_eq!((third.row, third.anchor), (1, Anchor::End), "to the left it would lie on the second");
        let long = free_place(&[first], &[60.0, 80.0, 120.0], 80.0, 60.0, 130.0);
        assert_eq!((long.row, long.anchor), (1, Anchor::End), "above the name of the first its line has ended");
    }
}
