//! `dunwu doctor`: what a run suffers from, or what a spec gives away.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::watching::{unwatched, watch};
use crate::{Place, print};
use clap::Args;
use dunwu::run::RunRequest;
use dunwu::store::RunDir;
use dunwu_report::doctor;
use dunwu_verdict::doctor::Verdict;

/// What is looked at.
#[derive(Args)]
pub(crate) struct Asked {
    /// A run (directory, name or first digits of the id); or a preset, a file or settings, as for `dunwu run`
    #[arg(value_name = "WORD", required = true)]
    words: Vec<String>,
    /// Of a spec: train it now, and look at that
    #[arg(long)]
    train: bool,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
}

/// Looks at the run or the spec.
pub(crate) fn doctor(asked: &Asked, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let run = match asked.words.as_slice() {
        [word] if !asked.train => RunDir::resolve(&place.runs, word).ok(),
        _ => None,
    };
    let (subject, request) = match &run {
        Some(dir) => (dir.dir_name(), unwatched(RunRequest::from_run(dir))?),
        None => (asked.words.join(" "), unwatched(RunRequest::from_words(&asked.words))?),
    };
    if run.is_none() && !asked.train {
        print::without_page(&doctor::answer_spec(&subject, &request.spec), place);
        return Ok(());
    }
    let output = drawn.prepare("doctor", &[&request.id.to_string()[..8]])?;
    let (answer, verdict) = watch(asked.quiet, |watcher| doctor::answer(&subject, &request, watcher))?;
    print::answer(&answer, output, place)?;
    match verdict {
        Verdict::Well => Ok(()),
        Verdict::Sick => Err(Failure::Judged { code: 3 }),
        Verdict::CannotTell => Err(Failure::Judged { code: 4 }),
    }
}
