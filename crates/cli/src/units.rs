//! `dunwu units FILE`: memory or generalization, unit by unit, from the arrays of one layer; `--bench`: how often it is right.

use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::say::say;
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu::store::OutputFile;
use dunwu_report::{skin, units};
use dunwu_verdict::units::bench::{BenchPart, UnitsBenchRequest};
use dunwu_verdict::units::{Arrays, ArraysError, Flags, LayerSamples, LayerVerdict, read_bytes};
use std::path::{Path, PathBuf};

const USAGE: &str = "dunwu units [OPTIONS] <FILE.safetensors>
       dunwu units --flags <FILE.safetensors>
       dunwu units --bench [--parts a,d,e,f] [--rows <FILE>]";

/// Which arrays there are.
const HELP: &str = "\
n training samples, m held-out samples, C classes, K units (channels, heads, directions), D features; f32 unless said.
  train.label, held_out.label              int64 [n], [m]
  train.output, held_out.output            [n,C], [m,C]: logits
  train.readout, held_out.readout          [n,D], [m,D]: activations of the last hidden layer
  train.activation, held_out.activation    [n,K], [m,K]: of the judged layer, mean over positions; may stand for readout
  train.contribution                       [n,K]: Σ (activation − mean) · d margin/d activation, margin = logit of the label − mean logit
  held_out.contribution_by_class           [m,C,K]: the same under every label; or instead of it
  held_out.contribution                    [m,K], and for the twins that --flags prints twin.of int64 [t], twin.contribution [t,K]
Of sequences with a label at every position, instead of labels and outputs: train.margin, held_out.margin and train.accuracy,
held_out.accuracy [n], [m]: means over labelled positions; chance [1]; layer.ablated_margin [m]; contributions to the mean margin; and
train.flagged with twin.of, twin.sample, twin.contribution.
Optional: train.flagged [n], layer.ablated_output [m,C], integrated [1], ablation.unit int64 [u] with ablation.held_out, ablation.memory
(flagged less their twins, in pairs; without it ablation.flagged and ablation.twins), each with its _error [u].
Of the last hidden layer activations, labels, output.weight [C,K] and output.bias [C] are enough.

Exit codes: 0 judged, 3 a bar of the bench is missed, 4 nothing can be told of the whole layer. docs/guide/own-model.md has the definitions and how often it is right.";

/// What the units of a layer do, memorize or generalize, from arrays of anybody's network: `dunwu units arrays.safetensors`
///
/// Training samples that only memory explains are found by a readout of held-out samples, or named by the user; what a unit does for them
/// is held against what it does for samples like them that were not trained on. Every unit gets a label with its evidence, or `cannot tell`;
/// first of all it is said which share of the layer's memory can be located in units at all.
#[derive(Args)]
#[command(after_help = HELP, override_usage = USAGE)]
pub(crate) struct UnitsArguments {
    /// A safetensors file with the arrays below
    #[arg(value_name = "FILE", required_unless_present = "bench")]
    file: Option<PathBuf>,
    /// Only say which training samples are flagged and which held-out samples stand for them, as JSON
    #[arg(long)]
    flags: bool,
    /// Judge networks of which the truth is known, and say how often that is right; exit code 3 where a bar is missed
    #[arg(long, conflicts_with_all = ["file", "flags"])]
    bench: bool,
    /// Of --bench: a, networks built by hand and banks trained side by side; d, scores of samples against retraining; e, shuffled labels;
    /// f, networks of the engine
    #[arg(long, value_name = "PARTS", requires = "bench", value_delimiter = ',', default_values = ["a", "d", "e", "f"], value_parser = part)]
    parts: Vec<BenchPart>,
    /// Of --bench: seeds of parts a and e; f makes five at most
    #[arg(long, value_name = "N", requires = "bench", default_value_t = UnitsBenchRequest::default().seeds)]
    seeds: u64,
    /// Of --bench: networks that part d trains of either kind
    #[arg(long, value_name = "N", requires = "bench", default_value_t = UnitsBenchRequest::default().networks)]
    networks: usize,
    /// Of --bench: seeds of part d
    #[arg(long, value_name = "N", requires = "bench", default_value_t = UnitsBenchRequest::default().retrained_seeds)]
    retrained_seeds: u64,
    /// Of --bench: write one row a figure and seed as CSV
    #[arg(long, value_name = "FILE", requires = "bench")]
    rows: Option<PathBuf>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    drawn: Drawn,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(asked: &UnitsArguments) -> Result<(), Failure> {
    let Some(file) = &asked.file else { return bench(asked) };
    let bytes = read_bytes(file).map_err(|error| Failure::Failed(error.into()))?;
    let name = stem(file);
    if asked.flags {
        let samples = parsed(file, &bytes, LayerSamples::read)?;
        if samples.are_sequences() {
            return Err(Failure::usage(format!(
                "{}: samples are sequences, which no readout contradicts; name those that only memory explains in train.flagged",
                file.display()
            )));
        }
        let Some(flags) = Flags::of(&samples) else {
            return Err(Failure::usage(format!(
                "{}: there are no held-out samples, and without them no training sample is known to be memorized",
                file.display()
            )));
        };
        say!("{}", skin::json(&units::flags_answer(&name, &samples.name, &flags)));
        return Ok(());
    }
    let verdict = parsed(file, &bytes, LayerVerdict::of_arrays)?;
    let answer = units::answer(&name, &verdict);
    print::answer(&answer, asked.drawn.prepare("units", &[&name])?, &asked.place)?;
    if verdict.is_refused() { Err(Failure::Judged { code: 4 }) } else { Ok(()) }
}

fn bench(asked: &UnitsArguments) -> Result<(), Failure> {
    let rows = asked.rows.as_deref().map(OutputFile::at).transpose()?;
    let request = UnitsBenchRequest {
        parts: asked.parts.clone(),
        seeds: asked.seeds,
        retrained_seeds: asked.retrained_seeds,
        networks: asked.networks,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let found = watch(asked.quiet, |watcher| request.run(watcher))?;
    if let Some(rows) = rows {
        rows.write(found.table().to_csv()?.as_bytes())?;
    }
    print::without_page(&units::bench_answer(&found), &asked.place);
    if found.holds() { Ok(()) } else { Err(Failure::Judged { code: 3 }) }
}

fn part(text: &str) -> Result<BenchPart, String> {
    let part = BenchPart::ALL.into_iter().find(|part| part.letter() == text);
    part.ok_or_else(|| "the parts are a, d, e and f; b and c need PyTorch: `python -m dunwu.bench_units`".to_owned())
}

/// What is read of a file's arrays; a mistake names the file first.
pub(crate) fn parsed<T>(
    file: &Path,
    bytes: &[u8],
    read: impl FnOnce(&Arrays<'_>) -> Result<T, ArraysError>,
) -> Result<T, Failure> {
    let result = Arrays::parse(bytes).and_then(|arrays| read(&arrays));
    result.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}
