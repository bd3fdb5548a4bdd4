//! `dunwu import`: what other programs made, as runs.

use crate::failure::Failure;
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu_report::foreign;
use std::path::PathBuf;

/// Make runs of what other programs recorded: `dunwu import logs/`
///
/// Event files of `TensorBoard` (those of one folder are one run), offline files of Weights & Biases, CSV, Parquet and JSON lines with a step; of a folder, all
/// that it holds. Importing again adds what is new. The runs are then listed, shown, compared, reported and judged as others are.
#[derive(Args)]
pub(crate) struct Asked {
    /// A file or a folder of logs
    #[arg(value_name = "FILE|FOLDER")]
    path: PathBuf,
    /// What the run is called (default: after its file or folder); only for one run
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    place: Place,
}

/// Imports it as what it is.
pub(crate) fn import(asked: &Asked) -> Result<(), Failure> {
    match asked.path.extension().and_then(|extension| extension.to_str()) {
        Some("safetensors") => Err(Failure::usage(format!(
            "{} holds weights and no series by step; `dunwu import` takes logs",
            asked.path.display()
        ))),
        _ => series(asked),
    }
}

/// Logs of series by step.
fn series(asked: &Asked) -> Result<(), Failure> {
    let Asked { path, name, quiet, place } = asked;
    let answer = watch(*quiet, |watcher| foreign::import(path, name.as_deref(), &place.runs, watcher))?;
    print::without_page(&answer, place);
    Ok(())
}
