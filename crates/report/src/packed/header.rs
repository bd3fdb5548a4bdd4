//! What stands in front of the columns.

use crate::listing::State;
use crate::run::Told;
use dunwu::Opened;
use dunwu::answer::Answer;
use dunwu::measure::{MEASURES, Shape};
use dunwu::scalars::SCALARS;
use dunwu_engine::spec::{When, values};
use dunwu_foreign::recorded::ForeignRun;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// A run without its columns.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Header {
    /// Its directory.
    pub run: PathBuf,
    /// The last part of it, by which it is asked for.
    pub name: String,
    /// Canonical name of its task; of a run that another program made its name.
    pub task: String,
    /// `own`, or `foreign` where another program made it.
    pub kind: &'static str,
    /// Labels M; `null` for a foreign run, as the next four.
    pub n_labels: Option<usize>,
    /// Training samples.
    pub n_train: Option<usize>,
    /// All samples.
    pub n_population: Option<usize>,
    /// Hidden units of the last layer.
    pub n_units: Option<usize>,
    /// Updates that were asked for.
    pub steps: Option<u64>,
    /// How it stands.
    pub state: State,
    /// Every setting of its spec; of a foreign run what is known of it.
    pub settings: Vec<PackedSetting>,
    /// Irreps, the trivial one first; `null` where the task is no group.
    pub irreps: Option<Vec<PackedIrrep>>,
    /// What came out, in one sentence.
    pub headline: String,
    /// What else came out, one claim a sentence.
    pub story: Vec<String>,
    /// The object that `dunwu show --json` prints.
    pub data: Map<String, Value>,
    /// Snapshots that were taken; a page that holds its data has fewer of a large network.
    pub n_snapshots: usize,
    /// What was done to it while it trained.
    pub interventions: Vec<InterventionMark>,
    /// Why its units have no weight for each token, where none has.
    pub no_token_weights: Option<String>,
    /// Every measure.
    pub measures: Vec<PackedMeasure>,
    /// Every quantity of an evaluation.
    pub scalars: Vec<PackedScalar>,
    /// The tables, and where their columns are.
    pub tables: Vec<PackedTable>,
}

/// A setting with its value.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PackedSetting {
    /// Its key.
    pub name: String,
    /// Its value, as it is written.
    pub value: String,
}

/// An irrep of the task's group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PackedIrrep {
    /// Its short name: `frequency 3`.
    pub name: String,
    /// Complex dimension.
    pub degree: usize,
}

/// Something that was done to the run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InterventionMark {
    /// The step from which on; `null` where that depended on how the run went.
    pub step: Option<u64>,
    /// The first step after it, where it was taken back.
    pub until: Option<u64>,
    /// When and what, as it was written.
    pub what: String,
}

/// A measure with what it tells, its formula and its source.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PackedMeasure {
    /// Its name, which a column has, too.
    pub name: &'static str,
    /// What the number tells.
    pub tells: &'static str,
    /// Formula.
    pub formula: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Whether it is one number, or one a unit, an irrep or a problem.
    pub shape: Shape,
    /// Where the definition comes from.
    pub source: &'static str,
    /// When there is no value.
    pub undefined: &'static str,
}

/// A quantity of an evaluation, or a series that another program recorded, with what it tells.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PackedScalar {
    /// Its name, which a column has, too.
    pub name: String,
    /// What the number tells; empty where another program recorded it.
    pub tells: &'static str,
    /// Unit; empty where another program recorded it.
    pub unit: &'static str,
}

/// A table.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PackedTable {
    /// Its name, as `dunwu export` has it.
    pub name: String,
    /// Rows.
    pub n_rows: usize,
    /// Columns.
    pub columns: Vec<PackedColumn>,
}

/// A column of numbers, or of texts by their place among `names`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PackedColumn {
    /// Its name.
    pub name: String,
    /// `f64`, `f32`, or `u8` for texts, where 255 is a cell that is empty. A number that is missing is NaN.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its first byte, counted from the end of the header.
    pub at: usize,
    /// The different texts of the column.
    pub names: Option<Vec<String>>,
}

impl Header {
    pub(super) fn of_own(opened: &Opened, dir: &Path, state: State, told: Told) -> Self {
        let setting = |(setting, value): (&dunwu_engine::spec::Setting, dunwu_engine::spec::Value)| PackedSetting {
            name: setting.key.to_owned(),
            value: value.to_string(),
        };
        Self {
            name: last_part(dir),
            run: dir.to_owned(),
            task: opened.task.clone(),
            kind: "own",
            n_labels: Some(opened.n_labels),
            n_train: Some(opened.n_train),
            n_population: Some(opened.n_population),
            n_units: opened.frames.last().map(|frame| frame.labels.len()),
            steps: Some(opened.spec.steps),
            state,
            settings: values(&opened.spec).map(setting).collect(),
            irreps: opened.irreps.as_ref().map(|irreps| {
                irreps.iter().map(|irrep| PackedIrrep { name: irrep.name.clone(), degree: irrep.degree }).collect()
            }),
            headline: told.headline,
            story: told.sentences,
            data: told.data,
            n_snapshots: opened.frames.len(),
            interventions: interventions(opened),
            no_token_weights: opened.why_no_token_weights(),
            measures: MEASURES
                .iter()
                .map(|measure| PackedMeasure {
                    name: measure.name,
                    tells: measure.tells,
                    formula: measure.formula,
                    unit: measure.unit,
                    shape: measure.shape,
                    source: measure.source,
                    undefined: measure.undefined,
                })
                .collect(),
            scalars: SCALARS
                .iter()
                .map(|scalar| PackedScalar { name: scalar.name.to_owned(), tells: scalar.tells, unit: scalar.unit })
                .collect(),
            tables: Vec::new(),
        }
    }

    pub(super) fn of_foreign(run: &ForeignRun, state: State, answer: Answer) -> Self {
        let dir = run.dir.path();
        let marks = run.record.marks.iter();
        let mark = |mark: &dunwu_foreign::run::ForeignMark| InterventionMark {
            step: Some(mark.step),
            until: None,
            what: mark.text.clone(),
        };
        let series = run.record.series();
        let scalar = |name: &String| PackedScalar { name: name.clone(), tells: "", unit: "" };
        let known = run.record.known.iter();
        Self {
            name: last_part(dir),
            run: dir.to_owned(),
            task: answer.title,
            kind: "foreign",
            n_labels: None,
            n_train: None,
            n_population: None,
            n_units: None,
            steps: None,
            state,
            settings: known.map(|(name, value)| PackedSetting { name: name.clone(), value: value.clone() }).collect(),
            irreps: None,
            headline: answer.headline,
            story: answer.sentences,
            data: answer.data,
            n_snapshots: 0,
            interventions: marks.map(mark).collect(),
            no_token_weights: None,
            measures: Vec::new(),
            scalars: series.iter().map(|series| scalar(&series.name)).collect(),
            tables: Vec::new(),
        }
    }
}

fn interventions(opened: &Opened) -> Vec<InterventionMark> {
    let mark = |intervention: &dunwu_engine::spec::Intervention| {
        let (step, until) = match intervention.when {
            When::At(step) => (Some(step), None),
            When::During(step, until) => (Some(step), Some(until)),
            When::On(_) | When::Crossing { .. } => (None, None),
        };
        InterventionMark { step, until, what: intervention.to_string() }
    };
    opened.spec.interventions.iter().map(mark).collect()
}

fn last_part(dir: &Path) -> String {
    dir.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
