//! `dunwu import`: logs of other trackers as runs.

use crate::words::{count, counted, list};
use dunwu::answer::{Answer, Block, Section, Shown, Table, TableCell, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_foreign::import::{ImportError, Imported, Novelty, Recorder, import_source, sources};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What was imported.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportSeriesData {
    /// The file or the folder.
    pub path: PathBuf,
    /// The runs that it holds, in the order of their files.
    pub runs: Vec<ImportedData>,
    /// Logs of a folder that became no run, each with the reason.
    pub passed_over: Vec<String>,
}

/// A run that was imported.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ImportedData {
    /// Its directory.
    pub run: PathBuf,
    /// Its name.
    pub name: String,
    /// What recorded it.
    pub recorder: Recorder,
    /// Whether it was there.
    pub novelty: Novelty,
    /// Its series.
    pub series: usize,
    /// Values that were recorded now.
    pub new_values: usize,
    /// Its last step.
    pub last_step: Option<u64>,
    /// Values of its log that do not count: the run was resumed before them, or no series can have their name.
    pub left_out: usize,
}

impl From<Imported> for ImportedData {
    fn from(one: Imported) -> Self {
        Self {
            run: one.run,
            name: one.name,
            recorder: one.recorder,
            novelty: one.novelty,
            series: one.n_series,
            new_values: one.n_new,
            last_step: one.last_step,
            left_out: one.n_left_out,
        }
    }
}

/// Makes runs of the logs at `path` in the folder `runs`, or adds to them what is new. Of a folder, a log that cannot be read is passed
/// over with a note; a file has to be one.
pub fn import(path: &Path, name: Option<&str>, runs: &Path, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let is_folder = path.is_dir();
    let found = sources(path).map_err(|error| VerbError::usage(format!("cannot read {}: {error}", path.display())))?;
    if found.is_empty() {
        return Err(VerbError::usage(format!(
            "no log in {}; name a file of CSV, Parquet or JSON lines, an event file of TensorBoard, an offline file of Weights & Biases, or a folder with such files",
            path.display()
        )));
    }
    if let (Some(name), n @ 2..) = (name, found.len()) {
        return Err(VerbError::usage(format!(
            "--name {name} is for one run, and {} holds {}; name one of its files or folders",
            path.display(),
            counted(n, "run")
        )));
    }
    watcher.phase("importing", Some(found.len() as u64));
    let (mut imported, mut passed_over): (Vec<ImportedData>, Vec<String>) = (Vec::new(), Vec::new());
    for (done, source) in (1..).zip(&found) {
        match import_source(source, name, runs) {
            Ok(one) => imported.push(one.into()),
            Err(error @ (ImportError::Series(_) | ImportError::Empty { .. } | ImportError::Other { .. })) => {
                if !is_folder || found.len() == 1 {
                    return Err(VerbError::usage(error));
                }
                watcher.note(&format!("passed over: {error}"));
                passed_over.push(error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
        watcher.pieces(done);
    }
    if imported.is_empty() {
        return Err(VerbError::usage(format!("no log in {} could be read: {}", path.display(), list(&passed_over, 3))));
    }
    let data = ImportSeriesData { path: path.to_owned(), runs: imported, passed_over };
    Ok(Answer {
        verb: "import-series",
        title: "Runs of another program".to_owned(),
        setup: path.display().to_string(),
        headline: headline(&data),
        sentences: sentences(&data),
        sections: vec![Section {
            title: None,
            shown: Shown::Everywhere,
            blocks: vec![Block::Table(table(&data.runs))],
        }],
        sources: Vec::new(),
        data: object(&data),
    })
}

fn headline(data: &ImportSeriesData) -> String {
    let n = |novelty: Novelty| data.runs.iter().filter(|run| run.novelty == novelty).count();
    if let [run] = data.runs.as_slice() {
        let where_it_is = run.run.display();
        return match run.novelty {
            Novelty::New => {
                format!("{} is a run now, with {}: {where_it_is}.", run.name, counted(run.new_values, "value"))
            }
            Novelty::Grown => format!("{} has {} more now: {where_it_is}.", run.name, counted(run.new_values, "value")),
            Novelty::Same => format!("{} was imported before, and nothing in it is new: {where_it_is}.", run.name),
        };
    }
    format!(
        "{} read: {} new, {} grown, {} as they were.",
        counted(data.runs.len(), "run"),
        count(n(Novelty::New) as u64),
        count(n(Novelty::Grown) as u64),
        count(n(Novelty::Same) as u64)
    )
}

fn sentences(data: &ImportSeriesData) -> Vec<String> {
    let mut sentences = Vec::new();
    let left_out: usize = data.runs.iter().map(|run| run.left_out).sum();
    if left_out > 0 {
        sentences.push(format!(
            "{} of the logs do not count: the run was resumed before them, or no series can have their name.",
            counted(left_out, "value")
        ));
    }
    if !data.passed_over.is_empty() {
        sentences.push(format!("Passed over: {}.", list(&data.passed_over, 3)));
    }
    sentences.push(
        "`dunwu show`, `report`, `compare`, `verdict` and `doctor` take these runs; importing again adds what is new."
            .to_owned(),
    );
    sentences
}

fn table(runs: &[ImportedData]) -> Table {
    let row = |run: &ImportedData| {
        let id: String = run.run.file_name().unwrap_or_default().to_string_lossy().chars().take(8).collect();
        let novelty = match run.novelty {
            Novelty::New => "new",
            Novelty::Grown => "grown",
            Novelty::Same => "as it was",
        };
        vec![
            TableCell::Text(id),
            TableCell::Text(run.name.clone()),
            TableCell::Text(run.recorder.name().to_owned()),
            TableCell::Text(novelty.to_owned()),
            TableCell::Count(run.series as u64),
            TableCell::Count(run.new_values as u64),
            TableCell::of(run.last_step, TableCell::Count),
        ]
    };
    let heads = ["run", "name", "recorded by", "now", "series", "new values", "last step"];
    Table::new("imported", 4, &heads, runs.iter().map(row).collect())
}
