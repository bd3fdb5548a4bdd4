//! Which runs a file or a folder holds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Which program, or which form, a log is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub enum Recorder {
    /// Event files.
    TensorBoard,
    /// Offline files.
    #[serde(rename = "Weights & Biases")]
    Wandb,
    /// A table as text.
    #[serde(rename = "CSV")]
    Csv,
    /// A table as Parquet.
    Parquet,
    /// One JSON object a line.
    #[serde(rename = "JSON lines")]
    JsonLines,
}

impl Recorder {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::TensorBoard => "TensorBoard",
            Self::Wandb => "Weights & Biases",
            Self::Csv => "CSV",
            Self::Parquet => "Parquet",
            Self::JsonLines => "JSON lines",
        }
    }

    /// That of a file of this name, where the name says so.
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if name.contains("tfevents") {
            return Some(Self::TensorBoard);
        }
        match Path::new(&name).extension()?.to_str()? {
            "wandb" => Some(Self::Wandb),
            "csv" | "tsv" => Some(Self::Csv),
            "parquet" => Some(Self::Parquet),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// The files of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// What the run is called after its files.
    pub name: String,
    /// What wrote them.
    pub recorder: Recorder,
    /// One, or the event files of one folder in the order of their names, which begin with the time.
    pub files: Vec<PathBuf>,
}

/// Folders within folders that are looked into.
const DEEPEST: usize = 8;

/// The runs of a file or a folder. A file is one run. In a folder and the folders below, the event files of each folder are one run, as
/// for `TensorBoard`, and every other log is one; run directories and hidden folders are passed over.
pub fn sources(path: &Path) -> io::Result<Vec<Source>> {
    let path: PathBuf = path.components().collect();
    if path.is_dir() {
        let mut found = Vec::new();
        collect(&path, &name_of(&path), DEEPEST, &mut found)?;
        return Ok(found);
    }
    fs::metadata(&path)?;
    let by_end = |end: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(end));
    let recorder = Recorder::of_name(&path).unwrap_or_else(|| match () {
        () if by_end("txt") => Recorder::Csv,
        () if by_end("json") => Recorder::JsonLines,
        () => Recorder::TensorBoard,
    });
    Ok(vec![Source { name: stem(&path), recorder, files: vec![path] }])
}

fn collect(folder: &Path, name: &str, depth: usize, found: &mut Vec<Source>) -> io::Result<()> {
    if folder.join("record.jsonl").is_file() {
        return Ok(());
    }
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    let is_log = |path: &&PathBuf| path.is_file() && Recorder::of_name(path).is_some();
    let (events, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
        paths.iter().filter(is_log).partition(|path| Recorder::of_name(path) == Some(Recorder::TensorBoard));
    if !events.is_empty() {
        let files = events.into_iter().cloned().collect();
        found.push(Source { name: name.to_owned(), recorder: Recorder::TensorBoard, files });
    }
    for path in others {
        let recorder = Recorder::of_name(path).expect("only those were kept");
        found.push(Source { name: format!("{name}/{}", stem(path)), recorder, files: vec![path.clone()] });
    }
    for path in paths.iter().filter(|path| path.is_dir() && !path.is_symlink() && depth > 0) {
        let inner = name_of(path);
        if !inner.starts_with('.') {
            collect(path, &format!("{name}/{inner}"), depth - 1, found)?;
        }
    }
    Ok(())
}

/// The name of a folder, also of `.` and `..`.
fn name_of(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let whole = || fs::canonicalize(folder).ok()?.file_name().map(|name| name.to_string_lossy().into_owned());
    name.or_else(whole).unwrap_or_else(|| "logs".to_owned())
}

fn stem(path: &Path) -> String {
    let stem = if Recorder::of_name(path) == Some(Recorder::TensorBoard) { path.file_name() } else { path.file_stem() };
    stem.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_files_of_a_folder_are_one_run_and_other_logs_one_each() {
        let root = tempfile::tempdir().unwrap();
        let logs = root.path().join("logs");
        for file in [
            "version_0/events.out.tfevents.2.host",
            "version_0/events.out.tfevents.1.host",
            "version_1/metrics.csv",
            "version_1/hparams.yaml",
            "wandb/offline-run-1/run-1.wandb",
            ".hidden/a.csv",
            "0123-own/record.jsonl",
            "0123-own/scalars.parquet",
        ] {
            fs::create_dir_all(logs.join(file).parent().unwrap()).unwrap();
            fs::write(logs.join(file), "").unwrap();
        }
        let found = sources(&logs).unwrap();
        let shown: Vec<(&str, Recorder, usize)> =
            found.iter().map(|source| (source.name.as_str(), source.recorder, source.files.len())).collect();
        let wanted = [
            ("logs/version_0", Recorder::TensorBoard, 2),
            ("logs/version_1/metrics", Recorder::Csv, 1),
            ("logs/wandb/offline-run-1/run-1", Recorder::Wandb, 1),
        ];
        assert_eq!(shown, wanted);
        assert!(found[0].files.is_sorted());
        let alone = sources(&logs.join("version_1/metrics.csv")).unwrap();
        assert_eq!((alone[0].name.as_str(), alone[0].recorder), ("metrics", Recorder::Csv));
        assert!(sources(&logs.join("nothing")).is_err());
    }
}
