//! `dunwu forecast` and `dunwu verdict`: what a run will do, said before it and while it trains.

use crate::doctor::recorded;
use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::watching::unwatched;
use crate::{Place, print};
use clap::{Args, ValueEnum};
use dunwu::run::RunRequest;
use dunwu_foreign::recorded::{ForeignRun, RecordedRun};
use dunwu_report::{forecast, verdict_log};
use dunwu_verdict::early::log::LogQuestion;
use dunwu_verdict::early::model::Inputs;
use dunwu_verdict::early::verdict;
use std::path::{Path, PathBuf};

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

/// What a run will do, from its past: `dunwu verdict RUN --at 100`; of somebody else's run from its log: `dunwu verdict --log FILE`
///
/// Looks about a dozen times in a run, also in a living one, and sees nothing of what came after the step. Says what parking the run
/// would risk. Of a log it says whether its curve is smooth or one with a jump; where a smooth one ends at --steps; and what a curve with a
/// jump shows of itself.
#[derive(Args)]
#[command(override_usage = "dunwu verdict [OPTIONS] <RUN>
       dunwu verdict [OPTIONS] --log <FILE> [--steps <N>]")]
pub(crate) struct VerdictArguments {
    /// Directory, name or first digits of the id
    #[arg(required_unless_present = "log", conflicts_with = "log")]
    run: Option<String>,
    /// A file or folder of series that another program recorded (CSV, Parquet, JSON lines, `TensorBoard`, Weights & Biases offline)
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Of a log, and of a run that another program made: the steps that it aims at; without them nothing is said of its end
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// Likewise: the series that is the loss, where its name does not say so
    #[arg(long, value_name = "NAME")]
    loss: Option<String>,
    /// Likewise: its steps are sizes of the training sample, and the curve a share of wrong answers or of right ones
    #[arg(long)]
    by_samples: bool,
    /// The step up to which the run is seen (default: its last evaluation)
    #[arg(long, value_name = "STEP", conflicts_with = "log")]
    at: Option<u64>,
    /// What is seen at most (default: all that there is)
    #[arg(long, value_enum, value_name = "INPUTS", conflicts_with = "log")]
    inputs: Option<Seen>,
    /// Give the raw score too, of which nobody says how often it is wrong outside of what is known
    #[arg(long, conflicts_with = "log")]
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
    if let Some(log) = &asked.log {
        return of_log(log, asked);
    }
    let run = asked.run.as_deref().expect("clap wants a run where there is no log");
    let dir = match RecordedRun::resolve(&asked.place.runs, run)? {
        RecordedRun::Own(dir) => dir,
        RecordedRun::Foreign(run) => return of_foreign(&run, asked),
    };
    if asked.steps.is_some() || asked.loss.is_some() || asked.by_samples {
        return Err(Failure::usage(
            "--steps, --loss and --by-samples are for logs and for runs that another program made",
        ));
    }
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

/// Of a run that another program made: what its series allow, as of a log.
fn of_foreign(run: &ForeignRun, asked: &VerdictArguments) -> Result<(), Failure> {
    if asked.inputs.is_some() || asked.uncertified {
        return Err(Failure::usage(
            "--inputs and --uncertified are for runs of dunwu; of another program's run only series are known",
        ));
    }
    let mut series = run.record.series();
    if let Some(at) = asked.at {
        series.iter_mut().for_each(|one| one.cut_after(at));
    }
    // Where the run says how far it is to train, nobody has to say it again.
    let known = || run.record.known.get("steps").and_then(|steps| steps.parse().ok());
    let last = series.iter().filter_map(|one| one.steps.last().copied()).max().unwrap_or(0);
    let steps = asked.steps.or_else(|| known().filter(|steps| *steps > last));
    let output = asked.drawn.prepare("verdict", &[&run.dir.short_id()])?;
    let how = LogQuestion { steps, loss: asked.loss.as_deref(), by_samples: asked.by_samples };
    let answer = verdict_log::answer(&run.dir.dir_name(), &series, how).map_err(Failure::usage)?;
    print::answer(&answer, output, &asked.place)
}

fn of_log(log: &Path, asked: &VerdictArguments) -> Result<(), Failure> {
    let series = recorded::read(log)?;
    let output = asked.drawn.prepare("verdict", &[&stem(log)])?;
    let how = LogQuestion { steps: asked.steps, loss: asked.loss.as_deref(), by_samples: asked.by_samples };
    let answer = verdict_log::answer(&log.display().to_string(), &series, how).map_err(Failure::usage)?;
    print::answer(&answer, output, &asked.place)
}
