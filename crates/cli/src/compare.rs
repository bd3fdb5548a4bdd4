//! `dunwu compare`: two recorded runs side by side.

use crate::Place;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::inspect;
use crate::output::page;
use crate::say::say;
use dunwu::compare::{CompareError, Side, compare};
use dunwu::store::{Record, RunDir};
use dunwu_report::comparison;
use serde_json::json;
use std::path::PathBuf;

/// Compares two runs, in words or as one JSON object, and writes the page beside where the user stands.
pub(crate) fn run(runs: [&str; 2], output: Option<PathBuf>, place: &Place) -> Result<(), Failure> {
    let dirs = [RunDir::resolve(&place.runs, runs[0])?, RunDir::resolve(&place.runs, runs[1])?];
    let ids = dirs.each_ref().map(RunDir::short_id);
    let output = page(output.as_deref(), "compare", &[&ids[0], &ids[1]])?;
    let asked = [Asked::from_run(&dirs[0])?, Asked::from_run(&dirs[1])?];
    let records = [Record::read(&dirs[0])?, Record::read(&dirs[1])?];
    let names = [dirs[0].dir_name(), dirs[1].dir_name()];
    let compared = compare([0, 1].map(|i| Side {
        name: &names[i],
        spec: &asked[i].spec,
        problem: &asked[i].problem,
        split: &asked[i].split,
        record: &records[i],
    }))
    .map_err(|error| match error {
        CompareError::OtherTask { .. } => Failure::usage(error),
        error => error.into(),
    })?;
    let opened = [inspect::open(&dirs[0])?, inspect::open(&dirs[1])?];
    let remarks: Vec<String> = comparison::irreps(&compared, opened.each_ref()).into_iter().collect();
    let output = output.write(comparison::html(&compared, &remarks).as_bytes())?;
    if place.json {
        let mut story = comparison::sentences(&compared);
        story.extend(remarks);
        say!("{}", json!({ "comparison": compared, "story": story, "page": output }));
    } else {
        say!("{}", comparison::text(&compared, &remarks).trim_end());
        say!("Page, to open in a browser: {}", output.display());
    }
    Ok(())
}
