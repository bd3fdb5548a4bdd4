//! Panels stacked over one axis of training steps, with stages behind and events across.

use super::palette::{Color, NEUTRAL};
use super::plot::{EndLabel, LEFT, Panel, Stroke};
use super::scale::Scale;
use super::svg::{Svg, WIDTH};
use super::view::View;
use super::words;
use crate::measure::{Handle, shape};
use crate::opened::StageSpan;

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

/// Draws the stack over the steps of a run and says how high it is.
pub(super) fn draw(svg: &mut Svg, view: &View<'_>, tracks: &[Track]) -> f64 {
    draw_over(svg, view.last_step(), &view.opened.stages, &view.events(), tracks)
}

/// Draws the stack over steps up to `last_step`.
pub(super) fn draw_over(
    svg: &mut Svg,
    last_step: u64,
    stages: &[StageSpan],
    events: &[(u64, &'static str)],
    tracks: &[Track],
) -> f64 {
    let mut bottom = 0.0;
    for (i, track) in tracks.iter().enumerate() {
        let (x, y) = (Scale::Step { last: last_step as f64 }, track.scale);
        let (width, height, top) = (WIDTH - LEFT - RIGHT, track.height, bottom + 42.0);
        let panel = Panel { left: LEFT, top, width, height, strip: 0.0, names: 0.0, x, y };
        let panel = if i == 0 { panel.below_names(events) } else { panel };
        panel.stage_bands(svg, stages);
        panel.y_axis(svg, &track.title);
        match &track.content {
            Content::Curves(series) => {
                panel.event_marks(svg, events);
                curves(svg, &panel, series);
            }
            Content::Shares(series) => {
                shares(svg, &panel, series);
                panel.event_marks(svg, events);
            }
        }
        panel.x_axis(svg, (i + 1 == tracks.len()).then_some(STEPS));
        bottom = panel.bottom();
    }
    bottom + 44.0
}

fn curves(svg: &mut Svg, panel: &Panel, series: &[Series]) {
    for curve in series.iter().rev() {
        let width = if curve.dotted { 1.5 } else { 1.9 };
        panel.curve(svg, &curve.points, Stroke { color: curve.color, width, dashed: curve.dashed });
        if curve.dotted {
            panel.dots(svg, &curve.points, 2.1, curve.color);
        }
    }
    let end = |s: &Series| s.points.iter().rev().find_map(|&p| panel.at(p));
    let labels = series
        .iter()
        .filter(|s| !s.name.is_empty())
        .filter_map(|s| Some(EndLabel { y: end(s)?.1, text: s.name.clone(), color: s.color }))
        .collect();
    panel.end_labels(svg, labels);
}

fn shares(svg: &mut Svg, panel: &Panel, series: &[Series]) {
    let Some(first) = series.first() else { return };
    // One snapshot has no extent in time: it becomes a narrow bar.
    let extended = |points: &[(f64, f64)]| match points {
        &[(step, share)] => vec![(step * 0.93, share), (step * 1.07 + 0.1, share)],
        _ => points.to_vec(),
    };
    let mut lower: Vec<(f64, f64)> = extended(&first.points).iter().map(|&(step, _)| (step, 0.0)).collect();
    let mut labels = Vec::new();
    for area in series {
        let upper: Vec<(f64, f64)> = extended(&area.points)
            .iter()
            .zip(&lower)
            .map(|(&(step, share), &(_, base))| (step, base + share))
            .collect();
        panel.area(svg, &lower, &upper, area.color);
        if let (Some(&(_, low)), Some(&(_, high))) = (lower.last(), upper.last())
            && let Some(y) = panel.at_y(f64::midpoint(low, high))
        {
            labels.push(EndLabel { y, text: area.name.clone(), color: area.color });
        }
        lower = upper;
    }
    panel.end_labels(svg, labels);
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
