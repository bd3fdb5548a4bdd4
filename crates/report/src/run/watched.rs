//! A run that somebody looks at while it trains.

use super::ended;
use super::expected::with_expectations;
use dunwu::answer::Answer;
use dunwu::run::{Onlooker, RunRequest, Training, run_under};
use dunwu::verb::{VerbError, Watcher};

/// Makes the run that is asked for, as [`answer`](super::answer) does, under the eyes of somebody, who sees a run that begins at its first
/// step; one that goes on from a checkpoint, or has ended, is not seen.
pub fn answer_under(
    request: &RunRequest,
    training: &Training<'_>,
    onlooker: Option<&mut dyn Onlooker>,
    watcher: &mut Watcher<'_>,
) -> Result<Answer, VerbError> {
    let end = with_expectations(request, watcher, |watcher| run_under(request, training, onlooker, watcher))?;
    ended(end, watcher)
}
