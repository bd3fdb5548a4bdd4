//! What each peak looks like: the weights of its highest unit, its height, its basin.

use super::peaks::SHOWN;
use crate::words::{number, percent};
use dunwu::answer::{
    Anchor, Axis, Cell, Color, FAINT, Fill, Frame, Item, Layer, NEUTRAL, Place, Plot, Plots, Scale, Segments, Text,
    Ticks, WIDTH, hex, peak_color,
};
use dunwu::landscape::peaks::{Peak, Peaks};
use dunwu::landscape::{Landscape, Maximum};

/// Height of a peak's row, and where the first begins.
const ROW: f64 = 46.0;
const FIRST: f64 = 22.0;
/// Left edge and width of the weights, of the bars of heights and of those of basins.
const WEIGHTS: (f64, f64) = (156.0, 204.0);
const HEIGHTS: (f64, f64) = (376.0, 90.0);
const BASINS: (f64, f64) = (486.0, 90.0);
/// Letters of a peak's name that fit beside its weights.
const NAME: usize = 24;

/// One row a peak, from the feature peaks down, as many as are shown.
pub(super) fn chart(landscape: &Landscape<'_>, peaks: &Peaks) -> Plots {
    let shown = &peaks.classes[..peaks.classes.len().min(SHOWN)];
    let best = |class: &Peak| &peaks.maxima[class.members[0]];
    let tallest = shown.iter().map(|class| best(class).height).fold(f64::MIN_POSITIVE, f64::max);
    let mut plots = Vec::new();
    let heads =
        [(0.0, "peak"), (WEIGHTS.0, "weights"), (HEIGHTS.0, "height (energy E)"), (BASINS.0, "basin (of starts)")];
    let mut items: Vec<Item> = heads.map(|(x, head)| small((x, 12.0), head)).into();
    for (i, class) in shown.iter().enumerate() {
        let (top, best, color) = (FIRST + ROW * i as f64, best(class), peak_color(class.kind));
        let name = best.name(&class.form, landscape.decomposition());
        items.push(Item::Text(Text {
            size: 12.0,
            color: color.text,
            ..Text::small(Place::at(0.0, top + 12.0), Anchor::Start, class.kind.name())
        }));
        items.extend(in_lines(&name, NAME).iter().zip([25.0, 37.0]).map(|(line, down)| small((0.0, top + down), line)));
        plots.push(weights(best, landscape, top, color));
        let basin = class.basin;
        plots.push(bar((HEIGHTS.0, HEIGHTS.1, top), (best.height, tallest), None, color));
        plots.push(bar((BASINS.0, BASINS.1, top), (basin.share, 1.0), Some((basin.low, basin.high)), color));
        items.push(small((HEIGHTS.0, top + 32.0), &number(best.height)));
        items.push(small((BASINS.0, top + 32.0), &percent(basin.share)));
    }
    Plots { size: (WIDTH, FIRST + 4.0 + ROW * shown.len() as f64), plots, items }
}

fn small((x, y): (f64, f64), text: &str) -> Item {
    Item::Text(Text::small(Place::at(x, y), Anchor::Start, text))
}

/// An axis that is not drawn.
fn hidden(low: f64, high: f64) -> Axis {
    Axis { title: None, scale: Scale::Linear { low, high }, ticks: Ticks::None }
}

/// One bar of `value` on an axis up to `most`, with its interval.
fn bar(
    (left, width, top): (f64, f64, f64),
    (value, most): (f64, f64),
    interval: Option<(f64, f64)>,
    color: Color,
) -> Plot {
    let frame = Frame { left, top: top + 8.0, width, height: 10.0 };
    let mut plot = Plot::new(frame, "", hidden(0.0, most), hidden(0.0, 1.0));
    // A value of nothing is still seen to be there.
    let to = value.max(most * 0.005);
    let fill = Fill::Color(color.line.to_owned());
    plot.layers.push(Layer::Cells(vec![Cell { x: (0.0, to), y: (0.0, 1.0), fill, letter: None, tells: None }]));
    plot.layers.extend(interval.map(|(low, high)| segments(vec![((low, 0.5), (high, 0.5))], NEUTRAL, 1.0, false)));
    plot
}

fn segments(pieces: Vec<((f64, f64), (f64, f64))>, color: Color, width: f64, dashed: bool) -> Layer {
    let at = |(x, y): (f64, f64)| Place::at(x, y);
    let segments = pieces.into_iter().map(|(from, to)| (at(from), at(to))).collect();
    Layer::Segments(Segments { segments, color, width, dashed })
}

/// The weights: bars around a base line, or, where the inputs are a square of numbers, that square in two colours.
fn weights(best: &Maximum, landscape: &Landscape<'_>, top: f64, color: Color) -> Plot {
    let largest = best.w.iter().fold(f64::MIN_POSITIVE, |largest, w| largest.max(w.abs()));
    let (d, height) = (best.w.len(), ROW - 10.0);
    let side = d.isqrt();
    if landscape.has_numbers() && side * side == d {
        let frame = Frame { left: WEIGHTS.0, top: top + 2.0, width: height, height };
        let mut plot = Plot::new(frame, "", hidden(0.0, side as f64), hidden(0.0, side as f64));
        let cell = |(k, w): (usize, &f64)| {
            let (row, column) = ((side - 1 - k / side) as f64, (k % side) as f64);
            let ink = if *w > 0.0 { color.line } else { FAINT.line };
            let fill = Fill::Color(diluted(ink, w.abs() / largest));
            Cell { x: (column, column + 1.0), y: (row, row + 1.0), fill, letter: None, tells: None }
        };
        plot.layers.push(Layer::Cells(best.w.iter().enumerate().map(cell).collect()));
        return plot;
    }
    let frame = Frame { left: WEIGHTS.0, top: top + 2.0, width: WEIGHTS.1, height };
    let mut plot = Plot::new(frame, "", hidden(0.0, d as f64), hidden(-1.0, 1.0));
    let middle = |k: usize| k as f64 + 0.5;
    let bars = best.w.iter().enumerate().map(|(k, w)| ((middle(k), 0.0), (middle(k), w / largest))).collect();
    let ends = landscape.operand_ends().map(|end| ((end as f64, -1.0), (end as f64, 1.0))).collect();
    let width = (0.72 * WEIGHTS.1 / d as f64).clamp(0.6, 4.0);
    plot.layers = vec![
        segments(vec![((0.0, 0.0), (d as f64, 0.0))], FAINT, 0.6, false),
        segments(bars, color, width, false),
        segments(ends, FAINT, 0.6, true),
    ];
    plot
}

/// A colour `#rrggbb` with this share of it on white.
fn diluted(color: &str, share: f64) -> String {
    let channel = |i: usize| color.get(i..i + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    hex([1, 3, 5].map(|i| 255.0 + (f64::from(channel(i).unwrap_or(0)) - 255.0) * share.clamp(0.0, 1.0)))
}

/// The text in two lines, broken between words where the first line is full.
fn in_lines(text: &str, letters: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let is_first = lines.len() == 1;
        let line = lines.last_mut().expect("begins with one line");
        if is_first && !line.is_empty() && line.chars().count() + 1 + word.chars().count() > letters {
            lines.push(word.to_owned());
        } else {
            let gap = if line.is_empty() { "" } else { " " };
            line.push_str(gap);
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_broken_between_words_and_keeps_them_all() {
        assert_eq!(in_lines("frequency 3", 24), ["frequency 3"]);
        let lines = in_lines("tokens 21 (1st), 4 (2nd), 7 (1st) and 2 more", 24);
        assert_eq!(lines, ["tokens 21 (1st), 4", "(2nd), 7 (1st) and 2 more"]);
    }

    #[test]
    fn a_diluted_colour_goes_from_white_to_itself() {
        assert_eq!([0.0, 0.5, 1.0].map(|share| diluted("#D55E00", share)), ["#ffffff", "#eaaf80", "#d55e00"]);
    }
}
