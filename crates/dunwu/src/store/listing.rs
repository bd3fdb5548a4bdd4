//! The runs of a folder at a glance: how each stands, what it was, what people said of it.

use super::error::StoreError;
use super::file::While as _;
use super::lock::WritingProcess;
use super::record::Record;
use super::remarks::Remarks;
use super::removal::bytes_below;
use super::run_dir::RunDir;
use crate::knowledge::Knowledge;
use crate::spec_file;
use crate::verb::VerbError;
use dunwu_engine::spec::{SETTINGS, Value, nearest, parse_value};
use dunwu_engine::{Outcome, RunSpec};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A run as a list shows it.
#[derive(Clone, Debug)]
pub struct ListedRun {
    /// Its directory.
    pub dir: RunDir,
    /// What was run.
    pub kind: ListedKind,
    /// How it stands.
    pub standing: RunStanding,
    /// The last evaluation; `None` where there is none yet.
    pub last: Option<LastEvaluation>,
    /// Tags and note.
    pub remarks: Remarks,
    /// Bytes of all its files.
    pub bytes: u64,
    /// When its record was last written, in seconds since 1970 UTC.
    pub written: u64,
}

/// What was run.
#[derive(Clone, Debug)]
pub enum ListedKind {
    /// A run of our own, with its spec.
    Own(Box<RunSpec>),
    /// A run that another program made.
    Foreign {
        /// What it is called.
        name: String,
        /// What is known of it, by key.
        known: BTreeMap<String, String>,
    },
}

/// What a list shows of the last evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastEvaluation {
    /// Updates made so far.
    pub step: u64,
    /// Share of the training sample that is answered correctly, where that was recorded.
    pub train_accuracy: Option<f64>,
    /// Share of held-out samples that is answered correctly, where that was recorded.
    pub test_accuracy: Option<f64>,
}

/// How a run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum RunStanding {
    /// It ended so.
    Ended(Outcome),
    /// A run of another program ended so: `finished`, `failed`, `stopped` or `imported`.
    EndedElsewhere(&'static str),
    /// A process is writing it.
    Running(WritingProcess),
    /// It was interrupted; `dunwu resume` goes on with it.
    Interrupted,
}

impl RunStanding {
    /// In one word: the outcome's name, `running` or `interrupted`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ended(outcome) => outcome.name(),
            Self::EndedElsewhere(how) => how,
            Self::Running(_) => "running",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Every word of [`RunStanding::name`].
#[rustfmt::skip] // outcomes, ends of runs of other programs, what both can be
pub const STANDINGS: [&str; 12] = [
    "grokked", "lost", "forgot", "censored", "diverged", "collapsed",
    "finished", "failed", "stopped", "imported", "running", "interrupted",
];

/// Keys of a list beside the settings of runs, with what they mean.
pub const LIST_KEYS: &[(&str, &str)] = &[
    (
        "state",
        "grokked, lost, forgot, censored, diverged, collapsed, running or interrupted; finished, failed, stopped or imported",
    ),
    ("kind", "own or foreign: runs that dunwu trained, or runs of other programs"),
    ("known.KEY", "only foreign runs of which this is known: known.optimizer=AdamW"),
    ("tag", "only runs with this tag"),
    ("sort", "time, size, test, train, step, id or any setting; `-` before it turns it round (default: -time)"),
    ("limit", "at most so many runs"),
];

/// Which runs are listed, and in what order.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    states: Vec<String>,
    tags: Vec<String>,
    settings: Vec<(String, String)>,
    sort: Option<String>,
    limit: Option<usize>,
}

impl ListRequest {
    /// From words `KEY=VALUE`: the keys of [`LIST_KEYS`], and any setting of runs.
    pub fn from_words(words: &[String]) -> Result<Self, VerbError> {
        let mut request = Self::default();
        for word in words {
            let (key, value) = crate::verb::key_value(word)?;
            match key {
                "state" if STANDINGS.contains(&value) => request.states.push(value.to_owned()),
                "state" => {
                    return Err(VerbError::usage(format!("state={value}: there are {}", STANDINGS.join(", "))));
                }
                "kind" if !matches!(value, "own" | "foreign") => {
                    return Err(VerbError::usage(format!("kind={value}: there are own and foreign")));
                }
                "tag" => request.tags.push(super::remarks::tag(value).map_err(VerbError::usage)?),
                "sort" => request.sort = Some(sortable(value)?.to_owned()),
                "limit" => {
                    let refused = |error| VerbError::usage(format!("limit={value}: write a whole number ({error})"));
                    request.limit = Some(value.parse().map_err(refused)?);
                }
                setting if setting == "kind" || is_setting(setting) || setting.starts_with(KNOWN) => {
                    request.settings.push((setting.to_owned(), value.to_owned()));
                }
                unknown => return Err(unknown_key(unknown)),
            }
        }
        Ok(request)
    }

    fn keeps(&self, run: &ListedRun) -> bool {
        let is_value = |(key, value): &(String, String)| {
            let found = run.setting(key);
            // `task=cyclic` keeps a family, as in the studies of sweeps.
            let is_family =
                key == "task" && found.as_ref().is_some_and(|f| f.split(':').next() == Some(value.as_str()));
            is_family || found.as_deref() == Some(value) || found == Some(plain(parse_value(value)))
        };
        (self.states.is_empty() || self.states.iter().any(|state| state == run.standing.name()))
            && self.tags.iter().all(|tag| run.remarks.tags.contains(tag))
            && self.settings.iter().all(is_value)
    }
}

/// The runs of a folder that were asked for.
#[derive(Debug, Default)]
pub struct RunList {
    /// In the order that was asked for.
    pub runs: Vec<ListedRun>,
    /// Directories that look like runs and cannot be read, with the reason.
    pub unreadable: Vec<(RunDir, StoreError)>,
}

/// Lists the runs in `folder` that `request` asks for, each as `read` reads it.
pub fn list_runs(
    folder: &Path,
    request: &ListRequest,
    read: impl Fn(&RunDir) -> Result<ListedRun, StoreError>,
) -> Result<RunList, StoreError> {
    let RunList { mut runs, mut unreadable } = RunList::default();
    for dir in RunDir::list(folder)? {
        match read(&dir) {
            Ok(run) if request.keeps(&run) => runs.push(run),
            Ok(_) => {}
            Err(error) => unreadable.push((dir, error)),
        }
    }
    let sort = request.sort.as_deref().unwrap_or("-time");
    let (key, is_turned) = sort.strip_prefix('-').map_or((sort, false), |key| (key, true));
    runs.sort_by(|a, b| {
        let order = compare(a, b, key).then_with(|| a.dir.dir_name().cmp(&b.dir.dir_name()));
        if is_turned { order.reverse() } else { order }
    });
    runs.truncate(request.limit.unwrap_or(usize::MAX));
    Ok(RunList { runs, unreadable })
}

impl ListedRun {
    /// Reads what a list shows of the run in `dir`.
    pub fn read(dir: &RunDir) -> Result<Self, StoreError> {
        let toml = dir.spec_toml()?;
        let path = dir.path().join("spec.toml");
        let unreadable = |source| StoreError::Spec { source: Box::new(source), text: toml.clone(), path: path.clone() };
        let spec = spec_file::read(&toml, &RunSpec::default()).map_err(unreadable)?;
        let record = Record::read(dir)?;
        let standing = match (record.finished, dir.writer()) {
            (Some(end), _) => RunStanding::Ended(Knowledge::of(&spec, &record.scalars).outcome(end.outcome, end.step)),
            (None, Some(writer)) => RunStanding::Running(writer),
            (None, None) => RunStanding::Interrupted,
        };
        let last = record.scalars.last().map(|row| LastEvaluation {
            step: row.step,
            train_accuracy: Some(row.train_accuracy),
            test_accuracy: row.test_accuracy,
        });
        Self::of(dir, ListedKind::Own(Box::new(spec)), standing, last)
    }

    /// The run in `dir`, with what every run has beside its record.
    pub fn of(
        dir: &RunDir,
        kind: ListedKind,
        standing: RunStanding,
        last: Option<LastEvaluation>,
    ) -> Result<Self, StoreError> {
        let path = dir.path().join("record.jsonl");
        let written = fs::metadata(&path).and_then(|metadata| metadata.modified()).or_while("reading a time", &path)?;
        let (remarks, bytes) = (Remarks::read(dir)?, bytes_below(dir.path()));
        Ok(Self { kind, standing, last, remarks, bytes, written: seconds_since_1970(written), dir: dir.clone() })
    }

    /// The value of a setting as the command line has it, without quotes, or what is known of a foreign run under `known.KEY`; `None`
    /// where the run does not have it.
    pub fn setting(&self, key: &str) -> Option<String> {
        match &self.kind {
            kind if key == "kind" => Some(kind.name().to_owned()),
            ListedKind::Own(spec) => SETTINGS.iter().find(|setting| setting.key == key)?.get(spec).map(plain),
            ListedKind::Foreign { known, .. } => known.get(key.strip_prefix(KNOWN)?).cloned(),
        }
    }
}

impl ListedKind {
    /// In one word: `own` or `foreign`.
    pub fn name(&self) -> &'static str {
        if matches!(self, Self::Own(_)) { "own" } else { "foreign" }
    }
}

/// What stands before the keys of what is known of foreign runs.
const KNOWN: &str = "known.";

fn plain(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        other => other.to_string(),
    }
}

fn seconds_since_1970(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn is_setting(key: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.key == key)
}

const SORTS: [&str; 6] = ["time", "size", "test", "train", "step", "id"];

fn sortable(value: &str) -> Result<&str, VerbError> {
    let key = value.strip_prefix('-').unwrap_or(value);
    if SORTS.contains(&key) || is_setting(key) || key.starts_with(KNOWN) {
        return Ok(value);
    }
    Err(VerbError::usage(format!("sort={value}: runs are sorted by {}, or by a setting", SORTS.join(", "))))
}

fn unknown_key(key: &str) -> VerbError {
    let own = LIST_KEYS.iter().map(|(key, _)| *key);
    let known = own.chain(SETTINGS.iter().map(|setting| setting.key));
    let hint = nearest(key, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    VerbError::usage(format!("there is no key `{key}`{hint} (`dunwu ls --help` lists them)"))
}

/// Missing values come first, so that they come last where the order is turned round.
fn compare(a: &ListedRun, b: &ListedRun, key: &str) -> Ordering {
    let number = |of: fn(&LastEvaluation) -> Option<f64>| {
        let value = |run: &ListedRun| run.last.as_ref().and_then(of).unwrap_or(f64::NEG_INFINITY);
        value(a).total_cmp(&value(b))
    };
    match key {
        "time" => a.written.cmp(&b.written),
        "size" => a.bytes.cmp(&b.bytes),
        "test" => number(|row| row.test_accuracy),
        "train" => number(|row| row.train_accuracy),
        "step" => number(|row| Some(row.step as f64)),
        "id" => a.dir.dir_name().cmp(&b.dir.dir_name()),
        setting => {
            let (a, b) = (a.setting(setting), b.setting(setting));
            let numbers = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<f64>().ok());
            match (numbers(&a), numbers(&b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => a.cmp(&b),
            }
        }
    }
}
