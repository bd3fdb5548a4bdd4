//! `dunwu run` and `dunwu resume`.

use super::{Command, Kept, Room, temporary_files, whole_lines};
use dunwu::run::{RunEnd, RunRequest, Training, run};
use dunwu::store::{ListRequest, ListedRun, RunDir, RunState, checkpoint, list_runs};
use dunwu::verb::{Progress, Watcher};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const RESUME: Command =
    Command { words: "resume {run} --quiet --checkpoint-every 0.001", goes_on_only: true, gives_result: true };

/// A run of two layers.
pub(super) const RUN: Room = Room {
    name: "run",
    prepare: |_| Ok(()),
    commands: &[
        Command {
            words: "run small task=cyclic:7 model.width=16 steps=150 record.evaluate_every=2 --quiet --checkpoint-every 0.003",
            goes_on_only: false,
            gives_result: true,
        },
        RESUME,
    ],
    result,
    kept,
    turned_away: "being written by process",
    leftovers,
    any_part_is_lost: true,
};

/// A run with a copy of a table, and batches drawn anew each epoch.
pub(super) const TABLED: Room = Room {
    name: "run-table",
    prepare: |folder| {
        let table = include_str!("../../../../testdata/field/klein.csv");
        fs::write(folder.join("klein.csv"), table).map_err(|error| error.to_string())
    },
    commands: &[
        Command {
            words: "run small task=table:klein.csv data.fraction=0.6 data.batch_size=4 model.width=8 steps=120 --quiet --checkpoint-every 0.002",
            goes_on_only: false,
            gives_result: true,
        },
        RESUME,
    ],
    ..RUN
};

/// A run of a few steps, each of whose calls to the disk can be tried.
pub(super) const TINY: Room = Room {
    name: "run-tiny",
    commands: &[
        Command {
            words: "run small task=cyclic:5 model.width=4 steps=5 --quiet --checkpoint-every 0",
            goes_on_only: false,
            gives_result: true,
        },
        RESUME,
    ],
    ..RUN
};

/// The same after a run of fewer steps, which it begins with.
pub(super) const LONGER: Room =
    Room { name: "run-longer", prepare: |folder| make(folder, "small task=cyclic:5 model.width=4 steps=3"), ..TINY };

/// Makes the run in this process, where nothing disturbs it.
fn make(folder: &Path, words: &str) -> Result<(), String> {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let request = RunRequest::from_words(&words).map_err(|error| format!("{error:?}"))?;
    let training = Training { runs: &folder.join("runs"), checkpoint_every: Duration::MAX };
    let (mut hear, stop) = (|_: &Progress<'_>| {}, AtomicBool::new(false));
    let made = run(&request, &training, &mut Watcher::new(&mut hear, &stop)).map_err(|error| format!("{error:?}"))?;
    let (RunEnd::Made(dir, _) | RunEnd::Found(dir)) = made;
    fs::write(folder.join(SHORTER), dir.dir_name()).map_err(|error| error.to_string())
}

/// Names the run that was there before, which is none of those that are made.
const SHORTER: &str = "shorter";

/// The run directories below `folder`.
pub(super) fn run_dirs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("runs")).into_iter().flatten().filter_map(Result::ok);
    let shorter = fs::read_to_string(folder.join(SHORTER)).unwrap_or_default();
    let is_made =
        |path: &PathBuf| path.join("record.jsonl").is_file() && (shorter.is_empty() || !path.ends_with(&shorter));
    let mut dirs: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_made).collect();
    dirs.sort();
    dirs
}

fn result(folder: &Path) -> Result<Vec<String>, String> {
    match run_dirs(folder).as_slice() {
        [dir] => computed(dir),
        dirs => Err(format!("{} runs instead of one", dirs.len())),
    }
}

/// What was computed in a run: header, scalars, snapshots with their hashes, and the tables that are derived.
fn computed(dir: &Path) -> Result<Vec<String>, String> {
    let mut parts = recorded(dir)?;
    for name in ["scalars.parquet", "measures.parquet", "units.parquet", "spectra.parquet"] {
        let bytes = fs::read(dir.join(name)).map_err(|error| format!("{name}: {error}"))?;
        parts.push(format!("{name} {}", blake3::hash(&bytes).to_hex()));
    }
    let report = fs::read_to_string(dir.join("report.html")).map_err(|error| format!("report.html: {error}"))?;
    parts.push(format!("report ends {}", report.trim_end().ends_with("</html>")));
    Ok(parts)
}

/// What the record says without the lines that tell of time, and the snapshots that it names.
pub(super) fn recorded(dir: &Path) -> Result<Vec<String>, String> {
    let lines = whole_lines(&dir.join("record.jsonl"));
    let ends = lines.iter().filter(|line| line.contains("\"kind\":\"finished\"")).count();
    if ends != 1 {
        return Err(format!("the record says {ends} times that the run has finished"));
    }
    let is_of_time = |line: &String| {
        ["parent", "resumed", "finished"].iter().any(|kind| line.contains(&format!("\"kind\":\"{kind}\"")))
    };
    // Each check covers all lines before it, among them those.
    let without_check =
        |line: &String| line.rsplit_once(",\"check\":").map_or(line.as_str(), |(object, _)| object).to_owned();
    let mut parts: Vec<String> = lines.iter().filter(|line| !is_of_time(line)).map(without_check).collect();
    for path in super::files_below(&dir.join("snapshots")) {
        let bytes = fs::read(&path).map_err(|error| error.to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        parts.push(format!("{name} {}", blake3::hash(&bytes).to_hex()));
    }
    Ok(parts)
}

/// The record, the checkpoint, and how the run stands, as `dunwu ls` and `dunwu show` read them.
fn kept(folder: &Path) -> Result<Kept, String> {
    list_runs(&folder.join("runs"), &ListRequest::default(), ListedRun::read)
        .map_err(|error| format!("the list of runs: {error}"))?;
    let dirs = run_dirs(folder);
    let Some(dir) = dirs.first() else { return Ok(Kept::default()) };
    if dirs.len() > 1 {
        return Err("the run is there twice".to_owned());
    }
    let run = RunDir::open(dir).map_err(|error| error.to_string())?;
    let lines = [("record.jsonl".to_owned(), whole_lines(&dir.join("record.jsonl")))].into();
    match run.state().map_err(|error| error.to_string())? {
        RunState::Finished(_) => Ok(Kept { lines, checkpoint: None, is_finished: true }),
        RunState::Unfinished { writer: Some(writer), .. } => {
            Err(format!("nobody writes, and it says that {writer} does"))
        }
        RunState::Unfinished { checkpoint, writer: None } => Ok(Kept { lines, checkpoint, is_finished: false }),
    }
}

fn leftovers(folder: &Path) -> Vec<String> {
    let mut left = temporary_files(folder);
    // The one of the last step stays, for a run of more steps.
    let is_of_end = |dir: &PathBuf, bytes: &[u8]| {
        let ended = RunDir::open(dir).and_then(|run| run.state());
        let checkpoint = checkpoint::decode(bytes).map(|(_, checkpoint)| checkpoint.step);
        matches!((ended, checkpoint), (Ok(RunState::Finished(end)), Ok(step)) if end.step == step)
    };
    for dir in run_dirs(folder) {
        let path = dir.join("checkpoint.safetensors");
        if fs::read(&path).is_ok_and(|bytes| !is_of_end(&dir, &bytes)) {
            left.push(path.display().to_string());
        }
    }
    left
}
