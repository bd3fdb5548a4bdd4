//! The binary as a user calls it, and as it is called by accident.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod attend;
mod audited;
mod chat;
mod compared;
mod curvature;
mod expected;
mod foreign;
mod forked;
mod imported;
mod kills;
mod landscape;
mod launched;
mod laws;
mod listing;
mod logged;
mod mcp;
mod networks;
mod nonsense;
mod places;
mod reach;
mod recorded;
mod reference;
mod runs;
mod science;
mod serve_model;
mod serve_page;
mod streams;
mod sweeps;
mod swept;
mod widths;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// An answer is what `dunwu schema` says that its verb prints.
fn assert_fits_its_schema(object: &Value, words: &str) {
    let Some(verb) = object["verb"].as_str().and_then(dunwu_report::verbs::find) else { return };
    let validator = jsonschema::validator_for(dunwu_report::verbs::schema(verb).as_value()).unwrap();
    let mistakes: Vec<String> =
        validator.iter_errors(object).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert_eq!(mistakes, [""; 0], "dunwu {words}");
}

/// A folder of its own to call the command in.
struct Desk {
    folder: TempDir,
}

/// What one call came to.
struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Longer than any call here takes on a busy machine; a call that hangs fails instead of the whole suite.
const PATIENCE: Duration = Duration::from_mins(2);

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// `dunwu WORDS`, words divided at spaces. It never panics, whatever it is told.
    fn dunwu(&self, words: &str) -> Said {
        self.dunwu_with(words, &[])
    }

    /// The same with further words that may have spaces in them.
    fn dunwu_with(&self, words: &str, more: &[&str]) -> Said {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_dunwu"));
        let output =
            command.args(words.split(' ')).args(more).current_dir(&self.folder).timeout(PATIENCE).output().unwrap();
        let said = Said {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!said.stderr.contains("panicked"), "dunwu {words}: {}", said.stderr);
        said
    }

    /// The one JSON object of a call that succeeds.
    fn json(&self, words: &str) -> Value {
        let said = self.dunwu(&format!("{words} --json"));
        assert_eq!(said.code, 0, "dunwu {words}: {}", said.stderr);
        let object = serde_json::from_str(&said.stdout)
            .unwrap_or_else(|error| panic!("dunwu {words}: {error}: {}", said.stdout));
        assert_fits_its_schema(&object, words);
        object
    }

    /// A call that has to fail with this code, nothing on standard output, and all of these words.
    fn refuses(&self, words: &str, code: i32, wanted: &[&str]) {
        let Said { code: found, stdout, stderr } = self.dunwu(words);
        assert_eq!((found, stdout.as_str()), (code, ""), "dunwu {words}: {stderr}");
        for wanted in wanted {
            assert!(stderr.contains(wanted), "dunwu {words}: no {wanted:?} in: {stderr}");
        }
    }

    /// A run in the background, once its record holds `lines` lines.
    fn starts(&self, words: &str, lines: usize) -> Running {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(words.split(' ')).current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Running(command.spawn().unwrap());
        let began = Instant::now();
        while self.runs().first().is_none_or(|run| record(run).len() < lines) {
            assert!(began.elapsed() < PATIENCE, "dunwu {words} does not begin");
            std::thread::sleep(Duration::from_millis(2));
        }
        running
    }

    /// The run directories in `runs`.
    fn runs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("runs")).into_iter().flatten();
        let mut runs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        runs.retain(|run| run.join("record.jsonl").is_file());
        runs.sort();
        runs
    }

    /// The only run directory in `runs`.
    fn run(&self) -> PathBuf {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }
}

/// A call that goes on; killed with SIGKILL when it is no longer wanted.
struct Running(Child);

impl Running {
    fn kill(mut self) {
        assert_eq!(self.0.try_wait().unwrap(), None, "it ended before it could be killed");
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Lines of a run's record.
fn record(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("record.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// What was computed: header, scalars and snapshots with their hashes, without the lines that tell of time.
fn computed(run: &Path) -> Vec<String> {
    let is_of_time =
        |line: &String| ["parent", "resumed", "finished"].iter().any(|kind| line.contains(&format!("{kind:?}")));
    // Each check covers all lines before it, among them those.
    let without_check = |line: String| line.rsplit_once(",\"check\":").expect("each line has a check").0.to_owned();
    record(run).into_iter().filter(|line| !is_of_time(line)).map(without_check).collect()
}

/// What the report of a run draws and says where no script runs.
fn reported(run: &Path) -> String {
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("content=\"default-src 'none';"), "nothing is loaded into a report");
    let (_, main) = page.split_once("<noscript><main>").unwrap();
    main.split_once("</main></noscript>").unwrap().0.to_owned()
}

/// Names and bytes of the snapshots.
fn snapshots(run: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(run.join("snapshots")).unwrap().map(|entry| entry.unwrap().path());
    let mut snapshots: Vec<_> = entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect();
    snapshots.sort();
    snapshots
}
