//! Energies of the units, climbing.

use crate::plot::{LEFT, STAGE_STRIP};
use crate::view::View;
use crate::words::{self, count, counted, number};
use dunwu::answer::{Axis, Figure, Frame, LABELS, Layer, Line, Lines, Plot, Plots, Scale, WIDTH, label_color};
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::{Frame as Snapshot, UnitLabel};
use dunwu::stats::median;

const NAME: &str = "energies";
const TITLE: &str = "Each unit climbs its energy";
/// Lines drawn a label and panel: enough to see the spread, and two thousand units over forty snapshots stay under 1 MB.
const MOST_LINES: usize = 200;
const TRAIN_ENERGY: Handle<shape::PerUnit> = measure::UNIT_ENERGY_TRAIN;
const POPULATION_ENERGY: Handle<shape::PerUnit> = measure::UNIT_ENERGY_POPULATION;

/// A label with the units that have it at the last snapshot.
struct Class {
    label: UnitLabel,
    units: Vec<usize>,
}

impl Class {
    /// At most [`MOST_LINES`] of them, evenly over their numbers.
    fn drawn(&self) -> impl Iterator<Item = usize> + '_ {
        self.units.iter().copied().step_by(self.units.len().div_ceil(MOST_LINES).max(1))
    }
}

/// Energy on the training sample beside energy on the whole population, a line a unit, the medians in front.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let Some(last) = view.last_frame() else {
        return Figure::undefined(NAME, TITLE, "the record holds no snapshot");
    };
    let classes: Vec<Class> = [3, 2, 1, 0]
        .map(|i| LABELS[i])
        .into_iter()
        .map(|label| Class { label, units: (0..last.labels.len()).filter(|&u| last.labels[u] == label).collect() })
        .filter(|class| !class.units.is_empty())
        .collect();
    let shown: Vec<(Handle<shape::PerUnit>, &str)> =
        [(TRAIN_ENERGY, "On the training sample"), (POPULATION_ENERGY, "On the whole population")]
            .into_iter()
            .filter(|(energy, _)| !positive(view, *energy).is_empty())
            .collect();
    if let Some(why) = view.opened.why_no_token_weights() {
        return Figure::undefined(NAME, TITLE, &why);
    }
    if shown.is_empty() || classes.is_empty() {
        return Figure::undefined(NAME, TITLE, "no unit has a positive energy in any snapshot of this run");
    }
    let top = 26.0 + STAGE_STRIP;
    let gap = 56.0;
    let width = (WIDTH - LEFT - 132.0 - gap) / 2.0;
    let plots = shown.iter().enumerate().map(|(i, &(energy, title))| {
        let frame = Frame { left: LEFT + i as f64 * (width + gap), top, width, height: 240.0 };
        plot(view, frame, (energy, title), &classes, i + 1 == shown.len())
    });
    let plots = Plots { size: (WIDTH, top + 240.0 + 46.0), plots: plots.collect(), items: Vec::new() };
    Figure::of_plots(NAME, TITLE, caption(view, last, &classes), plots)
}

/// All positive values of a measure over all snapshots.
fn positive(view: &View<'_>, energy: Handle<shape::PerUnit>) -> Vec<f64> {
    let frames = view.opened.frames.iter().filter_map(|f| view.per_unit(f, energy));
    frames.flatten().flatten().copied().filter(|v| v.is_finite() && *v > 0.0).collect()
}

/// The positive values of units that are not dead in the end, of all where all are: dying ones fall without bound, and the
/// axis shall show where the others climb.
fn alive(view: &View<'_>, energy: Handle<shape::PerUnit>, classes: &[Class]) -> Vec<f64> {
    let units = || classes.iter().filter(|c| c.label != UnitLabel::Dead).flat_map(|c| &c.units);
    let frames = view.opened.frames.iter().filter_map(|f| view.per_unit(f, energy));
    let values: Vec<f64> = frames.flat_map(|values| units().filter_map(|&u| *values.get(u)?)).collect();
    if values.iter().any(|&v| v.is_finite() && v > 0.0) { values } else { positive(view, energy) }
}

/// The units' energies under one name; the classes are named beside the curves where `named`.
fn plot(
    view: &View<'_>,
    frame: Frame,
    (energy, title): (Handle<shape::PerUnit>, &str),
    classes: &[Class],
    named: bool,
) -> Plot {
    let (x, y) = (Scale::Step { last: view.last_step() as f64 }, Scale::log(alive(view, energy, classes), 7));
    let mut plot = Plot::new(frame, title, Axis::of(x, Some("training step")), Axis::of(y, None));
    plot.bands = words::stage_bands(&view.opened.stages);
    plot.names_bands = true;
    plot.marks = words::unnamed_marks(&view.events());
    let frames: Vec<(f64, &[Option<f64>])> =
        view.opened.frames.iter().filter_map(|f| Some((f.step as f64, view.per_unit(f, energy)?))).collect();
    // Zero has no place on a logarithmic axis: such units lie on its lower edge.
    let edge = y.low();
    for class in classes {
        let line = |unit: usize| {
            let value = |values: &[Option<f64>]| values.get(unit).copied().flatten().map(|v| v.max(edge));
            frames.iter().map(|&(step, values)| (step, value(values).unwrap_or(f64::NAN))).collect()
        };
        plot.layers.push(Layer::Lines(Lines {
            lines: class.drawn().map(line).collect(),
            color: label_color(class.label),
            width: 0.7,
            opacity: if class.units.len() > 40 { 0.16 } else { 0.4 },
        }));
    }
    for class in classes {
        let middle = frames
            .iter()
            .filter_map(|&(step, values)| Some((step, middle_of(values, &class.units)?.max(edge))))
            .collect();
        let text = format!("{} {}", count(class.units.len() as u64), words::label(class.label));
        let median = Line::solid(named.then_some(text.as_str()), middle, label_color(class.label), 2.4);
        plot.layers.push(Layer::Line(Line { halo: true, ..median }));
    }
    plot
}

fn middle_of(values: &[Option<f64>], units: &[usize]) -> Option<f64> {
    median(units.iter().filter_map(|&u| values.get(u).copied().flatten()))
}

fn caption(view: &View<'_>, last: &Snapshot, classes: &[Class]) -> String {
    let told = |label| matches!(label, UnitLabel::Generalizing | UnitLabel::Memorizing);
    let is_told = classes.iter().any(|c| told(c.label));
    let energies = |class: &Class| {
        let middle = |energy| view.per_unit(last, energy).and_then(|values| middle_of(values, &class.units));
        let text = |value: Option<f64>| value.map_or("no value".into(), number);
        let word = words::label(class.label);
        format!("{} and {} for the median {word} unit", text(middle(TRAIN_ENERGY)), text(middle(POPULATION_ENERGY)))
    };
    let medians: Vec<String> = classes.iter().rev().filter(|c| told(c.label) || !is_told).map(energies).collect();
    let drawn: usize = classes.iter().map(|c| c.drawn().count()).sum();
    format!(
        "At step {} the energies on the training sample and on the whole population are {}; drawn are {} of {}, coloured by \
         their label at the end, and thick lines are medians.",
        count(last.step),
        medians.join(", "),
        count(drawn as u64),
        counted(last.labels.len(), "unit"),
    )
}
