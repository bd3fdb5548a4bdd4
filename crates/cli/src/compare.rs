//! `dunwu compare`: two recorded runs side by side.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu::store::RunDir;
use dunwu_report::compare;

/// Set two runs of one task side by side: do their losses send the same gradient, and did they build the same features?
///
/// Asks both losses about the features of both networks, at moments that both recorded, and compares features by linear
/// CKA and unit by unit, each beside what chance and a network at its first step would give.
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
    let dirs = [RunDir::resolve(&place.runs, run_a)?, RunDir::resolve(&place.runs, run_b)?];
    let ids = dirs.each_ref().map(RunDir::short_id);
    let output = drawn.prepare("compare", &[&ids[0], &ids[1]])?;
    let answer = watch(false, |watcher| compare::answer(dirs.each_ref(), watcher))?;
    print::answer(&answer, output, place)
}
