//! Units against irreps at the last snapshot.

use super::irrep_axis;
use crate::plot::LEFT;
use crate::svg::text_width;
use crate::view::View;
use crate::words::{self, count, counted, list, number, percent};
use dunwu::answer::{
    Anchor, Axis, Cell, Color, FAINT, Figure, Fill, Frame, Item, LABELS, Layer, Place, Plot, Plots, Point, Points,
    Scale, Segments, TRAIN, Text, Ticks, WIDTH, label_color,
};
use dunwu::group::Irrep;
use dunwu::measure;
use dunwu::opened::{Frame as Snapshot, UnitLabel};
use dunwu::stats::median;

const NAME: &str = "irrep_map";
const TITLE: &str = "Which unit carries which irrep";
/// Beyond this many units, neighbours share a row: a row then is still a third of a millimetre in print.
const MOST_ROWS: usize = 512;
/// Shades; neighbours of one shade are drawn as one rectangle.
const SHADES: f64 = 24.0;

/// One hidden unit as the map sees it.
#[derive(Clone, Copy, Debug)]
struct Unit {
    irrep: Option<usize>,
    purity: f64,
    label: UnitLabel,
}

/// A heat map of purity, units sorted by dominant irrep, with the number of pure units an irrep above.
pub(super) fn figure(view: &View<'_>) -> Figure {
    if let Some(why) = view.why_no_irreps() {
        return Figure::undefined(NAME, TITLE, &why);
    }
    let Some((frame, units)) = view.opened.frames.iter().rev().find_map(|f| Some((f, sorted_units(view, f)?))) else {
        return Figure::undefined(NAME, TITLE, "the units' dominant irreps were not measured in this run");
    };
    if units.iter().all(|u| u.irrep.is_none()) {
        let why = format!("at step {} no unit has weights enough to belong to an irrep", count(frame.step));
        return Figure::undefined(NAME, TITLE, &why);
    }
    let first = usize::from(units.iter().all(|u| u.irrep != Some(0)));
    let irreps: Vec<(usize, &Irrep)> = view.opened.irreps.iter().flatten().enumerate().skip(first).collect();
    Figure::of_plots(NAME, TITLE, caption(view, frame, &units), plots(view, frame, &units, &irreps))
}

/// Units by dominant irrep, purest first, those without one last; `None` where nothing was measured.
fn sorted_units(view: &View<'_>, frame: &Snapshot) -> Option<Vec<Unit>> {
    let (irreps, purities) = (view.per_unit(frame, measure::UNIT_IRREP)?, view.per_unit(frame, measure::UNIT_PURITY)?);
    let n_irreps = view.opened.irreps.as_ref()?.len();
    let mut units: Vec<Unit> = irreps
        .iter()
        .zip(purities)
        .enumerate()
        .map(|(i, (irrep, purity))| {
            let purity = purity.filter(|p| p.is_finite());
            let irrep =
                irrep.filter(|k| *k >= 0.0 && *k < n_irreps as f64).map(|k| k as usize).filter(|_| purity.is_some());
            let label = frame.labels.get(i).copied().unwrap_or(UnitLabel::Undecided);
            Unit { irrep, purity: purity.unwrap_or(0.0), label }
        })
        .collect();
    units.sort_by(|a, b| {
        let order = a.irrep.unwrap_or(usize::MAX).cmp(&b.irrep.unwrap_or(usize::MAX));
        order.then(b.purity.total_cmp(&a.purity))
    });
    (!units.is_empty()).then_some(units)
}

/// Bars above, the map below, and the strip of labels beside it.
fn plots(view: &View<'_>, frame: &Snapshot, units: &[Unit], irreps: &[(usize, &Irrep)]) -> Plots {
    let names = irrep_axis::names(irreps.iter().map(|&(_, irrep)| irrep));
    let n = irreps.len() as f64;
    let width = (n * 40.0).clamp(160.0, WIDTH - LEFT - 118.0);
    let pure: Vec<Option<usize>> = irreps.iter().map(|&(k, _)| view.carriers(frame, k)).collect();
    let most = pure.iter().flatten().copied().max().unwrap_or(0);
    let bars_frame = Frame { left: LEFT, top: 26.0, width, height: 56.0 };
    let bars_bottom = bars_frame.top + bars_frame.height;
    let map_frame = Frame { left: LEFT, top: bars_bottom + 40.0, width, height: 300.0 };
    let map_bottom = map_frame.top + map_frame.height;
    let (mut map, strip) = maps(map_frame, units, irreps);
    let (labels, below) = column_labels(map_frame, units.len(), &names);
    map.layers.push(Layer::Texts(labels));
    let items = legend(map_frame, most > 0 && pure.contains(&Some(0)), bars_bottom);
    let size = (WIDTH, map_bottom + below);
    Plots { size, plots: vec![bars(bars_frame, &pure, most), map, strip], items }
}

/// How many pure units carry each irrep; a ring where none does.
fn bars(frame: Frame, pure: &[Option<usize>], most: usize) -> Plot {
    let x = Axis { ticks: Ticks::None, ..Axis::of(Scale::Linear { low: 0.0, high: pure.len() as f64 }, None) };
    let y = Axis::of(Scale::linear([most.max(1) as f64], &[0.0]), None);
    let mut bars = Plot::new(frame, "Pure units (purity > 0.9)", x, y);
    let column = frame.width / pure.len() as f64;
    let radius = (column / 2.6).clamp(1.2, 3.5);
    let (mut cells, mut rings) = (Vec::new(), Vec::new());
    for (i, pure) in pure.iter().enumerate() {
        let left = i as f64;
        match pure {
            Some(0) => rings.push(Point { at: Place::at(left + 0.5, 0.0).moved(0.0, -5.0), tells: None }),
            Some(n) => cells.push(Cell {
                x: (left + 0.12, left + 0.88),
                y: (0.0, *n as f64),
                fill: Fill::Color("#56798F".to_owned()),
                letter: None,
                tells: None,
            }),
            None => {}
        }
    }
    bars.layers = vec![
        Layer::Cells(cells),
        Layer::Points(Points { points: rings, hollow: true, ..Points::filled([], radius, TRAIN) }),
    ];
    bars
}

/// The map of purities, and the strip with the units' labels.
fn maps(frame: Frame, units: &[Unit], irreps: &[(usize, &Irrep)]) -> (Plot, Plot) {
    let y = Scale::Linear { low: units.len() as f64, high: 0.0 };
    let x = Axis { ticks: Ticks::None, ..Axis::of(Scale::Linear { low: 0.0, high: irreps.len() as f64 }, None) };
    let ticks = Scale::linear([units.len() as f64], &[0.0]).ticks();
    let ticks = ticks.into_iter().filter(|tick| tick.value <= units.len() as f64).collect();
    let title = "Hidden units (sorted by dominant irrep, then by purity)";
    let mut map = Plot::new(frame, title, x, Axis { ticks: Ticks::At(ticks), ..Axis::of(y, None) });
    map.outlined = true;
    let beside = Frame { left: frame.left + frame.width + 6.0, width: 9.0, ..frame };
    let blank = |scale: Scale| Axis { ticks: Ticks::None, ..Axis::of(scale, None) };
    let mut strip = Plot::new(beside, "", blank(Scale::Linear { low: 0.0, high: 1.0 }), blank(y));
    let (cells, labels) = cells(units, irreps);
    map.layers = vec![Layer::Cells(cells), columns(irreps.len(), units.len())];
    strip.layers = vec![Layer::Cells(labels)];
    (map, strip)
}

/// A cell for each run of neighbours of one shade in a column, and for each run of one label.
fn cells(units: &[Unit], irreps: &[(usize, &Irrep)]) -> (Vec<Cell>, Vec<Cell>) {
    let a_row = units.len().div_ceil(MOST_ROWS / if units.len() > MOST_ROWS { 2 } else { 1 });
    let lowest = irreps.first().map_or(0, |&(k, _)| k);
    // (column, shade) ─▶ rows that follow each other, open until interrupted.
    let mut open: std::collections::BTreeMap<usize, (i32, usize, usize)> = std::collections::BTreeMap::new();
    let mut finished: Vec<(usize, i32, usize, usize)> = Vec::new();
    let mut labels: Vec<(UnitLabel, usize, usize)> = Vec::new();
    for (row, block) in units.chunks(a_row).enumerate() {
        let (from, to) = (row * a_row, row * a_row + block.len());
        let mut sums = std::collections::BTreeMap::<usize, f64>::new();
        for unit in block {
            if let Some(irrep) = unit.irrep {
                *sums.entry(irrep - lowest).or_default() += unit.purity / block.len() as f64;
            }
        }
        for (place, sum) in sums {
            let shade = (sum.clamp(0.0, 1.0) * SHADES).round() as i32;
            match open.get_mut(&place) {
                Some((s, _, end)) if *s == shade && *end == from => *end = to,
                other => {
                    if let Some(&mut (s, f, t)) = other {
                        finished.push((place, s, f, t));
                    }
                    open.insert(place, (shade, from, to));
                }
            }
        }
        let label = commonest(block);
        match labels.last_mut() {
            Some((l, _, end)) if *l == label => *end = to,
            _ => labels.push((label, from, to)),
        }
    }
    finished.extend(open.into_iter().map(|(place, (shade, from, to))| (place, shade, from, to)));
    finished.sort_unstable();
    let cell = |x: (f64, f64), (from, to): (usize, usize), fill: Fill| Cell {
        x,
        y: (from as f64, to as f64),
        fill,
        letter: None,
        tells: None,
    };
    let shades = finished.into_iter().map(|(place, shade, from, to)| {
        cell((place as f64, place as f64 + 1.0), (from, to), Fill::Shade(f64::from(shade) / SHADES))
    });
    let labels = labels
        .into_iter()
        .map(|(label, from, to)| cell((0.0, 1.0), (from, to), Fill::Color(label_color(label).line.to_owned())));
    (shades.collect(), labels.collect())
}

fn commonest(block: &[Unit]) -> UnitLabel {
    let n = |label: UnitLabel| block.iter().filter(|u| u.label == label).count();
    LABELS.into_iter().rev().max_by_key(|&label| n(label)).unwrap_or(UnitLabel::Undecided)
}

/// Faint lines between the columns, where there is room for them.
fn columns(n: usize, n_units: usize) -> Layer {
    let line = |i: usize| (Place::at(i as f64, 0.0), Place::at(i as f64, n_units as f64));
    let segments = if n <= 64 { (0..=n).map(line).collect() } else { Vec::new() };
    let color = Color { line: "#ededed", text: "#666" };
    Layer::Segments(Segments { segments, color, width: 0.8, dashed: false })
}

/// Names under the columns, and how much room they take; turned where they would not fit otherwise.
fn column_labels(map: Frame, n_units: usize, names: &irrep_axis::IrrepNames) -> (Vec<Text>, f64) {
    let n = names.short.len();
    let column = map.width / n as f64;
    let widest = names.short.iter().map(|name| text_width(name, 11.0)).fold(0.0, f64::max);
    let numeric = names.title != "irrep";
    let at = |x: f64| Place::at(x, n_units as f64);
    let middle = |i: usize| i as f64 + 0.5;
    if !numeric && widest > column - 2.0 && n <= 28 {
        let text = |(i, name): (usize, &String)| Text {
            turned: -45,
            ..Text::small(at(middle(i)).moved(4.0, 12.0), Anchor::End, name.as_str())
        };
        return (names.short.iter().enumerate().map(text).collect(), widest * 0.72 + 28.0);
    }
    let label = |i: usize| if numeric || n <= 28 { names.short[i].clone() } else { (i + 1).to_string() };
    let room = if numeric || n > 28 { text_width(&label(n - 1), 11.0) } else { widest };
    let every =
        [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().find(|&e| room + 4.0 < column * e as f64).unwrap_or(1000);
    let is_shown = |&i: &usize| every == 1 || (i + 1).is_multiple_of(every) || i == 0 && every > 2;
    let mut texts: Vec<Text> = (0..n)
        .filter(is_shown)
        .map(|i| Text::small(at(middle(i)).moved(0.0, 16.0), Anchor::Middle, label(i)))
        .collect();
    texts.push(Text::small(at(n as f64 / 2.0).moved(0.0, 34.0), Anchor::Middle, names.title.as_str()));
    (texts, 52.0)
}

fn legend(map: Frame, missing: bool, bars_bottom: f64) -> Vec<Item> {
    let left = map.left + map.width + 26.0;
    let text = |x: f64, y: f64, text: &str, color: &'static str| {
        Item::Text(Text { color, ..Text::small(Place::at(x, y), Anchor::Start, text) })
    };
    let mut items = Vec::new();
    if missing {
        items.push(text(left - 12.0, bars_bottom - 1.0, "○ missing", TRAIN.text));
    }
    items.push(text(left, map.top + 9.0, "label of unit", "#666"));
    for (i, label) in LABELS.into_iter().enumerate() {
        let y = map.top + 18.0 + 16.0 * i as f64;
        let fill = Fill::Color(label_color(label).line.to_owned());
        items.push(Item::Rectangle { at: (left, y), size: (9.0, 9.0), fill });
        items.push(text(left + 14.0, y + 8.5, words::label(label), label_color(label).text));
    }
    let top = map.top + 112.0;
    items.push(text(left, top, "purity", "#666"));
    for step in 0..12 {
        let fill = Fill::Shade(1.0 - f64::from(step) / 11.0);
        items.push(Item::Rectangle { at: (left, top + 8.0 + 6.0 * f64::from(step)), size: (9.0, 6.5), fill });
    }
    for (words, y) in [("1", top + 16.0), ("0.5", top + 48.0), ("0", top + 80.0)] {
        items.push(text(left + 14.0, y, words, FAINT.text));
    }
    items
}

fn caption(view: &View<'_>, frame: &Snapshot, units: &[Unit]) -> String {
    let pure = units.iter().filter(|u| u.irrep.is_some() && u.purity > 0.9).count();
    let middle = median(units.iter().filter(|u| u.irrep.is_some()).map(|u| u.purity));
    let middle = middle.map_or("not defined".into(), number);
    let coverage = view.coverage().map_or(String::new(), |c| {
        let all = c.covered.len() + c.missing.len();
        if c.missing.is_empty() {
            return format!("; together the pure ones carry all {}", counted(all, "nontrivial irrep"));
        }
        let names = view.opened.irreps.as_deref().unwrap_or_default();
        let missing: Vec<String> = c.missing.iter().map(|&k| names[k].name.clone()).collect();
        let covered = count(c.covered.len() as u64);
        format!("; together the pure ones carry {covered} of {all} nontrivial irreps, without {}", list(&missing, 6))
    });
    let shared = match units.len().div_ceil(MOST_ROWS / 2) {
        a_row if units.len() > MOST_ROWS => format!(" (a row is the mean of {a_row} neighbours)"),
        _ => String::new(),
    };
    format!(
        "At step {}, {} of {} ({}) have more than 0.9 of their power in one irrep, and the median purity is {middle}{coverage}{shared}.",
        count(frame.step),
        count(pure as u64),
        counted(units.len(), "unit"),
        percent(pure as f64 / units.len() as f64),
    )
}
