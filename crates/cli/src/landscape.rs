//! `dunwu peaks` and `dunwu race`: the landscape before anything is trained, and where a trained network stands on it.

use crate::Place;
use crate::failure::Failure;
use crate::output::Drawn;
use crate::print;
use crate::watching::watch;
use dunwu::landscape::of_run::energy_of_words;
use dunwu::landscape::request::{Key, SHORT};
use dunwu::landscape::{PeaksRequest, RaceRequest};
use dunwu_foreign::recorded::own_run;
use dunwu_report::{climbing, peaks, race};
use dunwu_studies::sweep::made_runs;

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
    let mut request = RaceRequest::from_words(words).map_err(Failure::of_request)?;
    request.made = made_runs(&place.runs)?;
    let output = drawn.prepare("race", &[&request.landscape.problem.name])?;
    print::answer(&watch(quiet, |watcher| race::answer(&request, watcher))?, output, place)
}

/// `dunwu peaks --run RUN`: which peaks the units of a recorded run stand below.
pub(crate) fn peaks_of_run(
    run: &str,
    words: &[String],
    quiet: bool,
    drawn: &Drawn,
    place: &Place,
) -> Result<(), Failure> {
    let energy = energy_of_words(words).map_err(Failure::of_request)?;
    let why = "the landscape is that of a task whose samples are known";
    let dir = own_run(&place.runs, run, "peaks --run", why).map_err(Failure::of_request)?;
    let output = drawn.prepare("peaks", &[&dir.short_name()])?;
    print::answer(&watch(quiet, |watcher| climbing::answer(&dir, energy, watcher))?, output, place)
}
