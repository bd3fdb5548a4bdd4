//! The figures of a run's page that need its landscape: the mountains, and where its units stand.

use crate::landscape::{columns, mountains, run_figures};
use dunwu::Opened;
use dunwu::answer::Figure;
use dunwu::landscape::EnergyKind;
use dunwu::landscape::climbing::{ClimbingError, Watch};
use dunwu::landscape::race::Course;
use dunwu::run::RunRequest;
use dunwu::store::{Record, RunDir};
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::kernel::Workers;

/// In the place of the two figures, how to get them.
pub(super) fn not_asked_for(opened: &Opened) -> [Figure; 2] {
    let why = match opened.why_no_token_weights() {
        Some(why) => ClimbingError::NoTokenWeights { why },
        None => ClimbingError::NotAskedFor,
    };
    run_figures(opened, Err(&why), &[])
}

/// The two figures; undefined, with the reason, where the run has no landscape.
pub(super) fn figures(dir: &RunDir, opened: &Opened, watcher: &mut Watcher<'_>) -> Result<[Figure; 2], VerbError> {
    let refused = |why: ClimbingError| Ok(run_figures(opened, Err(&why), &[]));
    if let Some(why) = opened.why_no_token_weights() {
        return refused(ClimbingError::NoTokenWeights { why });
    }
    let request = RunRequest::from_run(dir)?;
    let RunRequest { spec, problem, split, decomposition, .. } = &request;
    let record = Record::read(dir)?;
    let every: Vec<u64> = record.snapshots.iter().map(|entry| entry.step).collect();
    let steps = columns(&every);
    let kind = EnergyKind::Whitened;
    let workers = Workers::new(request.threads())?;
    let decomposition = decomposition.as_ref();
    watcher.phase("finding the peaks of the landscape", None);
    let mut watch = match Watch::begin(spec, problem, split, decomposition, kind, &workers) {
        Ok(watch) => watch,
        Err(why) => return refused(why),
    };
    watcher.phase("finding the peak above each unit", Some(steps.len() as u64));
    for (&step, done) in steps.iter().zip(1..) {
        if watcher.is_stopped() {
            return Err(VerbError::Stopped);
        }
        watch.add(&record.load_snapshot(step)?, &workers)?;
        watcher.pieces(done);
    }
    let climbing = watch.finish();
    if watcher.is_stopped() {
        return Err(VerbError::Stopped);
    }
    watcher.phase("computing the mountains", None);
    let course = Course { problem, decomposition, energy: kind, ridge: None, restarts: 0 };
    let mountains = mountains(spec, problem, split.train.len(), &course, &workers).map_err(VerbError::usage)?;
    Ok(run_figures(opened, Ok(&climbing), &mountains))
}
