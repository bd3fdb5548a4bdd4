//! Models as others write them: GGUF files, and folders with safetensors. Nothing here trusts a file: every length is held
//! against what is left of it before anything is allocated, and opening takes no more memory than the file's size and a mebibyte.
//!
//! | here | what |
//! |---|---|
//! | `gguf`, `llama` | GGUF files, and what a Llama model's keys mean |
//! | `folder`, `safetensors`, `tokenizer_json`, `json` | folders, their weights, their tokenizers, and JSON within bounds |
//! | `format`, `k_quants` | number formats of weights |
//! | `shapes` | which tensors there must be |
//! | `source` | reading at places of a file |

mod error;
mod folder;
mod format;
mod gguf;
mod json;
mod k_quants;
mod llama;
mod safetensors;
mod shapes;
mod source;
mod tokenizer_json;

pub use error::{Flaw, ModelFileError};
pub use format::Format;

use crate::model::Hyperparameters;
use std::path::{Path, PathBuf};

/// A model's file, opened: what it says of itself, and where its weights are.
#[derive(Debug)]
pub struct ModelFile {
    /// What shapes the model.
    pub hyperparameters: Hyperparameters,
    /// How it cuts text.
    pub tokenizer: crate::tokenizer::TokenizerParts,
    /// How it wants conversations written, a Jinja template.
    pub chat_template: Option<String>,
    path: PathBuf,
    weights: Weights,
}

/// Where the weights are.
#[derive(Debug)]
enum Weights {
    Gguf(gguf::Gguf),
    Folder(folder::Folder),
}

/// A weight matrix (or vector: one row) as it lies in the file.
#[derive(Clone, Debug)]
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

impl ModelFile {
    /// Opens a GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors. Reads no weights.
    pub fn open(path: &Path) -> Result<Self, ModelFileError> {
        if path.is_dir() { Self::open_folder(path) } else { Self::open_gguf(path).map_err(|flaw| flaw.of(path)) }
    }

    /// A tensor that every model has: opening a file finds them all.
    pub(crate) fn required(&self, name: &str) -> Result<RawTensor, ModelFileError> {
        Ok(self.tensor(name)?.expect("opening holds the tensors against the hyperparameters"))
    }

    /// One tensor by its GGUF name (`blk.0.attn_q.weight`, `token_embd.weight`, …); `None` if there is none of that name. Threads
    /// may read at once.
    pub fn tensor(&self, name: &str) -> Result<Option<RawTensor>, ModelFileError> {
        match &self.weights {
            Weights::Gguf(gguf) => {
                gguf.find(name).map(|tensor| gguf.read(tensor)).transpose().map_err(|flaw| flaw.of(&self.path))
            }
            Weights::Folder(folder) => folder.tensor(name),
        }
    }

    fn open_folder(path: &Path) -> Result<Self, ModelFileError> {
        let folder::Opened { hyperparameters, tokenizer, chat_template, weights } = folder::Folder::open(path)?;
        let weights = Weights::Folder(weights);
        Ok(Self { hyperparameters, tokenizer, chat_template, path: path.to_owned(), weights })
    }

    fn open_gguf(path: &Path) -> Result<Self, Flaw> {
        let gguf = gguf::Gguf::open(path)?;
        let hyperparameters = llama::hyperparameters(&gguf)?;
        Ok(Self {
            tokenizer: llama::tokenizer(&gguf, hyperparameters.n_vocab)?,
            chat_template: gguf.text("tokenizer.chat_template")?,
            hyperparameters,
            path: path.to_owned(),
            weights: Weights::Gguf(gguf),
        })
    }
}
