//! `dunwu import FILE… --as SPEC`: weights that another program trained, as a run.

use crate::failure::Failure;
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu::import::{ImportRequest, ImportWords, MapWord, record};
use dunwu_report::run::ended;
use std::path::PathBuf;

/// Open weights that another program trained: `dunwu import model.safetensors --as small task=cyclic:23 data.split=train.csv`
///
/// Makes a run of them, which show, report, compare and peaks --run read as any other. The spec after --as says which task, which samples
/// and which network; losses and accuracies are computed here. Several files are several steps of one run. Names and extents of PyTorch
/// modules and of TransformerLens are known; what does not fit is listed.
#[derive(Args)]
#[command(override_usage = "dunwu import [OPTIONS] <FILE>... --as [PRESET|FILE.toml] [KEY=VALUE]...")]
pub(crate) struct ImportArguments {
    /// Files of safetensors, one a step
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// What `dunwu run` takes: a preset or a TOML file, then settings as key=value
    #[arg(long = "as", value_name = "WORD", num_args = 1..)]
    pub(crate) spec: Option<Vec<String>>,
    /// The steps of the files, in their order, with commas (default: the numbers in their names)
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    steps: Vec<u64>,
    /// Which array is which, where that is not clear: theirs=ours, or theirs=ours.T for one that lies transposed; may be repeated
    #[arg(long, value_name = "THEIRS=OURS", value_parser = map_word)]
    map: Vec<MapWord>,
    /// An array of whole numbers in the first file that names the training samples: their places, their operands, or a mask
    #[arg(long, value_name = "ARRAY")]
    split: Option<String>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    /// Open the report in the browser of this desktop
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    place: Place,
}

fn map_word(text: &str) -> Result<MapWord, String> {
    text.parse().map_err(|error: dunwu::import::ImportError| error.to_string())
}

/// Imports weights as the run of a spec.
pub(crate) fn import(asked: &ImportArguments, spec: &[String]) -> Result<(), Failure> {
    let ImportArguments { files, steps, map, split, quiet, open, place, .. } = asked;
    let words = ImportWords {
        files: files.clone(),
        spec: spec.to_vec(),
        steps: steps.clone(),
        map: map.clone(),
        split: split.clone(),
    };
    let answer = watch(*quiet, |watcher| {
        let request = ImportRequest::from_words(&words)?;
        let end = record(&request, &place.runs, watcher)?;
        ended(end, watcher)
    })?;
    print::run(&answer, *open, place)
}
