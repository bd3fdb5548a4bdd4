//! `dunwu show`, `report` and `export`: a recorded run, opened again.

use crate::Place;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::landscape;
use crate::say::{note, say};
use crate::summary;
use clap::ValueEnum;
use dunwu::measure::DERIVED_VERSION;
use dunwu::opened::{Frame, Opened, Opening};
use dunwu::store::{Cache, OutputFile, OutputFolder, Record, RunDir, RunState, replace};
use dunwu::tables;
use dunwu_engine::Outcome;
use dunwu_engine::spec::values;
use dunwu_report as report;
use dunwu_report::Figure;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::json;
use std::path::PathBuf;

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
    open_watched(dir, &mut shown(false))
}

/// The same, saying what is done meanwhile.
pub(crate) fn open_watched(dir: &RunDir, progress: &mut dyn FnMut(Phase)) -> Result<Opened, Failure> {
    let asked = Asked::from_run(dir)?;
    let record = Record::read(dir)?;
    let mut opening = Opening::new(&asked.spec, &asked.problem, &asked.split, asked.decomposition.as_ref());
    let cache = Cache::of(dir, &record, DERIVED_VERSION);
    match cache.load::<Vec<Frame>>().filter(|frames| frames.len() == record.snapshots.len()) {
        Some(frames) => opening.reuse(frames),
        None => {
            for (done, entry) in record.snapshots.iter().enumerate() {
                progress(Phase::Measuring(done, record.snapshots.len()));
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

/// What is being done after training, as it is shown on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Measures of recorded snapshots: how many are done, of how many.
    Measuring(usize, usize),
    /// Tables of scalars, measures and units.
    WritingTables,
    /// Units climb their landscape: how many snapshots are done, of how many.
    Climbing(usize, usize),
    /// The two mountains with less and with more data.
    DrawingMountains,
    /// The one-file page.
    WritingReport,
}

impl Phase {
    fn words(self) -> String {
        match self {
            Self::Measuring(done, all) => format!("measuring snapshot {} of {all}", done + 1),
            Self::WritingTables => "writing tables".to_owned(),
            Self::Climbing(done, all) => format!("climbing from the units of snapshot {} of {all}", done + 1),
            Self::DrawingMountains => "drawing the mountains".to_owned(),
            Self::WritingReport => "writing the report".to_owned(),
        }
    }
}

/// Shows phases on standard error where that is a terminal; `quiet` shows none.
pub(crate) fn shown(quiet: bool) -> impl FnMut(Phase) {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
    let spinner = ProgressBar::with_draw_target(None, target);
    move |phase| {
        spinner.set_message(phase.words());
        spinner.tick();
        if phase == Phase::WritingReport {
            spinner.finish_and_clear();
        }
    }
}

/// Writes what is derived from a finished run beside it: tables, cache, report.
pub(crate) fn keep_derived(opened: &Opened, dir: &RunDir, progress: &mut dyn FnMut(Phase)) -> Result<(), Failure> {
    progress(Phase::WritingTables);
    for (name, table) in tables::tables(opened) {
        table.write_parquet(&dir.path().join(format!("{name}.parquet")))?;
    }
    Cache::of(dir, &Record::read(dir)?, DERIVED_VERSION).store(&opened.frames)?;
    progress(Phase::WritingReport);
    let page = html(opened, &landscape::figures_not_asked_for(opened));
    Ok(replace(&dir.path().join("report.html"), page.as_bytes(), "writing the report")?)
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
        match dir.state()? {
            RunState::Finished(_) => {}
            RunState::Unfinished { writer: Some(writer), .. } => {
                say!("This run is being written by {writer}; below is what it has so far.");
            }
            RunState::Unfinished { writer: None, .. } => {
                say!("This run is not finished: `dunwu resume {}` goes on with it.", dir.path().display());
            }
        }
        say!("{}", report::text(&opened).trim_end());
    }
    Ok(())
}

pub(crate) fn report(run: &str, output: Option<PathBuf>, climbs: bool, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, run)?;
    let output = OutputFile::at(&output.unwrap_or_else(|| dir.path().join("report.html")))?;
    let progress = &mut shown(place.json);
    let opened = open_watched(&dir, progress)?;
    let landscape = if climbs {
        landscape::figures_of_run(&dir, &opened, progress)?
    } else {
        landscape::figures_not_asked_for(&opened)
    };
    progress(Phase::WritingReport);
    let path = output.write(html(&opened, &landscape).as_bytes())?;
    print_paths(&[path], place.json);
    Ok(())
}

pub(crate) fn export(run: &str, output: Option<PathBuf>, format: TableFormat, place: &Place) -> Result<(), Failure> {
    let dir = RunDir::resolve(&place.runs, run)?;
    let output = output.unwrap_or_else(|| PathBuf::from(format!("export-{}", dir.short_name())));
    let output = OutputFolder::at(&output)?;
    let progress = &mut shown(place.json);
    let opened = open_watched(&dir, progress)?;
    output.make()?;
    let mut paths = Vec::new();
    for figure in report::figures(&opened).into_iter().chain(landscape::figures_of_run(&dir, &opened, progress)?) {
        let Some(svg) = &figure.svg else { continue };
        paths.push(output.write(&format!("{}.svg", figure.name), svg.as_bytes())?);
    }
    for (name, table) in tables::tables(&opened) {
        let path = output.path().join(name);
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

fn print_paths(paths: &[PathBuf], json: bool) {
    if json {
        say!("{}", json!({ "files": paths }));
    } else {
        paths.iter().for_each(|path| say!("{}", path.display()));
    }
}
