//! Where imported weights came from, as the run's inputs hold it.
//!
//! The text is one of the run's input files, so the record's first line lists its hash and the run's id depends on it: no run that is
//! trained here has the id of one that was imported.

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

/// The file that a snapshot of an imported run was read from, and its hash.
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

/// Which array of a file an array of the network was read from.
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

/// Why an array of a file was taken for one of the network: its name, its extents, or the user's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The user said so.
    Told,
    /// Its name, or the order of names that differ in a number alone.
    Name,
    /// Its extents, which no other array has.
    Extents,
}

/// An array of ours and where its numbers come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Ours.
    pub ours: String,
    /// Theirs.
    pub theirs: String,
    /// The part of theirs that it is, where theirs holds several: its number, counted from 0, of so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<(usize, usize)>,
    /// How theirs lies.
    pub form: Form,
    /// Why it was taken for this one.
    pub ground: Ground,
    /// Whether it is square, so that its form is that of its neighbours.
    pub is_square: bool,
}

/// An array of a file that is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name.
    pub theirs: String,
    /// Why nothing is lost by it.
    pub why: String,
}

/// How an array of theirs becomes one of ours, which is `[inputs, outputs]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As it is; extents of 1 are not counted.
    Straight,
    /// `[outputs, inputs]`, as `torch.nn.Linear` keeps it.
    Transposed,
    /// A matrix a head behind another along our columns, `[heads, inputs, outputs of a head]`: queries, keys and values of `TransformerLens`.
    HeadColumns,
    /// `[heads, outputs of a head, inputs]`: the same, each transposed.
    HeadColumnsTransposed,
    /// A matrix a head below another along our rows, `[heads, inputs of a head, outputs]`: the output map of `TransformerLens`.
    HeadRows,
    /// `[heads, outputs, inputs of a head]`: the same, each transposed.
    HeadRowsTransposed,
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

impl Form {
    /// How an array lies, in words that a table shows.
    pub fn words(self) -> &'static str {
        match self {
            Self::Straight => "as it is",
            Self::Transposed => "transposed",
            Self::HeadColumns => "heads side by side",
            Self::HeadColumnsTransposed => "heads side by side, each transposed",
            Self::HeadRows => "heads below each other",
            Self::HeadRowsTransposed => "heads below each other, each transposed",
        }
    }

    /// Whether their inputs and outputs lie the other way round.
    pub fn is_transposed(self) -> bool {
        matches!(self, Self::Transposed | Self::HeadColumnsTransposed | Self::HeadRowsTransposed)
    }
}
