//! The figures of a run's page that need its landscape: the mountains, and which peaks its units stand below.

use crate::landscape::climbing::run_figures;
use dunwu::Opened;
use dunwu::answer::Figure;
use dunwu::landscape::climbing::ClimbingError;
use dunwu::landscape::{ClimbingRequest, EnergyKind, RunLandscape};
use dunwu::run::RunRequest;
use dunwu::store::{Record, RunDir};
use dunwu::verb::{VerbError, Watcher};

/// In the place of the two figures, how to get them.
pub(super) fn not_asked_for(opened: &Opened) -> [Figure; 2] {
    let why = match opened.why_no_token_weights() {
        Some(why) => ClimbingError::NoTokenWeights { why },
        None => ClimbingError::NotAskedFor,
    };
    run_figures(opened, &RunLandscape::refused(why))
}

/// The two figures; undefined, with the reason, where the run has no landscape.
pub(super) fn figures(dir: &RunDir, opened: &Opened, watcher: &mut Watcher<'_>) -> Result<[Figure; 2], VerbError> {
    if let Some(why) = opened.why_no_token_weights() {
        return Ok(run_figures(opened, &RunLandscape::refused(ClimbingError::NoTokenWeights { why })));
    }
    let (request, record) = (RunRequest::from_run(dir)?, Record::read(dir)?);
    let landscape = ClimbingRequest::of_run(&request, &record, EnergyKind::Whitened).landscape(watcher)?;
    Ok(run_figures(opened, &landscape))
}
