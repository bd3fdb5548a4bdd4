//! `dunwu compare`: two recorded runs side by side.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::watching::{unwatched, watch};
use crate::{Place, print};
use clap::Args;
use dunwu_foreign::recorded::RecordedRun;
use dunwu_report::{compare, foreign};

/// Set two runs of one task side by side: do their losses send the same gradient, and did they build the same features?
///
/// Asks both losses about the features of both networks, at moments that both recorded, and compares features by linear
/// CKA and unit by unit, each beside what chance and a network at its first step would give. Where another program made one of them, their
/// series are compared, and what is known of them.
#[derive(Args)]
pub(crate) struct Asked {
    /// Directory, name or first digits of the id
    run_a: String,
    /// Directory, name or first digits of the id
    run_b: String,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

/// Compares two runs.
pub(crate) fn compare(asked: &Asked) -> Result<(), Failure> {
    let Asked { run_a, run_b, drawn, place } = asked;
    let runs = [RecordedRun::resolve(&place.runs, run_a)?, RecordedRun::resolve(&place.runs, run_b)?];
    let ids = runs.each_ref().map(|run| run.dir().short_id());
    let output = drawn.prepare("compare", &[&ids[0], &ids[1]])?;
    let answer = match &runs {
        [RecordedRun::Own(a), RecordedRun::Own(b)] => watch(false, |watcher| compare::answer([a, b], watcher))?,
        _ => unwatched(foreign::compare(runs.each_ref()))?,
    };
    print::answer(&answer, output, place)
}
