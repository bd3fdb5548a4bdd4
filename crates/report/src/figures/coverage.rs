//! Since when each irrep is carried.

use super::{Figure, irrep_axis};
use crate::plot::{LEFT, Panel};
use crate::svg::{Anchor, PathData, Svg, WIDTH};
use crate::timeline::{self, Content, RIGHT, STEPS, Series, Track};
use crate::view::{Coverage, View};
use crate::words::{count, counted, list};
use dunwu::answer::Scale;
use dunwu::answer::{NEUTRAL, TEST, TRAIN};
use dunwu::group::Irrep;

const NAME: &str = "coverage";
const TITLE: &str = "When each irrep is first covered";
/// Keeps a name legible where a line passes behind it.
const HALO: &str = "paint-order=\"stroke\" stroke=\"#fff\" stroke-opacity=\"0.8\" stroke-width=\"2.5\"";
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
    let mut svg = Svg::default();
    let height = if irreps.len() > MOST_ROWS {
        timeline::draw(&mut svg, view, &[number_covered(view, irreps.len())])
    } else {
        rows(&mut svg, view, &coverage, &irreps)
    };
    Figure::drawn(NAME, TITLE, caption(view, &coverage), svg, height)
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

fn rows(svg: &mut Svg, view: &View<'_>, coverage: &Coverage, irreps: &[(usize, &Irrep)]) -> f64 {
    let names = irrep_axis::names(irreps.iter().map(|&(_, irrep)| irrep));
    let mut order: Vec<usize> = (0..irreps.len()).collect();
    order.sort_by_key(|&i| (coverage.first_covered[irreps[i].0].unwrap_or(u64::MAX), i));
    let row = (350.0 / irreps.len() as f64).clamp(3.2, 18.0);
    let x = Scale::Step { last: view.last_step() as f64 };
    let height = row * irreps.len() as f64 + 6.0;
    let width = WIDTH - LEFT - RIGHT;
    let panel = Panel {
        left: LEFT,
        top: 0.0,
        width,
        height,
        strip: 0.0,
        names: 0.0,
        x,
        y: Scale::Linear { low: 0.0, high: 1.0 },
    };
    let panel = panel.below_names(&view.events());
    panel.stage_bands(svg, &view.opened.stages);
    panel.title(svg, &format!("{} in order of arrival (thickness: number of pure units)", plural(&names.title)));
    panel.event_marks(svg, &view.events());
    panel.x_axis(svg, Some(STEPS));
    let frames = &view.opened.frames;
    let most = irreps.iter().flat_map(|&(k, _)| frames.iter().filter_map(move |f| view.carriers(f, k))).max();
    let most = most.unwrap_or(0).max(1) as f64;
    let size = (row * 0.95).clamp(6.0, 11.0);
    let small = format!("font-size=\"{size:.1}\"");
    for (position, &i) in order.iter().enumerate() {
        let k = irreps[i].0;
        let y = panel.top + 3.0 + (position as f64 + 0.5) * row;
        let thickness: Vec<(f64, f64)> = frames
            .iter()
            .filter_map(|f| {
                let carriers = view.carriers(f, k).unwrap_or(0) as f64;
                Some((
                    panel.at_x(f.step as f64)?,
                    if carriers > 0.0 { (carriers / most).sqrt() * row * 0.42 + 0.3 } else { 0.0 },
                ))
            })
            .collect();
        ribbon(svg, &thickness, y);
        let first = coverage.first_covered[k].and_then(|step| panel.at_x(step as f64));
        if let Some(x) = first {
            svg.circle((x, y), (row * 0.3).clamp(1.2, 3.0), &format!("fill=\"{}\"", TEST.line));
        }
        if row >= 6.5 {
            let x = first.map_or(panel.right(), |x| x) - 6.0;
            let style = format!("{small} fill=\"#333\" {HALO}");
            svg.text((x, y + size * 0.36), Anchor::End, &style, &names.short[i]);
            let now = frames.iter().rev().find_map(|f| view.carriers(f, k)).unwrap_or(0);
            let (text, color) = if now == 0 { ("missing".into(), TRAIN.text) } else { (count(now as u64), "#666") };
            svg.text(
                (panel.right() + 8.0, y + size * 0.36),
                Anchor::Start,
                &format!("{small} fill=\"{color}\""),
                &text,
            );
        }
        if coverage.missing.contains(&k) {
            let style = format!("fill=\"#fff\" stroke=\"{}\" stroke-width=\"1.2\"", TRAIN.line);
            svg.circle((panel.right(), y), (row * 0.3).clamp(1.2, 3.0), &style);
        }
    }
    if row >= 6.5 {
        svg.text(
            (panel.right() + 8.0, panel.top - 4.0),
            Anchor::Start,
            "font-size=\"11\" fill=\"#666\"",
            "pure units, last",
        );
    }
    panel.bottom() + 46.0
}

/// A band around `y` with the given half thickness at each abscissa, where it has one.
fn ribbon(svg: &mut Svg, thickness: &[(f64, f64)], y: f64) {
    let mut data = PathData::default();
    for part in thickness.split(|&(_, half)| half == 0.0) {
        let Some(&(x, half)) = part.first() else { continue };
        data.move_to((x, y - half));
        for &(x, half) in &part[1..] {
            data.line_to((x, y - half));
        }
        for &(x, half) in part.iter().rev() {
            data.line_to((x, y + half));
        }
        data.close();
    }
    svg.path(&data, &format!("fill=\"{}\" fill-opacity=\"0.55\"", TEST.line));
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
