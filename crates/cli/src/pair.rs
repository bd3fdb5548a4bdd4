//! `dunwu pair TABLE KEY=A,B`: two values of one setting in pairs of runs.

use crate::Place;
use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::{print, watching};
use dunwu_studies::paired::PairRequest;
use std::path::Path;

/// What the words mean, for the command's help.
pub(crate) const HELP: &str = "\
Ratios and differences are the second value against the first. Equal compute: both runs of a pair have the smaller of their two budgets,
in seconds of training at the median cost of a step of their settings.
tuned=KEY: each value chooses its best KEY on one half of the seeds and is judged on the other half, and the other way round.";

pub(crate) fn pair(table: &Path, words: &[String], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let key = words.first().and_then(|word| word.split_once('=')).map_or("", |(key, _)| key);
    let output = drawn.prepare("pair", &[&stem(table), key])?;
    let request = PairRequest::from_words(table, words);
    let answer = watching::watch(place.json, |watcher| dunwu_report::pair::answer(&request?, watcher))?;
    print::answer(&answer, output, place)
}
