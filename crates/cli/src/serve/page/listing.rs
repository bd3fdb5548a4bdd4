//! The runs of the folder, with the tables of sweeps and the streams beside them. What was read of a run that has ended is kept.

use dunwu::store::{ListRequest, ListedRun, RunDir, RunStanding};
use dunwu::verb::VerbError;
use dunwu_foreign::listing::read_listed;
use dunwu_report::{listing, skin};
use dunwu_streams::{ListedCourse, ListedStream};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Runs that are sent to the page, the newest ones. A folder may hold more, which `dunwu ls` lists.
const MOST_RUNS: usize = 2000;
/// Where streams lie within the folder of runs.
pub(super) const STREAMS: &str = "streams";

/// The list as the page reads it: what `dunwu ls --json` prints, and what lies beside the runs.
#[derive(Serialize, JsonSchema)]
pub(super) struct RunsOnPage {
    /// The object that `dunwu ls limit=2000 --json` prints.
    #[serde(flatten)]
    list: Value,
    /// Tables of sweeps, which `dunwu phase`, `law` and `pair` read.
    tables: Vec<PathBuf>,
    /// Streams, which `dunwu stream` made, by their folders.
    streams: Vec<StreamOnPage>,
}

/// A stream, as far as it was read.
#[derive(Serialize, JsonSchema)]
struct StreamOnPage {
    /// Its folder.
    stream: PathBuf,
    /// The texts' files, in the order in which they are read.
    texts: Vec<String>,
    /// Tokens up to the end of the last whole segment.
    tokens: u64,
    /// Tokens up to the end of each stretch: a segment, or several of a long stream.
    ends: Vec<u64>,
    /// The cache policies under which it is read.
    policies: Vec<PolicyOnPage>,
    /// Why it cannot be read; `null` where it can.
    error: Option<String>,
}

/// What a stream's text costs to predict under one policy.
#[derive(Serialize, JsonSchema)]
struct PolicyOnPage {
    /// The cache policy, as the command line spells it; of one from a file what the file says.
    policy: String,
    /// exp of the mean −ln p of all tokens of whole segments; `null` where there are none, or where it is not finite.
    perplexity: Option<f64>,
    /// The same of each stretch.
    stretches: Vec<Option<f64>>,
}

impl StreamOnPage {
    fn read(folder: PathBuf) -> Self {
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        let of = |course: ListedCourse| PolicyOnPage {
            policy: course.policy,
            perplexity: course.perplexity.and_then(finite),
            stretches: course.stretches.into_iter().map(finite).collect(),
        };
        match ListedStream::read(&folder) {
            Ok(listed) => Self {
                stream: folder,
                tokens: listed.tokens(),
                texts: listed.texts,
                ends: listed.ends,
                policies: listed.courses.into_iter().map(of).collect(),
                error: None,
            },
            Err(error) => Self {
                stream: folder,
                texts: Vec::new(),
                tokens: 0,
                ends: Vec::new(),
                policies: Vec::new(),
                error: Some(error.to_string()),
            },
        }
    }
}

/// Reads the list.
pub(super) struct Listing {
    folder: PathBuf,
    /// Runs that have ended, by their directory, with what their files were then.
    known: Mutex<BTreeMap<PathBuf, (Stamp, ListedRun)>>,
}

/// What the files of a run were: a run whose files are the same is listed the same.
type Stamp = [Option<(u64, SystemTime)>; 2];

impl Listing {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, known: Mutex::default() }
    }

    /// The list now.
    pub(super) fn list(&self) -> Result<RunsOnPage, VerbError> {
        let request = ListRequest::from_words(&[format!("limit={MOST_RUNS}")])?;
        let answer = listing::list_read_by(&self.folder, &request, |dir| self.read(dir))?;
        Ok(RunsOnPage {
            list: skin::json(&answer),
            tables: files_in(&self.folder.join("sweeps"), is_table),
            streams: files_in(&self.folder.join(STREAMS), Path::is_dir).into_iter().map(StreamOnPage::read).collect(),
        })
    }

    fn read(&self, dir: &RunDir) -> Result<ListedRun, dunwu::store::StoreError> {
        let stamp = stamp(dir.path());
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, run)) = known().get(dir.path())
            && *seen == stamp
        {
            return Ok(run.clone());
        }
        let run = read_listed(dir)?;
        // Whether a process writes a run does not show in its files.
        if matches!(run.standing, RunStanding::Ended(_) | RunStanding::EndedElsewhere(_)) {
            known().insert(dir.path().to_owned(), (stamp, run.clone()));
        }
        Ok(run)
    }
}

/// The directory itself changes when a tag or a note is written, the record when anything else is.
fn stamp(dir: &Path) -> Stamp {
    ["", "record.jsonl"].map(|file| {
        let known = std::fs::metadata(dir.join(file)).ok()?;
        Some((known.len(), known.modified().ok()?))
    })
}

/// Whether it is a table of results; `NAME.curves.parquet` beside it holds curves.
fn is_table(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (name.ends_with(".parquet") || name.ends_with(".csv")) && !name.contains(".curves.")
}

/// What of a folder is wanted, by name.
fn files_in(folder: &Path, is_wanted: fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_wanted(path)).collect();
    found.sort();
    found
}
