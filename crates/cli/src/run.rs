//! `dunwu run`, `resume`, `show`, `report` and `export`: one answer about one run.

use crate::failure::Failure;
use crate::opener::open_page;
use crate::watching::watch;
use crate::{Place, print};
use clap::{Args, ValueEnum};
use dunwu::run::{RunRequest, Training};
use dunwu::store::{OutputFile, OutputFolder, RunDir};
use dunwu_report::run::{self, TableFormat, report_path};
use dunwu_report::skin;
use std::path::PathBuf;
use std::time::Duration;

/// How a training is driven; none of it changes a bit of what comes out.
#[derive(Args)]
pub(crate) struct Drive {
    /// No progress on standard error
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Time between checkpoints: what a `kill -9` may cost
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) checkpoint_every: Duration,
    /// Open the report in the browser of this desktop when the run has ended
    #[arg(long)]
    pub(crate) open: bool,
}

/// A span of time as it is written on the command line.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or("write a number of seconds, such as 10 or 0.5")
}

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tables {
    /// Parquet, Snappy-compressed
    Parquet,
    /// Comma-separated values
    Csv,
}

fn training<'a>(drive: &Drive, place: &'a Place) -> Training<'a> {
    Training { runs: &place.runs, checkpoint_every: drive.checkpoint_every }
}

/// Makes a run, or goes on with it, or shows it where it is finished.
pub(crate) fn run(words: &[String], drive: &Drive, place: &Place) -> Result<(), Failure> {
    let answer = watch(drive.quiet, |watcher| {
        let request = RunRequest::from_words(words)?;
        run::answer(&request, &training(drive, place), watcher)
    })?;
    print::run(&answer, drive.open, place)
}

/// Goes on with a run that was interrupted.
pub(crate) fn resume(text: &str, drive: &Drive, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, text)?;
    let answer = watch(drive.quiet, |watcher| run::resume(dir, &training(drive, place), watcher))?;
    print::run(&answer, drive.open, place)
}

/// Shows a recorded run.
pub(crate) fn show(text: &str, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, text)?;
    let answer = watch(false, |watcher| run::show(&dir, watcher))?;
    print::run(&answer, false, place)
}

/// Writes the page of a recorded run.
pub(crate) fn report(
    text: &str,
    output: Option<PathBuf>,
    climbs: bool,
    is_opened: bool,
    place: &Place,
) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, text)?;
    let output = OutputFile::at(&output.unwrap_or_else(|| report_path(dir.path())))?;
    let answer = watch(false, |watcher| run::report(&dir, climbs, watcher))?;
    let path = output.write(skin::page(&answer).as_bytes())?;
    print::files(&answer, std::slice::from_ref(&path), place);
    if is_opened {
        open_page(&path);
    }
    Ok(())
}

/// Writes the figures and tables of a recorded run.
pub(crate) fn export(text: &str, output: Option<PathBuf>, tables: Tables, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, text)?;
    let output = OutputFolder::at(&output.unwrap_or_else(|| PathBuf::from(format!("export-{}", dir.short_name()))))?;
    let format = match tables {
        Tables::Parquet => TableFormat::Parquet,
        Tables::Csv => TableFormat::Csv,
    };
    let (answer, paths) = watch(false, |watcher| run::export(&dir, output.path(), format, watcher))?;
    print::files(&answer, &paths, place);
    Ok(())
}
