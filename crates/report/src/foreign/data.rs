//! A foreign run as programs read it.

use crate::listing::State;
use dunwu_foreign::listing::standing;
use dunwu_foreign::recorded::ForeignRun;
use dunwu_foreign::run::Known;
use dunwu_foreign::series::{Role, role_of};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A run that another program made.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ForeignData {
    /// Its directory.
    pub run: PathBuf,
    /// Its id: the hash of its name, of what was known when it began, and of how it began.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// The process that is writing it, in words; null where none is.
    pub writer: Option<String>,
    /// What is known of it, by key.
    pub known: Known,
    /// The last step of which anything was recorded; null where nothing was.
    pub last_step: Option<u64>,
    /// Wall time in seconds of the writer that ended it; null where that was not recorded.
    pub seconds: Option<f64>,
    /// Series of scalars in the order in which they came first.
    pub series: Vec<ForeignSeriesData>,
    /// Series of arrays, by layer.
    pub layers: Vec<LayerData>,
    /// Steps of its snapshots, ascending.
    pub snapshots: Vec<u64>,
    /// What was said of steps.
    pub marks: Vec<MarkData>,
    /// How often a writer took it in hand again.
    pub times_resumed: usize,
    /// What runs of dunwu have and this one cannot have.
    pub not_defined: Vec<String>,
}

/// A series of scalars.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ForeignSeriesData {
    /// Its name.
    pub name: String,
    /// What it is read as, by its name; null where its name does not say it.
    pub role: Option<Role>,
    /// Values.
    pub values: usize,
    /// Values that are NaN or infinite.
    pub not_finite: usize,
    /// Its first step.
    pub first_step: u64,
    /// Its last step.
    pub last_step: u64,
    /// Its last value; null where that is not finite.
    pub last: Option<f64>,
    /// Its lowest finite value; null where there is none.
    pub lowest: Option<f64>,
    /// Its highest finite value; null where there is none.
    pub highest: Option<f64>,
}

/// A series of arrays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LayerData {
    /// The layer.
    pub layer: String,
    /// The quantity.
    pub series: String,
    /// Numbers of the last array.
    pub units: usize,
    /// Arrays.
    pub arrays: usize,
    /// The first step.
    pub first_step: u64,
    /// The last step.
    pub last_step: u64,
}

/// Something that was said of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MarkData {
    /// The step.
    pub step: u64,
    /// What was said.
    pub text: String,
}

/// What needs a run of our own.
pub(super) const NOT_DEFINED: [&str; 3] = [
    "measures, labels of units and stages: they need the task, the split and the outputs of the network",
    "peaks: the landscape is that of a task whose samples are known",
    "resume, fork and curvature: they train the run again, and what trained it is not known",
];

impl From<&ForeignRun> for ForeignData {
    fn from(run: &ForeignRun) -> Self {
        let record = &run.record;
        let standing = standing(record, &run.dir);
        let mut layers: BTreeMap<(&str, &str), LayerData> = BTreeMap::new();
        for entry in &record.units {
            let layer = layers.entry((&entry.layer, &entry.series)).or_insert_with(|| LayerData {
                layer: entry.layer.clone(),
                series: entry.series.clone(),
                units: 0,
                arrays: 0,
                first_step: entry.step,
                last_step: 0,
            });
            (layer.units, layer.last_step) = (entry.n, entry.step);
            layer.arrays += 1;
        }
        Self {
            // However it was called, `runs/a/` is `runs/a`.
            run: run.dir.path().components().collect(),
            id: record.header.id.to_string(),
            name: record.header.name.clone(),
            state: State::from(&standing),
            writer: match &standing {
                dunwu::store::RunStanding::Running(writer) => Some(writer.to_string()),
                _ => None,
            },
            known: record.known.clone(),
            last_step: record.last_step(),
            seconds: record.finished.and_then(|end| end.seconds).map(|seconds| seconds.0),
            series: record.series().iter().map(ForeignSeriesData::from).collect(),
            layers: layers.into_values().collect(),
            snapshots: record.snapshots.iter().map(|entry| entry.step).collect(),
            marks: record.marks.iter().map(|mark| MarkData { step: mark.step, text: mark.text.clone() }).collect(),
            times_resumed: record.n_resumed,
            not_defined: NOT_DEFINED.map(str::to_owned).to_vec(),
        }
    }
}

impl From<&dunwu_foreign::series::Series> for ForeignSeriesData {
    fn from(series: &dunwu_foreign::series::Series) -> Self {
        let finite = || series.values.iter().copied().filter(|value| value.is_finite());
        Self {
            name: series.name.clone(),
            role: role_of(&series.name),
            values: series.values.len(),
            not_finite: series.values.len() - finite().count(),
            first_step: series.steps.first().copied().unwrap_or(0),
            last_step: series.steps.last().copied().unwrap_or(0),
            last: series.values.last().copied().filter(|value| value.is_finite()),
            lowest: finite().reduce(f64::min),
            highest: finite().reduce(f64::max),
        }
    }
}
