//! `dunwu forecast` and `dunwu verdict`: what a run will do, said before it and while it trains.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::watching::unwatched;
use crate::{Place, print};
use clap::{Args, ValueEnum};
use dunwu::run::RunRequest;
use dunwu::store::RunDir;
use dunwu_report::forecast;
use dunwu_verdict::early::model::Inputs;
use dunwu_verdict::early::verdict;

/// What a run will do, before it is made: `dunwu forecast small task=cyclic:23 data.fraction=0.5 steps=2000`
///
/// The probability that held-out accuracy arrives at its level within the steps, when, what it would take, and why. Learned from runs of
/// many kinds; a spec of another kind or size is said to lie outside, and nothing certified is said of it.
#[derive(Args)]
#[command(override_usage = "dunwu forecast [OPTIONS] [PRESET|FILE.toml] [KEY=VALUE]...")]
pub(crate) struct ForecastArguments {
    /// A preset or a TOML file, then settings as key=value
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Give the raw score too, of which nobody says how often it is wrong outside of what is known
    #[arg(long)]
    uncertified: bool,
    #[command(flatten)]
    place: Place,
}

/// What a run will do, from its past: `dunwu verdict RUN --at 100`
///
/// Looks about a dozen times in a run, also in a living one, and sees nothing of what came after the step. Says what parking the run
/// would risk.
#[derive(Args)]
pub(crate) struct VerdictArguments {
    /// Directory, name or first digits of the id
    run: String,
    /// The step up to which the run is seen (default: its last evaluation)
    #[arg(long, value_name = "STEP")]
    at: Option<u64>,
    /// What is seen at most (default: all that there is)
    #[arg(long, value_enum, value_name = "INPUTS")]
    inputs: Option<Seen>,
    /// Give the raw score too, of which nobody says how often it is wrong outside of what is known
    #[arg(long)]
    uncertified: bool,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

/// What a verdict may see, each with what those before it see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Seen {
    /// The spec alone
    Spec,
    /// Losses and accuracies of the training sample
    Training,
    /// Those of held-out samples
    HeldOut,
    /// Snapshots
    Inside,
    /// Snapshots in the basis of the declared group
    Group,
}

pub(crate) fn forecast(asked: &ForecastArguments) -> Result<(), Failure> {
    let request = unwatched(RunRequest::from_words(&asked.words))?;
    let answer = forecast::answer(&asked.words.join(" "), &request, asked.uncertified);
    print::without_page(&answer, &asked.place);
    Ok(())
}

pub(crate) fn verdict(asked: &VerdictArguments) -> Result<(), Failure> {
    let dir = RunDir::resolve(&asked.place.runs, &asked.run)?;
    let output = asked.drawn.prepare("verdict", &[&dir.short_id()])?;
    let inputs = asked.inputs.map(|seen| match seen {
        Seen::Spec => Inputs::Spec,
        Seen::Training => Inputs::Training,
        Seen::HeldOut => Inputs::HeldOut,
        Seen::Inside => Inputs::Inside,
        Seen::Group => Inputs::Group,
    });
    let how = verdict::Asked { inputs, uncertified: asked.uncertified };
    let answer = unwatched(forecast::answer_run(&dir, asked.at, how))?;
    print::answer(&answer, output, &asked.place)
}
