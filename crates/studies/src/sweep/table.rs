//! The rows of a sweep as one table: settings as columns under their dotted names, then what became of each run.

use super::SweepError;
use super::budget::{Allowance, Budget, Rows};
use super::expand::Planned;
use super::folder::Folder;
use super::judge::Parked;
use super::row::{Curve, Row};
use super::rows;
use dunwu::measure::label::UnitLabel;
use dunwu::scalars::SCALARS;
use dunwu::store::entry::Number;
use dunwu::store::{Column, RunId, Table};
use dunwu_engine::Scalars;
use dunwu_engine::spec::{Allowed, SETTINGS, Setting, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What there is of a sweep.
#[derive(Clone, Debug)]
pub struct Collected {
    /// What became of a sweep that is judged; `None` of others.
    pub judged: Option<JudgedRuns>,
    /// One row a run that is there, in the order of the list.
    pub table: Table,
    /// Losses and accuracies over time, one row an evaluation; no rows where they were not kept.
    pub curves: Table,
    /// Runs that ended without their losses over time having been kept.
    pub without_curves: usize,
    /// Runs that are there, failed ones counted in.
    pub done: usize,
    /// Runs that are there and ended with an error.
    pub failed: usize,
    /// Runs with two rows that disagree in more than their time: another build or another kind of machine made one.
    pub disagreeing: usize,
    /// Versions of the builds that made the rows, if not all are this one.
    pub versions: Vec<String>,
    /// Kernels that computed the rows.
    pub kernels: Vec<String>,
}

/// Puts the rows of these runs together, and clears the claims of those that are done.
pub fn collect(runs: &[Planned], folder: &Folder) -> Result<Collected, SweepError> {
    collect_within(runs, folder, None)
}

/// The same of a sweep whose steps are limited.
pub(super) fn collect_within(
    runs: &[Planned],
    folder: &Folder,
    budget: Option<&Budget<'_>>,
) -> Result<Collected, SweepError> {
    let wanted: BTreeSet<&RunId> = runs.iter().map(|run| &run.id).collect();
    let (mut rows, disagreeing) = rows::rows_of(folder, &wanted)?;
    let mut curves = rows::curves_of(folder, &wanted)?;
    if let Some(budget) = budget {
        let (unjudged, _) = rows::rows_of(&folder.unjudged(), &wanted)?;
        let known = Rows { judged: rows, resumed: unjudged };
        let allowed = budget.allowed(&known);
        let further = rows::curves_of(&folder.unjudged(), &allowed.resumed.iter().map(|&run| &runs[run].id).collect())?;
        curves.extend(further);
        rows = with_budget(runs, &allowed, known);
    }
    super::claim::clear(folder, rows.values().filter(|row| !row.is_failed()).map(|row| &row.run));
    let done: Vec<(&Planned, &Row)> = runs.iter().filter_map(|run| Some((run, rows.get(&run.id)?))).collect();
    let distinct = |read: fn(&Row) -> &String| -> Vec<String> {
        let all: BTreeSet<&String> = done.iter().map(|(_, row)| read(row)).collect();
        all.into_iter().cloned().collect()
    };
    let versions = distinct(|row| &row.dunwu);
    Ok(Collected {
        judged: folder.is_judged().then(|| JudgedRuns::of(&done)),
        table: if folder.is_judged() { with_judge(table(&done), &done) } else { table(&done) },
        without_curves: done.iter().filter(|(_, row)| row.outcome.is_some() && !curves.contains_key(&row.run)).count(),
        curves: curve_table(&done, curves),
        done: done.len(),
        failed: done.iter().filter(|(_, row)| row.is_failed()).count(),
        disagreeing,
        versions: if versions.iter().all(|version| version == env!("CARGO_PKG_VERSION")) { vec![] } else { versions },
        kernels: distinct(|row| &row.kernel),
    })
}

/// The rows of a sweep whose steps are limited: runs that the budget leaves out have one that says so, parked runs that went on theirs.
fn with_budget(runs: &[Planned], allowed: &Allowance, known: Rows) -> BTreeMap<RunId, Row> {
    let Rows { judged: mut rows, mut resumed } = known;
    // What another budget made is none of this one's.
    let made: BTreeSet<&RunId> = allowed.made.iter().map(|&index| &runs[index].id).collect();
    rows.retain(|run, _| made.contains(run));
    for &index in &allowed.unmade {
        rows.insert(runs[index].id.clone(), Row::unmade(&runs[index]));
    }
    for &index in &allowed.resumed {
        let id = &runs[index].id;
        if let (Some(parked), Some(row)) = (rows.get(id).and_then(|row| row.parked), resumed.remove(id)) {
            rows.insert(id.clone(), Row { parked: Some(Parked { resumed: true, ..parked }), ..row });
        }
    }
    rows
}

/// Counts of a sweep that is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JudgedRuns {
    /// Runs that were parked.
    pub parked: usize,
    /// Runs that would have been parked and trained on as an audit.
    pub audited: usize,
    /// Of these, runs that generalized.
    pub false_parks: usize,
    /// Steps that parked runs did not make.
    pub steps_saved: u64,
    /// Steps that all runs made.
    pub steps_made: u64,
    /// Parked runs that went on because steps of the budget were left.
    pub resumed: usize,
    /// Parked runs that went on and generalized.
    pub resumed_generalized: usize,
    /// Runs that were not made because the budget was spent before their turn.
    pub unmade: usize,
}

impl JudgedRuns {
    fn of(done: &[(&Planned, &Row)]) -> Self {
        let mut counts = Self::default();
        for (planned, row) in done {
            counts.steps_made += row.step.unwrap_or(0);
            counts.unmade += usize::from(row.is_unmade());
            match row.parked {
                Some(parked) if parked.resumed => {
                    counts.resumed += 1;
                    counts.resumed_generalized += usize::from(row.step_generalized.is_some());
                }
                Some(parked) if parked.audited => {
                    counts.audited += 1;
                    counts.false_parks += usize::from(row.step_generalized.is_some());
                }
                Some(parked) => {
                    counts.parked += 1;
                    counts.steps_saved += planned.spec.steps.saturating_sub(parked.step);
                }
                None => {}
            }
        }
        counts
    }
}

/// The columns that a judge adds.
fn with_judge(table: Table, done: &[(&Planned, &Row)]) -> Table {
    let parked = |(_, row): &(&Planned, &Row)| row.parked;
    table
        .with("parked", Column::OptInt64(done.iter().map(|row| Some(parked(row)?.step as i64)).collect()))
        .with("parked_probability", Column::OptFloat64(done.iter().map(|row| Some(parked(row)?.probability)).collect()))
        .with("audited", Column::OptBool(done.iter().map(|row| Some(parked(row)?.audited)).collect()))
        .with("resumed", Column::OptBool(done.iter().map(|row| Some(parked(row)?.resumed)).collect()))
}

fn table(done: &[(&Planned, &Row)]) -> Table {
    let mut table = Table::default().with("run", texts(done.iter().map(|(_, row)| row.run.to_string())));
    for setting in SETTINGS.iter().filter(|setting| setting.identifies) {
        if let Some(column) = setting_column(setting, done) {
            table = table.with(setting.key, column);
        }
    }
    let names: BTreeSet<&String> = done.iter().flat_map(|(run, _)| run.free.iter().map(|(name, _)| name)).collect();
    for name in names {
        let of = |run: &Planned| run.free.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
        table = table.with(&format!("let.{name}"), Column::OptFloat64(done.iter().map(|(run, _)| of(run)).collect()));
    }
    let count = |read: &dyn Fn(&Row) -> Option<u64>| {
        Column::OptInt64(done.iter().map(|(_, row)| read(row).map(|count| count as i64)).collect())
    };
    let number = |read: fn(&Scalars) -> Option<f64>| {
        let last = |row: &Row| row.last.map(Scalars::from);
        Column::OptFloat64(done.iter().map(|(_, row)| last(row).and_then(|last| read(&last))).collect())
    };
    let fall = |read: fn(&Row) -> Option<Number>| {
        Column::OptFloat64(done.iter().map(|(_, row)| read(row).map(|fall| fall.0)).collect())
    };
    let mut table = table
        .with("n_labels", count(&|row| Some(row.n_labels)))
        .with("n_train", count(&|row| row.n_train))
        .with("n_population", count(&|row| Some(row.n_population)))
        .with("outcome", texts(done.iter().map(|(_, row)| row.outcome_name().to_owned())))
        .with("step", count(&|row| row.step))
        .with("step_memorized", count(&|row| row.step_memorized))
        .with("step_generalized", count(&|row| row.step_generalized))
        .with("step_forgotten", count(&|row| row.step_forgotten))
        .with("step_lost", count(&|row| row.step_lost))
        .with("train_accuracy_fall", fall(|row| row.train_accuracy_fall))
        .with("test_accuracy_fall", fall(|row| row.test_accuracy_fall))
        .with("improving", Column::OptBool(done.iter().map(|(_, row)| row.improving).collect()));
    for scalar in SCALARS {
        table = table.with(scalar.name, number(scalar.get));
    }
    for (index, label) in UnitLabel::ALL.iter().enumerate() {
        table = table.with(&format!("units_{}", label.name()), count(&|row| row.units.map(|units| units[index])));
    }
    table
        .with("seconds", Column::OptFloat64(done.iter().map(|(_, row)| row.step.map(|_| row.seconds())).collect()))
        .with("error", Column::OptUtf8(done.iter().map(|(_, row)| row.error.clone()).collect()))
        .with("kernel", texts(done.iter().map(|(_, row)| row.kernel.clone())))
        .with("version", texts(done.iter().map(|(_, row)| row.dunwu.clone())))
}

/// `None` where no run has the setting.
fn setting_column(setting: &Setting, done: &[(&Planned, &Row)]) -> Option<Column> {
    let values: Vec<Option<Value>> = done.iter().map(|(run, _)| setting.get(&run.spec)).collect();
    if values.iter().all(Option::is_none) {
        return None;
    }
    let int = |value: &Value| if let Value::Int(number) = value { Some(*number) } else { None };
    let float = |value: &Value| match value {
        Value::Float(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        Value::Bool(_) | Value::Text(_) => None,
    };
    let each = values.iter().map(Option::as_ref);
    Some(match setting.allowed() {
        Allowed::Flag => Column::OptBool(each.map(|value| value.map(|value| *value == Value::Bool(true))).collect()),
        // `never` is no number of steps.
        Allowed::Count { .. } | Allowed::CountOrNever { .. } => {
            Column::OptInt64(each.map(|value| value.and_then(int)).collect())
        }
        Allowed::Number { .. } => Column::OptFloat64(each.map(|value| value.and_then(float)).collect()),
        Allowed::Name(_) | Allowed::Text(_) => {
            let text = |value: &Value| if let Value::Text(text) = value { Some(text.clone()) } else { None };
            Column::OptUtf8(each.map(|value| value.and_then(text)).collect())
        }
    })
}

fn curve_table(done: &[(&Planned, &Row)], mut curves: BTreeMap<RunId, Curve>) -> Table {
    let (mut runs, mut steps) = (Vec::new(), Vec::new());
    let mut columns: Vec<(&str, Vec<Option<f64>>)> = Vec::new();
    // Each is given up as its rows are made: there may be gigabytes of them.
    for curve in done.iter().filter_map(|(_, row)| curves.remove(&row.run)) {
        runs.resize(runs.len() + curve.step.len(), curve.run.to_string());
        steps.extend(curve.step.iter().map(|&step| step as i64));
        for (index, (name, values)) in curve.into_columns().enumerate() {
            match columns.get_mut(index) {
                Some((_, column)) => column.extend(values),
                None => columns.push((name, values)),
            }
        }
    }
    let table = Table::default().with("run", Column::Utf8(runs)).with("step", Column::Int64(steps));
    columns.into_iter().fold(table, |table, (name, values)| table.with(name, Column::OptFloat64(values)))
}

fn texts(texts: impl Iterator<Item = String>) -> Column {
    Column::Utf8(texts.collect())
}
