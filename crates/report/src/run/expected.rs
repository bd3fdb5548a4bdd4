//! A line of progress at each look: what a run that trains is expected to do.

use crate::words::{count, percent};
use dunwu::run::RunRequest;
use dunwu::verb::{Progress, Watcher};
use dunwu_verdict::early::living::Expectation;
use dunwu_verdict::early::model::Model;
use dunwu_verdict::early::verdict::EarlyVerdict;

/// Does the work under a watcher that also tells what is expected of the run.
pub(super) fn with_expectations<T>(
    request: &RunRequest,
    watcher: &mut Watcher<'_>,
    work: impl FnOnce(&mut Watcher<'_>) -> T,
) -> T {
    let stop = watcher.stop();
    let mut expectation = Expectation::new(Model::shipped(), request);
    let mut hear = |progress: &Progress<'_>| {
        watcher.tell(progress);
        if let Progress::Evaluated(row) = progress
            && let Some(line) = expectation.hear(row).as_ref().and_then(sentence)
        {
            watcher.tell(&Progress::Expected(&line));
        }
    };
    work(&mut Watcher::new(&mut hear, stop))
}

/// What a verdict expects, in one line; nothing where it expects nothing.
fn sentence(found: &EarlyVerdict) -> Option<String> {
    let (probability, when) = (found.probability?, found.steps_to_generalize?);
    let (step, probability) = (count(found.look), percent(probability));
    Some(format!(
        "step {step}: generalizes with probability {probability}, if so near step {} ({} to {})",
        count(when.median),
        count(when.low),
        count(when.high)
    ))
}
