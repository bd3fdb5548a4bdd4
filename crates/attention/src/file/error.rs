//! Why a model's file could not be read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a model could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// There is nothing that could be a model.
    #[error("neither a GGUF file nor a folder with config.json, tokenizer.json and safetensors: {path:?}")]
    NotAModel {
        /// What was asked for.
        path: PathBuf,
    },
    /// A file is not what its format wants, or is not supported.
    #[error("{flaw}: {path:?}")]
    Flawed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        flaw: Flaw,
    },
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the message of each says what it and its fields are")]
pub enum Flaw {
    #[error("cannot read ({0})")]
    Read(#[from] io::Error),
    #[error("{needed} bytes are needed at byte {offset}, and the file has {len}")]
    Truncated { needed: u64, offset: u64, len: u64 },
    #[error("not a GGUF file: it begins with {found:?} and not with \"GGUF\"")]
    Magic { found: String },
    #[error("a big-endian GGUF file; only little-endian ones are read")]
    BigEndian,
    #[error("GGUF version {found}; 2 and 3 are read")]
    Version { found: u32 },
    #[error("{found} {what}; at most {most} are read")]
    TooMany { what: &'static str, found: u64, most: u64 },
    #[error("the name at byte {offset} has {len} bytes; at most {most} are read")]
    NameLength { offset: u64, len: u64, most: u64 },
    #[error("the text at byte {offset} is not UTF-8")]
    NotUtf8 { offset: u64 },
    #[error("{name:?} is there twice")]
    Duplicate { name: String },
    #[error("the value of {key:?} has type {found}, which GGUF does not have or which is not read")]
    ValueType { key: String, found: u32 },
    #[error("{key:?} is missing")]
    MissingKey { key: String },
    #[error("{key:?} is {found}, and must be {expected}")]
    Value { key: String, found: String, expected: &'static str },
    #[error("{what} {found:?} is not supported; supported: {supported}")]
    Unsupported { what: &'static str, found: String, supported: &'static str },
    #[error(
        "tensor {name:?} is written as {format}; F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and Q2_K to Q6_K are read"
    )]
    Format { name: String, format: String },
    #[error("tensor {name:?} has the shape {shape:?}; matrices and vectors with at least one element are read")]
    Shape { name: String, shape: Vec<u64> },
    #[error("tensor {name:?} has rows of {n_columns} numbers, not whole blocks of {format}, which have {block_len}")]
    Row { name: String, n_columns: usize, format: &'static str, block_len: usize },
    #[error("tensor {name:?} is at byte {offset} of the weights, not a multiple of the alignment {alignment}")]
    Misaligned { name: String, offset: u64, alignment: u64 },
    #[error("tensor {name:?} has {n_bytes} bytes from byte {offset} of the weights on, which have {available}")]
    OutOfFile { name: String, offset: u64, n_bytes: u64, available: u64 },
    #[error("tensors {first:?} and {second:?} overlap")]
    Overlap { first: String, second: String },
    #[error("tensor {name:?} begins at byte {offset} of the weights, and the one before it ends at byte {end}")]
    NotAdjacent { name: String, offset: u64, end: u64 },
    #[error("the tensors end at byte {end} of the weights, which have {available}")]
    Uncovered { end: u64, available: u64 },
    #[error("tensor {name:?} is missing")]
    MissingTensor { name: String },
    #[error("tensor {name:?} has {} rows of {}, and the hyperparameters want {} rows of {}", .found.0, .found.1, .expected.0, .expected.1)]
    Mismatch { name: String, found: (usize, usize), expected: (usize, usize) },
    #[error("tensor {name:?} is not part of a Llama model with {n_layers} layers as this build computes it")]
    UnknownTensor { name: String, n_layers: usize },
    #[error("the embedding has {n_vocab} rows and the tokenizer {n_tokens} tokens")]
    Vocabulary { n_vocab: usize, n_tokens: usize },
    #[error("not the JSON that is expected here ({0})")]
    Json(#[from] serde_json::Error),
    #[error("tensor {name:?} takes {n_bytes} bytes and its shape says {expected}")]
    Bytes { name: String, n_bytes: u64, expected: u64 },
    #[error("the shard {shard:?} is not a file of this folder")]
    Shard { shard: String },
}

impl Flaw {
    /// A key whose value cannot be.
    pub(super) fn value(key: &str, found: &dyn fmt::Display, expected: &'static str) -> Self {
        Self::Value { key: key.to_owned(), found: found.to_string(), expected }
    }

    /// With the file that it is in.
    pub(super) fn of(self, path: &Path) -> ModelFileError {
        ModelFileError::Flawed { path: path.to_owned(), flaw: self }
    }
}
