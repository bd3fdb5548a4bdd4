//! What is mutated: files of the field, those that were kept, and those that turn up.

use super::readers::Reader;
use crate::random::Random;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of an input, and of all inputs of a reader, that are kept for ever at most: the whole of `testdata/fuzz` stays below 200 KiB.
const LONGEST_KEPT: u64 = 2048;
const MOST_KEPT: u64 = 10 << 10;
/// Longer files of the field are not mutated: each try would cost too much.
const LONGEST: u64 = 1 << 18;
/// Inputs that are mutated further; beyond that the oldest that turned up go.
const MOST: usize = 4096;

pub(super) struct Corpus {
    inputs: Vec<Vec<u8>>,
    n_given: usize,
}

impl Corpus {
    pub(super) fn read(root: &Path, reader: &Reader, scratch: &Path) -> Result<Self, String> {
        let kept = root.join("testdata/fuzz").join(reader.name);
        let mut inputs = Vec::new();
        for folder in reader.field.iter().map(|folder| root.join(folder)).chain([kept]) {
            for path in files(&folder)? {
                inputs.push(fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?);
            }
        }
        inputs.extend((reader.seeds)(scratch)?);
        if inputs.is_empty() {
            return Err(format!("the reader {} has nothing to begin with", reader.name));
        }
        Ok(Self { n_given: inputs.len(), inputs })
    }

    pub(super) fn len(&self) -> usize {
        self.inputs.len()
    }

    /// How many were there from the start.
    pub(super) fn n_given(&self) -> usize {
        self.n_given
    }

    pub(super) fn get(&self, nth: usize) -> Option<&[u8]> {
        self.inputs.get(nth).map(Vec::as_slice)
    }

    pub(super) fn any(&self, random: &mut Random) -> &[u8] {
        &self.inputs[random.below(self.inputs.len())]
    }

    pub(super) fn push(&mut self, input: Vec<u8>) {
        if self.inputs.len() < MOST {
            self.inputs.push(input);
        }
    }
}

/// Whether another input of this length may be kept in a reader's folder.
pub(super) fn has_room(folder: &Path, len: usize) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let held: u64 = entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
    len as u64 <= LONGEST_KEPT && held + len as u64 <= MOST_KEPT
}

/// A file, or the files of a folder, by name; none where there is no such folder.
fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let cannot = |error: std::io::Error| format!("cannot list {}: {error}", path.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if entry.metadata().map_err(cannot)?.is_file() && entry.metadata().map_err(cannot)?.len() <= LONGEST {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
