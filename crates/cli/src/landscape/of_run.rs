//! `dunwu peaks --run RUN`: where the units of a trained network stand on the landscape of its training sample.

use super::Drawn;
use super::request::{energy, workers};
use crate::Place as Where;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::inspect::{self, Phase};
use crate::say::say;
use dunwu::Opened;
use dunwu::landscape::EnergyKind;
use dunwu::landscape::climbing::{Climbing, ClimbingError, Watch};
use dunwu::landscape::race::Course;
use dunwu::report::Figure;
use dunwu::report::landscape::{climbing_page, climbing_sentences, climbing_table, columns, mountains, run_figures};
use dunwu::store::{Record, RunDir};
use serde_json::json;

pub(crate) fn peaks_of_run(
    run: &str,
    words: &[String],
    quiet: bool,
    drawn: &Drawn,
    place: &Where,
) -> Result<(), Failure> {
    let mut kind = EnergyKind::Whitened;
    for word in words {
        match word.split_once('=') {
            Some(("energy", name)) => kind = energy(name)?,
            _ => {
                let why = format!("`{word}`: with --run the landscape is that of the run; only energy= may be chosen");
                return Err(Failure::usage(why));
            }
        }
    }
    let dir = RunDir::resolve(&place.runs, run)?;
    let opened = inspect::open(&dir)?;
    let record = Record::read(&dir)?;
    let steps: Vec<u64> = record.snapshots.iter().map(|entry| entry.step).collect();
    if let Some(why) = opened.why_no_token_weights() {
        return Err(Failure::usage(ClimbingError::NoTokenWeights { why }));
    }
    let progress = &mut inspect::shown(quiet);
    let climbing = climbing(&dir, &record, &steps, kind, progress)?.map_err(Failure::usage)?;
    progress(Phase::WritingReport);
    let output = &drawn.keep("peaks.html", &climbing_page(&opened, &climbing))?;
    if place.json {
        say!(
            "{}",
            json!({
                "run": dir.path(),
                "energy": kind,
                "climbing": climbing,
                "story": climbing_sentences(&opened, &climbing),
                "page": output,
            })
        );
        return Ok(());
    }
    say!("{}", climbing_table(&opened, &climbing));
    for sentence in climbing_sentences(&opened, &climbing) {
        say!("  {sentence}");
    }
    say!("Page, to open in a browser: {}", output.display());
    Ok(())
}

/// The units of a recorded run on its landscape, at these snapshots.
pub(crate) fn climbing(
    dir: &RunDir,
    record: &Record,
    steps: &[u64],
    kind: EnergyKind,
    progress: &mut dyn FnMut(Phase),
) -> Result<Result<Climbing, ClimbingError>, Failure> {
    let asked = Asked::from_run(dir)?;
    let workers = workers(&asked.spec)?;
    let Asked { spec, problem, split, decomposition, .. } = &asked;
    let mut watch = match Watch::begin(spec, problem, split, decomposition.as_ref(), kind, &workers) {
        Ok(watch) => watch,
        Err(error) => return Ok(Err(error)),
    };
    for (done, &step) in steps.iter().enumerate() {
        progress(Phase::Climbing(done, steps.len()));
        watch.add(&record.load_snapshot(step)?, &workers)?;
    }
    Ok(Ok(watch.finish()))
}

/// In the place of the landscape's figures, how to get them.
pub(crate) fn figures_not_asked_for(opened: &Opened) -> [Figure; 2] {
    let why = match opened.why_no_token_weights() {
        Some(why) => ClimbingError::NoTokenWeights { why },
        None => ClimbingError::NotAskedFor,
    };
    run_figures(opened, Err(&why), &[])
}

/// The figures of the landscape that a run's report has where it is asked for.
pub(crate) fn figures_of_run(
    dir: &RunDir,
    opened: &Opened,
    progress: &mut dyn FnMut(Phase),
) -> Result<[Figure; 2], Failure> {
    let refused = |why: ClimbingError| Ok(run_figures(opened, Err(&why), &[]));
    if let Some(why) = opened.why_no_token_weights() {
        return refused(ClimbingError::NoTokenWeights { why });
    }
    let asked = Asked::from_run(dir)?;
    let Asked { spec, problem, split, decomposition, .. } = &asked;
    let record = Record::read(dir)?;
    let steps: Vec<u64> = record.snapshots.iter().map(|entry| entry.step).collect();
    let kind = EnergyKind::Whitened;
    let climbing = match climbing(dir, &record, &columns(&steps), kind, progress)? {
        Ok(climbing) => climbing,
        Err(why) => return refused(why),
    };
    progress(Phase::DrawingMountains);
    let workers = workers(spec)?;
    let decomposition = decomposition.as_ref();
    let course = Course { problem, decomposition, energy: kind, ridge: None, restarts: 0 };
    let mountains = mountains(spec, problem, split.train.len(), &course, &workers).map_err(Failure::usage)?;
    Ok(run_figures(opened, Ok(&climbing), &mountains))
}
