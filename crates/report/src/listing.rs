//! The runs of a folder as an answer: `dunwu ls`, and what `tag`, `note` and `rm` did.

use dunwu::answer::wording::{count, counted};
use dunwu::answer::{Answer, Block, Section, Table, TableCell, object};
use dunwu::store::{
    ListRequest, ListedKind, ListedRun, Remarks, RunDir, RunList, RunStanding, StoreError, bytes_below, list_runs,
    remove, tag,
};
use dunwu::verb::{VerbError, Watcher};
use dunwu_foreign::listing::read_listed;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What `dunwu ls` says to programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListData {
    /// The folder that holds the runs.
    pub folder: PathBuf,
    /// The runs that were asked for, in the order that was asked for.
    pub runs: Vec<RunData>,
    /// Directories that look like runs and cannot be read.
    pub unreadable: Vec<UnreadableData>,
}

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunData {
    /// Its directory.
    pub run: PathBuf,
    /// Its task; of a run that another program made its name.
    pub task: String,
    /// `own`, or `foreign` where another program made it.
    pub kind: &'static str,
    /// How it stands.
    pub state: State,
    /// Updates made, at the last evaluation.
    pub step: Option<u64>,
    /// Share of the training sample that is answered correctly, at the last evaluation.
    pub train_accuracy: Option<f64>,
    /// Share of held-out samples that is answered correctly, at the last evaluation.
    pub test_accuracy: Option<f64>,
    /// Its tags, in alphabetical order.
    pub tags: Vec<String>,
    /// Its note; empty where there is none.
    pub note: String,
    /// Bytes of all its files.
    pub bytes: u64,
    /// When its record was last written, in seconds since 1970 UTC.
    pub written: u64,
    /// The process that is writing it, in words.
    pub writer: Option<String>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It generalized, and still does at its end.
    Grokked,
    /// It generalized and lost it again.
    Lost,
    /// It memorized and forgot again, and never generalized.
    Forgot,
    /// Its steps ran out before it generalized.
    Censored,
    /// A loss or a weight was no longer a finite number.
    Diverged,
    /// Every unit, or all but a handful, decayed to nothing.
    Collapsed,
    /// Of another program's run: it said that it had finished.
    Finished,
    /// Of another program's run: it failed.
    Failed,
    /// Of another program's run: somebody stopped it.
    Stopped,
    /// Of another program's run: its log was read to its end.
    Imported,
    /// A process is writing it.
    Running,
    /// It was interrupted; `dunwu resume` goes on with it.
    Interrupted,
}

/// A directory that cannot be read as a run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnreadableData {
    /// The directory.
    pub run: PathBuf,
    /// Why it cannot be read, and what to do.
    pub error: String,
}

impl From<&RunStanding> for State {
    fn from(standing: &RunStanding) -> Self {
        use dunwu_engine::Outcome;
        match standing {
            RunStanding::Ended(Outcome::Grokked { .. }) => Self::Grokked,
            RunStanding::Ended(Outcome::Lost { .. }) => Self::Lost,
            RunStanding::Ended(Outcome::Forgot { .. }) => Self::Forgot,
            RunStanding::Ended(Outcome::Censored { .. }) => Self::Censored,
            RunStanding::Ended(Outcome::Diverged { .. }) => Self::Diverged,
            RunStanding::Ended(Outcome::Collapsed { .. }) => Self::Collapsed,
            RunStanding::EndedElsewhere("finished") => Self::Finished,
            RunStanding::EndedElsewhere("failed") => Self::Failed,
            RunStanding::EndedElsewhere("stopped") => Self::Stopped,
            RunStanding::EndedElsewhere(_) => Self::Imported,
            RunStanding::Running(_) => Self::Running,
            RunStanding::Interrupted => Self::Interrupted,
        }
    }
}

/// What a list calls a run: its task, or the name that another program's run has.
fn called(run: &ListedRun) -> String {
    match &run.kind {
        ListedKind::Own(spec) => spec.task.to_string(),
        ListedKind::Foreign { name, .. } => name.clone(),
    }
}

impl From<&ListedRun> for RunData {
    fn from(run: &ListedRun) -> Self {
        Self {
            run: run.dir.path().to_owned(),
            task: called(run),
            kind: run.kind.name(),
            state: State::from(&run.standing),
            step: run.last.map(|row| row.step),
            train_accuracy: run.last.and_then(|row| row.train_accuracy),
            test_accuracy: run.last.and_then(|row| row.test_accuracy),
            tags: run.remarks.tags.iter().cloned().collect(),
            note: run.remarks.note.clone(),
            bytes: run.bytes,
            written: run.written,
            writer: match &run.standing {
                RunStanding::Running(writer) => Some(writer.to_string()),
                _ => None,
            },
        }
    }
}

/// The runs in `folder` that `request` asks for.
pub fn list(folder: &Path, request: &ListRequest) -> Result<Answer, VerbError> {
    list_read_by(folder, request, read_listed)
}

/// The same, each run as `read` reads it: whoever lists a folder again and again remembers what he read.
pub fn list_read_by(
    folder: &Path,
    request: &ListRequest,
    read: impl Fn(&RunDir) -> Result<ListedRun, StoreError>,
) -> Result<Answer, VerbError> {
    Ok(of_list(folder, list_runs(folder, request, read)?))
}

/// The answer about runs that were read; `folder` is where most of them lie.
pub fn of_list(folder: &Path, RunList { runs, unreadable }: RunList) -> Answer {
    let bytes: u64 = runs.iter().map(|run| run.bytes).sum();
    let headline = match runs.len() {
        0 => format!("No run in {} fits.", folder.display()),
        n => format!("{} in {}, {} on disk.", counted(n, "run"), folder.display(), megabytes(bytes)),
    };
    let mut sentences: Vec<String> = runs.iter().filter_map(living).collect();
    sentences.extend(unreadable.iter().map(|(dir, error)| format!("{} cannot be read: {error}.", dir.dir_name())));
    let unreadable = unreadable.into_iter().map(|(dir, error)| unreadable_data(&dir, &error)).collect();
    let data = ListData { folder: folder.to_owned(), runs: runs.iter().map(RunData::from).collect(), unreadable };
    let blocks = if runs.is_empty() { Vec::new() } else { vec![Block::Table(table(&runs))] };
    Answer {
        verb: "ls",
        title: format!("Runs in {}", folder.display()),
        setup: String::new(),
        headline,
        sentences,
        sections: vec![Section { title: None, shown: dunwu::answer::Shown::Everywhere, blocks }],
        sources: Vec::new(),
        data: object(&data),
    }
}

fn unreadable_data(dir: &RunDir, error: &StoreError) -> UnreadableData {
    UnreadableData { run: dir.path().to_owned(), error: error.to_string() }
}

fn living(run: &ListedRun) -> Option<String> {
    match &run.standing {
        RunStanding::Running(writer) => Some(format!("{} is written by {writer}.", run.dir.short_id())),
        _ => None,
    }
}

fn table(runs: &[ListedRun]) -> Table {
    let row = |run: &ListedRun| {
        let tags = run.remarks.tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>();
        let about = [tags.join(" "), shortened(&run.remarks.note)].into_iter().filter(|part| !part.is_empty());
        vec![
            run.dir.short_id().into(),
            shortened(&called(run)).into(),
            run.standing.name().into(),
            TableCell::of(run.last.map(|row| row.step), TableCell::Count),
            TableCell::of(run.last.and_then(|row| row.train_accuracy), TableCell::Share),
            TableCell::of(run.last.and_then(|row| row.test_accuracy), TableCell::Share),
            about.collect::<Vec<_>>().join(" ").into(),
        ]
    };
    let mut table = Table::new(
        "runs",
        3,
        &["run", "task", "state", "step", "train", "test", "about"],
        runs.iter().map(row).collect(),
    );
    table.columns[6].is_text = true;
    table
}

/// At most twenty characters.
fn shortened(text: &str) -> String {
    const MOST: usize = 20;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST - 1).chain(['…']).collect() }
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        ..1_000_000 => format!("{} kB", count(bytes.div_ceil(1000))),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// A change to what is said of runs.
pub enum RemarksChange {
    /// These tags are added and those taken away.
    Tags {
        /// Added.
        added: Vec<String>,
        /// Taken away.
        removed: Vec<String>,
    },
    /// The note becomes this; nothing takes it away.
    Note(String),
}

impl RemarksChange {
    /// Tags to add and to take away.
    pub fn tags(added: &[String], removed: &[String]) -> Result<Self, VerbError> {
        let checked = |words: &[String]| words.iter().map(|word| tag(word)).collect::<Result<_, _>>();
        Ok(Self::Tags {
            added: checked(added).map_err(VerbError::usage)?,
            removed: checked(removed).map_err(VerbError::usage)?,
        })
    }
}

/// What `dunwu tag` and `dunwu note` say to programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemarksData {
    /// The run's directory.
    pub run: PathBuf,
    /// Its tags now, in alphabetical order.
    pub tags: Vec<String>,
    /// Its note now.
    pub note: String,
}

/// Changes the tags or the note of a run.
pub fn remark(folder: &Path, run: &str, change: RemarksChange) -> Result<Answer, VerbError> {
    let dir = RunDir::resolve(folder, run)?;
    let mut remarks = Remarks::read(&dir)?;
    let verb = match change {
        RemarksChange::Tags { added, removed } => {
            remarks.tags.extend(added);
            removed.iter().for_each(|word| {
                remarks.tags.remove(word);
            });
            "tag"
        }
        RemarksChange::Note(note) => {
            remarks.note = note;
            "note"
        }
    };
    remarks.write(&dir)?;
    let tags: Vec<String> = remarks.tags.iter().cloned().collect();
    let said = if tags.is_empty() { "no tags".to_owned() } else { format!("tags {}", tags.join(", ")) };
    let note = if remarks.note.is_empty() { "no note".to_owned() } else { format!("the note \"{}\"", remarks.note) };
    let headline = format!("{} has {said} and {note}.", dir.dir_name());
    Ok(without_sections(verb, headline, object(&RemarksData { run: dir.path().to_owned(), tags, note: remarks.note })))
}

/// What `dunwu rm` says to programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemovalData {
    /// Directories that were removed.
    pub removed: Vec<PathBuf>,
    /// Bytes that they held.
    pub bytes: u64,
}

/// Removes runs. All names are resolved before the first is removed; a run that a process is writing is refused.
pub fn remove_runs(folder: &Path, runs: &[String], watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let mut dirs: Vec<RunDir> = Vec::new();
    for name in runs {
        let dir = RunDir::resolve(folder, name)?;
        if let Some(writer) = dir.writer() {
            let name = dir.dir_name();
            return Err(VerbError::usage(format!(
                "{name} is being written by {writer}; stop it first, nothing was removed"
            )));
        }
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    let mut bytes = 0;
    watcher.phase("removing", Some(dirs.len() as u64));
    for (done, dir) in (1..).zip(&dirs) {
        bytes += bytes_below(dir.path());
        remove(dir)?;
        watcher.pieces(done);
    }
    let headline = format!("{} removed, {} freed.", counted(dirs.len(), "run"), megabytes(bytes));
    let removed = dirs.iter().map(|dir| dir.path().to_owned()).collect();
    Ok(without_sections("rm", headline, object(&RemovalData { removed, bytes })))
}

fn without_sections(verb: &'static str, headline: String, data: serde_json::Map<String, serde_json::Value>) -> Answer {
    Answer {
        verb,
        title: verb.to_owned(),
        setup: String::new(),
        headline,
        sentences: Vec::new(),
        sections: Vec::new(),
        sources: Vec::new(),
        data,
    }
}
