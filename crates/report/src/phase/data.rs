//! What programs read of a phase diagram.

use super::words;
use crate::data::{SettingValue, setting_value};
use dunwu_studies::phase::{Boundary, Cell, Diagram, Phase, Place, Within};
use schemars::JsonSchema;
use serde::Serialize;

/// A sweep's runs summed up over two settings.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PhaseData {
    /// The setting along the rows.
    pub x: String,
    /// The setting along the columns; `null` where one setting varies.
    pub y: Option<String>,
    /// The values of x in drawing order, from left to right; `null` is no value.
    pub x_values: Vec<Option<SettingValue>>,
    /// The values of y, numbers from the least, names from the first that is drawn.
    pub y_values: Option<Vec<Option<SettingValue>>>,
    /// Which of both settings is the amount of data; `null` where neither is, and then there is no boundary.
    pub along: Option<String>,
    /// Cells that hold runs, row after row.
    pub cells: Vec<PhaseCell>,
    /// Where the theory's fitted line runs, a place a line.
    pub boundary_theory: Vec<BoundaryPlace>,
    /// Where half of the seeds generalize, a place a line.
    pub boundary_measured: Vec<BoundaryPlace>,
    /// What to know before trusting the diagram: few seeds, failed runs, empty cells.
    pub notes: Vec<String>,
}

/// Runs that differ in nothing but the seed, summed up.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PhaseCell {
    /// Its value of x.
    pub x: Option<SettingValue>,
    /// Its value of y; `null` where one setting varies.
    pub y: Option<SettingValue>,
    /// Runs.
    pub runs: usize,
    /// Distinct seeds among the runs that did not end with an error.
    pub seeds: usize,
    /// Runs that ended with an error; shares and means leave them out.
    pub failed: usize,
    /// Mean number of training samples.
    pub n_train: Option<f64>,
    /// Runs that generalized.
    pub generalized: usize,
    /// Runs that generalized, as a share of those that did not end with an error.
    pub share: f64,
    /// Lower end of the share's 95 % interval (Wilson).
    pub share_low: f64,
    /// Upper end of the share's 95 % interval (Wilson).
    pub share_high: f64,
    /// Median step at which runs generalize, where those that do not are later than all that do; `null` where fewer than half do.
    pub median_step_generalized: Option<f64>,
    /// Steps at which the first and the last run generalize.
    pub step_generalized_range: Option<[f64; 2]>,
    /// Mean test accuracy at the last step.
    pub test_accuracy: Option<f64>,
    /// Mean share of generalizing units among the living.
    pub generalizing_units: Option<f64>,
    /// What most of its runs came to; of equally many, the less grokked.
    pub phase: Phase,
    /// The share of its runs that came to this phase.
    pub phase_share: f64,
    /// Whether there are fewer than three seeds.
    pub few_seeds: bool,
}

/// Where a boundary crosses one line of the diagram.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BoundaryPlace {
    /// The line's value of the setting that is no amount of data; `null` where there is one line.
    pub line: Option<SettingValue>,
    /// Training samples there; `null` where a measured place lies outside of what was swept.
    pub n: Option<f64>,
    /// Lower end of the 95 % interval of a measured place; `null` beyond the sweep.
    pub n_low: Option<f64>,
    /// Upper end of the 95 % interval of a measured place; `null` beyond the sweep.
    pub n_high: Option<f64>,
    /// The value of the amount's setting there; `null` outside of what was swept.
    pub value: Option<f64>,
    /// Its value at the lower end of the interval; `null` outside of what was swept.
    pub value_low: Option<f64>,
    /// Its value at the upper end of the interval; `null` outside of what was swept.
    pub value_high: Option<f64>,
    /// Whether it lies before, within or beyond what was swept.
    pub within: Within,
    /// Measured over theoretical sample size of this line, where both are known.
    pub ratio_to_theory: Option<f64>,
}

impl PhaseData {
    pub(super) fn of(diagram: &Diagram) -> Self {
        let values =
            |axis: &dunwu_studies::phase::Axis| axis.values.iter().map(|value| setting_value(value.as_ref())).collect();
        let places =
            |boundary: &Boundary| boundary.places.iter().map(|place| BoundaryPlace::of(diagram, place)).collect();
        Self {
            x: diagram.x.name.clone(),
            y: diagram.y.as_ref().map(|y| y.name.clone()),
            x_values: values(&diagram.x),
            y_values: diagram.y.as_ref().map(values),
            along: diagram.amounts().map(|axis| axis.name.clone()),
            cells: diagram.cells.iter().map(|cell| PhaseCell::of(diagram, cell)).collect(),
            boundary_theory: places(&diagram.theory),
            boundary_measured: places(&diagram.measured),
            notes: words::notes(diagram),
        }
    }
}

impl PhaseCell {
    fn of(diagram: &Diagram, cell: &Cell) -> Self {
        Self {
            x: setting_value(diagram.x.values[cell.x].as_ref()),
            y: diagram.y.as_ref().and_then(|y| setting_value(y.values[cell.y].as_ref())),
            runs: cell.runs,
            seeds: cell.seeds,
            failed: cell.failed,
            n_train: cell.n_train,
            generalized: cell.generalized,
            share: cell.share.share,
            share_low: cell.share.low,
            share_high: cell.share.high,
            median_step_generalized: cell.median_step_generalized,
            step_generalized_range: cell.range_step_generalized.map(|(first, last)| [first, last]),
            test_accuracy: cell.test_accuracy,
            generalizing_units: cell.generalizing_units,
            phase: cell.phase,
            phase_share: cell.phase_share,
            few_seeds: cell.few_seeds,
        }
    }
}

impl BoundaryPlace {
    fn of(diagram: &Diagram, place: &Place) -> Self {
        Self {
            line: diagram.lines().and_then(|axis| setting_value(axis.values[place.line].as_ref())),
            n: place.n,
            n_low: place.low,
            n_high: place.high,
            value: place.value,
            value_low: place.value_ends[0],
            value_high: place.value_ends[1],
            within: place.within,
            ratio_to_theory: diagram.ratio(place.line),
        }
    }
}
