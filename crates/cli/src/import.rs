//! `dunwu import`: what other programs made, as runs: logs of series, or weights.

use crate::failure::Failure;
use crate::import_weights::{self, WeightsArguments};
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu_report::foreign;
use std::path::{Path, PathBuf};

/// Make runs of what other programs made: `dunwu import logs/`, `dunwu import model.safetensors --as small task=cyclic:23`
///
/// Logs: event files of `TensorBoard` (those of one folder are one run), offline files of Weights & Biases, CSV, Parquet and JSON lines with a
/// step; of a folder, all that it holds. Importing again adds what is new. The runs are then listed, shown, compared, reported and judged as
/// others are.
///
/// Weights, with --as: a run whose spec says which task, which samples and which network; losses and accuracies are computed here, and show,
/// report, compare and peaks --run read it as any other. Several files are several steps of one run. Names and extents of PyTorch modules
/// and of `TransformerLens` are known; what does not fit is listed.
#[derive(Args)]
#[command(override_usage = "dunwu import [OPTIONS] <FILE|FOLDER>
       dunwu import [OPTIONS] <FILE>... --as [PRESET|FILE.toml] [KEY=VALUE]...")]
pub(crate) struct Asked {
    /// A file or a folder of logs; with --as files of safetensors, one a step
    #[arg(value_name = "FILE|FOLDER", required = true)]
    files: Vec<PathBuf>,
    /// Of logs: what the run is called (default: after its file or folder); only for one run
    #[arg(long, value_name = "NAME", conflicts_with = "spec")]
    name: Option<String>,
    #[command(flatten)]
    weights: WeightsArguments,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    place: Place,
}

/// Imports it as what it is.
pub(crate) fn import(asked: &Asked) -> Result<(), Failure> {
    let Asked { files, name, weights, quiet, place } = asked;
    if let Some(spec) = weights.spec() {
        return import_weights::import(files, spec, weights, *quiet, place);
    }
    let [path] = files.as_slice() else {
        return Err(Failure::usage(
            "several files are several steps of weights, which want --as SPEC; import logs one at a time, or their folder",
        ));
    };
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        let path = path.display();
        return Err(Failure::usage(format!(
            "{path} holds weights; say with --as what they are of: dunwu import {path} --as small task=cyclic:23"
        )));
    }
    import_series(path, name.as_deref(), *quiet, place)
}

/// Logs of series by step.
fn import_series(path: &Path, name: Option<&str>, quiet: bool, place: &Place) -> Result<(), Failure> {
    let answer = watch(quiet, |watcher| foreign::import(path, name, &place.runs, watcher))?;
    print::without_page(&answer, place);
    Ok(())
}
