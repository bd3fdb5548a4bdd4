//! `dunwu unit`: hidden units of a run one by one.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu_engine::spec::Numbers;
use dunwu_foreign::recorded::own_run;
use dunwu_report::unit;

/// Look at hidden units of a run one by one, and at the network without them: `dunwu unit RUN 17`, `dunwu unit RUN 3,40-47 --step 400`
///
/// Says which peak each stands below, its label with every measure behind it, its weights for each token and label, and what the network
/// answers with all of these units switched off: what they send on is set to zero, and losses and accuracies are computed anew.
#[derive(Args)]
pub(crate) struct UnitArguments {
    /// Directory, name or first digits of the id
    run: String,
    /// Numbers of units, from 0: 17, or 3,40-47
    #[arg(value_name = "UNITS", value_parser = Numbers::of_list)]
    units: Numbers,
    /// A snapshot's step (default: the last one)
    #[arg(long)]
    step: Option<u64>,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn unit(asked: &UnitArguments) -> Result<(), Failure> {
    let UnitArguments { run, units, step, drawn, place } = asked;
    let dir =
        own_run(&place.runs, run, "unit", "its network and its samples are not known").map_err(Failure::of_request)?;
    let output = drawn.prepare("unit", &[&dir.short_name()])?;
    let units: Vec<usize> = units.0.iter().map(|&unit| unit as usize).collect();
    print::answer(&watch(false, |watcher| unit::answer(&dir, &units, *step, watcher))?, output, place)
}
