//! Where a run is, and how it stands.

use super::checkpoint;
use super::entry::{FORMAT, Finished, Header};
use super::error::StoreError;
use super::file::{self, While as _};
use super::id::{RunId, slug};
use super::lock::RunLock;
use super::record::Record;
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
    /// Hash of what identifies the run.
    pub id: &'a RunId,
    /// What people call it, e.g. the task; becomes part of the directory's name through [`slug`].
    pub name: &'a str,
    /// The spec, as it will be read again when the run is resumed or shown.
    pub spec_toml: &'a str,
    /// Names and contents of the files that the spec refers to; plain names, without a directory.
    pub inputs: &'a [(String, String)],
    /// The kernel that the run will be computed with.
    pub kernel: &'a str,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunState {
    /// It ended.
    Finished(Finished),
    /// It is being written, or was interrupted.
    Unfinished {
        /// Step that it can go on from; `None` where it has to begin again.
        checkpoint: Option<u64>,
    },
}

impl RunDir {
    /// The run in directory `path`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        if path.join("record.jsonl").is_file() { Ok(Self { path }) } else { Err(StoreError::NotARun { path }) }
    }

    /// The run with this id among those in `root`, whatever its name; `None` also where there is no `root` yet.
    pub fn find(root: &Path, id: &RunId) -> Result<Option<Self>, StoreError> {
        Ok(paths(root)?
            .into_iter()
            .filter(|path| name_of(path).starts_with(id.as_str()))
            .find_map(|path| Self::open(path).ok()))
    }

    /// The run that a user means by `text`: a run directory's path, its name in `root`, or the first digits of its id.
    pub fn resolve(root: &Path, text: &str) -> Result<Self, StoreError> {
        if let Ok(run) = Self::open(text) {
            return Ok(run);
        }
        let mut fits = Self::list(root)?;
        fits.retain(|run| !text.is_empty() && run.dir_name().starts_with(text));
        match fits.as_slice() {
            [] => Err(StoreError::NoSuchRun { text: text.to_owned(), root: root.to_owned() }),
            [run] => Ok(run.clone()),
            runs => {
                let candidates = runs.iter().map(Self::dir_name).collect();
                Err(StoreError::Ambiguous { text: text.to_owned(), candidates })
            }
        }
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

    /// How it stands.
    pub fn state(&self) -> Result<RunState, StoreError> {
        let record = Record::read(self)?;
        Ok(match record.finished {
            Some(finished) => RunState::Finished(finished),
            None => {
                RunState::Unfinished { checkpoint: checkpoint::usable(self, &record)?.ok().flatten().map(|c| c.step) }
            }
        })
    }

    /// The spec's text.
    pub fn spec_toml(&self) -> Result<String, StoreError> {
        let path = self.path.join("spec.toml");
        Ok(fs::read_to_string(&path).or_while("reading the spec", &path)?)
    }

    /// Names and contents of the files that the spec refers to, sorted by name.
    pub fn inputs(&self) -> Result<Vec<(String, String)>, StoreError> {
        let doing = "reading the run's inputs";
        let dir = self.path.join("inputs");
        let mut inputs = Vec::new();
        for entry in fs::read_dir(&dir).or_while(doing, &dir)? {
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
        if let Some(existing) = Self::find(root, new.id)? {
            return Err(StoreError::Exists { path: existing.path });
        }
        let doing = "creating the run directory";
        let path = root.join(format!("{}-{}", new.id, slug(new.name)));
        for dir in [path.as_path(), &path.join("inputs"), &path.join("snapshots")] {
            fs::create_dir_all(dir).or_while(doing, dir)?;
        }
        let lock = RunLock::take(&path)?;
        let record = path.join("record.jsonl");
        if record.exists() {
            return Err(StoreError::Exists { path }); // by another process, between our look and our lock
        }
        for (name, text) in new.inputs {
            file::replace(&path.join("inputs").join(name), text.as_bytes(), "copying an input into the run")?;
        }
        file::replace(&path.join("spec.toml"), new.spec_toml.as_bytes(), "writing the spec")?;
        let header = Header {
            format: FORMAT,
            dunwu: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: new.kernel.to_owned(),
            id: new.id.clone(),
        };
        let line = serde_json::to_string(&header).expect("a header is plain text and numbers") + "\n";
        file::replace(&record, line.as_bytes(), "beginning the record")?;
        file::sync_dir(root).or_while(doing, root)?;
        Ok((Self { path }, lock))
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
