//! How many directions the weights and their updates use.

use super::Figure;
use crate::plot::{EndLabel, LEFT, Panel, STAGE_STRIP, Stroke};
use crate::svg::{Svg, WIDTH};
use crate::view::{Course, View};
use crate::words::{count, percent};
use dunwu::answer::Scale;
use dunwu::answer::{Color, FAINT, NEUTRAL, RESTORED};
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::Frame;

const NAME: &str = "spectra";
const TITLE: &str = "Directions that the hidden weights use";
const HEIGHT: f64 = 150.0;

/// One spectrum by index.
struct Spectrum {
    step: u64,
    color: Color,
    points: Vec<(f64, f64)>,
}

/// Each row: a summary over time on the left, whole spectra at a few steps on the right.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let rank = view.course(measure::EFFECTIVE_RANK);
    let leading = view.course(measure::UPDATE_LEADING_SHARE);
    if rank.is_empty() && leading.is_empty() {
        return Figure::undefined(NAME, TITLE, "no spectrum was measured in this run");
    }
    let mut svg = Svg::default();
    let mut top = 26.0 + STAGE_STRIP;
    if !rank.is_empty() {
        let scale = Scale::linear(rank.iter().map(|p| p.1), &[0.0]);
        row(
            &mut svg,
            view,
            top,
            measure::HIDDEN_SPECTRUM,
            ("Effective rank of W", "Singular values of W"),
            (&rank, scale),
        );
        top += HEIGHT + 62.0 + STAGE_STRIP;
    }
    if !leading.is_empty() {
        let titles = ("Leading update (share of power)", "Singular values of updates");
        row(&mut svg, view, top, measure::UPDATE_SPECTRUM, titles, (&leading, Scale::Linear { low: 0.0, high: 1.0 }));
        top += HEIGHT + 62.0 + STAGE_STRIP;
    }
    let height = top - 16.0 - STAGE_STRIP;
    Figure::drawn(NAME, TITLE, caption(view, Course::of(&rank), Course::of(&leading)), svg, height)
}

fn row(
    svg: &mut Svg,
    view: &View<'_>,
    top: f64,
    spectrum: Handle<shape::Spectrum>,
    (over_time, at_steps): (&str, &str),
    (points, scale): (&[(f64, f64)], Scale),
) {
    let gap = 60.0;
    let width = (WIDTH - LEFT - gap - 84.0) / 2.0;
    let x = Scale::Step { last: view.last_step() as f64 };
    let left = Panel { left: LEFT, top, width, height: HEIGHT, strip: STAGE_STRIP, names: 0.0, x, y: scale };
    left.stage_bands(svg, &view.opened.stages);
    left.y_axis(svg, over_time);
    left.event_marks(svg, &view.events());
    left.curve(svg, points, Stroke { color: NEUTRAL, width: 1.5, dashed: false });
    left.dots(svg, points, 2.1, NEUTRAL);
    left.x_axis(svg, Some("training step"));

    let spectra: Vec<Spectrum> = chosen(view, spectrum)
        .into_iter()
        .filter_map(|(frame, color)| {
            let values = view.spectrum(frame, spectrum)?.into_iter().enumerate();
            Some(Spectrum { step: frame.step, color, points: values.map(|(i, v)| (i as f64 + 1.0, v)).collect() })
        })
        .collect();
    let values = spectra.iter().flat_map(|s| s.points.iter().map(|p| p.1));
    let longest = spectra.iter().map(|s| s.points.len()).max().unwrap_or(1).max(2) as f64;
    let (x, y) = (Scale::Linear { low: 1.0, high: longest }, Scale::log(values, 6));
    let right = Panel { left: LEFT + width + gap, top, width, height: HEIGHT, strip: STAGE_STRIP, names: 0.0, x, y };
    right.y_axis(svg, at_steps);
    let mut labels = Vec::new();
    for Spectrum { step, color, points } in &spectra {
        // What lies below the axis is left out, not drawn along its edge.
        let points: Vec<(f64, f64)> = points.iter().copied().filter(|p| p.1 >= right.y.low()).collect();
        right.curve(svg, &points, Stroke { color: *color, width: 1.6, dashed: false });
        if longest < 30.0 {
            right.dots(svg, &points, 2.1, *color);
        }
        if let Some((_, y)) = points.iter().rev().find_map(|&p| right.at(p)) {
            labels.push(EndLabel { y, text: format!("step {}", count(*step)), color: *color });
        }
    }
    right.end_labels(svg, labels);
    right.x_axis(svg, Some("index, largest first"));
}

/// The first snapshot with a spectrum, the one nearest to the jump, the last.
fn chosen<'v>(view: &View<'v>, spectrum: Handle<shape::Spectrum>) -> Vec<(&'v Frame, Color)> {
    let frames: Vec<&Frame> = view.opened.frames.iter().filter(|f| view.spectrum(f, spectrum).is_some()).collect();
    let jump = view.opened.generalized.and_then(|step| frames.iter().min_by_key(|f| f.step.abs_diff(step)));
    let picks = [(frames.first(), FAINT), (jump, RESTORED), (frames.last(), NEUTRAL)];
    let mut chosen: Vec<(&Frame, Color)> = picks.into_iter().filter_map(|(f, color)| Some((*f?, color))).collect();
    chosen.dedup_by_key(|(frame, _)| frame.step);
    chosen
}

fn caption(view: &View<'_>, rank: Option<Course>, leading: Option<Course>) -> String {
    let rank = rank.map(|rank| {
        let possible =
            view.opened.frames.iter().find_map(|f| view.spectrum(f, measure::HIDDEN_SPECTRUM)).map_or(0, |s| s.len());
        format!(
            "The effective rank of W (the exponential of the entropy of its squared singular values) {}, of {} possible",
            rank.phrase(),
            count(possible as u64),
        )
    });
    let leading = leading.map(|leading| {
        format!(
            "the leading direction of the last updates holds {} of their power at step {} and {} at step {}",
            percent(leading.first.1),
            count(leading.first.0 as u64),
            percent(leading.last.1),
            count(leading.last.0 as u64),
        )
    });
    match (rank, leading) {
        (Some(rank), Some(leading)) => format!("{rank}; {leading}."),
        (Some(rank), None) => format!("{rank}; no snapshot has the twenty updates that a spectrum of updates needs."),
        (None, Some(leading)) => format!("Only updates have a spectrum here: {leading}."),
        (None, None) => String::new(),
    }
}
