//! `dunwu import FILE… --as SPEC`: weights that another program trained, as a run.

use crate::failure::Failure;
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu_foreign::weights::{ImportRequest, ImportWords, MapWord, record};
use dunwu_report::run::ended;
use std::path::PathBuf;

/// What weights are of.
#[derive(Args)]
pub(crate) struct WeightsArguments {
    /// Of weights: what `dunwu run` takes, a preset or a TOML file, then settings as key=value
    #[arg(long = "as", value_name = "WORD", num_args = 1..)]
    spec: Option<Vec<String>>,
    /// Of weights: the steps of the files, in their order, with commas (default: the numbers in their names)
    #[arg(long, value_name = "STEP", value_delimiter = ',', requires = "spec")]
    steps: Vec<u64>,
    /// Of weights: which array is which, where that is not clear: theirs=ours, or theirs=ours.T for one that lies transposed; may be repeated
    #[arg(long, value_name = "THEIRS=OURS", value_parser = map_word, requires = "spec")]
    map: Vec<MapWord>,
    /// Of weights: an array of whole numbers in the first file that names the training samples: their places, their operands, or a mask
    #[arg(long, value_name = "ARRAY", requires = "spec")]
    split: Option<String>,
    /// Of weights: open the report in the browser of this desktop
    #[arg(long, requires = "spec")]
    open: bool,
}

impl WeightsArguments {
    /// The words of their spec, where weights are imported.
    pub(crate) fn spec(&self) -> Option<&[String]> {
        self.spec.as_deref()
    }
}

fn map_word(text: &str) -> Result<MapWord, String> {
    text.parse().map_err(|error: dunwu_foreign::weights::ImportError| error.to_string())
}

/// Imports weights as the run of a spec.
pub(crate) fn import(
    files: &[PathBuf],
    spec: &[String],
    how: &WeightsArguments,
    quiet: bool,
    place: &Place,
) -> Result<(), Failure> {
    let words = ImportWords {
        files: files.to_vec(),
        spec: spec.to_vec(),
        steps: how.steps.clone(),
        map: how.map.clone(),
        split: how.split.clone(),
    };
    let answer = watch(quiet, |watcher| {
        let request = ImportRequest::from_words(&words)?;
        let end = record(&request, &place.runs, watcher)?;
        ended(end, watcher)
    })?;
    print::run(&answer, how.open, place)
}
