//! `dunwu run`, `resume`, `show`, `report` and `export`: one answer about one run.

use crate::failure::Failure;
use crate::opener::open_page;
use crate::watching::{unwatched, watch};
use crate::{Place, print};
use clap::{Args, ValueEnum};
use dunwu::run::{RunRequest, Training};
use dunwu::store::{OutputFile, OutputFolder};
use dunwu::verb::Watcher;
use dunwu_foreign::recorded::{RecordedRun, own_run};
use dunwu_report::foreign;
use dunwu_report::run::{self, TableFormat, report_path};
use std::path::PathBuf;
use std::time::Duration;

/// Train one network and open it: `dunwu run small task=cyclic:23 data.fraction=0.4 seed=3`
///
/// Settings are written the same here and in files (`dunwu settings` lists them). A run that exists already is not run
/// again but shown; one that was interrupted goes on where it stopped.
#[derive(Args)]
#[command(override_usage = "dunwu run [OPTIONS] [PRESET|FILE.toml] [KEY=VALUE]...")]
pub(crate) struct Asked {
    /// A preset or a TOML file (default: tian-2025), then settings as key=value
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Look at every update while it trains, say at once what is out of the ordinary, and diagnose the run when it has ended
    ///
    /// Alarms come on standard error, each reason once. The diagnosis is that of `dunwu doctor RUN`, without its page, with its exit codes:
    /// 0 well, 3 sick, 4 cannot tell; with --json both answers are one object (`dunwu schema run-doctor`). No bit of the run changes.
    /// Every update is looked at, because rules count them. In networks as small as most presets' a look takes an eighth of an update to
    /// half of one, far more than the 3 % that every 32nd costs; up to 4 kB an update are held in memory until the run has ended. A run that
    /// goes on from a checkpoint, or was there already, has no alarms on the way and is trained once more for its diagnosis.
    #[arg(long)]
    doctor: bool,
    #[command(flatten)]
    drive: Drive,
    #[command(flatten)]
    place: Place,
}

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

pub(crate) fn training<'a>(drive: &Drive, place: &'a Place) -> Training<'a> {
    Training { runs: &place.runs, checkpoint_every: drive.checkpoint_every }
}

/// Makes a run, or goes on with it, or shows it where it is finished.
pub(crate) fn run(Asked { words, doctor, drive, place }: &Asked) -> Result<(), Failure> {
    if *doctor {
        return crate::doctor::run(words, drive, place);
    }
    let answer = watch(drive.quiet, |watcher| {
        let request = RunRequest::from_words(words)?;
        run::answer(&request, &training(drive, place), watcher)
    })?;
    print::run(&answer, drive.open, place)
}

/// Goes on with a run that was interrupted.
pub(crate) fn resume(text: &str, drive: &Drive, place: &Place) -> Result<(), Failure> {
    let why = "its program goes on with it, by opening it for writing";
    let dir = unwatched(own_run(&place.runs, text, "resume", why))?;
    let answer = watch(drive.quiet, |watcher| run::resume(dir, &training(drive, place), watcher))?;
    print::run(&answer, drive.open, place)
}

/// Shows a recorded run.
pub(crate) fn show(text: &str, place: &Place) -> Result<(), Failure> {
    let answer = match RecordedRun::resolve(&place.runs, text)? {
        RecordedRun::Own(dir) => watch(false, |watcher| run::show(&dir, watcher))?,
        RecordedRun::Foreign(run) => foreign::show(&run),
    };
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
    let run = RecordedRun::resolve(&place.runs, text)?;
    let output = OutputFile::at(&output.unwrap_or_else(|| report_path(run.dir().path())))?;
    let (answer, page) = match &run {
        RecordedRun::Own(dir) => watch(false, |watcher| run::report(dir, climbs, watcher))?,
        RecordedRun::Foreign(_) if climbs => {
            return Err(Failure::usage(
                "--landscape is not defined for a run that another program made: the landscape is that of a task whose samples are known",
            ));
        }
        RecordedRun::Foreign(run) => unwatched(foreign::report(run))?,
    };
    let path = output.write(page.as_bytes())?;
    print::files(&answer, std::slice::from_ref(&path), place);
    if is_opened {
        open_page(&path);
    }
    Ok(())
}

/// What `dunwu export` writes.
#[derive(Args)]
pub(crate) struct Exported {
    /// Directory, name or first digits of the id
    run: String,
    /// Folder to write to, made if it is missing (default: export- and the run's name; of event files: tensorboard)
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// How tables are written
    #[arg(long, value_enum, default_value_t = Tables::Parquet)]
    tables: Tables,
    /// Write it for another program instead: an event file of `TensorBoard`, or scalars.jsonl with one JSON object a step
    #[arg(long, value_enum, value_name = "PROGRAM", conflicts_with = "tables")]
    to: Option<Program>,
    /// Of --to tensorboard: go on writing as long as the run does
    #[arg(long, requires = "to")]
    follow: bool,
}

/// For whom a run is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Program {
    /// An event file
    Tensorboard,
    /// One JSON object a step
    Jsonl,
}

/// Writes the figures and tables of a recorded run, or what another program reads of it.
pub(crate) fn export(Exported { run, output, tables, to, follow }: Exported, place: &Place) -> Result<(), Failure> {
    let run = RecordedRun::resolve(&place.runs, &run)?;
    let dir = run.dir();
    let default = match to {
        Some(Program::Tensorboard) => PathBuf::from("tensorboard"),
        _ => PathBuf::from(format!("export-{}", dir.short_name())),
    };
    let output = OutputFolder::at(&output.unwrap_or(default))?;
    match to {
        Some(Program::Tensorboard) => {
            let write = |watcher: &mut Watcher<'_>| foreign::export_event_file(dir, output.path(), follow, watcher);
            print::without_page(&watch(false, write)?, place);
            return Ok(());
        }
        Some(Program::Jsonl) if follow => {
            return Err(Failure::usage("--follow is of --to tensorboard; JSON lines are written once"));
        }
        Some(Program::Jsonl) => {
            print::without_page(&unwatched(foreign::export_json_lines(dir, output.path()))?, place);
            return Ok(());
        }
        None => {}
    }
    let format = match tables {
        Tables::Parquet => TableFormat::Parquet,
        Tables::Csv => TableFormat::Csv,
    };
    let (answer, paths) = match &run {
        RecordedRun::Own(dir) => watch(false, |watcher| run::export(dir, output.path(), format, watcher))?,
        RecordedRun::Foreign(run) => unwatched(foreign::export(run, output.path(), format))?,
    };
    print::files(&answer, &paths, place);
    Ok(())
}
