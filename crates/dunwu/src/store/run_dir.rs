//! Where a run is, and how it stands.

use super::checkpoint;
use super::disk;
use super::entry::{FORMAT, Finished, Header};
use super::error::{StoreError, WithoutRecord};
use super::file::{self, While as _};
use super::id::{RunId, slug};
use super::lock::{self, RunLock, WritingProcess};
use super::record::Record;
use super::recorded_spec::{self, id_of};
use super::sealed_line::seal_line;
use crate::spec_file;
use dunwu_engine::RunSpec;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The directory of a run that has been begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// What a run directory begins with.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// What people call it, e.g. the task; becomes part of the directory's name through [`slug`].
    pub name: &'a str,
    /// The spec. With the inputs it gives the run's id.
    pub spec: &'a RunSpec,
    /// Names and contents of the files that the spec refers to; plain names, without a directory.
    pub inputs: &'a [(String, String)],
    /// The kernel that the run will be computed with.
    pub kernel: &'a str,
}

impl NewRun<'_> {
    /// The hash of its identifying settings and inputs.
    pub fn id(&self) -> RunId {
        id_of(self.spec, self.inputs)
    }
}

/// How a run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// It ended.
    Finished(Finished),
    /// It is being written, or was interrupted.
    Unfinished {
        /// Step that it can go on from; `None` where it has to begin again.
        checkpoint: Option<u64>,
        /// The process that is writing it; `None` where it was interrupted.
        writer: Option<WritingProcess>,
    },
}

/// Digits of an id that tell a few runs apart.
const SHORT: usize = 8;

impl RunDir {
    /// The run in directory `path`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        if path.join("record.jsonl").is_file() {
            return Ok(Self { path });
        }
        Err(StoreError::NoRecord { why: without_record(&path), path })
    }

    /// The run with this id among those in `root`, whatever its name; `None` also where there is no `root` yet.
    pub fn find(root: &Path, id: &RunId) -> Result<Option<Self>, StoreError> {
        Ok(paths(root)?
            .into_iter()
            .filter(|path| name_of(path).starts_with(id.as_str()))
            .find_map(|path| Self::open(path).ok()))
    }

    /// The run that a user means by `text`: a run directory's path, its name in `root`, the first digits of its id, or the name that it
    /// was given, in `root` or as `FOLDER/NAME`.
    pub fn resolve(root: &Path, text: &str) -> Result<Self, StoreError> {
        if let Ok(run) = Self::open(text) {
            return Ok(run);
        }
        let mut fits = Self::list(root)?;
        fits.retain(|run| !text.is_empty() && run.dir_name().starts_with(text));
        if fits.is_empty() {
            fits = Self::named(root, Path::new(text))?;
        }
        match fits.as_slice() {
            [] => {
                // Where a directory is meant, what it lacks helps more than that no run is called so.
                let in_root = paths(root)?.into_iter().find(|path| !text.is_empty() && name_of(path) == text);
                match in_root.or_else(|| Some(PathBuf::from(text)).filter(|path| path.exists())) {
                    Some(path) => Self::open(path),
                    None => Err(StoreError::NoSuchRun { text: text.to_owned(), root: root.to_owned() }),
                }
            }
            [run] => Ok(run.clone()),
            runs => {
                let candidates = runs.iter().map(Self::dir_name).collect();
                Err(StoreError::Ambiguous { text: text.to_owned(), candidates })
            }
        }
    }

    /// Runs that were given a name, in the name's own folder if it has one and else in `root`.
    fn named(root: &Path, name: &Path) -> Result<Vec<Self>, StoreError> {
        let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(root);
        let Some(name) = name.file_name() else { return Ok(Vec::new()) };
        let given = slug(&name.to_string_lossy());
        let mut named = Self::list(folder)?;
        named.retain(|run| {
            run.dir_name().split_once('-').is_some_and(|(id, name)| id.parse::<RunId>().is_ok() && name == given)
        });
        Ok(named)
    }

    /// All runs in `root`, sorted by directory name.
    pub fn list(root: &Path) -> Result<Vec<Self>, StoreError> {
        Ok(paths(root)?.into_iter().filter_map(|path| Self::open(path).ok()).collect())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory's own name, `ID-name`.
    pub fn dir_name(&self) -> String {
        name_of(&self.path)
    }

    /// First eight characters of its directory's name, which are digits of its id unless somebody renamed it.
    pub fn short_id(&self) -> String {
        self.dir_name().chars().take(SHORT).collect()
    }

    /// What people know it by, for the names of files about it: the first digits of its id, and its name.
    pub fn short_name(&self) -> String {
        let name = self.dir_name();
        match name.split_once('-') {
            Some((id, rest)) if id.parse::<RunId>().is_ok() => format!("{}-{rest}", self.short_id()),
            _ => name,
        }
    }

    /// How it stands.
    pub fn state(&self) -> Result<RunState, StoreError> {
        let record = Record::read(self)?;
        Ok(match record.finished {
            Some(finished) => RunState::Finished(finished),
            None => RunState::Unfinished {
                checkpoint: checkpoint::usable(self, &record)?.ok().flatten().map(|c| c.step),
                writer: self.writer(),
            },
        })
    }

    /// The process that is writing it, if one is: known from the lock that the system keeps, not from what is left in a file.
    pub fn writer(&self) -> Option<WritingProcess> {
        lock::holder(&self.path)
    }

    /// The spec's text.
    pub fn spec_toml(&self) -> Result<String, StoreError> {
        let path = self.path.join("spec.toml");
        match fs::read_to_string(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => Err(StoreError::NoSpec { path: self.path.clone() }),
            read => Ok(read.or_while("reading the spec", &path)?),
        }
    }

    /// Names and contents of the files that the spec refers to, sorted by name.
    pub fn inputs(&self) -> Result<Vec<(String, String)>, StoreError> {
        let doing = "reading the run's inputs";
        let dir = self.path.join("inputs");
        let mut inputs = Vec::new();
        let entries = match fs::read_dir(&dir) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(inputs), // which of them are missing, the record says
            entries => entries.or_while(doing, &dir)?,
        };
        for entry in entries {
            let path = entry.or_while(doing, &dir)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !file::is_temp_name(&name) {
                inputs.push((name, fs::read_to_string(&path).or_while(doing, &path)?));
            }
        }
        inputs.sort();
        Ok(inputs)
    }

    /// Makes the directory and returns with its lock held. The record comes last: without it the directory is no run yet,
    /// and whoever creates the same run next takes it over.
    pub(super) fn create(root: &Path, new: &NewRun<'_>) -> Result<(Self, RunLock), StoreError> {
        if let Some((name, _)) = new.inputs.iter().find(|(name, _)| !is_plain_name(name)) {
            return Err(StoreError::InputName { name: name.clone() });
        }
        let id = new.id();
        if let Some(existing) = Self::find(root, &id)? {
            return Err(StoreError::Exists { path: existing.path });
        }
        let doing = "creating the run directory";
        let path = root.join(format!("{id}-{}", slug(new.name)));
        for dir in [path.as_path(), &path.join("inputs"), &path.join("snapshots")] {
            disk::make_folder(dir).or_while(doing, dir)?;
        }
        let lock = RunLock::take(&path)?;
        let record = path.join("record.jsonl");
        if record.exists() {
            return Err(StoreError::Exists { path }); // by another process, between our look and our lock
        }
        for dir in [path.as_path(), &path.join("inputs")] {
            file::remove_temp_files(dir)?; // of whoever began it before
        }
        for (name, text) in new.inputs {
            file::replace(&path.join("inputs").join(name), text.as_bytes(), "copying an input into the run")?;
        }
        file::replace(&path.join("spec.toml"), spec_file::write(new.spec).as_bytes(), "writing the spec")?;
        let header = Header {
            format: FORMAT,
            dunwu: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: new.kernel.to_owned(),
            id,
            settings: recorded_spec::settings_of(new.spec),
            inputs: recorded_spec::hashes_of(new.inputs),
        };
        let header = serde_json::to_string(&header).expect("a header is plain text and numbers");
        let line = seal_line(&header, "") + "\n";
        file::replace(&record, line.as_bytes(), "beginning the record")?;
        disk::sync_folder(root).or_while(doing, root)?;
        Ok((Self { path }, lock))
    }
}

/// What is at `path`, where no record is.
fn without_record(path: &Path) -> WithoutRecord {
    let Ok(entries) = fs::read_dir(path) else {
        return if path.exists() { WithoutRecord::File } else { WithoutRecord::Missing };
    };
    let paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    if paths.is_empty() {
        WithoutRecord::Empty
    } else if paths.iter().any(|path| matches!(name_of(path).as_str(), "spec.toml" | "snapshots" | "inputs")) {
        WithoutRecord::Begun
    } else if paths.iter().any(|path| path.join("record.jsonl").is_file()) {
        WithoutRecord::FolderOfRuns
    } else {
        WithoutRecord::Other
    }
}

/// What is in `root`, sorted by name; nothing where there is no `root` yet.
fn paths(root: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let doing = "listing the runs";
    let entries = match fs::read_dir(root) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.or_while(doing, root)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.or_while(doing, root)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether `name` names a file in a directory, and neither the directory itself nor a hidden or temporary file.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0'])
}
