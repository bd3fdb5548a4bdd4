//! `dunwu doctor`: what a run suffers from, or what a spec gives away.

pub(crate) mod recorded;

use crate::audience;
use crate::failure::Failure;
use crate::output::Drawn;
use crate::run::{Drive, training};
use crate::say::say;
use crate::watching::{unwatched, watch};
use crate::{Place, print};
use clap::Args;
use dunwu::run::{Base, RunRequest};
use dunwu::store::{OutputFile, RunDir};
use dunwu_foreign::recorded::RecordedRun;
use dunwu_foreign::series::Series;
use dunwu_report::{doctor, run, run_doctor};
use dunwu_verdict::doctor::bench::{self, Size};
use dunwu_verdict::doctor::{Live, Verdict};
use std::path::{Path, PathBuf};

const USAGE: &str = "dunwu doctor [OPTIONS] <RUN|SERIES>
       dunwu doctor [OPTIONS] [--train] [PRESET|FILE.toml] [KEY=VALUE]...
       dunwu doctor --bench <N> [--rows <FILE>]";

/// What a run suffers from, and which switch to flip: `dunwu doctor RUN`; of a spec, what it gives away before a step is made
///
/// Trains the run again, with the same bits, looks at every update from inside, and proves a reason by forks: the same run with one
/// switch thrown, which does not go wrong. Exit codes: 0 well, 3 sick, 4 cannot tell.
#[derive(Args)]
#[command(override_usage = USAGE)]
pub(crate) struct Asked {
    /// A run (directory, name or first digits of the id); a preset, a spec or settings, as for `dunwu run`; or a file or folder of series
    /// that another program recorded (CSV, Parquet, JSON lines, `TensorBoard`, Weights & Biases offline)
    #[arg(value_name = "WORD", required_unless_present = "bench")]
    words: Vec<String>,
    /// Of a spec: train it now, and look at that
    #[arg(long)]
    train: bool,
    /// Make N plants and N decoys of each kind in each network, and 50 N clean runs of each, and count how often the doctor is right
    #[arg(long, value_name = "N", conflicts_with_all = ["words", "train"], value_parser = clap::value_parser!(u64).range(1..=100))]
    bench: Option<u64>,
    /// Of --bench: what its cases are drawn from
    #[arg(long, value_name = "SEED", requires = "bench", default_value = "1")]
    seed: u64,
    /// Of --bench: write one JSON object a case
    #[arg(long, value_name = "FILE", requires = "bench")]
    rows: Option<PathBuf>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

/// Clean runs of each network for each plant of each kind.
const CLEAN: u64 = 50;

fn bench(asked: &Asked, n: u64, place: &Place) -> Result<(), Failure> {
    let rows_file = asked.rows.as_deref().map(OutputFile::at).transpose()?;
    let size = Size { plants: n, decoys: n, clean: CLEAN * n, seed: asked.seed };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let rows = watch(asked.quiet, |watcher| bench::bench(&size, threads, watcher, |_| {}))?;
    if let Some(file) = rows_file {
        let lines: Result<Vec<String>, _> = rows.iter().map(serde_json::to_string).collect();
        let lines = lines.map_err(|error| Failure::Failed(error.into()))?;
        file.write((lines.join("\n") + "\n").as_bytes())?;
    }
    print::without_page(&doctor::answer_bench(&bench::summarize(&rows), rows.len()), place);
    Ok(())
}

/// Makes a run that is looked at while it trains, and diagnoses it.
pub(crate) fn run(words: &[String], drive: &Drive, place: &Place) -> Result<(), Failure> {
    let mut live = Live::default();
    let (request, made) = watch(drive.quiet, |watcher| {
        let request = RunRequest::from_words(words)?;
        let made = run::answer_under(&request, &training(drive, place), Some(&mut live), watcher)?;
        Ok((request, made))
    })?;
    if !place.json || audience::is_program() {
        print::run(&made, drive.open, place)?;
    }
    let subject = made.data.get("run").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let (found, verdict) = watch(drive.quiet, |watcher| doctor::answer_live(&subject, &request, live, watcher))?;
    if audience::is_program() {
        print::without_page(&found, place);
    } else if place.json {
        say!("{}", run_doctor::json(&made, &found));
    } else {
        say!("");
        print::without_page(&found, place);
    }
    judged(verdict)
}

/// Looks at the run or the spec.
pub(crate) fn doctor(asked: &Asked) -> Result<(), Failure> {
    let (drawn, place) = (&asked.drawn, &asked.place);
    if let Some(n) = asked.bench {
        return bench(asked, n, place);
    }
    if let [word] = asked.words.as_slice()
        && let Some(files) = recorded::files(Path::new(word))?
    {
        return of_series(word, &files, asked);
    }
    let run = match asked.words.as_slice() {
        [word] if !asked.train => match RunDir::resolve(&place.runs, word) {
            Ok(run) => Some(run),
            // What is no spec either was meant to be a run.
            Err(error) if !word.contains('=') && Base::of(word).is_err() => return Err(error.into()),
            Err(_) => None,
        },
        _ => None,
    };
    if let Some(dir) = &run
        && let RecordedRun::Foreign(foreign) = RecordedRun::open(dir.clone())?
    {
        return of_recorded(&dir.dir_name(), &foreign.record.series(), &dir.short_name(), asked);
    }
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
    judged(verdict)
}

fn judged(verdict: Verdict) -> Result<(), Failure> {
    match verdict {
        Verdict::Well => Ok(()),
        Verdict::Sick => Err(Failure::Judged { code: 3 }),
        Verdict::CannotTell => Err(Failure::Judged { code: 4 }),
    }
}

fn of_series(subject: &str, files: &[PathBuf], asked: &Asked) -> Result<(), Failure> {
    of_recorded(subject, &recorded::series(files)?, subject, asked)
}

/// Of series alone, wherever they were recorded; `about` names the page.
fn of_recorded(subject: &str, series: &[Series], about: &str, asked: &Asked) -> Result<(), Failure> {
    let output = asked.drawn.prepare("doctor", &[about])?;
    let (answer, verdict) = doctor::answer_series(subject, series);
    print::answer(&answer, output, &asked.place)?;
    judged(verdict)
}
