//! Answers on standard output: in words or as one JSON object, and their page and figures as files.

use crate::Place;
use crate::audience;
use crate::failure::Failure;
use crate::opener::open_page;
use crate::output::PageOutput;
use crate::say::say;
use anyhow::Context as _;
use dunwu::answer::Answer;
use dunwu_report::run::report_path;
use dunwu_report::skin;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Writes the answer's page, and its figures where a folder was named; then prints it, or hands it to the program that asked.
pub(crate) fn answer(answer: &Answer, output: PageOutput, place: &Place) -> Result<(), Failure> {
    let is_opened = output.is_opened();
    let page = output.keep_answer(answer)?;
    if audience::keep(answer, page.as_slice()) {
        return Ok(());
    }
    if place.json {
        say!("{}", with(answer, "page", json!(page)));
    } else {
        say!("{}", skin::terminal(answer));
        if let Some(page) = &page {
            say!("Page, to open in a browser: {}", page.display());
        }
    }
    if let Some(page) = page.filter(|_| is_opened) {
        open_page(&page);
    }
    Ok(())
}

/// Prints an answer about one run, and where its directory and its report are.
pub(crate) fn run(answer: &Answer, is_opened: bool, place: &Place) -> Result<(), Failure> {
    let dir = answer.data.get("run").and_then(Value::as_str).context("the answer about a run names its directory")?;
    let report = Some(report_path(Path::new(dir))).filter(|path| path.is_file());
    if audience::keep(answer, report.as_slice()) {
        return Ok(());
    }
    if place.json {
        say!("{}", with(answer, "page", json!(report)));
    } else {
        say!("{}", skin::terminal(answer));
        say!("Run: {dir}");
        if let Some(report) = &report {
            say!("Report, to open in a browser: {}", report.display());
        }
    }
    if let Some(report) = report.filter(|_| is_opened) {
        open_page(&report);
    }
    Ok(())
}

/// Prints which files were written of an answer.
pub(crate) fn files(answer: &Answer, paths: &[PathBuf], place: &Place) {
    if audience::keep(answer, paths) {
        return;
    }
    if place.json {
        say!("{}", with(answer, "files", json!(paths)));
    } else {
        paths.iter().for_each(|path| say!("{}", path.display()));
    }
}

/// The object that programs read, with one more key.
fn with(answer: &Answer, key: &str, value: Value) -> Value {
    let mut object = skin::json(answer);
    object[key] = value;
    object
}

/// Prints an answer that has no page.
pub(crate) fn without_page(answer: &Answer, place: &Place) {
    if audience::keep(answer, &[]) {
        return;
    }
    if place.json {
        say!("{}", skin::json(answer));
    } else {
        say!("{}", skin::terminal(answer));
    }
}
