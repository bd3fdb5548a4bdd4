//! `dunwu next TABLE`: which runs to make next.

use crate::failure::Failure;
use crate::{Place, print, watching};
use clap::{Args, ValueEnum};
use dunwu_verdict::early::next::{Aim, NextRequest};
use std::path::PathBuf;

/// Which runs to make next, given a sweep's table: `dunwu next sweep.parquet --budget 20000 --for boundary`
///
/// Cells between and beside those of the table are compared by what is gained a step; each run is chosen as if the one before it had
/// helped least. Where the shipped verdict knows such runs, what it says comes in. Prints the command that makes them, and no others.
#[derive(Args)]
#[command(override_usage = "dunwu next [OPTIONS] --budget <STEPS> <TABLE> [KEY=VALUE]...")]
pub(crate) struct NextArguments {
    /// The table of a sweep: .parquet or .csv
    table: PathBuf,
    /// KEY=VALUE for each setting that is to be held fixed
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Steps that the runs may make together at most
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    budget: u64,
    /// What they are for
    #[arg(long = "for", value_enum, value_name = "AIM", default_value_t = Purpose::One)]
    purpose: Purpose,
    #[command(flatten)]
    place: Place,
}

/// The question that further runs are made to answer, as `--for` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Purpose {
    /// A run that generalizes
    One,
    /// Where runs begin to generalize
    Boundary,
    /// A run that generalizes sooner than all so far
    Fastest,
    /// Which of the two best laws of the critical sample size holds
    Laws,
}

pub(crate) fn next(asked: &NextArguments) -> Result<(), Failure> {
    let aim = match asked.purpose {
        Purpose::One => Aim::One,
        Purpose::Boundary => Aim::Boundary,
        Purpose::Fastest => Aim::Fastest,
        Purpose::Laws => Aim::Laws,
    };
    let request = NextRequest::from_words(&asked.table, aim, asked.budget, &asked.words);
    let answer = watching::watch(asked.place.json, |watcher| dunwu_report::next::answer(&request?, watcher))?;
    print::without_page(&answer, &asked.place);
    Ok(())
}
