//! Where sweeps keep what they know, beside the run directories.
//!
//! | Path under the folder of runs | Written | Survives |
//! |---|---|---|
//! | `sweeps/rows/WORKER.jsonl` | a line a finished run, by one process only | `kill -9`: a torn tail is cut when it is read |
//! | `sweeps/curves/WORKER.jsonl` | the same of losses over time, a run's line before its row | the same |
//! | `sweeps/claims/RUN.GENERATION` | once, by whoever gets to create it: the worker that makes the run | a dead worker: its claims count no longer |
//! | `sweeps/workers/WORKER` | while that worker lives: its host, its lock, its heartbeat | nothing needs it to |
//! | `sweeps/checkpoints/RUN-….safetensors` | replaced atomically; removed with the run's row | `kill -9`, preemption |
//! | `sweeps/NAME.parquet` | at the end | derived: collect again |
//!
//! Of a sweep that is judged all of this lies in a folder of its own, `sweeps/JUDGE/…`.
//!
//! A run belongs to no sweep: it is known by the hash of its spec, so that every sweep on the same folder finds it.

use super::expand::Planned;
use dunwu::store::disk;
use dunwu::store::file::{FileError, While as _};
use dunwu_engine::kernel::kernel_name;
use std::path::{Path, PathBuf};

/// The part of a folder of runs that sweeps write to.
#[derive(Clone, Debug)]
pub struct Folder {
    runs: PathBuf,
    /// Who judges the runs: their rows are kept apart.
    judge: Option<String>,
}

impl Folder {
    /// In the folder of runs; nothing is made yet.
    pub fn new(runs: &Path) -> Self {
        Self { runs: runs.to_owned(), judge: None }
    }

    /// The part for runs that are judged by whoever is called so: what became of them is true of them under that judge alone.
    #[must_use]
    pub fn judged(self, judge: String) -> Self {
        Self { judge: Some(judge), ..self }
    }

    /// The part for runs without a judge.
    #[must_use]
    pub(super) fn unjudged(&self) -> Self {
        Self::new(&self.runs)
    }

    /// Whether its runs are judged.
    pub(super) fn is_judged(&self) -> bool {
        self.judge.is_some()
    }

    /// The folder of runs.
    pub fn runs(&self) -> &Path {
        &self.runs
    }

    /// The table that is called so.
    pub fn table(&self, name: &str) -> PathBuf {
        self.part(&format!("{name}.parquet"))
    }

    pub(super) fn rows(&self) -> PathBuf {
        self.part("rows")
    }

    pub(super) fn curves(&self) -> PathBuf {
        self.part("curves")
    }

    pub(super) fn claims(&self) -> PathBuf {
        self.part("claims")
    }

    pub(super) fn workers(&self) -> PathBuf {
        self.part("workers")
    }

    pub(super) fn checkpoints(&self) -> PathBuf {
        self.part("checkpoints")
    }

    /// Where a run's checkpoint is. One that another kernel or build made would give other bits, so it has another name.
    pub(super) fn checkpoint(&self, planned: &Planned) -> PathBuf {
        let kernel = dunwu::store::slug(kernel_name(planned.spec.numerics));
        let version = env!("CARGO_PKG_VERSION");
        self.checkpoints().join(format!("{}-{kernel}-{version}.safetensors", planned.id))
    }

    pub(super) fn make(&self) -> Result<(), FileError> {
        for dir in [self.rows(), self.curves(), self.claims(), self.workers(), self.checkpoints()] {
            disk::make_folder(&dir).or_while("making the folder of a sweep", &dir)?;
        }
        Ok(())
    }

    fn part(&self, name: &str) -> PathBuf {
        let sweeps = self.runs.join("sweeps");
        self.judge.as_ref().map_or_else(|| sweeps.clone(), |judge| sweeps.join(judge)).join(name)
    }
}
