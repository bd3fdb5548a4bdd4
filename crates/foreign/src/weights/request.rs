//! What is asked of an import: files, a spec, and what the user says of names, steps and training samples.

use super::error::ImportError;
use super::foreign_file::{ForeignFile, WholeArray};
use super::own_names::OwnNetwork;
use super::pairing::{MapWord, Pairing};
use super::steps::steps_of;
use dunwu::origin::{ArrayOrigin, IMPORTED, Origin, SnapshotOrigin};
use dunwu::run::RunRequest;
use dunwu::task_file::SPLIT;
use dunwu::verb::VerbError;
use dunwu_engine::spec::{Sampling, Value, apply};
use std::path::{Path, PathBuf};

/// What the user says.
#[derive(Clone, Debug, Default)]
pub struct ImportWords {
    /// Files of safetensors, one a step.
    pub files: Vec<PathBuf>,
    /// What `dunwu run` takes: a preset or a file first, if at all, then settings.
    pub spec: Vec<String>,
    /// The steps of the files; none where their names say so.
    pub steps: Vec<u64>,
    /// Which array is which, where that is not clear.
    pub map: Vec<MapWord>,
    /// An array of the first file that names the training samples.
    pub split: Option<String>,
}

/// Files that were read and understood.
pub struct ImportRequest {
    /// The run that they become.
    pub run: RunRequest,
    /// Where they came from.
    pub origin: Origin,
    /// By step: the numbers of every array of the network, in its order.
    pub weights: Vec<(u64, Vec<Vec<f32>>)>,
    /// What a person should know of how they were read, a sentence each.
    pub notes: Vec<String>,
}

impl ImportRequest {
    /// Reads the files and pairs their arrays with those of the spec's network.
    pub fn from_words(words: &ImportWords) -> Result<Self, VerbError> {
        let base = RunRequest::from_words(&words.spec)?;
        let paths: Vec<&Path> = words.files.iter().map(PathBuf::as_path).collect();
        if paths.is_empty() {
            return Err(VerbError::usage(ImportError::NoFile));
        }
        if !base.spec.interventions.is_empty() {
            return Err(VerbError::usage(ImportError::Interventions));
        }
        let steps = steps_of(&paths, &words.steps, base.spec.steps).map_err(VerbError::usage)?;
        let mut notes = Vec::new();
        if words.steps.is_empty() && paths.len() == 1 && steps == [base.spec.steps] {
            notes.push(format!(
                "the weights are put at step {}, the last of the spec; --steps says otherwise",
                steps[0]
            ));
        }
        let own = OwnNetwork::of(&base.spec, &base.problem);
        let mut files = Vec::with_capacity(paths.len());
        for (path, step) in paths.iter().zip(steps) {
            files.push((step, ForeignFile::read(path).map_err(VerbError::usage)?));
        }
        files.sort_by_key(|(step, _)| *step);
        let (origin, weights) = understood(&own, &files, &words.map).map_err(VerbError::usage)?;
        let run = run_of(base, &files, words.split.as_deref(), &origin)?;
        notes.extend(notes_of(&files[0].1, &origin, words.split.is_none()));
        Ok(Self { run, origin, weights, notes })
    }
}

/// Pairs and takes the arrays of every file.
type Understood = (Origin, Vec<(u64, Vec<Vec<f32>>)>);

fn understood(own: &OwnNetwork, files: &[(u64, ForeignFile)], map: &[MapWord]) -> Result<Understood, ImportError> {
    let mut pairings = Vec::with_capacity(files.len());
    let mut weights = Vec::with_capacity(files.len());
    for (step, file) in files {
        let pairing = Pairing::of(own, file, map)?;
        check_finite(file, &pairing)?;
        weights.push((*step, pairing.take(own, file)));
        pairings.push(pairing);
    }
    let first = pairings.swap_remove(0);
    let (_, file) = &files[0];
    let arrays = first.pairs.into_iter().zip(&own.arrays).map(|(pair, (_, our_shape))| {
        let theirs = file.arrays.iter().find(|array| array.name == pair.theirs);
        let their_shape = theirs.map_or_else(Vec::new, |array| array.shape.clone());
        ArrayOrigin { pair, their_shape, our_shape: our_shape.clone() }
    });
    let snapshot = |(step, file): &(u64, ForeignFile)| SnapshotOrigin {
        step: *step,
        file: file.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        blake3: file.blake3.clone(),
    };
    let snapshots = files.iter().map(snapshot).collect();
    Ok((Origin { snapshots, arrays: arrays.collect(), left_out: first.left_out }, weights))
}

/// Refuses weights that are not finite, among those that are taken over.
fn check_finite(file: &ForeignFile, pairing: &Pairing) -> Result<(), ImportError> {
    for array in file.arrays.iter().filter(|array| pairing.pairs.iter().any(|pair| pair.theirs == array.name)) {
        let mut places =
            array.values.iter().enumerate().filter(|(_, value)| !value.is_finite()).map(|(place, _)| place);
        if let Some(place) = places.next() {
            let (n, len) = (1 + places.count(), array.values.len());
            return Err(ImportError::NotFinite { name: array.name.clone(), n, len, place, path: file.path.clone() });
        }
    }
    Ok(())
}

/// The run that is made of them: the spec's, with as many steps as were imported, the split that a file holds, and the origin.
fn run_of(
    base: RunRequest,
    files: &[(u64, ForeignFile)],
    split: Option<&str>,
    origin: &Origin,
) -> Result<RunRequest, VerbError> {
    let RunRequest { spec, mut inputs, problem, .. } = base;
    let last = files.last().map_or(0, |(step, _)| *step).max(1);
    let mut settings = vec![("steps".to_owned(), Value::Int(last.cast_signed()))];
    if let Some(name) = split {
        if let Sampling::SplitFile(file) = &spec.data.sampling {
            return Err(VerbError::usage(ImportError::TwoSplits { name: name.to_owned(), file: file.clone() }));
        }
        let text = split_text(&files[0].1, name, problem.n_operands()).map_err(VerbError::usage)?;
        settings.push(("data.split".to_owned(), Value::Text(name.to_owned())));
        inputs.push((SPLIT.to_owned(), text));
    }
    let spec = apply(&spec, &settings).map_err(|(_, error)| VerbError::usage(error))?;
    inputs.push((IMPORTED.to_owned(), origin.to_text()));
    inputs.sort();
    RunRequest::new(spec, inputs)
}

/// The training samples that an array names, as a split file says them.
fn split_text(file: &ForeignFile, name: &str, n_operands: usize) -> Result<String, ImportError> {
    let WholeArray { shape, values, .. } = file.whole.iter().find(|array| array.name == name).ok_or_else(|| {
        let names = file.whole.iter().map(|array| array.name.clone()).collect();
        ImportError::NoIndices { name: name.to_owned(), names, path: file.path.clone() }
    })?;
    let line = |row: &[i64]| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(",") + "\n";
    match shape[..] {
        [_] => Ok(values.iter().map(|place| line(&[*place])).collect()),
        [_, columns] if columns == n_operands => Ok(values.chunks_exact(columns).map(line).collect()),
        // A mask, one entry a cell of the table.
        [_, columns] if columns > 0 => Ok(values.chunks_exact(columns).map(line).collect()),
        _ => Err(ImportError::IndexShape { name: name.to_owned(), shape: shape.clone() }),
    }
}

/// What was left out and what was settled by neighbours.
fn notes_of(file: &ForeignFile, origin: &Origin, has_free_indices: bool) -> Vec<String> {
    let mut notes = Vec::new();
    for left in &origin.left_out {
        notes.push(format!("`{}` is not taken over: {}", left.theirs, left.why));
    }
    let is_index = |array: &&WholeArray| {
        let name = array.name.to_ascii_lowercase();
        name.contains("train") || name.contains("split")
    };
    if let Some(array) = file.whole.iter().find(is_index).filter(|_| has_free_indices) {
        notes.push(format!("`{}` may name the training samples: `--split {0}` trains on those", array.name));
    }
    notes
}
