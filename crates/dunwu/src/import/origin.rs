//! Where imported weights came from, as the run's inputs hold it.
//!
//! The text is one of the run's input files, so the record's first line lists its hash and the run's id depends on it: no run that is
//! trained here has the id of one that was imported.

use super::pairing::{LeftOut, Pair};
use crate::verb::VerbError;
use serde::{Deserialize, Serialize};

/// What the text is called among a run's inputs.
pub const IMPORTED: &str = "imported";

/// Where the weights of a run came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// A file a snapshot, by step.
    pub snapshots: Vec<SnapshotOrigin>,
    /// Which array became which, in the network's order.
    pub arrays: Vec<ArrayOrigin>,
    /// Arrays that were not taken over.
    pub left_out: Vec<LeftOut>,
}

/// Where a snapshot came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotOrigin {
    /// The step that it was put at.
    pub step: u64,
    /// The file's name, without its folder.
    pub file: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub blake3: String,
}

/// Where an array came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayOrigin {
    /// How the two arrays go together.
    #[serde(flatten)]
    pub pair: Pair,
    /// Extents of theirs.
    pub their_shape: Vec<usize>,
    /// Extents of ours.
    pub our_shape: Vec<usize>,
}

impl Origin {
    /// As the text of an input file; the same origin has the same text.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("names and numbers") + "\n"
    }

    /// The origin among the inputs of a run; `None` of a run that was trained here.
    pub fn among(inputs: &[(String, String)]) -> Result<Option<Self>, VerbError> {
        let Some((_, text)) = inputs.iter().find(|(name, _)| name == IMPORTED) else { return Ok(None) };
        let origin = serde_json::from_str(text).map_err(|error| {
            VerbError::usage(format!("the run's file inputs/{IMPORTED} is not what `dunwu import` writes: {error}"))
        })?;
        Ok(Some(origin))
    }

    /// Names of the files, in a list of at most three.
    pub fn files(&self) -> String {
        let names: Vec<&str> = self.snapshots.iter().map(|snapshot| snapshot.file.as_str()).collect();
        match names.as_slice() {
            [] => "no file".to_owned(),
            [name] => (*name).to_owned(),
            [names @ .., last] if names.len() < 3 => format!("{} and {last}", names.join(", ")),
            [first, .., last] => format!("{first} to {last} ({} files)", names.len()),
        }
    }
}
