//! Why a file names no training samples, with what would.

use crate::written::{Place, TEXT_FORMATS, WrittenError};

/// Why a split file was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitFileError {
    /// No rows of cells.
    #[error("the split cannot be read: {reason}: {file:?}")]
    Written {
        /// Why.
        reason: WrittenError,
        /// Path as the user wrote it.
        file: String,
    },
    /// Nothing to train on.
    #[error("data.split = {file} leaves no training sample of {population}; the least is 1")]
    Empty {
        /// Path as the user wrote it.
        file: String,
        /// Samples that there are.
        population: usize,
    },
    /// An entry with too many or too few numbers, or something that is no number.
    #[error("{place}: `{found}` is not {}: {file:?}", expected(sizes))]
    NotASample {
        /// Where.
        place: Place,
        /// The row as it stands in the file.
        found: String,
        /// Tokens of each operand; the number of samples where inputs are numbers.
        sizes: Vec<usize>,
        /// Path as the user wrote it.
        file: String,
    },
    /// A token that the operand has not.
    #[error("{place}: {token} is no token of operand {operand}, which has {first} to {last}{}: {file:?}", base_hint(*.first, *.token, *.last))]
    OutOfRange {
        /// Where.
        place: Place,
        /// The token that the file names.
        token: u64,
        /// Which operand, counted from 1.
        operand: usize,
        /// Its first token.
        first: u64,
        /// Its last token.
        last: u64,
        /// Path as the user wrote it.
        file: String,
    },
    /// A place past the end.
    #[error("{place}: {index} is no sample of the task, which has {first} to {last}{}: {file:?}", base_hint(*.first, *.index, *.last))]
    NoSample {
        /// Where.
        place: Place,
        /// The sample's number that the file names.
        index: u64,
        /// The task's first sample.
        first: u64,
        /// The task's last sample.
        last: u64,
        /// Path as the user wrote it.
        file: String,
    },
    /// One sample is named by two rows of the file.
    #[error("{place}: `{tuple}` is named already, at {earlier}{}: {file:?}", mask_hint(tuple))]
    Duplicate {
        /// Where.
        place: Place,
        /// The sample as it stands in the file.
        tuple: String,
        /// Where it was named first.
        earlier: Place,
        /// Path as the user wrote it.
        file: String,
    },
    /// It can be read in two ways.
    #[error("the split can be read as {one} and as {other}; {remedy}: {file:?}")]
    Ambiguous {
        /// One way.
        one: &'static str,
        /// The other way.
        other: &'static str,
        /// How to say which.
        remedy: &'static str,
        /// Path as the user wrote it.
        file: String,
    },
    /// Columns of which nothing says what they are.
    #[error(
        "the columns {found} are not {}; keep the operands in their order, and `split` with train and test if need be: {file:?}",
        expected(sizes)
    )]
    Columns {
        /// Their names.
        found: String,
        /// Tokens of each operand.
        sizes: Vec<usize>,
        /// Path as the user wrote it.
        file: String,
    },
    /// What the file says is tested on is not what is left.
    #[error(
        "the file's test samples are {problem}; every sample that is not trained on is tested on here, so leave them out of the file: {file:?}"
    )]
    TestDiffers {
        /// How they differ.
        problem: String,
        /// Path as the user wrote it.
        file: String,
    },
}

/// What an entry may be.
fn expected(sizes: &[usize]) -> String {
    let places: usize = sizes.iter().product();
    let of_one = format!("a whole number from 0 to {}", places - 1);
    match sizes {
        [_] => format!("{of_one}, the sample's place"),
        [_, p] => format!("2 whole numbers `a,b`, nor {of_one}, the place a·{p} + b. {TEXT_FORMATS}"),
        sizes => format!("{} whole numbers, nor {of_one}, the tuple's place. {TEXT_FORMATS}", sizes.len()),
    }
}

fn base_hint(first: u64, value: u64, last: u64) -> &'static str {
    if first == 0 && value == last + 1 {
        " (if the file counts from 1, write the line `# index_base = 1` above, or {\"index_base\": 1, \"train\": […]} in JSON)"
    } else {
        ""
    }
}

fn mask_hint(tuple: &str) -> &'static str {
    if matches!(tuple, "0" | "1") { " (a mask has one value for every sample of the task)" } else { "" }
}
