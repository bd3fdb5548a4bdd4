//! Units against irreps at the last snapshot.

use super::{Figure, irrep_axis};
use crate::plot::{LEFT, Panel, SMALL};
use crate::svg::{Anchor, Svg, WIDTH, text_width};
use crate::view::View;
use crate::words::{self, count, counted, list, number, percent};
use dunwu::answer::Scale;
use dunwu::answer::{FAINT, LABELS, TRAIN, label_color, sequential};
use dunwu::group::Irrep;
use dunwu::measure;
use dunwu::opened::{Frame, UnitLabel};
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
    let mut svg = Svg::default();
    let height = draw(&mut svg, view, frame, &units, &irreps);
    Figure::drawn(NAME, TITLE, caption(view, frame, &units), svg, height)
}

/// Units by dominant irrep, purest first, those without one last; `None` where nothing was measured.
fn sorted_units(view: &View<'_>, frame: &Frame) -> Option<Vec<Unit>> {
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

fn draw(svg: &mut Svg, view: &View<'_>, frame: &Frame, units: &[Unit], irreps: &[(usize, &Irrep)]) -> f64 {
    let names = irrep_axis::names(irreps.iter().map(|&(_, irrep)| irrep));
    let n = irreps.len() as f64;
    let x = Scale::Linear { low: 0.0, high: n };
    let width = (n * 40.0).clamp(160.0, WIDTH - LEFT - 118.0);
    let pure: Vec<Option<usize>> = irreps.iter().map(|&(k, _)| view.carriers(frame, k)).collect();
    let most = pure.iter().flatten().copied().max().unwrap_or(0);
    let bars = Panel {
        left: LEFT,
        top: 26.0,
        width,
        height: 56.0,
        strip: 0.0,
        names: 0.0,
        x,
        y: Scale::linear([most.max(1) as f64], &[0.0]),
    };
    bars.y_axis(svg, "Pure units (purity > 0.9)");
    let column = width / n;
    for (i, pure) in pure.iter().enumerate() {
        let left = LEFT + i as f64 * column;
        match pure {
            Some(0) => svg.circle(
                (left + column / 2.0, bars.bottom() - 5.0),
                (column / 2.6).clamp(1.2, 3.5),
                &format!("fill=\"none\" stroke=\"{}\" stroke-width=\"1.3\"", TRAIN.line),
            ),
            Some(n) => {
                let top = bars.at_y(*n as f64).unwrap_or(bars.bottom());
                let place = (left + column * 0.12, top);
                svg.rect(place, (column * 0.76, bars.bottom() - top), "fill=\"#56798F\"");
            }
            None => {}
        }
    }
    let y = Scale::Linear { low: units.len() as f64, high: 0.0 };
    let map = Panel { left: LEFT, top: bars.bottom() + 40.0, width, height: 300.0, strip: 0.0, names: 0.0, x, y };
    cells(svg, &map, units, irreps);
    columns(svg, &map, &names);
    let (below, turned) = column_labels(svg, &map, &names);
    svg.heading((0.0, map.top - 9.0), "Hidden units", "(sorted by dominant irrep, then by purity)");
    legend(svg, &map, most > 0 && pure.contains(&Some(0)), bars.bottom());
    map.bottom() + below + if turned { 8.0 } else { 14.0 }
}

fn cells(svg: &mut Svg, map: &Panel, units: &[Unit], irreps: &[(usize, &Irrep)]) {
    let a_row = units.len().div_ceil(MOST_ROWS / if units.len() > MOST_ROWS { 2 } else { 1 });
    let column = map.width / irreps.len() as f64;
    let lowest = irreps.first().map_or(0, |&(k, _)| k);
    let strip = map.right() + 6.0;
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
    let height = |from: usize, to: usize| (to - from) as f64 / units.len() as f64 * map.height;
    let top = |from: usize| map.top + height(0, from);
    svg.group("shape-rendering=\"crispEdges\"", |svg| {
        for (place, shade, from, to) in finished {
            let style = format!("fill=\"{}\"", sequential(f64::from(shade) / SHADES));
            svg.rect((map.left + place as f64 * column, top(from)), (column, height(from, to).max(0.6)), &style);
        }
        for (label, from, to) in labels {
            let style = format!("fill=\"{}\"", label_color(label).line);
            svg.rect((strip, top(from)), (9.0, height(from, to)), &style);
        }
    });
}

fn commonest(block: &[Unit]) -> UnitLabel {
    let n = |label: UnitLabel| block.iter().filter(|u| u.label == label).count();
    LABELS.into_iter().rev().max_by_key(|&label| n(label)).unwrap_or(UnitLabel::Undecided)
}

fn columns(svg: &mut Svg, map: &Panel, names: &irrep_axis::IrrepNames) {
    let n = names.short.len();
    if n <= 64 {
        svg.group("stroke=\"#000\" stroke-opacity=\"0.07\" stroke-width=\"1\"", |svg| {
            for i in 0..=n {
                let x = map.left + i as f64 * map.width / n as f64;
                svg.line((x, map.top), (x, map.bottom()), "");
            }
        });
    }
    let frame = "fill=\"none\" stroke=\"#888\" stroke-width=\"1\"";
    svg.rect((map.left, map.top), (map.width, map.height), frame);
    for tick in Scale::linear([map.y.low()], &[0.0]).ticks() {
        if tick.value <= map.y.low()
            && let Some(y) = map.at_y(tick.value)
        {
            svg.text((map.left - 7.0, y + 4.0), Anchor::End, SMALL, &tick.label.unwrap_or_default());
        }
    }
}

/// Names under the columns; how much room they took, and whether they had to be turned.
fn column_labels(svg: &mut Svg, map: &Panel, names: &irrep_axis::IrrepNames) -> (f64, bool) {
    let n = names.short.len();
    let column = map.width / n as f64;
    let widest = names.short.iter().map(|name| text_width(name, 11.0)).fold(0.0, f64::max);
    let x = |i: usize| map.left + (i as f64 + 0.5) * column;
    let numeric = names.title != "irrep";
    if !numeric && widest > column - 2.0 && n <= 28 {
        for (i, name) in names.short.iter().enumerate() {
            svg.turned_text((x(i) + 4.0, map.bottom() + 12.0), -45, SMALL, name);
        }
        return (widest * 0.72 + 20.0, true);
    }
    let label = |i: usize| if numeric || n <= 28 { names.short[i].clone() } else { (i + 1).to_string() };
    let room = if numeric || n > 28 { text_width(&label(n - 1), 11.0) } else { widest };
    let every =
        [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().find(|&e| room + 4.0 < column * e as f64).unwrap_or(1000);
    for i in 0..n {
        if every == 1 || (i + 1).is_multiple_of(every) || i == 0 && every > 2 {
            svg.text((x(i), map.bottom() + 16.0), Anchor::Middle, SMALL, &label(i));
        }
    }
    svg.text((map.left + map.width / 2.0, map.bottom() + 34.0), Anchor::Middle, SMALL, &names.title);
    (38.0, false)
}

fn legend(svg: &mut Svg, map: &Panel, missing: bool, bars_bottom: f64) {
    let left = map.right() + 26.0;
    if missing {
        let style = format!("fill=\"{}\" font-size=\"11\"", TRAIN.text);
        svg.text((left - 12.0, bars_bottom - 1.0), Anchor::Start, &style, "○ missing");
    }
    svg.text((left, map.top + 9.0), Anchor::Start, SMALL, "label of unit");
    for (i, label) in LABELS.into_iter().enumerate() {
        let y = map.top + 18.0 + 16.0 * i as f64;
        svg.rect((left, y), (9.0, 9.0), &format!("fill=\"{}\"", label_color(label).line));
        let style = format!("font-size=\"11\" fill=\"{}\"", label_color(label).text);
        svg.text((left + 14.0, y + 8.5), Anchor::Start, &style, words::label(label));
    }
    let top = map.top + 112.0;
    svg.text((left, top), Anchor::Start, SMALL, "purity");
    for step in 0..12 {
        let style = format!("fill=\"{}\" shape-rendering=\"crispEdges\"", sequential(1.0 - f64::from(step) / 11.0));
        svg.rect((left, top + 8.0 + 6.0 * f64::from(step)), (9.0, 6.5), &style);
    }
    for (text, y) in [("1", top + 16.0), ("0.5", top + 48.0), ("0", top + 80.0)] {
        svg.text((left + 14.0, y), Anchor::Start, &format!("font-size=\"11\" fill=\"{}\"", FAINT.text), text);
    }
}

fn caption(view: &View<'_>, frame: &Frame, units: &[Unit]) -> String {
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
