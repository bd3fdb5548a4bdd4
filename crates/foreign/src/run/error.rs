//! Why a foreign run could not be begun, gone on with or written to.

use dunwu::store::{FileError, StoreError};
use std::path::PathBuf;

/// Why something was not recorded. Whatever was recorded before is whole, and the writer can be used further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignError {
    /// The directory, its record or its lock.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A run of our own, to which nothing is appended from outside.
    #[error("dunwu trained this run, and nothing else is recorded in it; `dunwu resume` goes on with it: {path:?}")]
    OwnRun {
        /// The run.
        path: PathBuf,
    },
    /// A name that no series, layer or tensor can have.
    #[error("{name:?} cannot name a {what}: {why}")]
    Name {
        /// A series, a layer or a tensor.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// One name twice in one call.
    #[error("{name:?} is given twice at step {step}; give each series one value a step")]
    SameName {
        /// The name.
        name: String,
        /// The step.
        step: u64,
    },
    /// A step that was recorded already, or lies behind one that was.
    #[error(
        "{name:?} was recorded up to step {last}, so that step {step} cannot follow; count steps upwards, or go on from an earlier step with `rewind`, after which what was recorded from there on counts no more: {path:?}"
    )]
    StepBehind {
        /// What was recorded.
        name: String,
        /// The last step at which it was.
        last: u64,
        /// The step that was asked for.
        step: u64,
        /// The run.
        path: PathBuf,
    },
    /// An array or a text that is too large for a line.
    #[error("{what} has {found} {unit}, and a record holds up to {most} in one; record fewer: {path:?}")]
    TooLarge {
        /// What was to be recorded.
        what: String,
        /// How large it is.
        found: usize,
        /// Of what.
        unit: &'static str,
        /// The limit.
        most: usize,
        /// The run.
        path: PathBuf,
    },
    /// Tensors that no file of safetensors holds.
    #[error(
        "the snapshot of step {step} cannot be written ({why}); give each tensor as many bytes as its shape and type say"
    )]
    Tensors {
        /// The step.
        step: u64,
        /// What does not fit.
        why: String,
    },
    /// A type of numbers that safetensors does not have.
    #[error("{name:?} is no type of numbers that safetensors has; there are {}", super::snapshot::DTYPES.map(|known| known.0).join(", "))]
    Dtype {
        /// The type that was asked for.
        name: String,
    },
}

impl From<FileError> for ForeignError {
    fn from(error: FileError) -> Self {
        Self::Store(error.into())
    }
}
