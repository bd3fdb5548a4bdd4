//! A client as a campaign's listener: progress goes to it, its cancelling and the end of the time stop the runs.

use super::limits::Grant;
use crate::insights;
use dunwu_mcp::Watch;
use dunwu_science::campaign::Listener;
use dunwu_science::ledger::Insight;
use std::path::PathBuf;
use std::time::Instant;

pub(super) struct Telling<'a> {
    watch: &'a dyn Watch,
    grant: Grant,
    /// Files in which others leave what they have to say.
    left: PathBuf,
    /// What happens now.
    message: String,
    /// Steps of the call that were spent before the stretch of work that is heard.
    pub(super) spent_before: u64,
    /// Runs after which the stretch is to end, where there is such a number.
    pub(super) runs_left: Option<usize>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(watch: &'a dyn Watch, grant: Grant, left: PathBuf) -> Self {
        Self { watch, grant, left, message: "runs".to_owned(), spent_before: 0, runs_left: None }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.watch.is_cancelled()
    }

    /// Whether the client, or the time, ends all work of the call.
    pub(super) fn is_over(&self) -> bool {
        self.is_cancelled() || self.is_late()
    }

    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.grant.until
    }
}

impl Listener for Telling<'_> {
    fn hear(&mut self, what: &str) {
        what.clone_into(&mut self.message);
    }

    fn spent(&mut self, steps: u64, _of: u64) {
        let done = self.spent_before + steps;
        self.watch.progress(done as f64, Some(self.grant.steps as f64), &self.message);
        if let Some(left) = self.runs_left.as_mut() {
            *left = left.saturating_sub(1);
        }
    }

    fn is_stopped(&self) -> bool {
        self.is_over() || self.runs_left == Some(0)
    }

    fn said(&mut self) -> Vec<(String, Insight)> {
        insights::take(&self.left)
    }
}
