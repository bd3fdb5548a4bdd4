//! One panel: axes, curves, areas, bands, marks and labels that do not overlap.

use super::palette::{self, Color};
use super::scale::Scale;
use super::svg::{Anchor, PathData, Svg, text_width};
use super::words;
use crate::opened::StageSpan;

/// Height of the strip above a panel in which stages are named.
pub(super) const STAGE_STRIP: f64 = 16.0;
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
        let bottom = self.bottom();
        svg.line((self.left, bottom), (self.right(), bottom), "stroke=\"#888\" stroke-width=\"1\"");
        let mut free_from = f64::NEG_INFINITY;
        for tick in self.x.ticks() {
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
        if let Some(title) = title {
            svg.text((self.left + self.width / 2.0, bottom + 34.0), Anchor::Middle, SMALL, title);
        }
    }

    /// Labelled ticks with faint lines across, and the title above, where it reads without turning the head.
    pub(super) fn y_axis(&self, svg: &mut Svg, title: &str) {
        for tick in self.y.ticks() {
            let (Some(y), Some(label)) = (self.at_y(tick.value), tick.label) else { continue };
            svg.line((self.left, y), (self.right(), y), "stroke=\"#000\" stroke-opacity=\"0.09\" stroke-width=\"1\"");
            svg.text((self.left - 7.0, y + 4.0), Anchor::End, SMALL, &label);
        }
        self.title(svg, title);
    }

    /// A bold title above the panel, flush with the tick labels.
    pub(super) fn title(&self, svg: &mut Svg, title: &str) {
        let (name, unit) = title.split_once(" (").map_or((title, None), |(n, u)| (n, Some(u)));
        let x = (self.left - 34.0).max(0.0);
        svg.text((x, self.top - STAGE_STRIP - 7.0), Anchor::Start, "font-weight=\"600\"", name);
        if let Some(unit) = unit {
            let after = x + text_width(name, 12.0) * 1.07 + 5.0;
            svg.text((after, self.top - STAGE_STRIP - 7.0), Anchor::Start, SMALL, &format!("({unit}"));
        }
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

    /// Dots at the points.
    pub(super) fn dots(&self, svg: &mut Svg, points: &[(f64, f64)], radius: f64, color: Color) {
        svg.group(&format!("fill=\"{}\"", color.line), |svg| {
            for place in points.iter().filter_map(|&p| self.at(p)) {
                svg.circle(place, radius, "");
            }
        });
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

    /// The area between two curves over the same abscissae.
    pub(super) fn area(&self, svg: &mut Svg, lower: &[(f64, f64)], upper: &[(f64, f64)], color: Color) {
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
        svg.path(&data, &format!("fill=\"{}\" stroke=\"#fff\" stroke-width=\"0.7\"", color.line));
    }

    /// Stages as tinted bands from the strip above this panel down to `bottom`, named where the name fits.
    pub(super) fn stage_bands(&self, svg: &mut Svg, stages: &[StageSpan], bottom: f64) {
        let top = self.top - STAGE_STRIP;
        for span in stages {
            let (Some(from), Some(to)) = (self.at_x(span.from as f64), self.at_x(span.to as f64)) else { continue };
            let tint = palette::stage_tint(span.name);
            svg.rect((from, top), (to - from, bottom - top), &format!("fill=\"{tint}\""));
            let (numeral, word) = words::stage(span.name);
            let name = format!("{numeral} {word}");
            let fits = |text: &str| text_width(text, SMALL_SIZE) + 6.0 < to - from;
            let shown = [name.as_str(), word, numeral].into_iter().find(|text| fits(text));
            if let Some(shown) = shown {
                svg.text(((from + to) / 2.0, top + 12.0), Anchor::Middle, SMALL, shown);
            }
        }
    }

    /// Events as vertical lines down to `bottom`; with `named`, their names stand above the panel's title.
    pub(super) fn event_marks(&self, svg: &mut Svg, events: &[(u64, &str)], bottom: f64, named: bool) {
        let top = self.top - STAGE_STRIP;
        let mut taken: Vec<(usize, f64, f64)> = Vec::new();
        for &(step, name) in events {
            let Some(x) = self.at_x(step as f64) else { continue };
            let mut line_top = top;
            if named {
                let text = format!("{name}, step {}", words::count(step));
                let width = text_width(&text, SMALL_SIZE) + 4.0;
                let (row, from, to, anchor) = free_place(&taken, x, width, self.left - 30.0, self.right() + 90.0);
                taken.push((row, from, to));
                let y = top - 22.0 - 14.0 * row as f64;
                let shift = if anchor == Anchor::Start { -1.0 } else { 1.0 };
                svg.text((x + shift, y), anchor, "font-size=\"11\" fill=\"#222\"", &text);
                line_top = y + 3.0;
            }
            svg.line((x, line_top), (x, bottom), "stroke=\"#222\" stroke-width=\"1\" stroke-dasharray=\"2 2.5\"");
        }
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

/// The first place for a text of `width` beside `x` that is inside and free: to the right, to the left, then a row higher.
fn free_place(taken: &[(usize, f64, f64)], x: f64, width: f64, left: f64, right: f64) -> (usize, f64, f64, Anchor) {
    let candidates = (0..3).flat_map(|row| [(row, x, x + width, Anchor::Start), (row, x - width, x, Anchor::End)]);
    let free = |&(row, from, to, _): &(usize, f64, f64, Anchor)| {
        from >= left && to <= right && taken.iter().all(|&(r, f, t)| r != row || to < f || from > t)
    };
    candidates.clone().find(free).unwrap_or((2, x, x + width, Anchor::Start))
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
        Panel { left: 0.0, top: 0.0, width: 100.0, height: 50.0, x, y }
    }

    #[test]
    fn end_labels_never_overlap_and_keep_their_order() {
        let label = |y: f64| EndLabel { y, text: y.to_string(), color: palette::TRAIN };
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
        let stroke = Stroke { color: palette::TRAIN, width: 1.0, dashed: false };
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
    fn names_of_events_at_one_place_are_stacked() {
        let first = free_place(&[], 95.0, 40.0, 0.0, 100.0);
        assert_eq!(first, (0, 55.0, 95.0, Anchor::End));
        let second = free_place(&[(0, 55.0, 95.0)], 96.0, 40.0, 0.0, 100.0);
        assert_eq!((second.0, second.3), (1, Anchor::End));
    }
}
