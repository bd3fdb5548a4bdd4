//! What the labels rest on: each unit's share in the fit, on samples that it was trained on and on samples that it was not.

use crate::plot::LEFT;
use crate::view::View;
use crate::words::{self, count, counted, number};
use dunwu::answer::{Axis, FAINT, Figure, Frame, LABELS, Layer, Line, Plot, Plots, Points, Scale, WIDTH, label_color};
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::{Frame as Snapshot, UnitLabel};
use dunwu::stats::median;

const NAME: &str = "evidence";
const TITLE: &str = "Why a unit is called generalizing or memorizing";
const TRAIN_FIT: Handle<shape::PerUnit> = measure::UNIT_FIT_TRAIN;
const HELD_OUT_FIT: Handle<shape::PerUnit> = measure::UNIT_FIT_HELD_OUT;
/// Dots drawn a label.
const MOST_DOTS: usize = 500;
/// Decades below the largest fit that the axes reach.
const DECADES: i32 = 4;

/// The units of one label with their fits on both sides.
struct Class {
    label: UnitLabel,
    fits: Vec<(f64, f64)>,
}

/// A dot a unit at the last snapshot, coloured by label.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let Some((snapshot, classes)) = view.opened.frames.iter().rev().find_map(|f| Some((f, classes(view, f)?))) else {
        return Figure::undefined(NAME, TITLE, "the units' shares in the fit were not measured in this run");
    };
    // One scale for both axes, so that the diagonal is where a unit does as much on both sides.
    let all = || classes.iter().flat_map(|class| &class.fits).flat_map(|&(train, held_out)| [train, held_out]);
    if !all().any(|fit| fit > 0.0) {
        return Figure::undefined(NAME, TITLE, "no unit has a positive share in the fit at the last snapshot");
    }
    let scale = Scale::log(all(), DECADES);
    let edge = scale.low();
    let frame = Frame { left: LEFT, top: 26.0, width: 400.0, height: 300.0 };
    let axes = (Axis::of(scale, Some("Fit on training samples")), Axis::of(scale, None));
    let mut plot = Plot::new(frame, "Fit on samples held out", axes.0, axes.1);
    let diagonal =
        Line::solid(Some("equal on both sides"), vec![(edge, edge), (scale.high(), scale.high())], FAINT, 1.0);
    plot.layers.push(Layer::Line(Line { dashed: true, ..diagonal }));
    for class in classes.iter().rev() {
        let step = class.fits.len().div_ceil(MOST_DOTS).max(1);
        let mut drawn: Vec<(f64, f64)> = class.fits.iter().copied().step_by(step).collect();
        // A name stands beside the last dot: that of the median.
        drawn.sort_by(|a, b| a.1.total_cmp(&b.1));
        let middle = drawn.remove(drawn.len() / 2);
        let dots = drawn.into_iter().chain([middle]).map(|(train, held_out)| (train.max(edge), held_out.max(edge)));
        plot.layers.push(Layer::Points(Points {
            name: Some(format!("{} {}", count(class.fits.len() as u64), words::label(class.label))),
            opacity: 0.45,
            ..Points::filled(dots, 2.2, label_color(class.label))
        }));
    }
    let plots = Plots { size: (WIDTH, 26.0 + 300.0 + 46.0), plots: vec![plot], items: Vec::new() };
    Figure::of_plots(NAME, TITLE, caption(snapshot, &classes, edge), plots)
}

/// Units by label, as far as both fits are known; `None` without any.
fn classes(view: &View<'_>, frame: &Snapshot) -> Option<Vec<Class>> {
    let (train, held_out) = (view.per_unit(frame, TRAIN_FIT)?, view.per_unit(frame, HELD_OUT_FIT)?);
    let units: Vec<(UnitLabel, (f64, f64))> = frame
        .labels
        .iter()
        .zip(train.iter().zip(held_out))
        .filter_map(|(&label, (&train, &held_out))| Some((label, (train?, held_out?))))
        .filter(|(_, (train, held_out))| train.is_finite() && held_out.is_finite())
        .collect();
    let fits = |label| units.iter().filter(|u| u.0 == label).map(|u| u.1).collect();
    let classes: Vec<Class> =
        LABELS.into_iter().map(|label| Class { label, fits: fits(label) }).filter(|c| !c.fits.is_empty()).collect();
    (!classes.is_empty()).then_some(classes)
}

fn caption(frame: &Snapshot, classes: &[Class], edge: f64) -> String {
    let told = |class: &&Class| matches!(class.label, UnitLabel::Generalizing | UnitLabel::Memorizing);
    let shown: Vec<&Class> =
        if classes.iter().any(|c| told(&c)) { classes.iter().filter(told).collect() } else { classes.iter().collect() };
    let medians: Vec<String> = shown
        .into_iter()
        .map(|class| {
            let middle = |values: Vec<f64>| median(values).map_or("no value".into(), number);
            format!(
                "{} on training samples and {} on samples held out for the {}",
                middle(class.fits.iter().map(|p| p.0).collect()),
                middle(class.fits.iter().map(|p| p.1).collect()),
                counted(class.fits.len(), &format!("{} unit", words::label(class.label))),
            )
        })
        .collect();
    let below = classes.iter().flat_map(|class| &class.fits).filter(|fit| fit.0 < edge || fit.1 < edge).count();
    let edge = match below {
        0 => String::new(),
        1 => "; a unit with a share below the axes lies on their edge".to_owned(),
        n => format!("; {} units with a share below the axes, or a negative one, lie on their edge", count(n as u64)),
    };
    format!("At step {} the median shares in the fit are {}{edge}.", count(frame.step), medians.join("; "))
}
