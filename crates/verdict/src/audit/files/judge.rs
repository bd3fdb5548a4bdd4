//! Two files of samples judged.

use super::samples::{Samples, SamplesError};
use super::{duplicates, label, mirrored, normaliser};
use crate::audit::judgement::{Audit, Form};
use dunwu::store::Table;

const NO_RESULTS: &str = "Files of samples hold no results: audit their table, with what is claimed of it.";

/// Judges training samples and held-out samples; `label` names the column that is predicted, where it has no customary name.
pub fn of_files(train: &Table, test: &Table, label: Option<&str>) -> Result<Audit, SamplesError> {
    let samples = Samples::of(train, test, label)?;
    let judgements = vec![
        duplicates::judge(&samples),
        mirrored::judge(&samples),
        label::judge(&samples),
        normaliser::judge(&samples),
    ];
    Ok(Audit::of(Form::Files, judgements, vec![samples.reading], NO_RESULTS))
}
