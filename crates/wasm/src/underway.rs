//! A training in a page: driven a few steps at a time, measured as it goes, handed out as columns.

use dunwu::Opened;
use dunwu::opened::{FirstSnapshot, Frame, Opening};
use dunwu::run::RunRequest;
use dunwu::run::single_units::{frame_at, of_snapshot};
use dunwu::store::{Finished, WritingProcess};
use dunwu::verb::VerbError;
use dunwu_engine::{Outcome, Scalars, Snapshot, Training};
use dunwu_report::packed::{self, PackedRequest};
use dunwu_report::run::KeptRun;
use dunwu_report::skin::AnswerOnPage;
use dunwu_report::unit;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A training that has begun, and all that was seen of it.
pub(crate) struct Underway {
    request: RunRequest,
    /// What it is called, as the directory of a run is: there is none.
    name: PathBuf,
    training: Training,
    first: Option<FirstSnapshot>,
    scalars: Vec<Scalars>,
    /// A frame a snapshot.
    frames: Vec<Frame>,
    snapshots: Vec<Snapshot>,
    outcome: Option<Outcome>,
    /// The last step that was looked at.
    seen: Option<u64>,
}

impl Underway {
    /// The training of a spec, before its first step.
    pub(crate) fn begin(words: &[String]) -> Result<Self, VerbError> {
        let request = RunRequest::from_words(words)?;
        Ok(Self {
            training: Training::new(&request.spec, &request.problem, &request.split, request.threads())?,
            name: PathBuf::from(request.id.to_string()),
            request,
            first: None,
            scalars: Vec::new(),
            frames: Vec::new(),
            snapshots: Vec::new(),
            outcome: None,
            seen: None,
        })
    }

    /// What is known of it before its first step.
    pub(crate) fn begun(&self) -> Value {
        let RunRequest { spec, problem, split, notes, .. } = &self.request;
        json!({
            "name": self.name,
            "task": problem.name,
            "steps": spec.steps,
            "n_labels": problem.n_labels,
            "n_train": split.train.len(),
            "n_population": problem.n_population(),
            "n_units": spec.model.width,
            "notes": notes,
        })
    }

    /// Makes at most so many steps, fewer where it ends; hands out what was seen since the last time.
    pub(crate) fn advance(&mut self, steps: u64) -> Result<Vec<u8>, VerbError> {
        let after = self.seen;
        for _ in 0..steps {
            if self.outcome.is_some() {
                break;
            }
            let advanced = self.training.advance();
            self.seen = Some(advanced.step);
            self.scalars.extend(advanced.scalars);
            self.snapshots.extend(advanced.snapshot);
            self.outcome = advanced.outcome;
        }
        let opened = self.open()?;
        let end = self.outcome.map(|outcome| Finished { outcome, step: self.training.step(), seconds: f64::NAN });
        let writer = end.is_none().then(WritingProcess::default);
        let kept = KeptRun { dir: self.name.clone(), end, reused: false, writer };
        let columns = packed::of_own(&opened, &kept, &PackedRequest { after, ..PackedRequest::default() });
        self.close(opened);
        Ok(columns)
    }

    /// Units at the snapshot of `step`, the last one where that is `None`, and the network without them.
    pub(crate) fn units(&mut self, units: &[usize], step: Option<u64>) -> Result<AnswerOnPage, VerbError> {
        let opened = self.open()?;
        let looked = frame_at(&opened, step).and_then(|frame_idx| {
            let snapshots = (&self.snapshots[0], &self.snapshots[frame_idx]);
            of_snapshot(&opened, &self.request, frame_idx, snapshots, units)
        });
        let answer = looked.map(|looked| AnswerOnPage::from(&unit::of_units(&opened, &looked, &self.name)));
        self.close(opened);
        answer
    }

    /// The run so far, its new snapshots measured. Its rows are lent to it; [`Self::close`] takes them back.
    fn open(&mut self) -> Result<Opened, VerbError> {
        let RunRequest { spec, problem, split, decomposition, .. } = &self.request;
        let mut opening = Opening::new(spec, problem, split, decomposition.as_ref()).after(self.first.take());
        let n_measured = self.frames.len();
        opening.reuse(std::mem::take(&mut self.frames));
        for snapshot in &self.snapshots[n_measured..] {
            opening.add(snapshot)?;
        }
        let last = self.scalars.last().map_or(0, |row| row.step);
        let outcome = self.outcome.unwrap_or(Outcome::Censored { step: last });
        let (first, opened) = opening.so_far(std::mem::take(&mut self.scalars), outcome);
        self.first = first;
        Ok(opened)
    }

    fn close(&mut self, opened: Opened) {
        (self.scalars, self.frames) = (opened.scalars, opened.frames);
    }
}
