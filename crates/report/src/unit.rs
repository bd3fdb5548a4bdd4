//! The verb `unit`: hidden units of a run one by one, and what the network answers without them.

use crate::plot::LEFT;
use crate::words::{self, count, list, number, percent};
use dunwu::Opened;
use dunwu::answer::{
    Answer, Axis, Block, Figure, Frame as PlotFrame, Layer, Line, Plot, Plots, RESTORED, Scale, Section, TRAIN, Table,
    TableCell, WIDTH, object,
};
use dunwu::landscape::climbing::PeakAbove;
use dunwu::measure::{self, MEASURES, Quantity};
use dunwu::opened::Frame;
use dunwu::run::single_units::{Answers, SingleUnit, SingleUnits, single_units};
use dunwu::store::RunDir;
use dunwu::verb::{VerbError, Watcher};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What programs read of single units.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnitData {
    /// Directory of the run.
    run: PathBuf,
    /// The snapshot.
    step: u64,
    /// The units, in the order in which they were asked for.
    units: Vec<OneUnit>,
    /// Why no unit has a peak above; `null` where they may have one.
    no_peaks: Option<String>,
    /// What the network answers as it is.
    with: Answers,
    /// What it answers with all of these units switched off.
    without: Answers,
}

/// One unit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OneUnit {
    /// Its number, from 0.
    unit: usize,
    /// What it contributes, judged with the held-out samples.
    label: String,
    /// The same, judged from the training sample alone.
    label_from_sample: String,
    /// Every measure of a unit that is defined for it.
    evidence: Vec<UnitEvidence>,
    /// The peak above it; `null` where it is dead or the run has no landscape.
    peak: Option<PeakAbove>,
    /// Its weight for each token of each operand; none where units do not read tokens.
    inputs: Vec<OperandWeights>,
    /// Its weight for each label.
    outputs: Vec<f32>,
    /// Share of its power in each irrep; `null` where the task has none.
    irreps: Option<Vec<IrrepShare>>,
    /// The unit at every snapshot, by step.
    course: Vec<UnitMoment>,
}

/// A measure of a unit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnitEvidence {
    /// Which (`dunwu measures`).
    measure: &'static str,
    /// Its value.
    value: f64,
}

/// Weights for the tokens of one operand.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OperandWeights {
    /// Which: `first`, `second`, …
    operand: String,
    /// A weight a token.
    weights: Vec<f32>,
}

/// A share of a unit's power.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IrrepShare {
    /// The irrep.
    name: String,
    /// The share.
    share: f64,
}

/// A unit at one snapshot.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnitMoment {
    /// Updates made so far.
    step: u64,
    /// Its label then.
    label: String,
    /// Its energy on the training sample.
    energy_sample: Option<f64>,
    /// Its energy on the whole population.
    energy_population: Option<f64>,
    /// Norm of its input weights; where it has none for tokens, of its output weights.
    norm: Option<f64>,
}

/// Units drawn in one figure; more have their numbers in the data.
const MOST_DRAWN: usize = 6;
/// Height of one plot, and what its axis takes below.
const HEIGHT: f64 = 110.0;
const BELOW: f64 = 48.0;

/// Looks at units of the run in `dir`; at the last snapshot where no step is given.
pub fn answer(
    dir: &RunDir,
    units: &[usize],
    step: Option<u64>,
    watcher: &mut Watcher<'_>,
) -> Result<Answer, VerbError> {
    let (opened, looked) = single_units(dir, units, step, watcher)?;
    Ok(of_units(&opened, &looked, &dir.path().components().collect::<PathBuf>()))
}

/// The answer about units that were looked at.
pub fn of_units(opened: &Opened, looked: &SingleUnits, dir: &Path) -> Answer {
    let SingleUnits { frame_idx, units, no_peaks, with, without } = looked;
    let frame = &opened.frames[*frame_idx];
    let data = UnitData {
        run: dir.to_owned(),
        step: frame.step,
        units: units.iter().map(|unit| one_unit(opened, frame, unit)).collect(),
        no_peaks: no_peaks.clone(),
        with: *with,
        without: *without,
    };
    let mut sections = vec![
        Section::everywhere("With and without", vec![Block::Table(with_and_without(with, without))]),
        Section::everywhere("What the units are", vec![Block::Table(table(&data.units))]),
        Section::of_page("Weights", vec![Block::Figure(weights(opened, &data.units))]),
    ];
    sections.push(Section::of_page("Evidence", vec![Block::Table(evidence(&data.units))]));
    Answer {
        verb: "unit",
        title: opened.task.clone(),
        setup: format!("step {} · {}", count(frame.step), named(units)),
        headline: headline(units, with, without),
        sentences: sentences(&data),
        sections,
        sources: Vec::new(),
        data: object(&data),
    }
}

fn one_unit(opened: &Opened, frame: &Frame, single: &SingleUnit) -> OneUnit {
    let unit = single.unit;
    let of_unit = |value: Option<&Quantity>| match value? {
        Quantity::PerUnit(values) => values.get(unit).copied().flatten(),
        _ => None,
    };
    let evidence = frame
        .measured()
        .filter_map(|(measure, value)| Some(UnitEvidence { measure: measure.name, value: of_unit(value)? }))
        .collect();
    let shares = match frame.value(measure::UNIT_IRREP_POWER) {
        Some(Quantity::PerUnitAndIrrep(values)) => Some(values),
        _ => None,
    };
    let irreps = opened.irreps.as_ref().zip(shares).map(|(irreps, shares)| {
        let row = shares[unit * irreps.len()..].iter().zip(irreps);
        row.map(|(&share, irrep)| IrrepShare { name: irrep.name.clone(), share: f64::from(share) }).collect()
    });
    let moment = |frame: &Frame| UnitMoment {
        step: frame.step,
        label: words::label(frame.labels[unit]).to_owned(),
        energy_sample: of_unit(frame.value(measure::UNIT_ENERGY_TRAIN)),
        energy_population: of_unit(frame.value(measure::UNIT_ENERGY_POPULATION)),
        norm: of_unit(frame.value(measure::UNIT_NORM)).or_else(|| of_unit(frame.value(measure::UNIT_OUTPUT_NORM))),
    };
    let operand = |(place, weights): (usize, &Vec<f32>)| OperandWeights {
        operand: match place {
            0 => "first".to_owned(),
            1 => "second".to_owned(),
            other => format!("operand {}", other + 1),
        },
        weights: weights.clone(),
    };
    OneUnit {
        unit,
        label: words::label(frame.labels[unit]).to_owned(),
        label_from_sample: words::label(frame.sample_labels[unit]).to_owned(),
        evidence,
        peak: single.peak.clone(),
        inputs: single.inputs.iter().enumerate().map(operand).collect(),
        outputs: single.outputs.clone(),
        irreps,
        course: opened.frames.iter().map(moment).collect(),
    }
}

/// `unit 17`, or `units 3, 17 and 40`, of many only how many they are.
fn named(units: &[SingleUnit]) -> String {
    match units {
        [one] => format!("unit {}", one.unit),
        few if few.len() <= MOST_DRAWN => {
            format!("units {}", list(&few.iter().map(|unit| unit.unit.to_string()).collect::<Vec<_>>(), MOST_DRAWN))
        }
        many => format!("{} units", count(many.len() as u64)),
    }
}

fn headline(units: &[SingleUnit], with: &Answers, without: &Answers) -> String {
    let sides = [
        ("test", with.test_accuracy.zip(without.test_accuracy)),
        ("training", with.train_accuracy.zip(without.train_accuracy)),
    ];
    let changes: Vec<String> = sides
        .into_iter()
        .filter_map(|(name, accuracies)| Some((name, accuracies?)))
        .map(|(name, (with, without))| {
            if with == without {
                format!("{name} accuracy stays {}", percent(with))
            } else {
                format!("{name} accuracy is {} instead of {}", percent(without), percent(with))
            }
        })
        .collect();
    format!("Without {}, {}.", named(units), list(&changes, 2))
}

fn sentences(data: &UnitData) -> Vec<String> {
    let of_unit = |unit: &OneUnit| {
        let peak = unit.peak.as_ref().map_or_else(String::new, |peak| {
            format!(" and stands {} of the way up a {} peak ({})", percent(peak.climbed), peak.kind.name(), peak.name)
        });
        format!("Unit {} is {}{peak}.", unit.unit, unit.label)
    };
    let told = data.units.iter().take(MOST_DRAWN).map(of_unit);
    let no_peaks = data.no_peaks.iter().map(|why| format!("No peak is named: {why}."));
    told.chain(no_peaks).collect()
}

fn with_and_without(with: &Answers, without: &Answers) -> Table {
    let share = |value: Option<f64>| TableCell::of(value, TableCell::Share);
    let loss = |value: Option<f64>| TableCell::of(value, TableCell::Number);
    let row = |name: &str, answers: &Answers| {
        vec![
            name.into(),
            share(answers.train_accuracy),
            share(answers.test_accuracy),
            loss(answers.train_loss),
            loss(answers.test_loss),
        ]
    };
    let heads = ["network", "train", "test", "train loss", "test loss"];
    Table::new("without", 1, &heads, vec![row("as it is", with), row("without these units", without)])
}

fn table(units: &[OneUnit]) -> Table {
    let row = |unit: &OneUnit| {
        let peak = unit.peak.as_ref();
        let strongest = unit.irreps.as_ref().and_then(|irreps| {
            irreps.iter().max_by(|a, b| a.share.total_cmp(&b.share)).map(|irrep| (irrep.name.clone(), irrep.share))
        });
        vec![
            TableCell::Text(unit.unit.to_string()),
            unit.label.clone().into(),
            TableCell::of(peak, |peak| TableCell::Text(format!("{}: {}", peak.kind.name(), peak.name))),
            TableCell::of(peak, |peak| TableCell::Share(peak.climbed)),
            TableCell::of(strongest.clone(), |(name, _)| name.into()),
            TableCell::of(strongest, |(_, share)| TableCell::Share(share)),
        ]
    };
    let heads = ["unit", "label", "peak above", "climbed", "strongest irrep", "its share"];
    Table::new("units", 3, &heads, units.iter().map(row).collect())
}

/// Every measure of a unit, a column a unit.
fn evidence(units: &[OneUnit]) -> Table {
    let drawn = &units[..units.len().min(MOST_DRAWN)];
    let value = |unit: &OneUnit, name: &str| {
        let found = unit.evidence.iter().find(|evidence| evidence.measure == name);
        TableCell::of(found, |evidence| TableCell::Number(evidence.value))
    };
    let is_known = |name: &str| drawn.iter().any(|unit| unit.evidence.iter().any(|known| known.measure == name));
    let row = |measure: &measure::Measure| {
        let cells = drawn.iter().map(|unit| value(unit, measure.name));
        [measure.name.into(), measure.tells.into()].into_iter().chain(cells).collect()
    };
    let heads: Vec<String> = ["measure".to_owned(), "what it tells".to_owned()]
        .into_iter()
        .chain(drawn.iter().map(|unit| format!("unit {}", unit.unit)))
        .collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    Table::new("evidence", 2, &heads, MEASURES.iter().filter(|measure| is_known(measure.name)).map(row).collect())
}

fn weights(opened: &Opened, units: &[OneUnit]) -> Figure {
    const NAME: &str = "weights";
    const TITLE: &str = "Weights for each token";
    if let Some(why) = opened.why_no_token_weights() {
        return Figure::undefined(NAME, TITLE, &why);
    }
    let drawn = &units[..units.len().min(MOST_DRAWN)];
    let plot = |(place, unit): (usize, &OneUnit)| {
        let all = unit.inputs.iter().flat_map(|operand| &operand.weights).map(|&w| f64::from(w));
        let n_tokens = unit.inputs.iter().map(|operand| operand.weights.len()).max().unwrap_or(0);
        let x = Scale::linear([0.0, n_tokens.saturating_sub(1) as f64], &[]);
        let frame = PlotFrame {
            left: LEFT,
            top: 26.0 + place as f64 * (HEIGHT + BELOW),
            width: WIDTH - LEFT - 90.0,
            height: HEIGHT,
        };
        let title = format!("Unit {}, {}", unit.unit, unit.label);
        let mut plot = Plot::new(frame, title, Axis::of(x, Some("token")), Axis::of(Scale::linear(all, &[0.0]), None));
        for (operand, color) in unit.inputs.iter().zip([TRAIN, RESTORED].into_iter().cycle()) {
            let points = operand.weights.iter().enumerate().map(|(token, &w)| (token as f64, f64::from(w))).collect();
            plot.layers.push(Layer::Line(Line::solid(Some(&operand.operand), points, color, 1.6)));
        }
        plot
    };
    let size = (WIDTH, 26.0 + drawn.len() as f64 * (HEIGHT + BELOW));
    let plots = Plots { size, plots: drawn.iter().enumerate().map(plot).collect(), items: Vec::new() };
    let largest = drawn.iter().flat_map(|unit| &unit.inputs).flat_map(|operand| &operand.weights);
    let largest = largest.fold(0.0_f32, |largest, w| largest.max(w.abs()));
    let caption = format!(
        "The weight of each token, one line an operand; the largest is {} in size. A unit that carries a frequency shows a \
         wave, one that memorizes a few tokens shows single peaks.",
        number(f64::from(largest))
    );
    Figure::of_plots(NAME, TITLE, caption, plots)
}
