//! What people say of a run: tags and a note, in `remarks.json` beside the record. They identify nothing and may change at any time.

use super::error::StoreError;
use super::file::{self, While as _};
use super::run_dir::RunDir;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Tags and note of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Remarks {
    /// Words that the run is found by, in alphabetical order.
    pub tags: BTreeSet<String>,
    /// A sentence or more about it; empty where nothing was written.
    pub note: String,
}

/// Why a word is no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no tag: write letters, digits, `.`, `_` and `-`, at most 64 of them")]
pub struct NotATag(pub String);

/// A word as a tag.
pub fn tag(word: &str) -> Result<String, NotATag> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_tag = !word.is_empty() && word.chars().count() <= 64 && word.chars().all(is_plain);
    if is_tag { Ok(word.to_owned()) } else { Err(NotATag(word.to_owned())) }
}

impl Remarks {
    /// What was said of `run`; nothing where no file is there.
    pub fn read(run: &RunDir) -> Result<Self, StoreError> {
        let path = path_in(run);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            text => text.or_while("reading the run's remarks", &path)?,
        };
        serde_json::from_str(&text).map_err(|source| StoreError::Remarks { source, path })
    }

    /// Replaces what was said of `run`.
    pub fn write(&self, run: &RunDir) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(self).expect("remarks are plain text") + "\n";
        Ok(file::replace(&path_in(run), text.as_bytes(), "writing the run's remarks")?)
    }
}

fn path_in(run: &RunDir) -> PathBuf {
    run.path().join("remarks.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_that_need_no_quotes() {
        for word in ["baseline", "paper-fig3", "v1.2", "顿悟"] {
            assert_eq!(tag(word).as_deref(), Ok(word));
        }
        for word in ["", "two words", "a,b", "a=b", "-x/y", &"x".repeat(65)] {
            assert!(tag(word).is_err(), "{word}");
        }
    }
}
