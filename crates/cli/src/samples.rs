//! `dunwu samples FILE`: how much each training sample is memorized.

use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::units::parsed;
use crate::{Place, print};
use clap::Args;
use dunwu_verdict::units::read_bytes;
use dunwu_verdict::units::samples::SamplesVerdict;
use std::path::PathBuf;

/// Which arrays there are.
const HELP: &str = "\
n training samples, P inputs, C classes, D features; f32 unless said.
  train.label      int64 [n]
  one of           train.kernel [n,n], the network's own tangent kernel; train.input [n,P]; train.readout [n,D]
  a linear network output.weight [C,P] and output.bias [C] beside train.input
Optional: the arrays of `dunwu units`, of which train.contribution and held_out.contribution say which units a sample leans on.

At most 4,000 samples. docs/guide/own-model.md says how well each score follows thousands of retrained networks.";

/// How much each training sample is memorized, from arrays of anybody's network: `dunwu samples arrays.safetensors`
///
/// What all other samples say of a sample's label, by a kernel regression without it; of a network whose outputs are linear in its inputs,
/// how much the sample's own loss falls for its being there. No network is trained.
#[derive(Args)]
#[command(after_help = HELP)]
pub(crate) struct SamplesArguments {
    /// A safetensors file with the arrays below
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(asked: &SamplesArguments) -> Result<(), Failure> {
    let bytes = read_bytes(&asked.file).map_err(|error| Failure::Failed(error.into()))?;
    let name = stem(&asked.file);
    let verdict = parsed(&asked.file, &bytes, SamplesVerdict::of_arrays)?;
    let answer = dunwu_report::samples::answer(&name, &verdict);
    print::answer(&answer, asked.drawn.prepare("samples", &[&name])?, &asked.place)
}
