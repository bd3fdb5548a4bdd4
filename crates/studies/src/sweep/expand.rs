//! From axes to runs: every cell of the product becomes a spec with its identity, its problem and what it is likely to cost.

use super::formula::Names;
use super::plan::{Computed, FREE, Origin, Plan, PlanError};
use super::values::real;
use dunwu::spec_file;
use dunwu::store::{NotAnId, RunId};
use dunwu::task_file::{self, SPLIT, TABLE, TaskFileError};
use dunwu_engine::spec::{Allowed, Sampling, Value, apply, settings};
use dunwu_engine::split::sample_size;
use dunwu_engine::task::TaskError;
use dunwu_engine::{Problem, RunSpec, Training};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// One run of a sweep, before anything is trained.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Training samples; `None` where only the draw tells.
    pub n_train: Option<usize>,
    /// Its identity.
    pub id: RunId,
    /// What to do.
    pub spec: RunSpec,
    /// Free quantities, by name without `let.`.
    pub free: Vec<(String, f64)>,
    /// What tells it from the others: `task.order=23 seed=1`.
    pub words: String,
    /// Its problem, shared with the other runs of the task.
    pub problem: Arc<Problem>,
    /// Names and contents of the files that the spec refers to.
    pub inputs: Vec<(String, Arc<str>)>,
    /// Multiply-adds of the whole run if it goes to its last step, all but exactly for two-layer networks.
    pub work: f64,
}

/// Why a sweep has no list of runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandError {
    /// Something in the plan does not fit a cell.
    #[error("{0}")]
    Plan(Box<PlanError>),
    /// Too many cells.
    #[error("this sweep has {cells} cells, and at most {} are allowed; take fewer values: {axes}", super::LIMIT)]
    TooMany {
        /// How many.
        cells: u128,
        /// Values of each axis.
        axes: String,
    },
    /// Nothing is left.
    #[error("all {cells} cells are left out by `exclude`, so there is nothing to run")]
    NoRun {
        /// How many there were.
        cells: u128,
    },
    /// Two cells are one run.
    #[error("two cells are the same run: {first} and {second}; leave one of the values out")]
    SameRun {
        /// One cell, in the words that tell them apart.
        first: String,
        /// The other.
        second: String,
    },
    /// A file that a task or split names.
    #[error(transparent)]
    Input(#[from] TaskFileError),
    /// A task that has no problem.
    #[error("task: {0}")]
    Task(#[from] TaskError),
    /// A bug.
    #[error(transparent)]
    Id(#[from] NotAnId),
}

impl From<PlanError> for ExpandError {
    fn from(refused: PlanError) -> Self {
        Self::Plan(Box::new(refused))
    }
}

/// The folder of copies of tables and splits, beside the copy of a sweep's file that a submission made.
pub(crate) const FROZEN_INPUTS: &str = "submitted-inputs";

/// What the copy of the file at `path`, as a spec writes it, is called there.
pub(crate) fn frozen_input(path: &str) -> String {
    blake3::hash(path.as_bytes()).to_hex()[..16].to_owned()
}

impl Plan {
    /// Every run, in the order of the product; files are looked for from `directory` on.
    pub fn expand(&self, directory: &Path) -> Result<Vec<Planned>, ExpandError> {
        let cells = self.n_cells();
        if cells > super::LIMIT {
            let axes = self.axes.iter().filter(|axis| axis.points.len() > 1);
            let axes: Vec<String> =
                axes.map(|axis| format!("{} has {}", axis.keys.join("/"), axis.points.len())).collect();
            return Err(ExpandError::TooMany { cells, axes: axes.join(", ") });
        }
        let frozen = self.frozen.as_deref();
        let mut inputs = Inputs { directory, frozen, problems: BTreeMap::new(), texts: BTreeMap::new() };
        let mut runs = Vec::new();
        let mut seen: BTreeMap<RunId, Vec<usize>> = BTreeMap::new();
        for index in 0..cells as usize {
            let cell = self.cell(index);
            let Some(run) = self.planned(&cell, &mut inputs)? else { continue };
            if let Some(other) = seen.insert(run.id.clone(), cell.clone()) {
                return Err(self.same_run(&other, &cell));
            }
            runs.push(run);
        }
        if runs.is_empty() { Err(ExpandError::NoRun { cells }) } else { Ok(runs) }
    }

    /// The point of each axis; the last varies fastest.
    fn cell(&self, mut index: usize) -> Vec<usize> {
        let mut cell = vec![0; self.axes.len()];
        for (place, axis) in cell.iter_mut().zip(&self.axes).rev() {
            *place = index % axis.points.len();
            index /= axis.points.len();
        }
        cell
    }

    /// The run of a cell; `None` where it is left out.
    fn planned(&self, cell: &[usize], inputs: &mut Inputs<'_>) -> Result<Option<Planned>, ExpandError> {
        let (mut assignments, mut free, mut origins) = (Vec::new(), Vec::new(), Vec::new());
        for (axis, &point) in self.axes.iter().zip(cell) {
            for (key, value) in axis.keys.iter().zip(&axis.points[point]) {
                match key.strip_prefix(FREE) {
                    Some(name) => free.push((name.to_owned(), value.clone())),
                    None => {
                        assignments.push((key.clone(), value.clone()));
                        origins.push(&axis.origin);
                    }
                }
            }
        }
        // A cell that is left out may hold anything: it is refused only where no condition leaves it out.
        let mut spec = match self.applied(&assignments, &origins, cell) {
            Ok(spec) => spec,
            Err(refused) => {
                let tasks: Vec<_> = assignments.iter().filter(|(key, _)| key.starts_with("task")).cloned().collect();
                let spec = apply(&self.base, &tasks).unwrap_or_else(|_| self.base.clone());
                return self.left_out(&spec, inputs, &free, &assignments).then_some(None).ok_or(refused);
            }
        };
        for computed in &self.computed {
            let problem = inputs.problem(&spec)?;
            let names = |name: &str| named(name, &spec, &problem, None, &free, &assignments);
            let value = computed.value(&names).map_err(|refused| in_cell(refused, &self.words(cell)))?;
            if let Some(name) = computed.key.strip_prefix(FREE) {
                free.push((name.to_owned(), value));
                continue;
            }
            assignments.push((computed.key.clone(), value));
            origins.push(&computed.origin);
            spec = match self.applied(&assignments, &origins, cell) {
                Ok(spec) => spec,
                Err(refused) => {
                    return self.left_out(&spec, inputs, &free, &assignments).then_some(None).ok_or(refused);
                }
            };
        }
        let problem = inputs.problem(&spec)?;
        let n_train = match &spec.data.sampling {
            Sampling::SplitFile(_) | Sampling::Part(..) => None,
            sampling => sample_size(&problem, sampling).ok(), // what is too large is a row that says so
        };
        for (exclusion, origin) in &self.exclusions {
            let names = |name: &str| named(name, &spec, &problem, n_train, &free, &assignments);
            let holds = exclusion.holds(&names);
            if holds.map_err(|error| in_cell(origin.unfit(&error), &self.words(cell)))? {
                return Ok(None);
            }
        }
        let texts = inputs.texts(&spec)?;
        let pairs: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), &**text)).collect();
        let id = spec_file::id(&spec, &pairs).parse()?;
        let work = work(&spec, &problem, n_train.unwrap_or_else(|| problem.n_population()));
        let free = free.into_iter().map(|(name, value)| (name, real(&value))).collect();
        Ok(Some(Planned { n_train, id, free, words: self.words(cell), problem, inputs: texts, work, spec }))
    }

    /// Whether a condition leaves out a cell that cannot be a run; what cannot be asked of such a cell does not.
    fn left_out(
        &self,
        spec: &RunSpec,
        inputs: &mut Inputs<'_>,
        free: &[(String, Value)],
        assignments: &[(String, Value)],
    ) -> bool {
        let Ok(problem) = inputs.problem(spec) else { return false };
        // What was asked for, not what the rest of the spec makes of it.
        let asked = |name: &str| assignments.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let names = |name: &str| asked(name).or_else(|| named(name, spec, &problem, None, free, assignments));
        self.exclusions.iter().any(|(exclusion, _)| exclusion.holds(&names).is_ok_and(|holds| holds))
    }

    fn applied(
        &self,
        assignments: &[(String, Value)],
        origins: &[&Origin],
        cell: &[usize],
    ) -> Result<RunSpec, ExpandError> {
        let refuse = |(index, error): (usize, _)| in_cell(origins[index].refuse(&error), &self.words(cell));
        Ok(apply(&self.base, assignments).map_err(refuse)?)
    }

    /// What tells a cell from the others.
    fn words(&self, cell: &[usize]) -> String {
        let varied = self.axes.iter().zip(cell).filter(|(axis, _)| axis.points.len() > 1);
        let words = varied.flat_map(|(axis, &point)| {
            axis.keys.iter().zip(&axis.points[point]).map(|(key, value)| match value {
                Value::Text(text) => format!("{key}={text}"),
                value => format!("{key}={value}"),
            })
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn same_run(&self, first: &[usize], second: &[usize]) -> ExpandError {
        let differing: Vec<usize> = (0..first.len()).filter(|&axis| first[axis] != second[axis]).collect();
        let words = |cell: &[usize]| {
            let settings = differing.iter().flat_map(|&index| {
                let axis = &self.axes[index];
                axis.keys.iter().zip(&axis.points[cell[index]]).map(|(key, value)| format!("{key} = {value}"))
            });
            settings.collect::<Vec<_>>().join(", ")
        };
        ExpandError::SameRun { first: words(first), second: words(second) }
    }
}

impl Computed {
    fn value(&self, names: &Names<'_>) -> Result<Value, PlanError> {
        let number = self.formula.value(names).map_err(|error| self.origin.unfit(&error))?;
        let whole = settings::find(&self.key)
            .is_some_and(|setting| matches!(setting.allowed(), Allowed::Count { .. } | Allowed::CountOrNever { .. }));
        Ok(if whole { Value::Int(number.round() as i64) } else { Value::Float(number) })
    }
}

/// The same mistake with the cell that it shows in.
fn in_cell(mut refused: PlanError, words: &str) -> PlanError {
    if !words.is_empty() {
        refused.error.message = format!("{} (in the cell {words})", refused.error.message);
    }
    refused
}

/// What a name in a formula stands for.
fn named(
    name: &str,
    spec: &RunSpec,
    problem: &Problem,
    n_train: Option<usize>,
    free: &[(String, Value)],
    assignments: &[(String, Value)],
) -> Option<Value> {
    let assigned =
        |list: &[(String, Value)], name: &str| list.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    match name {
        "M" => Some(Value::from(problem.n_labels as u64)),
        "N" => Some(Value::from(problem.n_population() as u64)),
        "K" => Some(Value::from(spec.model.width as u64)),
        "n" => n_train.map(|n| Value::from(n as u64)),
        _ => assigned(free, name.strip_prefix(FREE).unwrap_or(name)).or_else(|| {
            let setting = settings::find(name)?;
            setting.get(spec).or_else(|| assigned(assignments, setting.key))
        }),
    }
}

/// Forward, backward and the gradient of the layer below are one product of the whole network each; an evaluation is a pass forward
/// over what is held out. A transformer passes once a token, where its attention is not counted.
fn work(spec: &RunSpec, problem: &Problem, n_train: usize) -> f64 {
    let is_table = spec.model.architecture == dunwu_engine::spec::Architecture::TwoLayer && problem.n_features == 0;
    let a_sample = if is_table {
        (spec.model.width * problem.n_labels) as f64 // one-hot inputs are looked up
    } else {
        Training::n_parameters(spec, problem).0 as f64
    };
    let batch = match spec.data.batch_size as usize {
        0 => n_train,
        size => size.min(n_train),
    };
    let held_out = problem.n_population().saturating_sub(n_train) as f64;
    let a_step = 3.0 * batch as f64 * a_sample + held_out * a_sample / spec.record.evaluate_every as f64;
    a_step * spec.steps as f64
}

/// Problems and files, each read once.
struct Inputs<'a> {
    directory: &'a Path,
    /// Copies that a submission made of them, which stand for the files themselves.
    frozen: Option<&'a Path>,
    problems: BTreeMap<String, Arc<Problem>>,
    texts: BTreeMap<String, Arc<str>>,
}

impl Inputs<'_> {
    fn problem(&mut self, spec: &RunSpec) -> Result<Arc<Problem>, ExpandError> {
        let name = spec.task.to_string();
        if let Some(problem) = self.problems.get(&name) {
            return Ok(problem.clone());
        }
        let problem = Arc::new(spec.task.resolve(self.table(spec)?.as_deref())?);
        self.problems.insert(name, problem.clone());
        Ok(problem)
    }

    fn texts(&mut self, spec: &RunSpec) -> Result<Vec<(String, Arc<str>)>, ExpandError> {
        let table = self.table(spec)?.map(|text| (TABLE.to_owned(), text));
        let split = match &spec.data.sampling {
            Sampling::SplitFile(path) => {
                let (path, directory) = (path.clone(), self.directory);
                self.text(&path, || task_file::split_text(&spec.data, directory))?
            }
            _ => None,
        };
        Ok(table.into_iter().chain(split.map(|text| (SPLIT.to_owned(), text))).collect())
    }

    fn table(&mut self, spec: &RunSpec) -> Result<Option<Arc<str>>, ExpandError> {
        let Some(file) = spec.task.file() else { return Ok(None) };
        let directory = self.directory;
        self.text(file, || task_file::table_text(&spec.task, directory))
    }

    fn text(
        &mut self,
        path: &str,
        read: impl FnOnce() -> Result<Option<String>, TaskFileError>,
    ) -> Result<Option<Arc<str>>, ExpandError> {
        if let Some(text) = self.texts.get(path) {
            return Ok(Some(text.clone()));
        }
        let copy = self.frozen.and_then(|frozen| fs::read_to_string(frozen.join(frozen_input(path))).ok());
        let Some(text) = copy.map_or_else(read, |copy| Ok(Some(copy)))? else { return Ok(None) };
        let text: Arc<str> = text.into();
        self.texts.insert(path.to_owned(), text.clone());
        Ok(Some(text))
    }
}

impl Planned {
    /// Eight hexadecimal digits that tell this list of runs from others.
    pub fn digest(runs: &[Self]) -> String {
        let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
        blake3::hash(ids.join("\n").as_bytes()).to_hex()[..8].to_owned()
    }

    /// The text of the split file, if the spec names one.
    pub(super) fn split_text(&self) -> Option<&str> {
        self.inputs.iter().find(|(name, _)| name == SPLIT).map(|(_, text)| &**text)
    }
}
