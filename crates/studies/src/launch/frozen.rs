//! What a submission keeps of the files that its sweep names, so that editing them afterwards changes nothing of what was submitted.
//!
//! ```text
//! slurm/submitted-DIGEST/NAME.toml                   the sweep's file, or the preset where only words were given
//! slurm/submitted-DIGEST/submitted-inputs/HASH       each table and split, under a hash of the path by which a spec names it
//! ```
//!
//! The digest is of all that is kept, so that the same submission finds its own files and another one makes its own.

use super::slurm::Script;
use crate::sweep::{FROZEN_INPUTS, SweepRequest, frozen_input};
use dunwu::task_file::{SPLIT, TABLE};
use dunwu_engine::spec::Sampling;
use std::collections::BTreeMap;
use std::path::Path;

/// Files to write, and the words that name them.
pub(super) struct Frozen {
    pub(super) words: Vec<String>,
    pub(super) files: Vec<Script>,
}

/// Copies of what `request` reads, below the folder of scripts. A preset with words alone reads nothing.
pub(super) fn freeze(request: &SweepRequest, folder: &str) -> Frozen {
    let inputs = inputs(request);
    let as_file = match &request.file {
        Some(text) => text.clone(),
        None if inputs.is_empty() => return Frozen { words: request.words.clone(), files: Vec::new() },
        None => request.preset().map_or(String::new(), |preset| format!("preset = \"{preset}\"\n")),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(as_file.as_bytes());
    for (path, text) in &inputs {
        hasher.update(b"\0").update(path.as_bytes()).update(b"\0").update(text.as_bytes());
    }
    let folder = format!("{folder}/submitted-{}", &hasher.finalize().to_hex()[..8]);
    let first = request.words.first().filter(|word| !word.contains('='));
    let stem = first.and_then(|word| Path::new(word).file_stem()).map_or("sweep".into(), |stem| stem.to_string_lossy());
    let path = format!("{folder}/{stem}.toml");
    let settings = request.words.iter().skip(usize::from(first.is_some())).cloned();
    let words = std::iter::once(path.clone()).chain(settings).collect();
    let mut files = vec![Script { path, text: as_file }];
    for (name, text) in inputs {
        files.push(Script { path: format!("{folder}/{FROZEN_INPUTS}/{}", frozen_input(name)), text: text.to_owned() });
    }
    Frozen { words, files }
}

/// Tables and splits by the path that a spec names.
fn inputs(request: &SweepRequest) -> BTreeMap<&str, &str> {
    let mut inputs = BTreeMap::new();
    for run in &request.runs {
        for (name, text) in &run.inputs {
            let path = match (name.as_str(), &run.spec.data.sampling) {
                (TABLE, _) => run.spec.task.file(),
                (SPLIT, Sampling::SplitFile(path)) => Some(path.as_str()),
                _ => None,
            };
            if let Some(path) = path {
                inputs.insert(path, &**text);
            }
        }
    }
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn ids(request: &SweepRequest) -> Vec<String> {
        request.runs.iter().map(|run| run.id.to_string()).collect()
    }

    /// Written where it belongs, then the originals are edited: the words still make the runs that were submitted.
    #[test]
    fn what_was_submitted_stays_as_it_was_whatever_becomes_of_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let (klein, z4) = ("0,1,2,3\n1,0,3,2\n2,3,0,1\n3,2,1,0\n", "0,1,2,3\n1,2,3,0\n2,3,0,1\n3,0,1,2\n");
        fs::write(path("table.csv"), klein).unwrap();
        fs::write(
            path("m.toml"),
            format!("preset = \"small\"\ntask = \"table:{}\"\n[sweep]\nseed = \"0..3\"\n", path("table.csv")),
        )
        .unwrap();
        let of_file = vec![path("m.toml")];
        let of_words = vec!["small".to_owned(), format!("task=table:{}", path("table.csv")), "seed=0..2".to_owned()];
        for words in [of_file, of_words] {
            let read = |words: &[String]| SweepRequest::from_words(words, &[], None, &dir.path().join("runs")).unwrap();
            let submitted = read(&words);
            let frozen = freeze(&submitted, &path("slurm"));
            assert_eq!(frozen.files.len(), 2);
            for Script { path, text } in &frozen.files {
                fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            fs::write(path("table.csv"), z4).unwrap();
            assert_ne!(ids(&read(&words)), ids(&submitted));
            let again = read(&frozen.words);
            assert_eq!((ids(&again), &again.name), (ids(&submitted), &submitted.name));
            fs::write(path("table.csv"), klein).unwrap();
        }
        let edited = format!("preset = \"small\"\ntask = \"table:{}\"\n", path("table.csv"));
        let submitted = SweepRequest::from_words(&[path("m.toml")], &[], None, &dir.path().join("runs")).unwrap();
        let frozen = freeze(&submitted, &path("slurm"));
        fs::write(path("m.toml"), edited).unwrap();
        let again = SweepRequest::from_words(&frozen.words, &[], None, &dir.path().join("runs")).unwrap();
        assert_eq!(ids(&again), ids(&submitted));
        let words = ["small".to_owned(), "seed=0..2".to_owned()];
        let plain = SweepRequest::from_words(&words, &[], None, &dir.path().join("runs")).unwrap();
        assert!(freeze(&plain, "slurm").files.is_empty());
    }
}
