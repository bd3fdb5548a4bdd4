//! `dunwu peaks` and `dunwu race`: the landscape before anything is trained, and where a trained network stands on it.

mod of_run;

use crate::Place;
use crate::failure::Failure;
use crate::output::Drawn;
use crate::print;
use crate::watching::watch;
use dunwu::landscape::request::{Key, SHORT};
use dunwu::landscape::{PeaksRequest, RaceRequest};
use dunwu_report::{peaks, race};

pub(crate) use of_run::{figures_not_asked_for, figures_of_run, peaks_of_run};

/// Keys that a command has beside those of runs, for its help.
pub(crate) fn keys_help(keys: &[&[Key]]) -> String {
    let lines = keys.iter().flat_map(|keys| keys.iter()).map(|(key, tells)| format!("  {key:<9} {tells}"));
    let short: Vec<&str> = SHORT.iter().map(|(short, _)| *short).collect();
    format!(
        "Keys beside those of runs (`dunwu settings`), and short names {}:\n{}",
        short.join(", "),
        lines.collect::<Vec<_>>().join("\n")
    )
}

pub(crate) fn peaks(words: &[String], quiet: bool, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = PeaksRequest::from_words(words).map_err(Failure::of_request)?;
    let output = drawn.prepare("peaks", &[&request.landscape.problem.name])?;
    print::answer(&watch(quiet, |watcher| peaks::answer(&request, watcher))?, output, place)
}

pub(crate) fn race(words: &[String], quiet: bool, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = RaceRequest::from_words(words).map_err(Failure::of_request)?;
    let output = drawn.prepare("race", &[&request.landscape.problem.name])?;
    print::answer(&watch(quiet, |watcher| race::answer(&request, watcher))?, output, place)
}
