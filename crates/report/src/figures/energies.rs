//! Energies of the units, climbing.

use super::Figure;
use crate::plot::{EndLabel, LEFT, Panel, STAGE_STRIP, Stroke};
use crate::svg::{Svg, WIDTH};
use crate::view::View;
use crate::words::{self, count, counted, number};
use dunwu::answer::Scale;
use dunwu::answer::{LABELS, label_color};
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::{Frame, UnitLabel};
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
    let mut svg = Svg::default();
    let top = 26.0 + STAGE_STRIP;
    let gap = 56.0;
    let width = (WIDTH - LEFT - 132.0 - gap) / 2.0;
    for (i, &(energy, title)) in shown.iter().enumerate() {
        let left = LEFT + i as f64 * (width + gap);
        let (x, y) = (Scale::Step { last: view.last_step() as f64 }, Scale::log(alive(view, energy, &classes), 7));
        let panel = Panel { left, top, width, height: 240.0, strip: STAGE_STRIP, names: 0.0, x, y };
        draw(&mut svg, view, &panel, (energy, title), &classes, i + 1 == shown.len());
    }
    Figure::drawn(NAME, TITLE, caption(view, last, &classes), svg, top + 240.0 + 46.0)
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

fn draw(
    svg: &mut Svg,
    view: &View<'_>,
    panel: &Panel,
    (energy, title): (Handle<shape::PerUnit>, &str),
    classes: &[Class],
    named: bool,
) {
    panel.stage_bands(svg, &view.opened.stages);
    panel.y_axis(svg, title);
    panel.event_marks(svg, &view.events());
    let frames: Vec<(f64, &[Option<f64>])> =
        view.opened.frames.iter().filter_map(|f| Some((f.step as f64, view.per_unit(f, energy)?))).collect();
    // Zero has no place on a logarithmic axis: such units lie on its lower edge.
    let edge = panel.y.low();
    for class in classes {
        let faint = if class.units.len() > 40 { 0.16 } else { 0.4 };
        let style = format!(
            "fill=\"none\" stroke=\"{}\" stroke-width=\"0.7\" stroke-opacity=\"{faint}\" stroke-linejoin=\"round\"",
            label_color(class.label).line
        );
        svg.group(&style, |svg| {
            for unit in class.drawn() {
                let value = |values: &[Option<f64>]| values.get(unit).copied().flatten().map(|v| v.max(edge));
                let line: Vec<(f64, f64)> = frames.iter().map(|&(s, v)| (s, value(v).unwrap_or(f64::NAN))).collect();
                svg.path(&panel.curve_data(&line), "");
            }
        });
    }
    let mut labels = Vec::new();
    for class in classes {
        let middle: Vec<(f64, f64)> = frames
            .iter()
            .filter_map(|&(step, values)| Some((step, middle_of(values, &class.units)?.max(edge))))
            .collect();
        let color = label_color(class.label);
        let white = dunwu::answer::Color { line: "#fff", text: "#fff" };
        panel.curve(svg, &middle, Stroke { color: white, width: 4.6, dashed: false });
        panel.curve(svg, &middle, Stroke { color, width: 2.4, dashed: false });
        if let Some((_, y)) = middle.last().and_then(|&p| panel.at(p)) {
            let text = format!("{} {}", count(class.units.len() as u64), words::label(class.label));
            labels.push(EndLabel { y, text, color });
        }
    }
    panel.x_axis(svg, Some("training step"));
    if named {
        panel.end_labels(svg, labels);
    }
}

fn middle_of(values: &[Option<f64>], units: &[usize]) -> Option<f64> {
    median(units.iter().filter_map(|&u| values.get(u).copied().flatten()))
}

fn caption(view: &View<'_>, last: &Frame, classes: &[Class]) -> String {
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
