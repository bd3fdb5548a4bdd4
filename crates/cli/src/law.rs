//! `dunwu law TABLE`: how the critical sample size of a sweep's tasks grows, and which further runs would tell two laws apart.

use crate::Place;
use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::{print, watching};
use dunwu_studies::law::LawRequest;
use std::path::Path;

pub(crate) fn run(table: &Path, filters: &[String], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let output = drawn.prepare("law", &[&stem(table)])?;
    let request = LawRequest::from_words(table, filters);
    let answer = watching::watch(place.json, |watcher| dunwu_report::law::answer(&request?, watcher))?;
    print::answer(&answer, output, place)
}
