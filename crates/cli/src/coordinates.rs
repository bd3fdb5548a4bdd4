//! `dunwu coordinates`: how sizes scale with the width of a network.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::watching::{unwatched, watch};
use crate::{Place, print};
use clap::Args;
use dunwu_report::coordinates::answer;
use dunwu_verdict::coordinates::{Asked as Request, CoordinatesRequest, Scaling};

/// How sizes scale with the width of a network: `dunwu coordinates small --widths 64,128,256,512`
///
/// Trains the spec for a few updates at several widths and seeds. Measures for every layer how large its activations are and how far they
/// moved, and for every array of weights what its update alone does to the outputs; fits the power of the width with which each goes, with
/// its 95 % interval. Within ±0.1 about 0 it is stable. Of two layers and an mlp the width is model.width; of a transformer it is
/// model.dimension, with model.width in proportion and the number of heads as it is. Exit codes: 0 stable, 3 not stable, 4 cannot tell.
#[derive(Args)]
#[command(override_usage = "dunwu coordinates [OPTIONS] [PRESET|FILE.toml] [KEY=VALUE]...")]
pub(crate) struct Asked {
    /// A preset or a TOML file (default: tian-2025), then settings as key=value
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Widths at which it is trained
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "32,64,128,256")]
    widths: Vec<u64>,
    /// Updates of each network; the learning rate's schedule is that of the spec's own steps
    #[arg(long, value_name = "N", default_value = "10")]
    steps: u64,
    /// Networks of each width, with the spec's seed and those that follow
    #[arg(long, value_name = "N", default_value = "3")]
    seeds: u64,
    /// A setting that is multiplied by (width / smallest width)^POWER, such as optimizer.learning_rate=-1; may be repeated
    #[arg(long, value_name = "KEY=POWER")]
    scale: Vec<String>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

/// Trains the networks and prints what was found.
pub(crate) fn coordinates(asked: &Asked) -> Result<(), Failure> {
    let request = unwatched(CoordinatesRequest::new(&Request {
        words: asked.words.clone(),
        widths: asked.widths.clone(),
        steps: asked.steps,
        seeds: asked.seeds,
        scales: asked.scale.clone(),
    }))?;
    let output = asked.drawn.prepare("coordinates", &[&request.base.id.to_string()[..8]])?;
    let subject = match asked.words.as_slice() {
        [] => "tian-2025".to_owned(),
        words => words.join(" "),
    };
    let threads = request.base.threads();
    let (answer, scaling) = watch(asked.quiet, |watcher| answer(&subject, &request, threads, watcher))?;
    print::answer(&answer, output, &asked.place)?;
    match scaling {
        Scaling::Stable => Ok(()),
        Scaling::Grows | Scaling::Shrinks => Err(Failure::Judged { code: 3 }),
        Scaling::CannotTell => Err(Failure::Judged { code: 4 }),
    }
}
