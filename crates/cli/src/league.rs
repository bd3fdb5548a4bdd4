//! `dunwu league`: every predictor of how a run ends, on one benchmark.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::{Place, print, watching};
use clap::Args;
use dunwu_verdict::early::league::{Benchmark, LeagueRequest, controls, league};

/// Every predictor of how a run ends on one benchmark: what each knows, how early, and what stopping by it costs
///
/// Draws pools of runs, each of one task, families in turn; trains them; and compares the last value, power laws, signs of the literature,
/// rules by rank and the shipped verdict with parts of what it sees left out. The same pools, runs and seed give the same table.
#[derive(Args)]
pub(crate) struct LeagueArguments {
    /// Pools, each of one task; families go round, so that the default is one pool of each
    #[arg(long, value_name = "N", default_value_t = LeagueRequest::default().pools, value_parser = at_least::<2>)]
    pools: usize,
    /// Runs of a pool
    #[arg(long, value_name = "N", default_value_t = LeagueRequest::default().runs, value_parser = at_least::<2>)]
    per_pool: usize,
    /// What they are drawn from
    #[arg(long, value_name = "SEED", default_value_t = LeagueRequest::default().seed)]
    seed: u64,
    /// Instead: so many runs each of shuffled labels, of no decay, and of a loss that oscillates without cause; exit code 3 where the shipped
    /// verdict calls shuffled labels hopeful
    #[arg(long, value_name = "N", conflicts_with_all = ["pools", "per_pool"], value_parser = at_least::<1>)]
    controls: Option<usize>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(asked: &LeagueArguments) -> Result<(), Failure> {
    let LeagueArguments { pools, per_pool, seed, quiet, .. } = *asked;
    if let Some(n) = asked.controls {
        let found = watching::watch(quiet, |watcher| controls(n, seed, watcher))?;
        print::without_page(&dunwu_report::league::answer_controls(&found), &asked.place);
        return if found.holds { Ok(()) } else { Err(Failure::Judged { code: 3 }) };
    }
    let output = asked.drawn.prepare("league", &[&seed.to_string()])?;
    let request = LeagueRequest { pools, runs: per_pool, seed };
    let table = watching::watch(quiet, |watcher| Ok(league(&Benchmark::make(request, watcher)?)))?;
    print::answer(&dunwu_report::league::answer(&table), output, &asked.place)
}

fn at_least<const LEAST: usize>(text: &str) -> Result<usize, String> {
    let n = text.parse::<usize>().map_err(|error| error.to_string())?;
    if (LEAST..=100_000).contains(&n) { Ok(n) } else { Err(format!("write a number from {LEAST} to 100000")) }
}
