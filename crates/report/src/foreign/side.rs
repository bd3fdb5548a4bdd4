//! One of two runs that are compared, whoever made it.

use dunwu::scalars::SCALARS;
use dunwu::store::Record;
use dunwu::verb::VerbError;
use dunwu_engine::spec::{Value, canonical};
use dunwu_foreign::import::IMPORTED_FROM;
use dunwu_foreign::recorded::RecordedRun;
use dunwu_foreign::run::Known;
use dunwu_foreign::series::Series;

/// A run as a comparison sees it.
pub(super) struct Side {
    /// Its directory's name.
    pub(super) name: String,
    /// Whether dunwu trained it.
    pub(super) is_own: bool,
    /// What is known of it: of a run of our own its settings.
    pub(super) known: Known,
    /// Its series of scalars.
    pub(super) series: Vec<Series>,
}

impl Side {
    pub(super) fn of(run: &RecordedRun) -> Result<Self, VerbError> {
        let name = run.dir().dir_name();
        match run {
            RecordedRun::Own(dir) => {
                let spec = dunwu::run::RunRequest::from_run(dir)?.spec;
                let settings = canonical(&spec).into_iter().map(|(key, value)| (key.to_owned(), written(&value)));
                Ok(Self { name, is_own: true, known: settings.collect(), series: own_series(&Record::read(dir)?) })
            }
            RecordedRun::Foreign(run) => {
                let mut known = run.record.known.clone();
                known.remove(IMPORTED_FROM);
                Ok(Self { name, is_own: false, known, series: run.record.series() })
            }
        }
    }
}

/// Losses and accuracies of a run of our own as series.
fn own_series(record: &Record) -> Vec<Series> {
    let mut all = Vec::new();
    for scalar in SCALARS {
        let points: Vec<(u64, f64)> =
            record.scalars.iter().filter_map(|row| Some((row.step, (scalar.get)(row)?))).collect();
        let (steps, values) = points.into_iter().unzip();
        all.push(Series { name: scalar.name.to_owned(), steps, values });
    }
    all.retain(|one| !one.steps.is_empty());
    all
}

/// A value without the quotes that files have around words.
fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        value => value.to_string(),
    }
}
