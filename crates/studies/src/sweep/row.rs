//! What is kept of a run: one line.

use super::expand::Planned;
use super::judge::Parked;
use dunwu::knowledge::Knowledge;
use dunwu::measure::label::UnitLabel;
use dunwu::scalars::SCALARS;
use dunwu::store::entry::{Number, StoredScalars};
use dunwu::store::{RunId, StoredOutcome};
use dunwu::verb::EndedRun;
use dunwu_engine::kernel::kernel_name;
use dunwu_engine::spec::canonical;
use dunwu_engine::{Outcome, Scalars};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is said in place of the outcome of a run that was not made, because the budget of its sweep was spent before its turn.
pub(super) const UNMADE: &str = "unmade";

/// One run as it ended, or why it did not begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which run.
    pub run: RunId,
    /// What identifies it, as text, so that the line can be understood alone.
    pub settings: BTreeMap<String, String>,
    /// Labels M.
    pub n_labels: u64,
    /// All samples.
    pub n_population: u64,
    /// Training samples; `None` where there are none to be had.
    pub n_train: Option<u64>,
    /// How it ended; `None` where it failed.
    pub outcome: Option<StoredOutcome>,
    /// Updates made.
    pub step: Option<u64>,
    /// Step at which train accuracy arrived.
    pub step_memorized: Option<u64>,
    /// Step at which test accuracy arrived.
    pub step_generalized: Option<u64>,
    /// Step at which train accuracy fell below its level for good.
    pub step_forgotten: Option<u64>,
    /// Step at which test accuracy fell below its level for good.
    pub step_lost: Option<u64>,
    /// How far train accuracy fell from its highest value, where it had arrived.
    pub(crate) train_accuracy_fall: Option<Number>,
    /// How far test accuracy fell from its highest value, where it had arrived.
    pub(crate) test_accuracy_fall: Option<Number>,
    /// Whether an accuracy below its level was rising at the end.
    pub improving: Option<bool>,
    /// Losses and accuracies at the end.
    pub(crate) last: Option<StoredScalars>,
    /// Units by label at the end, in the order of [`UnitLabel::ALL`].
    pub units: Option<[u64; 4]>,
    /// Training time on one core.
    pub(crate) seconds: Number,
    /// Why it failed.
    pub error: Option<String>,
    /// Where it was parked, or would have been had it not been audited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Parked>,
    /// What computed it.
    pub kernel: String,
    /// Version of the build that did.
    pub dunwu: String,
}

/// How a run ended, as its driver saw it.
pub(super) struct End<'a> {
    pub(super) outcome: Outcome,
    pub(super) step: u64,
    pub(super) n_train: usize,
    /// Every evaluation.
    pub(super) scalars: &'a [Scalars],
    pub(super) labels: &'a [UnitLabel],
    pub(super) seconds: f64,
}

impl Row {
    /// Of a run that ended.
    pub(super) fn ended(planned: &Planned, end: &End<'_>) -> Self {
        let knowledge = Knowledge::of(&planned.spec, end.scalars);
        let Knowledge { memorized, generalized } = knowledge;
        let n_test = planned.problem.n_population().saturating_sub(end.n_train);
        let count = |label: UnitLabel| end.labels.iter().filter(|&&other| other == label).count() as u64;
        Self {
            n_train: Some(end.n_train as u64),
            outcome: Some(knowledge.outcome(end.outcome, end.step).into()),
            step: Some(end.step),
            step_memorized: memorized.map(|stay| stay.arrived),
            step_generalized: generalized.map(|stay| stay.arrived),
            step_forgotten: knowledge.forgotten(),
            step_lost: knowledge.lost(),
            train_accuracy_fall: memorized.map(|stay| Number(stay.fall())),
            test_accuracy_fall: generalized.map(|stay| Number(stay.fall())),
            improving: Some(knowledge.is_improving(end.scalars, [end.n_train, n_test])),
            last: end.scalars.last().map(Into::into),
            units: Some(UnitLabel::ALL.map(count)),
            seconds: Number(end.seconds),
            error: None,
            ..Self::failed(planned, String::new())
        }
    }

    /// Of a run that was parked; `scalars` are its evaluations until then.
    pub(super) fn parked(planned: &Planned, parked: Parked, n_train: usize, scalars: &[Scalars], seconds: f64) -> Self {
        let Knowledge { memorized, .. } = Knowledge::of(&planned.spec, scalars);
        Self {
            n_train: Some(n_train as u64),
            step: Some(parked.step),
            step_memorized: memorized.map(|stay| stay.arrived),
            last: scalars.last().map(Into::into),
            seconds: Number(seconds),
            error: None,
            parked: Some(parked),
            ..Self::failed(planned, String::new())
        }
    }

    /// Of a run that is not made, because the budget was spent before its turn.
    pub(super) fn unmade(planned: &Planned) -> Self {
        Self { error: None, ..Self::failed(planned, String::new()) }
    }

    /// Of a run that could not begin or broke down.
    pub(super) fn failed(planned: &Planned, error: String) -> Self {
        let settings = canonical(&planned.spec).into_iter().map(|(key, value)| (key.to_owned(), value.to_string()));
        Self {
            run: planned.id.clone(),
            settings: settings.collect(),
            n_labels: planned.problem.n_labels as u64,
            n_population: planned.problem.n_population() as u64,
            n_train: None,
            outcome: None,
            step: None,
            step_memorized: None,
            step_generalized: None,
            step_forgotten: None,
            step_lost: None,
            train_accuracy_fall: None,
            test_accuracy_fall: None,
            improving: None,
            last: None,
            units: None,
            seconds: Number(0.0),
            error: Some(error),
            parked: None,
            kernel: kernel_name(planned.spec.numerics).to_owned(),
            dunwu: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// The name of its outcome, or `failed`.
    pub fn outcome_name(&self) -> &'static str {
        match self.outcome {
            Some(outcome) => Outcome::from(outcome).name(),
            None if self.parked.is_some() => "parked",
            None if self.is_unmade() => UNMADE,
            None => "failed",
        }
    }

    /// Whether it failed: it neither ended nor was parked.
    pub fn is_failed(&self) -> bool {
        self.outcome.is_none() && self.parked.is_none() && self.error.is_some()
    }

    /// Whether it was not made, because the budget was spent before its turn.
    pub(super) fn is_unmade(&self) -> bool {
        self.outcome.is_none() && self.parked.is_none() && self.error.is_none()
    }

    /// What whoever waits for the sweep hears of it.
    pub(super) fn as_ended(&self) -> EndedRun<'_> {
        EndedRun { run: self.run.as_str(), outcome: self.outcome_name(), error: self.error.as_deref() }
    }

    /// Training time on one core.
    pub fn seconds(&self) -> f64 {
        self.seconds.0
    }

    /// Whether both say the same of the run, but for the time that it took and who made it.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let timeless = |row: &Self| Self { seconds: Number(0.0), dunwu: String::new(), ..row.clone() };
        // As they are written: there, what is no number equals itself.
        let text = |row: &Self| serde_json::to_string(&timeless(row)).unwrap_or_default();
        text(self) == text(other)
    }
}

/// Losses and accuracies of a run over time, as columns: ten thousand runs are a third of what they would be with names beside
/// every number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Curve {
    pub(super) run: RunId,
    pub(super) step: Vec<u64>,
    /// Each of [`SCALARS`] that has a value somewhere, by name.
    #[serde(flatten)]
    columns: BTreeMap<String, Vec<Option<Number>>>,
}

impl Curve {
    pub(super) fn of(run: &RunId, scalars: &[Scalars]) -> Self {
        let columns = SCALARS.iter().map(|scalar| {
            let values = scalars.iter().map(|row| (scalar.get)(row).map(Number)).collect::<Vec<_>>();
            (scalar.name.to_owned(), values)
        });
        Self {
            run: run.clone(),
            step: scalars.iter().map(|row| row.step).collect(),
            columns: columns.filter(|(_, values)| values.iter().any(Option::is_some)).collect(),
        }
    }

    /// The highest test accuracy at any evaluation; 0 without any.
    pub(super) fn best_test_accuracy(&self) -> f64 {
        let accuracies = self.columns.get("test_accuracy").into_iter().flatten().flatten();
        accuracies.map(|accuracy| accuracy.0).fold(0.0, f64::max)
    }

    /// Each of [`SCALARS`] by name.
    pub(super) fn into_columns(mut self) -> impl Iterator<Item = (&'static str, Vec<Option<f64>>)> {
        SCALARS.iter().map(move |scalar| {
            let values = self.columns.remove(scalar.name).unwrap_or_default();
            let mut values: Vec<Option<f64>> = values.into_iter().map(|value| value.map(|Number(x)| x)).collect();
            values.resize(self.step.len(), None);
            (scalar.name, values)
        })
    }
}
