//! Series of a run that another program recorded: in a file, or in the files of a folder.

use crate::failure::Failure;
use dunwu_foreign::series::{Series, read_series};
use std::path::{Path, PathBuf};

/// The files of a run that was recorded elsewhere: one file that is no spec, or those of a folder that is no run.
pub(crate) fn files(path: &Path) -> Result<Option<Vec<PathBuf>>, Failure> {
    let is_spec = path.extension().is_some_and(|extension| extension == "toml");
    if path.is_file() && !is_spec {
        return Ok(Some(vec![path.to_owned()]));
    }
    if !path.is_dir() || ["record.jsonl", "spec.toml"].iter().any(|name| path.join(name).exists()) {
        return Ok(None);
    }
    let entries = std::fs::read_dir(path).map_err(|error| Failure::Failed(error.into()))?;
    let mut files: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        [".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".wandb"].iter().any(|end| name.ends_with(end))
            || name.contains("tfevents")
    });
    files.sort();
    Ok((!files.is_empty()).then_some(files))
}

/// Every series of these files.
pub(crate) fn series(files: &[PathBuf]) -> Result<Vec<Series>, Failure> {
    let mut series = Vec::new();
    for file in files {
        series.extend(read_series(file).map_err(Failure::usage)?);
    }
    Ok(series)
}

/// Every series of the run at `path`.
pub(crate) fn read(path: &Path) -> Result<Vec<Series>, Failure> {
    match files(path)? {
        Some(files) => series(&files),
        None if path.join("spec.toml").exists() => {
            let path = path.display();
            Err(Failure::usage(format!(
                "{path} is a run of Dunwu; ask `dunwu verdict {path}`, or name its scalars.parquet"
            )))
        }
        None => Err(Failure::usage(format!(
            "no series at {}; name a file of CSV, Parquet or JSON lines, an event file of TensorBoard, an offline file of Weights & Biases, or a folder with such files",
            path.display()
        ))),
    }
}
