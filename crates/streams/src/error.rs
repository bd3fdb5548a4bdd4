//! What can go wrong with a stream.

use dunwu::store::{FileError, WritingProcess};
use dunwu_attention::text_kind::NoText;
use std::io;
use std::path::PathBuf;

/// Why a stream could not be read, kept or gone on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// A file of the stream's folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// Two processes on one stream.
    #[error("this stream is being read by {reader}; wait for it, or end it first: {path:?}")]
    BeingRead {
        /// Which process, as far as it says so.
        reader: Box<WritingProcess>,
        /// The stream's folder.
        path: PathBuf,
    },
    /// The text cannot be read.
    #[error("cannot read the text ({source}): {path:?}")]
    Text {
        /// Its file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A compressed file, a picture, another encoding.
    #[error("{found}: {path:?}")]
    NoText {
        /// What it is, and what makes a text of it.
        found: NoText,
        /// Its file.
        path: PathBuf,
    },
    /// A folder instead of a text.
    #[error("{path:?} is a folder; name the text files in it")]
    IsAFolder {
        /// As given.
        path: PathBuf,
    },
    /// A text that could not be read a second time.
    #[error(
        "{path:?} is no regular file, so that a stream that was interrupted could not go on in it; save it as a file first"
    )]
    NotAFile {
        /// As given.
        path: PathBuf,
    },
    /// Nothing to read.
    #[error("the text is empty: {}", list(paths))]
    Empty {
        /// All its files.
        paths: Vec<PathBuf>,
    },
    /// Another text stands where the one was that the stream has read.
    #[error(
        "the text has changed since this stream began to read it ({why}); put the old text back, or begin again with --restart: {path:?}"
    )]
    TextChanged {
        /// What does not fit.
        why: String,
        /// Its file.
        path: PathBuf,
    },
    /// A folder that is no stream, or one of another build.
    #[error("this is no stream that can be listed ({why}): {path:?}")]
    NoStream {
        /// Which part of `stream.json` is not as this build writes it.
        why: String,
        /// The file that says what the stream is.
        path: PathBuf,
    },
    /// A line that was not written so.
    #[error("line {line} is damaged ({why}); begin again with --restart: {path:?}")]
    DamagedLine {
        /// Counted from 1.
        line: usize,
        /// What does not fit.
        why: String,
        /// The log.
        path: PathBuf,
    },
    /// A model's file cannot be hashed.
    #[error("cannot read the model ({source}): {path:?}")]
    Model {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
