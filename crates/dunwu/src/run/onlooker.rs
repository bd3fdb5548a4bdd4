//! Who looks at a training from inside while it goes on.

use crate::verb::Watcher;
use dunwu_engine::{Problem, Progress, RunSpec, Split, Training};

/// Looks at a run that begins at its first step. What it is handed may be asked and not advanced: nothing that it sees changes a bit of
/// the run.
pub trait Onlooker {
    /// The run begins.
    fn begin(&mut self, run: (&RunSpec, &Problem, &Split), training: &mut Training);

    /// Before each step.
    fn before(&mut self, training: &mut Training);

    /// After each step.
    fn after(&mut self, training: &mut Training, progress: &Progress, watcher: &mut Watcher<'_>);
}
