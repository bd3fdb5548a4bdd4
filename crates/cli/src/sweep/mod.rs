//! `dunwu sweep` and `dunwu work`: many runs, here or as one worker of many.

mod asked;
mod progress;

use crate::Place;
use crate::audience::{self, Said};
use crate::failure::Failure;
use crate::say::note;
use crate::signals::Signals;
use crate::{print, watching};
pub(crate) use asked::Variation;
use clap::Args;
use dunwu::answer::Answer;
use dunwu::store::OutputFolder;
use dunwu::verb::{VerbError, Watcher};
use dunwu_report::draw;
use dunwu_report::sweep as verbs;
use dunwu_studies::sweep::{Options, SweepRequest};
use progress::Progress;
use std::path::PathBuf;
use std::time::Duration;

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
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::run::seconds)]
    checkpoint_every: Duration,
    /// A worker of another machine is dead when it has shown no sign of life for so long, 15 seconds or more
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = lease)]
    lease: Duration,
}

impl Working {
    fn options(&self) -> Options {
        let options = Options::default();
        Options {
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
    /// Of a judged sweep: a folder for a drawing of what the judge saved, as SVG, made if it is missing
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Only put the table together from what is there
    #[arg(long)]
    collect: bool,
    /// Say what would be run, and about how long it would take
    #[arg(long, conflicts_with = "collect")]
    dry_run: bool,
}

pub(crate) fn sweep(variation: &Variation, working: &Working, ending: &Ending, place: &Place) -> Result<(), Failure> {
    let request = variation.request(place)?;
    let (options, table) = (working.options(), ending.table.as_deref());
    if ending.dry_run {
        let answer = watching::unwatched(verbs::forecast(&request, options.threads, working.retry_failed))?;
        print::without_page(&answer, place);
        return Ok(());
    }
    if ending.figures.is_some() && request.judge.is_none() {
        return Err(Failure::usage(
            "a sweep is drawn where a judge parks its runs; add --judge RISK, or draw its table by `dunwu phase`",
        ));
    }
    let figures = ending.figures.as_deref().map(OutputFolder::at).transpose()?;
    watched(&request, working, place, |watcher| {
        let answer = if ending.collect {
            verbs::collect(&request, table, watcher)
        } else {
            verbs::sweep(&request, &options, table, watcher)
        }?;
        if let Some(folder) = &figures {
            folder.make()?;
            for (name, svg) in draw::documents(&answer) {
                folder.write(&format!("{name}.svg"), svg.as_bytes())?;
            }
        }
        Ok(answer)
    })
}

/// One worker of many: it makes what it can claim, and writes no table.
pub(crate) fn worker(
    variation: &Variation,
    shard: (usize, usize),
    working: &Working,
    place: &Place,
) -> Result<(), Failure> {
    let request = variation.request(place)?;
    let options = Options { shard, wait: false, ..working.options() };
    watched(&request, working, place, |watcher| verbs::work(&request, &options, watcher))
}

/// Shows progress, prints the answer, which a sweep that was stopped has too, and ends as the signal asks that came.
fn watched(
    request: &SweepRequest,
    working: &Working,
    place: &Place,
    verb: impl FnOnce(&mut Watcher<'_>) -> Result<Answer, VerbError>,
) -> Result<(), Failure> {
    let signals = Signals::watch()?;
    let answer = if audience::is_program() {
        audience::tell(|| Said::Phase("runs".to_owned(), Some(request.runs.len() as u64)));
        verb(&mut Watcher::new(&mut |progress| audience::pass_on(progress), signals.stop()))
    } else {
        let mut bar = Progress::new(request, working.quiet);
        let answer = verb(&mut Watcher::new(&mut |progress| bar.show(progress), signals.stop()));
        bar.done();
        answer
    };
    print::without_page(&answer.map_err(|error| Failure::of_verb(error, signals.caught()))?, place);
    match signals.caught() {
        None => Ok(()),
        Some(signal) => {
            note!("stopped: the same command goes on where this one stopped");
            Err(Failure::Stopped { signal })
        }
    }
}

/// Heartbeats are five seconds apart, and a network file system may hold one back.
const LEASE_MIN: Duration = Duration::from_secs(15);

fn lease(text: &str) -> Result<Duration, &'static str> {
    let lease = crate::run::seconds(text)?;
    if lease < LEASE_MIN { Err("write 15 seconds or more: heartbeats are 5 seconds apart") } else { Ok(lease) }
}

/// `k/n`, counted from 1.
pub(crate) fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    let is_part = |&(k, n): &(usize, usize)| (1..=n).contains(&k);
    numbers.filter(is_part).ok_or_else(|| "write K/N, part K of N counted from 1, such as 2/8".to_owned())
}
