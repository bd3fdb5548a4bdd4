//! `dunwu curvature`: how sharply a run's loss is curved, beside the edge of stability.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::watching::{unwatched, watch};
use crate::{Place, print};
use clap::Args;
use dunwu::run::{Base, RunRequest};
use dunwu::store::RunDir;
use dunwu_foreign::recorded::refuse_foreign;
use dunwu_report::curvature;

const USAGE: &str = "dunwu curvature [OPTIONS] <RUN>
       dunwu curvature [OPTIONS] [PRESET|FILE.toml] [KEY=VALUE]...";

/// Measure how sharply the loss is curved, beside the edge of stability: `dunwu curvature RUN --every 20`
///
/// Trains the run again and takes the largest eigenvalue of the Hessian of the loss over the whole training sample before every N-th
/// update: as it is, divided by what Adam divides by, and along the update; exactly, in f64. SGD, Adam and AdamW.
#[derive(Args)]
#[command(override_usage = USAGE)]
pub(crate) struct Asked {
    /// A run (directory, name or first digits of the id), or a preset, a spec or settings, as for `dunwu run`
    #[arg(value_name = "WORD", required = true)]
    words: Vec<String>,
    /// Steps between two points (default: a fiftieth of the run)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    every: Option<u64>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

/// Measures the run or the spec.
pub(crate) fn curvature(asked: &Asked) -> Result<(), Failure> {
    let Asked { words, every, quiet, drawn, place } = asked;
    let run = match words.as_slice() {
        [word] => match RunDir::resolve(&place.runs, word) {
            Ok(run) => Some(run),
            // What is no spec either was meant to be a run.
            Err(error) if !word.contains('=') && Base::of(word).is_err() => return Err(error.into()),
            Err(_) => None,
        },
        _ => None,
    };
    let (subject, request) = match &run {
        Some(dir) => {
            unwatched(refuse_foreign(dir, "curvature", "it trains the run again, and what trained it is not known"))?;
            (dir.dir_name(), unwatched(RunRequest::from_run(dir))?)
        }
        None => (words.join(" "), unwatched(RunRequest::from_words(words))?),
    };
    let output = drawn.prepare("curvature", &[&request.id.to_string()[..8]])?;
    let answer = watch(*quiet, |watcher| curvature::answer(&subject, &request, *every, watcher))?;
    print::answer(&answer, output, place)
}
