//! What a sweep varies, as read from a file and the command line.
//!
//! ```toml
//! preset = "small"             # any settings of runs: what all have in common
//! steps = 3000
//!
//! [sweep]                      # the product of these axes; the last varies fastest
//! "task.order" = [23, 31, 41]
//! "let.c" = "1.5..4.5/13"      # a free quantity, which formulas may use
//! seed = "0..9"
//! "data.fraction" = "= c * ln(M) / M"
//! exclude = ["M > 40 and c < 2"]
//! keep = "scalars"
//!
//! [[sweep.zip]]                # these go together: the first with the first, the second with the second
//! "model.width" = [256, 512]
//! steps = [2000, 4000]
//! ```
//!
//! The command line says the same: `task.order=23,31,41 let.c=1.5..4.5/13 model.width/steps=256/2000,512/4000`. What stands there
//! replaces what the file says of the same setting.

use super::formula::{Exclusion, Formula, FormulaError, RESERVED};
use super::grouping;
use super::values::{self, Written};
use dunwu::spec_file::{self, Place, SWEEP, SpecFileError};
use dunwu_engine::RunSpec;
use dunwu_engine::spec::{Allowed, SpecError, Value, parse_value, settings};
use std::ops::Range;
use std::path::PathBuf;

/// What is kept of each run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Its row in the table.
    Outcome,
    /// Also its losses and accuracies over time.
    #[default]
    Scalars,
    /// A run directory with all that `record.*` asks for, which `dunwu show` opens.
    Snapshots,
}

impl Keep {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Outcome, Self::Scalars, Self::Snapshots];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Scalars => "scalars",
            Self::Snapshots => "snapshots",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|keep| keep.name() == name)
    }
}

/// What is asked for, as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The text of a file, if one was named.
    pub file: Option<&'a str>,
    /// What all runs have in common where the file names no preset.
    pub base: &'a RunSpec,
    /// `key=values` of the command line.
    pub words: &'a [String],
    /// Conditions of the command line that leave cells out.
    pub exclude: &'a [String],
    /// What to keep, if the command line says so.
    pub keep: Option<Keep>,
}

/// A mistake in what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct PlanError {
    /// What and where.
    pub error: SpecFileError,
    /// In which text.
    pub source_text: SourceText,
}

/// Where something was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceText {
    /// In the file.
    File,
    /// In this word of the command line.
    Word(usize),
    /// In this condition of the command line.
    Exclude(usize),
}

/// Where an axis or a formula was written.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) text: SourceText,
    pub(super) place: Place,
}

/// One direction in which runs differ, or a setting that all have in common.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// Settings and free quantities that go together.
    pub(super) keys: Vec<String>,
    /// Their values, one list a point of the axis.
    pub(super) points: Vec<Vec<Value>>,
    pub(super) origin: Origin,
}

/// A setting that is computed for each run.
#[derive(Clone, Debug)]
pub(super) struct Computed {
    pub(super) key: String,
    pub(super) formula: Formula,
    pub(super) origin: Origin,
}

/// What a sweep varies.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) base: RunSpec,
    pub(super) axes: Vec<Axis>,
    pub(super) computed: Vec<Computed>,
    pub(super) exclusions: Vec<(Exclusion, Origin)>,
    /// Where copies of the files lie that a submission made.
    pub(super) frozen: Option<PathBuf>,
    /// What is kept of each run.
    pub keep: Keep,
}

impl Plan {
    /// Reads what was asked for.
    pub fn new(request: &Request<'_>) -> Result<Self, PlanError> {
        let in_file = |error| PlanError { error, source_text: SourceText::File };
        let document = spec_file::document(request.file.unwrap_or("")).map_err(in_file)?;
        let mut plan = Self {
            base: request.base.clone(),
            axes: vec![],
            computed: vec![],
            exclusions: vec![],
            frozen: None,
            keep: Keep::default(),
        };
        if let Some(sweep) = document.get_ref().get(SWEEP) {
            plan.read_section(sweep).map_err(in_file)?;
        }
        plan.keep = request.keep.unwrap_or(plan.keep);
        let keep = plan.keep;
        plan.base =
            spec_file::read_document(document.get_ref(), request.base, |spec| cheap(spec, keep)).map_err(in_file)?;
        plan.read_words(request.words)?;
        for (index, condition) in request.exclude.iter().enumerate() {
            let whole = Place { key: 0..condition.len(), value: 0..condition.len() };
            let origin = Origin { text: SourceText::Exclude(index), place: whole };
            plan.exclude(condition, origin)?;
        }
        plan.order_formulas()?;
        Ok(plan)
    }

    /// What a formula reads is computed before it.
    fn order_formulas(&mut self) -> Result<(), PlanError> {
        let mut waiting = std::mem::take(&mut self.computed);
        while !waiting.is_empty() {
            let reads_another = |one: &Computed| {
                let others = waiting.iter().filter(|other| other.key != one.key);
                others
                    .flat_map(|other| [&other.key[..], other.key.strip_prefix(FREE).unwrap_or(&other.key)])
                    .any(|key| one.formula.mentions(key))
            };
            let Some(ready) = waiting.iter().position(|one| !reads_another(one)) else {
                let keys: Vec<&str> = waiting.iter().map(|one| one.key.as_str()).collect();
                let message = format!("the formulas of {} need each other", keys.join(" and "));
                return Err(waiting[0].origin.mistaken(&message, "give one of them values"));
            };
            self.computed.push(waiting.remove(ready));
        }
        Ok(())
    }

    /// Cells before any is left out.
    pub fn n_cells(&self) -> u128 {
        self.axes.iter().fold(1, |product: u128, axis| product.saturating_mul(axis.points.len() as u128))
    }

    fn read_words(&mut self, words: &[String]) -> Result<(), PlanError> {
        for (index, word) in words.iter().enumerate() {
            let source_text = SourceText::Word(index);
            let refuse = |error| PlanError { error, source_text };
            let (key, text) = spec_file::halves(word).map_err(refuse)?;
            let origin = Origin { text: source_text, place: Place::of_override(word) };
            if key.contains('/') {
                self.add(zipped_word(key, text, origin).map_err(refuse)?)?;
            } else {
                let written = written(key, text, &origin).map_err(refuse)?;
                self.add_written(key, written, origin)?;
            }
        }
        Ok(())
    }

    pub(super) fn add_written(&mut self, key: &str, written: Written, origin: Origin) -> Result<(), PlanError> {
        match written {
            Written::Values(values) => {
                let points = values.into_iter().map(|value| vec![value]).collect();
                self.add(Axis { keys: vec![key.to_owned()], points, origin })
            }
            Written::Formula(text) => {
                let key = full_name(key).map_err(|error| origin.refuse(&error))?;
                let formula = Formula::parse(&text).map_err(|error| origin.unfit(&error))?;
                self.make_room(std::slice::from_ref(&key), &origin)?;
                self.computed.push(Computed { key, formula, origin });
                Ok(())
            }
        }
    }

    pub(super) fn add(&mut self, mut axis: Axis) -> Result<(), PlanError> {
        for key in &mut axis.keys {
            *key = full_name(key).map_err(|error| axis.origin.refuse(&error))?;
        }
        if let Some(key) = axis.keys.iter().find(|key| key.starts_with(FREE)) {
            let column = axis.keys.iter().position(|other| other == key).unwrap_or(0);
            let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_));
            if let Some(point) = axis.points.iter().find(|point| !is_number(&point[column])) {
                let message = format!("`{key}` is a free quantity, so it cannot be {}", point[column]);
                return Err(axis.origin.mistaken(&message, "give it numbers"));
            }
        }
        if axis.points.is_empty() {
            return Err(axis.origin.mistaken("an axis without values makes no run", "give it one value or more"));
        }
        self.make_room(&axis.keys, &axis.origin)?;
        self.axes.push(axis);
        Ok(())
    }

    /// Takes away what the file says of settings that the command line speaks of; one text may speak of each only once.
    fn make_room(&mut self, keys: &[String], origin: &Origin) -> Result<(), PlanError> {
        let replaces = |old: &str| keys.iter().any(|key| key == old || is_alternative(key, old));
        let is_new = |text: SourceText| (text == SourceText::File) == (origin.text == SourceText::File);
        let known = self.axes.iter().map(|axis| (&axis.keys[..], axis.origin.text));
        let known = known.chain(self.computed.iter().map(|one| (std::slice::from_ref(&one.key), one.origin.text)));
        for (olds, text) in known {
            if let Some(old) = olds.iter().find(|old| replaces(old)).filter(|_| is_new(text)) {
                let key = keys.iter().find(|key| *key == old || is_alternative(key, old)).unwrap_or(old);
                let (message, help) = if key == old {
                    (format!("`{key}` is given twice"), "write all its values in one list, and zip what goes together")
                } else {
                    (format!("`{key}` and `{old}` say the same in two ways"), "keep one of the two")
                };
                return Err(origin.mistaken(&message, help));
            }
        }
        for axis in &mut self.axes {
            while let Some(column) = axis.keys.iter().position(|old| replaces(old)) {
                axis.keys.remove(column);
                axis.points.iter_mut().for_each(|point| drop(point.remove(column)));
            }
        }
        self.axes.retain(|axis| !axis.keys.is_empty());
        self.computed.retain(|computed| !replaces(&computed.key));
        Ok(())
    }

    pub(super) fn exclude(&mut self, condition: &str, origin: Origin) -> Result<(), PlanError> {
        let exclusion = Exclusion::parse(condition).map_err(|error| origin.unfit(&error))?;
        self.exclusions.push((exclusion, origin));
        Ok(())
    }
}

/// What the names of free quantities begin with.
pub(super) const FREE: &str = "let.";

/// A run that is cheap to keep: evaluated every ten steps, without snapshots but the first and the last. Whoever wants snapshots
/// gets the preset's.
fn cheap(mut spec: RunSpec, keep: Keep) -> RunSpec {
    if keep != Keep::Snapshots {
        spec.record.evaluate_every = spec.record.evaluate_every.max(10);
        spec.record.snapshots_per_decade = 0;
        spec.record.snapshot_every = 0;
        spec.record.snapshot_at_events = false;
    }
    spec
}

impl Origin {
    /// A setting's own complaint.
    pub(super) fn refuse(&self, error: &SpecError) -> PlanError {
        PlanError { error: spec_file::refused(error, &self.place), source_text: self.text }
    }

    pub(super) fn unfit(&self, error: &FormulaError) -> PlanError {
        self.mistaken(&error.to_string(), error.help())
    }

    pub(super) fn mistaken(&self, message: &str, help: &str) -> PlanError {
        PlanError { error: mistake(self.place.value.clone(), message, help), source_text: self.text }
    }
}

pub(super) fn mistake(span: Range<usize>, message: &str, help: &str) -> SpecFileError {
    SpecFileError { span, message: message.to_owned(), label: "here", help: Some(help.to_owned()) }
}

/// `optimizer.name` of `optimizer`; a free quantity as it stands.
fn full_name(key: &str) -> Result<String, SpecError> {
    let free = key.strip_prefix(FREE).filter(|name| !RESERVED.contains(name));
    if free.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && is_plain(name)) {
        return Ok(key.to_owned());
    }
    settings::find(key).map(|setting| setting.key.to_owned()).ok_or_else(|| SpecError::unknown_key(key))
}

fn is_text(key: &str) -> bool {
    settings::find(key).is_some_and(|setting| matches!(setting.allowed(), Allowed::Text(_)))
}

fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_alternative(key: &str, other: &str) -> bool {
    let group = |key: &str| settings::find(key).and_then(|setting| setting.group);
    group(key).is_some() && group(key) == group(other)
}

pub(super) fn written(key: &str, text: &str, origin: &Origin) -> Result<Written, SpecFileError> {
    let key = full_name(key).map_err(|error| spec_file::refused(&error, &origin.place))?;
    values::parse(&key, text).map_err(|error| mistake(origin.place.value.clone(), &error.to_string(), error.help()))
}

/// `a/b=1/x,2/y`: points divided at commas, their values at slashes.
fn zipped_word(keys: &str, text: &str, origin: Origin) -> Result<Axis, SpecFileError> {
    let keys: Vec<String> = keys.split('/').map(str::to_owned).collect();
    let point = |point: Vec<&str>| {
        let texts = keys.iter().map(|key| is_text(key)).chain(std::iter::repeat(false));
        let value = |(text, is_text): (&str, bool)| {
            let text = grouping::unwrap(text).unwrap_or(text);
            if is_text { Value::from(text) } else { parse_value(text) }
        };
        let values: Vec<Value> = point.iter().copied().zip(texts).map(value).collect();
        let message = format!("{:?} has {} values for {} settings", point.join("/"), values.len(), keys.len());
        let help = "write one value a setting, such as task.order/steps=23/2000,41/4000, and values with commas or slashes in \
                    brackets, such as task/steps=[product:cyclic:2,cyclic:3]/2000,cyclic:7/4000";
        (values.len() == keys.len())
            .then_some(values)
            .ok_or_else(|| mistake(origin.place.value.clone(), &message, help))
    };
    let points = grouping::divide_points(text).into_iter().map(point).collect::<Result<Vec<_>, _>>()?;
    Ok(Axis { keys, points, origin })
}
