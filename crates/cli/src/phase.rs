//! `dunwu phase TABLE`: a sweep against two of its settings.

use crate::Place;
use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::{print, watching};
use dunwu_report::phase::{answer, legend};
use dunwu_studies::phase::PhaseRequest;
use std::path::Path;

/// Letters of the phases, for the command's help.
pub(crate) fn help() -> String {
    let lines: Vec<String> =
        legend().map(|(letter, name, meaning)| format!("  {letter} {name:<16} {meaning}")).collect();
    format!("Phases:\n{}", lines.join("\n"))
}

pub(crate) fn phase(table: &Path, words: &[String], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let output = drawn.prepare("phase", &[&stem(table)])?;
    let request = PhaseRequest::from_words(table, words);
    let answer = watching::watch(place.json, |watcher| answer(&request?, watcher))?;
    print::answer(&answer, output, place)
}
