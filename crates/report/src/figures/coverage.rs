//! Since when each irrep is carried.

use super::irrep_axis;
use crate::plot::{LEFT, Panel};
use crate::timeline::{self, Content, RIGHT, STEPS, Series, Track};
use crate::view::{Coverage, View};
use crate::words::{self, count, counted, list};
use dunwu::answer::{
    Anchor, Area, Axis, Figure, Layer, NEUTRAL, Place, Plot, Plots, Points, Scale, TEST, TRAIN, Text, Ticks, WIDTH,
};
use dunwu::group::Irrep;

const NAME: &str = "coverage";
const TITLE: &str = "When each irrep is first covered";
/// Beyond this many irreps rows would be thinner than a line; then only their number is drawn.
const MOST_ROWS: usize = 128;

/// One row an irrep in the order of arrival, as thick as it has pure units.
pub(super) fn figure(view: &View<'_>) -> Figure {
    if let Some(why) = view.why_no_irreps() {
        return Figure::undefined(NAME, TITLE, &why);
    }
    let Some(coverage) = view.coverage() else {
        return Figure::undefined(NAME, TITLE, "how many units carry each irrep was not measured in this run");
    };
    let irreps = view.nontrivial();
    let plots = if irreps.len() > MOST_ROWS {
        timeline::stack(view, &[number_covered(view, irreps.len())])
    } else {
        rows(view, &coverage, &irreps)
    };
    Figure::of_plots(NAME, TITLE, caption(view, &coverage), plots)
}

fn number_covered(view: &View<'_>, all: usize) -> Track {
    let covered = |frame: &dunwu::opened::Frame| {
        view.nontrivial().iter().filter(|&&(k, _)| view.carriers(frame, k).is_some_and(|n| n > 0)).count()
    };
    let points = view.opened.frames.iter().map(|f| (f.step as f64, covered(f) as f64)).collect();
    Track {
        title: format!("Irreps covered (of {})", count(all as u64)),
        scale: Scale::linear([all as f64], &[0.0]),
        height: 200.0,
        content: Content::Curves(vec![Series::of_frames("covered", NEUTRAL, points)]),
    }
}

/// A row an irrep. Down the plot runs the position in the order of arrival; a ribbon's thickness is in rows.
fn rows(view: &View<'_>, coverage: &Coverage, irreps: &[(usize, &Irrep)]) -> Plots {
    let names = irrep_axis::names(irreps.iter().map(|&(_, irrep)| irrep));
    let mut order: Vec<usize> = (0..irreps.len()).collect();
    order.sort_by_key(|&i| (coverage.first_covered[irreps[i].0].unwrap_or(u64::MAX), i));
    let row = (350.0 / irreps.len() as f64).clamp(3.2, 18.0);
    let last = view.last_step() as f64;
    let margin = 3.0 / row;
    let x = Scale::Step { last };
    let y = Scale::Linear { low: irreps.len() as f64 + margin, high: -margin };
    let (width, height) = (WIDTH - LEFT - RIGHT, row * irreps.len() as f64 + 6.0);
    let panel = Panel { left: LEFT, top: 0.0, width, height, strip: 0.0, names: 0.0, x, y };
    let panel = panel.below_names(&view.events());
    let title = format!("{} in order of arrival (thickness: number of pure units)", plural(&names.title));
    let y = Axis { ticks: Ticks::None, ..Axis::of(y, None) };
    let mut plot = Plot::new(panel.frame(), title, Axis::of(x, Some(STEPS)), y);
    plot.bands = words::stage_bands(&view.opened.stages);
    plot.names_bands = true;
    plot.marks = words::event_marks(&view.events());
    let frames = &view.opened.frames;
    let most = irreps.iter().flat_map(|&(k, _)| frames.iter().filter_map(move |f| view.carriers(f, k))).max();
    let most = most.unwrap_or(0).max(1) as f64;
    let size = (row * 0.95).clamp(6.0, 11.0);
    let (mut ribbons, mut arrived, mut missing, mut texts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (position, &i) in order.iter().enumerate() {
        let k = irreps[i].0;
        let middle = position as f64 + 0.5;
        let half = |carriers: f64| (carriers / most).sqrt() * 0.42 + 0.3 / row;
        let thickness: Vec<(f64, Option<f64>)> = frames
            .iter()
            .map(|f| (f.step as f64, view.carriers(f, k).filter(|&n| n > 0).map(|n| half(n as f64))))
            .collect();
        ribbons.extend(ribbon(&thickness, middle));
        let first = coverage.first_covered[k].map(|step| step as f64);
        arrived.extend(first.map(|step| (step, middle)));
        if row >= 6.5 {
            let text = |at: Place, anchor, text: String, color| Text {
                at,
                text,
                anchor,
                size,
                color,
                halo: anchor == Anchor::End,
                turned: 0,
            };
            let at = Place::at(first.unwrap_or(last), middle).moved(-6.0, size * 0.36);
            texts.push(text(at, Anchor::End, names.short[i].clone(), "#333"));
            let now = frames.iter().rev().find_map(|f| view.carriers(f, k)).unwrap_or(0);
            let (words, color) = if now == 0 { ("missing".into(), TRAIN.text) } else { (count(now as u64), "#666") };
            let at = Place::at(last, middle).moved(8.0, size * 0.36);
            texts.push(text(at, Anchor::Start, words, color));
        }
        if coverage.missing.contains(&k) {
            missing.push((last, middle));
        }
    }
    if row >= 6.5 {
        let at = Place::at(last, -margin).moved(8.0, -4.0);
        texts.push(Text::small(at, Anchor::Start, "pure units, last"));
    }
    let radius = (row * 0.3).clamp(1.2, 3.0);
    plot.layers = ribbons.into_iter().map(Layer::Area).collect();
    plot.layers.insert(0, Layer::Marks);
    plot.layers.push(Layer::Points(Points::filled(arrived, radius, TEST)));
    plot.layers.push(Layer::Points(Points { hollow: true, ..Points::filled(missing, radius, TRAIN) }));
    plot.layers.push(Layer::Texts(texts));
    Plots { size: (WIDTH, panel.bottom() + 46.0), plots: vec![plot], items: Vec::new() }
}

/// Bands around `middle` with the given half thickness at each step, where there is one.
fn ribbon(thickness: &[(f64, Option<f64>)], middle: f64) -> Vec<Area> {
    let parts = thickness.split(|(_, half)| half.is_none()).filter(|part| !part.is_empty());
    let edge = |part: &[(f64, Option<f64>)], side: f64| {
        part.iter().filter_map(|&(step, half)| Some((step, middle + side * half?))).collect()
    };
    parts
        .map(|part| Area {
            name: None,
            lower: edge(part, 1.0),
            upper: edge(part, -1.0),
            color: TEST,
            opacity: 0.55,
            parted: false,
        })
        .collect()
}

fn plural(title: &str) -> &'static str {
    if title == "frequency" { "Frequencies" } else { "Irreps" }
}

fn caption(view: &View<'_>, coverage: &Coverage) -> String {
    let irreps = view.opened.irreps.as_deref().unwrap_or_default();
    let all = coverage.covered.len() + coverage.missing.len();
    let last = view.last_frame().map_or(0, |f| f.step);
    let mut arrivals: Vec<(u64, usize)> =
        coverage.first_covered.iter().enumerate().filter_map(|(k, step)| Some(((*step)?, k))).collect();
    arrivals.sort_unstable();
    let name = |k: usize| &irreps[k].name;
    let arrival = match arrivals[..] {
        [] => "none was ever carried by one".into(),
        [(step, k)] => format!("the only one to arrive was {} at step {}", name(k), count(step)),
        [(first, first_irrep), .., (late, late_irrep)] => {
            let half = arrivals
                .get(all.div_ceil(2) - 1)
                .map_or(String::new(), |&(step, _)| format!(", half of all were there by step {}", count(step)));
            format!(
                "the first was {} at step {}{half}, the last to arrive was {} at step {}",
                name(first_irrep),
                count(first),
                name(late_irrep),
                count(late)
            )
        }
    };
    let missing: Vec<String> = coverage.missing.iter().map(|&k| name(k).clone()).collect();
    let missing =
        if missing.is_empty() { String::new() } else { format!("; missing at the end: {}", list(&missing, 10)) };
    format!(
        "At step {}, {} of {} are carried by at least one pure unit (purity above 0.9); as far as the {} tell, {arrival}{missing}.",
        count(last),
        count(coverage.covered.len() as u64),
        counted(all, "nontrivial irrep"),
        counted(view.opened.frames.len(), "snapshot"),
    )
}
