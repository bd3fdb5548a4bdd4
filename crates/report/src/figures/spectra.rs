//! How many directions the weights and their updates use.

use crate::plot::{LEFT, STAGE_STRIP};
use crate::view::{Course, View};
use crate::words::{self, count, percent};
use dunwu::answer::{
    Axis, Color, FAINT, Figure, Frame, Layer, Line, NEUTRAL, Plot, Plots, Points, RESTORED, Scale, WIDTH,
};
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::Frame as Snapshot;

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
    let mut plots = Vec::new();
    let mut top = 26.0 + STAGE_STRIP;
    if !rank.is_empty() {
        let scale = Scale::linear(rank.iter().map(|p| p.1), &[0.0]);
        let titles = ("Effective rank of W", "Singular values of W");
        plots.extend(row(view, top, measure::HIDDEN_SPECTRUM, titles, (&rank, scale)));
        top += HEIGHT + 62.0 + STAGE_STRIP;
    }
    if !leading.is_empty() {
        let titles = ("Leading update (share of power)", "Singular values of updates");
        let scale = Scale::Linear { low: 0.0, high: 1.0 };
        plots.extend(row(view, top, measure::UPDATE_SPECTRUM, titles, (&leading, scale)));
        top += HEIGHT + 62.0 + STAGE_STRIP;
    }
    let plots = Plots { size: (WIDTH, top - 16.0 - STAGE_STRIP), plots, items: Vec::new() };
    Figure::of_plots(NAME, TITLE, caption(view, Course::of(&rank), Course::of(&leading)), plots)
}

/// A summary over time beside whole spectra.
fn row(
    view: &View<'_>,
    top: f64,
    spectrum: Handle<shape::Spectrum>,
    (over_time, at_steps): (&str, &str),
    (points, scale): (&[(f64, f64)], Scale),
) -> [Plot; 2] {
    let gap = 60.0;
    let width = (WIDTH - LEFT - gap - 84.0) / 2.0;
    let frame = |left: f64| Frame { left, top, width, height: HEIGHT };
    let x = Axis::of(Scale::Step { last: view.last_step() as f64 }, Some("training step"));
    let mut left = Plot::new(frame(LEFT), over_time, x, Axis::of(scale, None));
    left.bands = words::stage_bands(&view.opened.stages);
    left.names_bands = true;
    left.marks = words::unnamed_marks(&view.events());
    left.layers = vec![
        Layer::Line(Line::solid(None, points.to_vec(), NEUTRAL, 1.5)),
        Layer::Points(Points::filled(points.iter().copied(), 2.1, NEUTRAL)),
    ];
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
    let axes = (Axis::of(x, Some("index, largest first")), Axis::of(y, None));
    let mut right = Plot::new(frame(LEFT + width + gap), at_steps, axes.0, axes.1);
    for Spectrum { step, color, points } in &spectra {
        // What lies below the axis is left out, not drawn along its edge.
        let points: Vec<(f64, f64)> = points.iter().copied().filter(|p| p.1 >= y.low()).collect();
        let dots = (longest < 30.0).then(|| Layer::Points(Points::filled(points.iter().copied(), 2.1, *color)));
        right.layers.push(Layer::Line(Line::solid(Some(&format!("step {}", count(*step))), points, *color, 1.6)));
        right.layers.extend(dots);
    }
    [left, right]
}

/// The first snapshot with a spectrum, the one nearest to the jump, the last.
fn chosen<'v>(view: &View<'v>, spectrum: Handle<shape::Spectrum>) -> Vec<(&'v Snapshot, Color)> {
    let frames: Vec<&Snapshot> = view.opened.frames.iter().filter(|f| view.spectrum(f, spectrum).is_some()).collect();
    let jump = view.opened.generalized().and_then(|step| frames.iter().min_by_key(|f| f.step.abs_diff(step)));
    let picks = [(frames.first(), FAINT), (jump, RESTORED), (frames.last(), NEUTRAL)];
    let mut chosen: Vec<(&Snapshot, Color)> = picks.into_iter().filter_map(|(f, color)| Some((*f?, color))).collect();
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
