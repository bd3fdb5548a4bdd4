//! `dunwu sweep` and `dunwu work`: many runs, here or as one worker of many.

mod asked;
mod progress;

use crate::Place;
use crate::failure::Failure;
use crate::say::{note, say};
use crate::signals::Signals;
use anyhow::Context as _;
pub(crate) use asked::{Swept, Variation};
use clap::Args;
use dunwu::store::{OutputFile, Table, TableError};
use dunwu::sweep::{Collected, Estimator, Keep, Options, Planned, Tally, collect, work};
use progress::Progress;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How a process works on a sweep; none of it changes a bit of what comes out.
#[derive(Args)]
pub(crate) struct Working {
    /// Runs at a time, each on one core (default: as many as there are cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    workers: Option<u16>,
    /// Try runs again that failed before
    #[arg(long)]
    retry_failed: bool,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    /// Time between checkpoints of a run: what a `kill -9` may cost
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::seconds)]
    checkpoint_every: Duration,
    /// A worker of another machine is dead when it has shown no sign of life for so long, 15 seconds or more
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = lease)]
    lease: Duration,
}

impl Working {
    fn options(&self, swept: &Swept) -> Options {
        let options = Options::default();
        Options {
            keep: swept.keep,
            threads: self.workers.map_or(options.threads, usize::from),
            retry_failed: self.retry_failed,
            checkpoint_every: self.checkpoint_every,
            lease: self.lease,
            ..options
        }
    }
}

/// Where the table goes, and whether anything is run at all.
#[derive(Args)]
pub(crate) struct Ending {
    /// Where to write the table: .parquet or .csv (default: sweeps/NAME.parquet in the folder of runs)
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Only put the table together from what is there
    #[arg(long)]
    collect: bool,
    /// Say what would be run, and about how long it would take
    #[arg(long, conflicts_with = "collect")]
    dry_run: bool,
}

pub(crate) fn sweep(variation: &Variation, working: &Working, ending: &Ending, place: &Place) -> Result<(), Failure> {
    let swept = Swept::new(variation, place)?;
    if let Some(table) = &ending.table {
        let extension = table.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("parquet" | "csv")) {
            return Err(Failure::usage(format!("--table {}: a table ends in .parquet or .csv", table.display())));
        }
        OutputFile::at(table)?;
    }
    if ending.dry_run {
        return foretell(&swept, working, place);
    }
    let began = Instant::now();
    let (tally, signal) = if ending.collect {
        (Tally { runs: swept.runs.len(), ..Tally::default() }, None)
    } else {
        let signals = Signals::watch()?;
        let options = working.options(&swept);
        let mut progress = Progress::new(&swept, working.quiet);
        let tally = work(&swept.runs, &swept.folder, &options, signals.stop(), &mut |event| progress.show(event));
        progress.done();
        (tally?, signals.caught())
    };
    let seconds = began.elapsed().as_secs_f64();
    let collected = collect(&swept.runs, &swept.folder)?;
    let path = ending.table.clone().unwrap_or_else(|| swept.folder.table(&swept.name));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    write(&collected.table, &path)?;
    let curves = (collected.curves.n_rows() > 0).then(|| beside(&path));
    if let Some(curves) = &curves {
        write(&collected.curves, curves)?;
    }
    warn(&collected, swept.keep);
    let summary = Summary { tally, seconds, collected: &collected, path: &path, curves: curves.as_deref() };
    summary.print(place.json);
    match signal {
        None if !ending.collect && collected.done < swept.runs.len() => {
            let missing = swept.runs.len() - collected.done;
            Err(anyhow::anyhow!("{missing} runs were not made, which is a bug; the same command tries again").into())
        }
        None => Ok(()),
        Some(signal) => {
            note!("stopped: the same command goes on where this one stopped");
            Err(Failure::Stopped { signal })
        }
    }
}

/// One worker of many: it makes what it can claim, and writes no table.
pub(crate) fn worker(
    variation: &Variation,
    shard: (usize, usize),
    working: &Working,
    place: &Place,
) -> Result<(), Failure> {
    let swept = Swept::new(variation, place)?;
    let options = Options { shard, wait: false, ..working.options(&swept) };
    let signals = Signals::watch()?;
    let mut progress = Progress::new(&swept, working.quiet);
    let tally = work(&swept.runs, &swept.folder, &options, signals.stop(), &mut |event| progress.show(event));
    progress.done();
    let tally = tally?;
    if place.json {
        say!("{}", json!({ "runs": tally.runs, "made": tally.made, "failed": tally.failed, "reused": tally.reused }));
    } else {
        say!("This worker made {} of {} runs; {} were there before.", tally.made, tally.runs, tally.reused);
    }
    signals.caught().map_or(Ok(()), |signal| Err(Failure::Stopped { signal }))
}

/// Heartbeats are five seconds apart, and a network file system may hold one back.
const LEASE_MIN: Duration = Duration::from_secs(15);

fn lease(text: &str) -> Result<Duration, &'static str> {
    let lease = crate::seconds(text)?;
    if lease < LEASE_MIN { Err("write 15 seconds or more: heartbeats are 5 seconds apart") } else { Ok(lease) }
}

/// `k/n`, counted from 1.
pub(crate) fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    let is_part = |&(k, n): &(usize, usize)| (1..=n).contains(&k);
    numbers.filter(is_part).ok_or_else(|| "write K/N, part K of N counted from 1, such as 2/8".to_owned())
}

/// `NAME.curves.parquet` beside `NAME.parquet`.
fn beside(path: &Path) -> PathBuf {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    path.with_extension(format!("curves.{extension}"))
}

fn write(table: &Table, path: &Path) -> Result<(), TableError> {
    if path.extension().is_some_and(|extension| extension == "csv") {
        table.write_csv(path)
    } else {
        table.write_parquet(path)
    }
}

/// What a reader of the table has to know and would not see.
fn warn(collected: &Collected, keep: Keep) {
    if !collected.versions.is_empty() {
        note!(
            "note: versions {} made these rows, and this is {}; the column `version` says which",
            collected.versions.join(", "),
            env!("CARGO_PKG_VERSION")
        );
    }
    if collected.kernels.len() > 1 {
        note!(
            "note: rows come from several kernels ({}), which differ in rounding; the column `kernel` says which",
            collected.kernels.join(", ")
        );
    }
    if keep == Keep::Scalars && collected.without_curves > 0 {
        note!(
            "note: {} of {} runs have no losses over time: they were made without keeping them (`--keep outcome`, or alone)",
            collected.without_curves,
            collected.done
        );
    }
    if collected.disagreeing > 0 {
        note!("note: {} runs were made twice with different bits; the first one counts", collected.disagreeing);
    }
}

/// What a sweep comes to.
struct Summary<'a> {
    tally: Tally,
    seconds: f64,
    collected: &'a Collected,
    path: &'a Path,
    curves: Option<&'a Path>,
}

impl Summary<'_> {
    fn print(&self, json: bool) {
        let Self { tally, seconds, collected, path, curves } = self;
        let missing = tally.runs - collected.done;
        let pace = (tally.made > 0).then(|| tally.made as f64 / seconds * 3600.0);
        if json {
            let object = json!({
                "runs": tally.runs,
                "done": collected.done,
                "reused": collected.done - tally.made.min(collected.done),
                "made": tally.made,
                "failed": collected.failed,
                "missing": missing,
                "table": path,
                "curves": curves,
                "seconds": seconds,
                "runs_per_hour": pace,
            });
            say!("{object}");
            return;
        }
        let failed = if collected.failed > 0 {
            format!(", {} of them failed (column `error` says why)", collected.failed)
        } else {
            String::new()
        };
        say!("{} of {} runs are there{failed}.", collected.done, tally.runs);
        if let Some(pace) = pace {
            say!("{} were made now, in {} ({pace:.0} an hour).", tally.made, span(*seconds));
        }
        if missing > 0 {
            say!("{missing} are missing: run `dunwu sweep` to make them.");
        }
        say!("Table: {}", path.display());
        if let Some(curves) = curves {
            say!("Losses and accuracies over time: {}", curves.display());
        }
    }
}

/// Time to learn how fast runs of one kind are.
const TRY_OUT: Duration = Duration::from_millis(200);

/// Runs that are left, and what knows how long each takes: as finished runs say, else by trying out.
pub(crate) fn left(swept: &Swept, retry_failed: bool) -> Result<(Vec<&Planned>, Estimator), Failure> {
    let mut estimator = Estimator::default();
    let left = estimator.learn(&swept.runs, &swept.folder, retry_failed)?;
    estimator.try_out(&left, TRY_OUT);
    Ok((left, estimator))
}

/// `--dry-run`: how much there is to do.
fn foretell(swept: &Swept, working: &Working, place: &Place) -> Result<(), Failure> {
    let (left, estimator) = left(swept, working.retry_failed)?;
    let cores = working.options(swept).threads;
    let ahead = estimator.of_all(left.iter().copied(), cores);
    if place.json {
        let list = left.iter().map(|run| json!({ "run": run.id, "words": run.words }));
        let object = json!({
            "runs": swept.runs.len(),
            "done": swept.runs.len() - left.len(),
            "left": left.len(),
            "seconds": ahead.map(|ahead| ahead.likely),
            "seconds_at_most": ahead.map(|ahead| ahead.at_most),
            "list": list.collect::<Vec<_>>(),
        });
        say!("{object}");
        return Ok(());
    }
    say!("{} runs, of which {} are there already.", swept.runs.len(), swept.runs.len() - left.len());
    for run in left.iter().take(3) {
        say!("  {}  {}", run.id, run.words);
    }
    if left.len() > 3 {
        say!("  … and {} more", left.len() - 3);
    }
    match ahead {
        _ if left.is_empty() => {}
        Some(ahead) => say!("About {} on {cores} cores, {} at most.", span(ahead.likely), span(ahead.at_most)),
        None => say!("How long they take is not known: none of them can begin."),
    }
    Ok(())
}

/// A time as people say it.
pub(crate) fn span(seconds: f64) -> String {
    match seconds {
        ..9.95 => format!("{seconds:.1} s"),
        ..99.5 => format!("{seconds:.0} s"),
        ..5970.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}
