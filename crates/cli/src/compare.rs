//! `dunwu compare`: two recorded runs side by side.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::watching::watch;
use crate::{Place, print};
use dunwu::store::RunDir;
use dunwu_report::compare;

/// Compares two runs.
pub(crate) fn compare(runs: [&str; 2], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let dirs = [RunDir::resolve(&place.runs, runs[0])?, RunDir::resolve(&place.runs, runs[1])?];
    let ids = dirs.each_ref().map(RunDir::short_id);
    let output = drawn.prepare("compare", &[&ids[0], &ids[1]])?;
    let answer = watch(false, |watcher| compare::answer(dirs.each_ref(), watcher))?;
    print::answer(&answer, output, place)
}
