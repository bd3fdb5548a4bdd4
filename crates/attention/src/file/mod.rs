//! Models as others write them: GGUF files, and folders with safetensors. Nothing here trusts a file: every length is held
//! against what is left of it before anything is allocated.

use crate::model::Hyperparameters;
use std::path::Path;

/// A model's file, opened: what it says of itself, and where its weights are.
pub struct ModelFile {
    /// What shapes the model.
    pub hyperparameters: Hyperparameters,
    /// How it cuts text.
    pub tokenizer: crate::tokenizer::TokenizerParts,
    /// How it wants conversations written, a Jinja template.
    pub chat_template: Option<String>,
}

/// A weight matrix (or vector: one row) as it lies in the file.
pub struct RawTensor {
    /// How its numbers are written.
    pub format: Format,
    /// Outputs.
    pub n_rows: usize,
    /// Inputs; consecutive in the file.
    pub n_columns: usize,
    /// `n_rows` rows of `format.row_bytes(n_columns)` bytes.
    pub bytes: Vec<u8>,
}

/// How numbers are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its name in the GGUF specification")]
pub enum Format {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
}

impl Format {
    /// Numbers that are written together; a row is a whole number of blocks.
    pub fn block_len(self) -> usize {
        todo!()
    }

    /// Bytes of such a block.
    pub fn block_bytes(self) -> usize {
        todo!()
    }

    /// The numbers of whole blocks.
    pub fn decode(self, _bytes: &[u8], _values: &mut [f32]) {
        todo!()
    }
}

/// Why a model could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {}

impl ModelFile {
    /// Opens a GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors. Reads no weights.
    pub fn open(_path: &Path) -> Result<Self, ModelFileError> {
        todo!()
    }

    /// A tensor that must be there.
    pub fn required(&self, _name: &str) -> Result<RawTensor, ModelFileError> {
        todo!()
    }

    /// One tensor by its GGUF name (`blk.0.attn_q.weight`, `token_embd.weight`, …); `None` if there is none of that name.
    pub fn tensor(&self, _name: &str) -> Result<Option<RawTensor>, ModelFileError> {
        todo!()
    }
}
