//! Foreign runs in the list of a folder, beside our own.

use crate::recorded::is_foreign;
use crate::run::ForeignRecord;
use crate::series::{Role, Series, role_of};
use dunwu::store::{LastEvaluation, ListedKind, ListedRun, RunDir, RunStanding, StoreError};

/// A run as a list shows it, whoever made it.
pub fn read_listed(dir: &RunDir) -> Result<ListedRun, StoreError> {
    if !is_foreign(dir)? {
        return ListedRun::read(dir);
    }
    let record = ForeignRecord::read(dir)?;
    let last = record.last_step().map(|step| last_evaluation(step, &record.series()));
    let standing = standing(&record, dir);
    let kind = ListedKind::Foreign { name: record.header.name, known: record.known };
    ListedRun::of(dir, kind, standing, last)
}

/// How a foreign run stands.
pub fn standing(record: &ForeignRecord, dir: &RunDir) -> RunStanding {
    match (record.finished, dir.writer()) {
        (Some(end), _) => RunStanding::EndedElsewhere(end.how.name()),
        (None, Some(writer)) => RunStanding::Running(writer),
        (None, None) => RunStanding::Interrupted,
    }
}

/// The accuracies that a run ended with, as their names tell them; percent become shares.
fn last_evaluation(step: u64, series: &[Series]) -> LastEvaluation {
    let last = |role: Role| {
        let one = series.iter().find(|one| role_of(&one.name) == Some(role))?;
        let last = *one.values.last()?;
        let is_percent = one.values.iter().any(|value| *value > 1.0);
        Some(if is_percent { last / 100.0 } else { last })
    };
    LastEvaluation { step, train_accuracy: last(Role::TrainingAccuracy), test_accuracy: last(Role::HeldOutAccuracy) }
}
