//! Panels stacked over one axis of training steps, with stages behind and events across.

use super::plot::{LEFT, Panel};
use super::view::View;
use super::words;
use dunwu::answer::{Area, Axis, Color, Layer, Line, NEUTRAL, Plot, Plots, Points, Scale, Ticks, WIDTH};
use dunwu::measure::{Handle, shape};
use dunwu::opened::StageSpan;

/// Room for the names of curves.
pub(super) const RIGHT: f64 = 134.0;
/// Title of every axis of steps.
pub(super) const STEPS: &str = "training step (logarithmic in step + 1)";

/// One curve with its name.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) color: Color,
    pub(super) dashed: bool,
    /// Whether points are few enough to be shown as such (snapshots, not evaluations).
    pub(super) dotted: bool,
    pub(super) points: Vec<(f64, f64)>,
}

impl Series {
    /// A measure over snapshots.
    pub(super) fn of_frames(name: &str, color: Color, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), color, dashed: false, dotted: true, points }
    }

    /// Something evaluated often.
    pub(super) fn evaluated(name: &str, color: Color, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), color, dashed: false, dotted: false, points }
    }
}

/// What a panel shows.
pub(super) enum Content {
    /// Curves, the first one in front.
    Curves(Vec<Series>),
    /// Shares that add up to one, from the bottom; all over the same steps.
    Shares(Vec<Series>),
}

/// One panel of the stack.
pub(super) struct Track {
    /// `quantity (unit)`.
    pub(super) title: String,
    pub(super) scale: Scale,
    pub(super) height: f64,
    pub(super) content: Content,
}

/// The stack over the steps of a run.
pub(super) fn stack(view: &View<'_>, tracks: &[Track]) -> Plots {
    stack_over(view.last_step(), &view.opened.stages, &view.events(), tracks)
}

/// The stack over steps up to `last_step`.
pub(super) fn stack_over(last_step: u64, stages: &[StageSpan], events: &[(u64, &str)], tracks: &[Track]) -> Plots {
    let mut plots = Vec::new();
    let mut bottom = 0.0;
    for (i, track) in tracks.iter().enumerate() {
        let (x, y) = (Scale::Step { last: last_step as f64 }, track.scale);
        let (width, height, top) = (WIDTH - LEFT - RIGHT, track.height, bottom + 42.0);
        let panel = Panel { left: LEFT, top, width, height, strip: 0.0, names: 0.0, x, y };
        let panel = if i == 0 { panel.below_names(events) } else { panel };
        let is_last = i + 1 == tracks.len();
        let mut axis = Axis::of(x, is_last.then_some(STEPS));
        if !is_last {
            axis.ticks = Ticks::Unlabelled;
        }
        let mut plot = Plot::new(panel.frame(), &track.title, axis, Axis::of(y, None));
        plot.bands = words::stage_bands(stages);
        plot.marks = words::event_marks(events);
        plot.names_bands = i == 0;
        plot.layers = match &track.content {
            Content::Curves(series) => curves(series),
            Content::Shares(series) => shares(series),
        };
        plots.push(plot);
        bottom = panel.bottom();
    }
    Plots { size: (WIDTH, bottom + 44.0), plots, items: Vec::new() }
}

fn curves(series: &[Series]) -> Vec<Layer> {
    let mut layers = Vec::new();
    for curve in series.iter().rev() {
        let Series { name, color, dashed, dotted, points } = curve;
        layers.push(Layer::Line(Line {
            name: (!name.is_empty()).then(|| name.clone()),
            points: points.clone(),
            color: *color,
            width: if *dotted { 1.5 } else { 1.9 },
            dashed: *dashed,
            halo: false,
        }));
        if *dotted {
            layers.push(Layer::Points(Points::filled(points.iter().copied(), 2.1, *color)));
        }
    }
    layers
}

fn shares(series: &[Series]) -> Vec<Layer> {
    let Some(first) = series.first() else { return Vec::new() };
    // One snapshot has no extent in time: it becomes a narrow bar.
    let extended = |points: &[(f64, f64)]| match points {
        &[(step, share)] => vec![(step * 0.93, share), (step * 1.07 + 0.1, share)],
        _ => points.to_vec(),
    };
    let mut lower: Vec<(f64, f64)> = extended(&first.points).iter().map(|&(step, _)| (step, 0.0)).collect();
    let mut layers = Vec::new();
    for area in series {
        let on_top = extended(&area.points).into_iter().zip(&lower);
        let upper: Vec<(f64, f64)> = on_top.map(|((step, share), &(_, base))| (step, base + share)).collect();
        let name = Some(area.name.clone());
        let area = Area { name, lower, upper: upper.clone(), color: area.color, opacity: 0.9, parted: true };
        layers.push(Layer::Area(area));
        lower = upper;
    }
    layers.push(Layer::Marks); // on the areas, which would hide them
    layers
}

/// A track of one measure over snapshots, drawn in a neutral colour with its last value beside it; `None` without a value.
pub(super) fn measured(
    view: &View<'_>,
    handle: Handle<shape::Scalar>,
    title: &str,
    scale: impl Fn(&[f64]) -> Scale,
) -> Option<Track> {
    let points = view.course(handle);
    let &(_, last) = points.last()?;
    let values: Vec<f64> = points.iter().map(|&(_, v)| v).collect();
    let unit = View::unit(handle);
    let title = if unit.is_empty() || title.contains('(') { title.into() } else { format!("{title} ({unit})") };
    let content = Content::Curves(vec![Series::of_frames(&words::number(last), NEUTRAL, points)]);
    Some(Track { title, scale: scale(&values), height: 104.0, content })
}
