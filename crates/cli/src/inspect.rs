//! `dunwu show`, `report` and `export`: a recorded run, opened again.

use crate::Place;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::landscape;
use crate::say::{note, say};
use crate::summary;
use anyhow::Context;
use clap::ValueEnum;
use dunwu::measure::DERIVED_VERSION;
use dunwu::opened::{Frame, Opened, Opening};
use dunwu::report::Figure;
use dunwu::store::{Cache, Record, RunDir, RunState};
use dunwu::{report, tables};
use dunwu_engine::Outcome;
use dunwu_engine::spec::values;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// Parquet, Snappy-compressed
    Parquet,
    /// Comma-separated values
    Csv,
}

/// A recorded run with everything derived from it; a run that is not finished counts as censored at its last evaluation.
pub(crate) fn open(dir: &RunDir) -> Result<Opened, Failure> {
    let asked = Asked::from_run(dir)?;
    let record = Record::read(dir)?;
    let mut opening = Opening::new(&asked.spec, &asked.problem, &asked.split, asked.decomposition.as_ref());
    let cache = Cache::of(dir, &record, DERIVED_VERSION);
    match cache.load::<Vec<Frame>>().filter(|frames| frames.len() == record.snapshots.len()) {
        Some(frames) => opening.reuse(frames),
        None => {
            for entry in &record.snapshots {
                opening.add(&record.load_snapshot(entry.step)?)?;
            }
            // A run that another process is writing must not be touched, and a cache is worth nothing there.
            if record.finished.is_some() {
                // What cannot be kept is derived again next time: a run on a read-only disk can be looked at.
                if let Err(error) = cache.store(&opening.frames().to_vec()) {
                    note!("note: {error}");
                }
            }
        }
    }
    let last_step = record.scalars.last().map_or(0, |row| row.step);
    let outcome = record.finished.map_or(Outcome::Censored { step: last_step }, |finished| finished.outcome);
    Ok(opening.finish(record.scalars, outcome))
}

/// Writes what is derived from a finished run beside it: tables, cache, report.
pub(crate) fn keep_derived(opened: &Opened, dir: &RunDir) -> Result<(), Failure> {
    for (name, table) in tables::tables(opened) {
        table.write_parquet(&dir.path().join(format!("{name}.parquet")))?;
    }
    Cache::of(dir, &Record::read(dir)?, DERIVED_VERSION).store(&opened.frames)?;
    let landscape = landscape::figures_of_run(dir, opened)?;
    write(&dir.path().join("report.html"), &html(opened, &landscape))
}

pub(crate) fn show(run: &str, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, run)?;
    let opened = open(&dir)?;
    if place.json {
        let speed = match dir.state()? {
            RunState::Finished(end) => Some(summary::Speed { steps: end.step, seconds: end.seconds }),
            RunState::Unfinished { .. } => None,
        };
        summary::print(&opened, &dir, speed, true, true);
    } else {
        if let RunState::Unfinished { .. } = dir.state()? {
            say!("This run is not finished: `dunwu resume {}` goes on with it.", dir.path().display());
        }
        say!("{}", report::text(&opened).trim_end());
    }
    Ok(())
}

pub(crate) fn report(run: &str, output: Option<PathBuf>, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, run)?;
    let path = output.unwrap_or_else(|| dir.path().join("report.html"));
    let opened = open(&dir)?;
    write(&path, &html(&opened, &landscape::figures_of_run(&dir, &opened)?))?;
    print_paths(&[path], place.json);
    Ok(())
}

pub(crate) fn export(run: &str, output: &Path, format: TableFormat, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, run)?;
    let opened = open(&dir)?;
    fs::create_dir_all(output).with_context(|| format!("cannot make the folder {}", output.display()))?;
    let mut paths = Vec::new();
    for figure in report::figures(&opened).into_iter().chain(landscape::figures_of_run(&dir, &opened)?) {
        let Some(svg) = &figure.svg else { continue };
        let path = output.join(format!("{}.svg", figure.name));
        write(&path, svg)?;
        paths.push(path);
    }
    for (name, table) in tables::tables(&opened) {
        let path = output.join(name);
        let path = match format {
            TableFormat::Parquet => path.with_extension("parquet"),
            TableFormat::Csv => path.with_extension("csv"),
        };
        match format {
            TableFormat::Parquet => table.write_parquet(&path)?,
            TableFormat::Csv => table.write_csv(&path)?,
        }
        paths.push(path);
    }
    print_paths(&paths, place.json);
    Ok(())
}

fn html(opened: &Opened, landscape: &[Figure]) -> String {
    let settings: Vec<(String, String)> =
        values(&opened.spec).map(|(setting, value)| (setting.key.to_owned(), value.to_string())).collect();
    report::html(opened, landscape, &settings)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

fn print_paths(paths: &[PathBuf], json: bool) {
    if json {
        say!("{}", json!({ "files": paths }));
    } else {
        paths.iter().for_each(|path| say!("{}", path.display()));
    }
}
