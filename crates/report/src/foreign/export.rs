//! A run in files: tables and figures of a foreign run; event files and JSON lines of any.

use super::answer::with_arrays;
use crate::draw;
use crate::run::TableFormat;
use crate::words::count;
use dunwu::answer::{Answer, object};
use dunwu::run::open;
use dunwu::store::file::{FileError, replace};
use dunwu::store::{RunDir, disk};
use dunwu::verb::{VerbError, Watcher};
use dunwu_foreign::export::{LoggedRun, follow, json_lines, write};
use dunwu_foreign::recorded::{ForeignRun, is_foreign};
use dunwu_foreign::run::tables;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What was written for another program.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportData {
    /// The run's directory.
    pub run: PathBuf,
    /// For which program, or in which form: `tensorboard` or `jsonl`.
    pub to: &'static str,
    /// The file.
    pub file: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// What was recorded and is in it: of an event file lines of the record, of JSON lines steps.
    pub entries: usize,
}

/// Writes every figure and table of a foreign run into the folder `output`, which is made if it is missing; gives the run's answer and
/// the paths of the files.
pub fn export(run: &ForeignRun, output: &Path, format: TableFormat) -> Result<(Answer, Vec<PathBuf>), VerbError> {
    disk::make_folder(output)
        .map_err(|source| FileError::new("making the folder of figures and tables", output, source))?;
    let answer = with_arrays(run)?;
    let mut paths = Vec::new();
    for (name, svg) in draw::documents(&answer) {
        let path = output.join(format!("{name}.svg"));
        replace(&path, svg.as_bytes(), "writing a figure")?;
        paths.push(path);
    }
    for (name, table) in tables(&run.record)? {
        let path = output.join(name).with_extension(format.extension());
        format.write(&table, &path)?;
        paths.push(path);
    }
    Ok((answer, paths))
}

/// Writes a run as an event file of `TensorBoard` into a folder of its own in `output`. With `is_followed` it goes on as long as the
/// run does, and only what stands in the record is written; otherwise what was measured of the snapshots of a run of our own is, too.
pub fn export_event_file(
    dir: &RunDir,
    output: &Path,
    is_followed: bool,
    watcher: &mut Watcher<'_>,
) -> Result<Answer, VerbError> {
    let folder = output.join(dir.short_name());
    let file = if is_followed {
        follow(dir, &folder, watcher)?
    } else {
        let mut run = LoggedRun::read(dir)?;
        if !is_foreign(dir)? {
            run = run.with_measures(&open(dir, watcher)?);
        }
        write(&run, &folder)?
    };
    let data = ExportData {
        run: dir.path().components().collect(),
        to: "tensorboard",
        file: file.path.clone(),
        bytes: file.bytes,
        entries: file.n_logged,
    };
    let headline = format!("{} entries written to {}.", count(data.entries as u64), file.path.display());
    let look = format!("`tensorboard --logdir {}` shows it.", output.display());
    Ok(without_sections(headline, vec![look], &data))
}

/// Writes the scalars of a run into `output` as `scalars.jsonl`, one JSON object a step.
pub fn export_json_lines(dir: &RunDir, output: &Path) -> Result<Answer, VerbError> {
    disk::make_folder(output).map_err(|source| FileError::new("making the folder of JSON lines", output, source))?;
    let text = json_lines(&LoggedRun::read(dir)?.series());
    let path = output.join("scalars.jsonl");
    replace(&path, text.as_bytes(), "writing JSON lines")?;
    let data = ExportData {
        run: dir.path().components().collect(),
        to: "jsonl",
        file: path.clone(),
        bytes: text.len() as u64,
        entries: text.lines().count(),
    };
    let headline = format!("{} steps written to {}.", count(data.entries as u64), path.display());
    Ok(without_sections(headline, Vec::new(), &data))
}

fn without_sections(headline: String, sentences: Vec<String>, data: &ExportData) -> Answer {
    Answer {
        verb: "export",
        title: "export".to_owned(),
        setup: data.to.to_owned(),
        headline,
        sentences,
        sections: Vec::new(),
        sources: Vec::new(),
        data: object(data),
    }
}
