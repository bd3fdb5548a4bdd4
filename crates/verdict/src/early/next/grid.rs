//! Runs of a table, and cells that could be made next, in the same numbers.

use super::units::{Units, WIDE};
use crate::early::coordinates::coordinates;
use crate::early::forecast::why_outside;
use crate::early::model::{Inputs, Model};
use dunwu::operation::Operation;
use dunwu::run::Past;
use dunwu::verb::VerbError;
use dunwu_engine::RunSpec;
use dunwu_engine::spec::{Allowed, SETTINGS, Setting, Value, canonical, settings};
use dunwu_studies::sweep::{Planned, Results, SweepRequest};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Cells that are looked at, at most.
const MOST_CELLS: usize = 2_048;

/// What the shipped verdict says of a run before its first step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shipped {
    /// Log odds that it generalizes.
    pub(super) log_odds: f64,
    /// ln t of its step if it does.
    pub(super) log_time: f64,
}

/// A run that was made, or a cell that could be.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// 1, the shipped log odds or 0, then its settings in standard units.
    pub(super) x: Vec<f64>,
    /// `None` outside of what the shipped verdict knows.
    pub(super) shipped: Option<Shipped>,
    /// When it generalized, of a run that was made and did.
    pub(super) generalized: Option<u64>,
    /// Most steps that it makes.
    pub(super) steps: u64,
    /// Whether it ends once it has generalized.
    pub(super) stops: bool,
    /// What it is.
    pub(super) planned: Planned,
}

/// Why nothing can be said of a table's next runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// No run ended.
    #[error(
        "no run of the table ended, so there is nothing to go on from; `dunwu forecast` says what to expect of a spec"
    )]
    NoRun,
    /// Nothing varies.
    #[error(
        "nothing but the seed differs between the table's runs, so there is nothing to choose; sweep over a setting"
    )]
    NothingVaries,
    /// Some runs have a setting and others do not.
    #[error("some runs of the table have `{setting}` and others do not; hold fixed what decides it, such as {remedy}")]
    PartlyThere {
        /// The setting.
        setting: String,
        /// A filter that helps.
        remedy: String,
    },
    /// There are too many.
    #[error(
        "the table's values make {cells} cells, and at most {MOST_CELLS} are looked at; hold a setting fixed, such as {remedy}"
    )]
    TooMany {
        /// How many.
        cells: usize,
        /// A filter that helps.
        remedy: String,
    },
}

/// Everything that a design chooses from.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// Runs that ended.
    pub(super) known: Vec<Cell>,
    /// Cells that could be made, each with seed 0.
    pub(super) cells: Vec<Cell>,
    /// Settings that differ, the seed left out.
    pub(super) varied: Vec<String>,
    /// What is believed of each weight before any run.
    pub(super) hopes: Vec<f64>,
    /// Seeds that were used, by cell.
    seeds: BTreeMap<String, BTreeSet<u64>>,
}

impl Grid {
    /// From the runs of a table.
    pub(super) fn of(model: &Model, results: &Results) -> Result<Self, VerbError> {
        let ended: Vec<usize> = (0..results.len()).filter(|&run| results.outcome(run) != "failed").collect();
        let results = results.picked(&ended);
        if results.is_empty() {
            return Err(VerbError::usage(GridError::NoRun));
        }
        let varied: Vec<String> =
            results.varied().into_iter().filter(|name| !name.starts_with("let.")).map(str::to_owned).collect();
        if varied.is_empty() {
            return Err(VerbError::usage(GridError::NothingVaries));
        }
        let common = common_words(&results, &varied);
        let known = known_runs(&results, &common, &varied)?;
        let candidates = candidates(&results, &common, &varied)?;
        let units = Units::of(&varied, &known);
        let mut shipped = ShippedVerdict { model, operations: BTreeMap::new() };
        let mut seeds: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for planned in &known {
            seeds.entry(key(&planned.spec)).or_default().insert(planned.spec.seed);
        }
        let step = |run: usize| results.generalizes(run).then(|| results.count(run, "step_generalized")).flatten();
        let known =
            known.into_iter().enumerate().map(|(run, planned)| shipped.cell(planned, &units, step(run))).collect();
        let has_held_out =
            |planned: &Planned| planned.n_train.is_some_and(|n| n > 0 && n < planned.problem.n_population());
        let cells =
            candidates.into_iter().filter(has_held_out).map(|planned| shipped.cell(planned, &units, None)).collect();
        Ok(Self { known, cells, varied, hopes: units.hopes(), seeds })
    }

    /// The next seed of a cell that no run has, and notes it.
    pub(super) fn next_seed(&mut self, cell: usize) -> u64 {
        let used = self.seeds.entry(key(&self.cells[cell].planned.spec)).or_default();
        let seed = (0..=used.len() as u64).find(|seed| !used.contains(seed)).expect("one more than there are");
        used.insert(seed);
        seed
    }
}

/// What tells cells apart: everything that identifies a run but the seed.
fn key(spec: &RunSpec) -> String {
    let settings = canonical(spec).into_iter().filter(|(key, _)| *key != "seed");
    settings.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

/// A value as a word holds it; where a setting has no number of steps, it is never.
pub(super) fn written(setting: &Setting, value: Option<&Value>) -> Option<String> {
    match (value, setting.allowed()) {
        (None, Allowed::CountOrNever { .. }) => Some("never".to_owned()),
        // Nothing is what a setting is where no word says otherwise.
        (Some(Value::Text(text)), _) if text.is_empty() => None,
        (Some(Value::Text(text)), _) if !text.contains([',', '/', ' ', '"', '\'']) => Some(text.clone()),
        (value, _) => value.map(ToString::to_string),
    }
}

/// Words for the settings that all runs have in common.
fn common_words(results: &Results, varied: &[String]) -> Vec<String> {
    let is_common =
        |name: &&str| *name != "seed" && !name.starts_with("let.") && varied.iter().all(|other| other != name);
    let word = |name: &str| {
        let setting = settings::find(name)?;
        Some(format!("{}={}", setting.key, written(setting, results.value(0, name).as_ref())?))
    };
    results.settings().filter(is_common).filter_map(word).collect()
}

fn sweep(words: &[String]) -> Result<Vec<Planned>, VerbError> {
    SweepRequest::from_words(words, &[], None, Path::new("")).map(|request| request.runs)
}

/// The runs of a table, in its order.
fn known_runs(results: &Results, common: &[String], varied: &[String]) -> Result<Vec<Planned>, VerbError> {
    let value = |run: usize, name: &str| {
        let setting = settings::find(name)?;
        written(setting, results.value(run, name).as_ref())
    };
    if let Some(name) = varied.iter().find(|name| (0..results.len()).any(|run| value(run, name).is_none())) {
        // Whatever decides it: a setting of which one value leaves all runs with it, or all without.
        let decides = |other: &&String| {
            let first = value(0, other);
            let mut there = (0..results.len()).filter(|&run| value(run, other) == first);
            *other != name && there.all(|run| value(run, name).is_some() == value(0, name).is_some())
        };
        let remedy = varied.iter().find(decides);
        let shown = remedy.and_then(|other| Some(format!("`{other}={}`", value(0, other)?)));
        let remedy = shown.unwrap_or_else(|| format!("`{name}=VALUE`"));
        return Err(VerbError::usage(GridError::PartlyThere { setting: name.clone(), remedy }));
    }
    let point = |run: usize| {
        let values = varied.iter().filter_map(|name| value(run, name));
        let seed = results.count(run, "seed").unwrap_or(0).to_string();
        values.chain([seed]).collect::<Vec<_>>().join("/")
    };
    let points: Vec<String> = (0..results.len()).map(point).collect();
    let word = format!("{}/seed={}", varied.join("/"), points.join(","));
    sweep(&common.iter().cloned().chain([word]).collect::<Vec<_>>())
}

/// Cells of the product of what varies: the table's values, those between, and one beyond each end, as far as all of that makes sense.
fn candidates(results: &Results, common: &[String], varied: &[String]) -> Result<Vec<Planned>, VerbError> {
    let axis = |name: &String, finer: bool| -> Vec<String> {
        let Some(setting) = settings::find(name) else { return Vec::new() };
        let values: Vec<Value> = results.distinct(name).into_iter().flatten().collect();
        let values = if finer { finer_values(setting, &values) } else { values };
        values.iter().filter_map(|value| written(setting, Some(value))).collect()
    };
    let cells = |axes: &[Vec<String>]| axes.iter().map(Vec::len).product::<usize>();
    let product = |axes: &[Vec<String>]| {
        let words = varied.iter().zip(axes).map(|(name, values)| format!("{name}={}", values.join(",")));
        sweep(&common.iter().cloned().chain(words).chain(["seed=0".to_owned()]).collect::<Vec<_>>())
    };
    let coarse: Vec<Vec<String>> = varied.iter().map(|name| axis(name, false)).collect();
    // Finer ones as long as they are few enough, the shortest first.
    let mut order: Vec<usize> = (0..varied.len()).collect();
    order.sort_by_key(|&place| coarse[place].len());
    let mut axes = coarse.clone();
    for place in order {
        let mut finer = axes.clone();
        finer[place] = axis(&varied[place], true);
        if cells(&finer) <= MOST_CELLS {
            axes = finer;
        }
    }
    if cells(&axes) > MOST_CELLS {
        let longest = (0..varied.len()).max_by_key(|&place| coarse[place].len()).expect("something varies");
        let remedy = format!("`{}={}`", varied[longest], coarse[longest][0]);
        return Err(VerbError::usage(GridError::TooMany { cells: cells(&coarse), remedy }));
    }
    // What lies between or beyond may be no run; what was made was one, though perhaps not in every combination.
    product(&axes).or_else(|_| product(&coarse)).or_else(|_| Ok(Vec::new())).and_then(|found| {
        if found.is_empty() { Ok(known_cells(known_runs(results, common, varied)?)) } else { Ok(found) }
    })
}

/// Each cell of the runs once.
fn known_cells(runs: Vec<Planned>) -> Vec<Planned> {
    let mut seen = BTreeSet::new();
    runs.into_iter().filter(|run| seen.insert(key(&run.spec))).collect()
}

/// The values, those half-way between neighbours, and one beyond each end; by ratios where they reach far.
fn finer_values(setting: &Setting, values: &[Value]) -> Vec<Value> {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(_) | Value::Text(_) => None,
    };
    let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
    let Some(numbers) = numbers.filter(|numbers| numbers.len() > 1) else { return values.to_vec() };
    let (first, last) = (numbers[0], numbers[numbers.len() - 1]);
    let is_wide = first > 0.0 && last / first >= WIDE;
    let from = |place: f64| if is_wide { place.exp() } else { place };
    let mut places: Vec<f64> = numbers.iter().map(|&number| if is_wide { number.ln() } else { number }).collect();
    let between: Vec<f64> = places.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    let (low, high) = (places[1] - places[0], places[places.len() - 1] - places[places.len() - 2]);
    places.extend([places[0] - low / 2.0, places[numbers.len() - 1] + high / 2.0]);
    let is_whole = matches!(setting.allowed(), Allowed::Count { .. } | Allowed::CountOrNever { .. });
    let rounded = |place: f64| {
        let value = from(place);
        // Three digits, so that words stay short.
        if is_whole {
            Value::Int(value.round() as i64)
        } else {
            Value::Float(format!("{value:.2e}").parse().unwrap_or(value))
        }
    };
    let mut found: Vec<Value> = values.to_vec();
    for place in between.into_iter().chain(places.into_iter().skip(numbers.len())) {
        let value = rounded(place);
        let is_of_kind = first <= 0.0 || number(&value).is_some_and(|number| number > first / 10.0);
        let is_allowed = is_of_kind && setting.set(&mut RunSpec::default(), &value).is_ok();
        if is_allowed && !found.iter().any(|other| number(other) == number(&value)) {
            found.push(value);
        }
    }
    found
}

/// What the shipped verdict says, with what is known of each problem worked out once.
struct ShippedVerdict<'a> {
    model: &'a Model,
    operations: BTreeMap<usize, Operation>,
}

impl ShippedVerdict<'_> {
    fn cell(&mut self, planned: Planned, units: &Units, generalized: Option<u64>) -> Cell {
        let Planned { spec, problem, n_train, .. } = &planned;
        let address = Arc::as_ptr(problem) as usize;
        let operation = *self.operations.entry(address).or_insert_with(|| Operation::of(problem));
        let known = (spec, &**problem, n_train.unwrap_or_else(|| problem.n_population()));
        let past = Past::so_far(known, operation, None, &[], &[]);
        let row = coordinates(&past);
        let shipped = why_outside(self.model, &past, &row).is_empty().then(|| {
            let p = self.model.probability(Inputs::Spec, &row).clamp(1e-6, 1.0 - 1e-6);
            let log_time = self.model.time(Inputs::Spec, &row, None)[0] + (spec.steps.max(1) as f64).ln();
            Shipped { log_odds: (p / (1.0 - p)).ln(), log_time }
        });
        Cell {
            x: units.row(&planned, shipped.map_or(0.0, |shipped| shipped.log_odds)),
            shipped,
            generalized,
            steps: spec.steps,
            stops: spec.events.stop_after.is_some(),
            planned,
        }
    }
}

/// Words that make these cells with these seeds in one sweep, and no other runs.
pub(super) fn command(varied: &[String], chosen: &[(&Planned, u64)]) -> String {
    let Some((first, _)) = chosen.first() else { return String::new() };
    let default = RunSpec::default();
    let common = SETTINGS.iter().filter(|setting| setting.identifies && setting.key != "seed");
    let common = common.filter(|setting| varied.iter().all(|name| name != setting.key)).filter_map(|setting| {
        let value = setting.get(&first.spec);
        (value != setting.get(&default))
            .then(|| Some(format!("{}={}", setting.key, written(setting, value.as_ref())?)))?
    });
    let point = |(planned, seed): &(&Planned, u64)| {
        let values = varied.iter().filter_map(|name| {
            let setting = settings::find(name)?;
            written(setting, setting.get(&planned.spec).as_ref())
        });
        values.chain([seed.to_string()]).collect::<Vec<_>>().join("/")
    };
    let points: Vec<String> = chosen.iter().map(point).collect();
    let words = common.chain([format!("{}/seed={}", varied.join("/"), points.join(","))]);
    let quoted = |word: String| if word.contains(['"', ' ', '*', '(', '[']) { format!("'{word}'") } else { word };
    format!("dunwu sweep {}", words.map(quoted).collect::<Vec<_>>().join(" "))
}
