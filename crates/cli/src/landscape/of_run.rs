//! `dunwu peaks --run RUN`: where the units of a trained network stand on the landscape of its training sample.

use super::request::{energy, workers};
use crate::Place as Where;
use crate::drawn::Drawn;
use crate::failure::Failure;
use crate::say::{note, say};
use crate::watching::watch;
use dunwu::landscape::EnergyKind;
use dunwu::landscape::climbing::{Climbing, ClimbingError, Place, Watch};
use dunwu::run::{RunRequest, open};
use dunwu::store::{Record, RunDir};
use dunwu_report::landscape::{climbing_page, climbing_sentences, climbing_table};
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
    let opened = watch(quiet, |watcher| open(&dir, watcher))?;
    let record = Record::read(&dir)?;
    let steps: Vec<u64> = record.snapshots.iter().map(|entry| entry.step).collect();
    if let Some(why) = opened.why_no_token_weights() {
        return Err(Failure::usage(ClimbingError::NoTokenWeights { why }));
    }
    let climbing = climbing(&dir, &record, &steps, kind, quiet)?.map_err(Failure::usage)?;
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
fn climbing(
    dir: &RunDir,
    record: &Record,
    steps: &[u64],
    kind: EnergyKind,
    quiet: bool,
) -> Result<Result<Climbing, ClimbingError>, Failure> {
    let asked = RunRequest::from_run(dir).map_err(|error| Failure::of_verb(error, None))?;
    let workers = workers(&asked.spec)?;
    let RunRequest { spec, problem, split, decomposition, .. } = &asked;
    let mut watch = match Watch::begin(spec, problem, split, decomposition.as_ref(), kind, &workers) {
        Ok(watch) => watch,
        Err(error) => return Ok(Err(error)),
    };
    for &step in steps {
        let at = watch.add(&record.load_snapshot(step)?, &workers)?;
        if !quiet {
            let counts = Place::ALL.iter().zip(at.at).map(|(place, n)| format!("{n} {}", place.words()));
            note!("step {step}: {}", counts.collect::<Vec<_>>().join(", "));
        }
    }
    Ok(Ok(watch.finish()))
}
