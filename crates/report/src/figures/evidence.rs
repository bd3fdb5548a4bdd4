//! What the labels rest on: each unit's share in the fit, on samples that it was trained on and on samples that it was not.

use super::Figure;
use crate::plot::{EndLabel, LEFT, Panel};
use crate::svg::{Anchor, Svg};
use crate::view::View;
use crate::words::{self, count, counted, number};
use dunwu::answer::Scale;
use dunwu::answer::{LABELS, label_color};
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::{Frame, UnitLabel};
use dunwu::stats::median;

const NAME: &str = "evidence";
const TITLE: &str = "Why a unit is called generalizing or memorizing";
const TRAIN_FIT: Handle<shape::PerUnit> = measure::UNIT_FIT_TRAIN;
const HELD_OUT_FIT: Handle<shape::PerUnit> = measure::UNIT_FIT_HELD_OUT;
/// Dots drawn a label.
const MOST_DOTS: usize = 500;

/// The units of one label with their fits on both sides.
struct Class {
    label: UnitLabel,
    fits: Vec<(f64, f64)>,
}

/// A dot a unit at the last snapshot, coloured by label.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let Some((frame, classes)) = view.opened.frames.iter().rev().find_map(|f| Some((f, classes(view, f)?))) else {
        return Figure::undefined(NAME, TITLE, "the units' shares in the fit were not measured in this run");
    };
    let all = || classes.iter().flat_map(|class| &class.fits);
    let (x, y) = (Scale::linear(all().map(|p| p.0), &[0.0]), Scale::linear(all().map(|p| p.1), &[0.0]));
    let panel = Panel { left: LEFT, top: 26.0, width: 400.0, height: 260.0, strip: 0.0, names: 0.0, x, y };
    let mut svg = Svg::default();
    panel.y_axis(&mut svg, "Fit on samples held out");
    panel.x_axis(&mut svg, None);
    for tick in panel.x.ticks() {
        if let (Some(x), Some(label)) = (panel.at_x(tick.value), tick.label) {
            svg.text((x, panel.bottom() + 17.0), Anchor::Middle, crate::plot::SMALL, &label);
        }
    }
    let below = (panel.left + panel.width / 2.0, panel.bottom() + 35.0);
    svg.text(below, Anchor::Middle, "font-weight=\"600\"", "Fit on training samples");
    if let (Some(from), Some(to)) = (panel.at((x.low(), 0.0)), panel.at((x.high(), 0.0))) {
        svg.line(from, to, "stroke=\"#888\" stroke-width=\"1\"");
    }
    let mut labels = Vec::new();
    for class in classes.iter().rev() {
        let color = label_color(class.label);
        let step = class.fits.len().div_ceil(MOST_DOTS).max(1);
        svg.group("fill-opacity=\"0.45\"", |svg| {
            let drawn: Vec<(f64, f64)> = class.fits.iter().copied().step_by(step).collect();
            panel.dots(svg, &drawn, 2.2, color);
        });
        let middle = median(class.fits.iter().map(|p| p.1)).and_then(|m| panel.at_y(m));
        let text = format!("{} {}", count(class.fits.len() as u64), words::label(class.label));
        labels.extend(middle.map(|y| EndLabel { y, text, color }));
    }
    panel.end_labels(&mut svg, labels);
    Figure::drawn(NAME, TITLE, caption(frame, &classes), svg, panel.bottom() + 46.0)
}

/// Units by label, as far as both fits are known; `None` without any.
fn classes(view: &View<'_>, frame: &Frame) -> Option<Vec<Class>> {
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

fn caption(frame: &Frame, classes: &[Class]) -> String {
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
    format!("At step {} the median shares in the fit are {}.", count(frame.step), medians.join("; "))
}
