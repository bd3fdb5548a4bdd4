//! `dunwu fork`: a run with something done to it from a step on.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::run::seconds;
use crate::say::say;
use crate::watching::{unwatched, watch};
use crate::{Place, print};
use clap::Args;
use dunwu::run::{self, Training};
use dunwu::spec_file;
use dunwu_engine::spec::{ACTIONS, SETTINGS, TIMES};
use dunwu_foreign::recorded::own_run;
use dunwu_report::fork;
use std::time::Duration;

/// Do something to a run from a step on, and set both side by side: `dunwu fork RUN --at 300 optimizer.learning_rate=0.001`
///
/// The child's spec is the parent's with what is done to it, so that it needs no parent. It goes on from the parent's checkpoint
/// where that lies before the step, and is trained from step 0 otherwise, with the same bits.
#[derive(Args)]
#[command(after_help = help(), override_usage = "dunwu fork [OPTIONS] <RUN> --at <STEP> <KEY=VALUE|ACTION>...")]
pub(crate) struct Asked {
    /// The parent: directory, name or first digits of the id
    run: String,
    /// KEY=VALUE for a setting that gets another value, or an action in words: "freeze top"
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// The step before which it is done
    #[arg(long, value_name = "STEP")]
    at: u64,
    /// The step before which it is taken back (default: never)
    #[arg(long, value_name = "STEP")]
    until: Option<u64>,
    /// Only print the child's spec, which needs no parent, and train nothing
    #[arg(long)]
    spec: bool,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    /// Time between checkpoints: what a `kill -9` may cost
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    checkpoint_every: Duration,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

/// What can be done, and when, for `--help`.
fn help() -> String {
    let list = |forms: &[(&str, &str)]| {
        forms.iter().map(|(form, does)| format!("  {form:<24} {does}")).collect::<Vec<_>>().join("\n")
    };
    let changing: Vec<&str> = SETTINGS.iter().filter(|setting| setting.may_change).map(|setting| setting.key).collect();
    format!(
        "Actions (PART is an array of the network or the beginning of its name, such as hidden, top, block.0.attention, all):\n{}\n\n\
         Times, in a spec's `interventions`, one a line or separated by `;`:\n{}\n\n\
         Settings that may change: {}",
        list(ACTIONS),
        list(TIMES),
        changing.join(", ")
    )
}

/// Makes the fork, or prints its spec.
pub(crate) fn fork(asked: &Asked) -> Result<(), Failure> {
    let (drawn, place) = (&asked.drawn, &asked.place);
    let why = "a fork trains the run again from one of its steps, and what trained it is not known";
    let parent = unwatched(own_run(&place.runs, &asked.run, "fork", why))?;
    let fork = run::Fork { at: asked.at, until: asked.until, words: &asked.words };
    if asked.spec {
        say!("{}", spec_file::write(&unwatched(fork.request(&parent))?.spec).trim_end());
        return Ok(());
    }
    let child = unwatched(fork.request(&parent))?.id;
    let output = drawn.prepare("fork", &[&parent.short_id(), &child.to_string()[..8]])?;
    let training = Training { runs: &place.runs, checkpoint_every: asked.checkpoint_every };
    let answer = watch(asked.quiet, |watcher| fork::answer(&parent, &fork, &training, watcher))?;
    print::answer(&answer, output, place)
}
