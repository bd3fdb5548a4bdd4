//! A language model with its tokenizer, opened from disk, and the texts that it reads.

use dunwu::memory;
use dunwu::verb::{VerbError, Watcher};
use dunwu_attention::cache::{Assignment, Precision};
use dunwu_attention::file::ModelFile;
use dunwu_attention::model::{Hyperparameters, Model};
use dunwu_attention::text_kind;
use dunwu_attention::tokenizer::Tokenizer;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// The token that begins a text where the model's file names none but knows this one.
const END_OF_TEXT: &str = "<|endoftext|>";
/// Progress is counted in mebibytes.
pub(crate) const MEBIBYTE: u64 = 1 << 20;

/// A language model that can read: its file, its weights in memory, its tokenizer.
pub struct LanguageModel {
    /// What the file says beside weights and tokens: the shape of the network, the chat template.
    pub file: ModelFile,
    /// The weights.
    pub model: Model,
    /// How text becomes tokens, and tokens text.
    pub tokenizer: Tokenizer,
}

/// Why a file that a model, a text or an assignment of policies was asked to be read from cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadingError {
    /// The model.
    #[error("cannot read the model {}", path.display())]
    Model {
        /// Its file or folder.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The text.
    #[error("cannot read the text {}", path.display())]
    Text {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A folder instead of a text.
    #[error("{} is a folder: name the text files in it", path.display())]
    Folder {
        /// As given.
        path: PathBuf,
    },
    /// A policy for each key head, as `dunwu attend --assign` writes it.
    #[error("cannot read the assignment {}", path.display())]
    Assignment {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl ReadingError {
    /// An error of the model at `path`.
    fn of_model(path: &Path) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Model { path, source }
    }

    /// An error of the text at `path`.
    pub(crate) fn of_text<E: Into<Box<dyn Error + Send + Sync>>>(path: &Path) -> impl FnOnce(E) -> Self + use<E> {
        let path = path.to_owned();
        move |source| Self::Text { path, source: source.into() }
    }
}

impl LanguageModel {
    /// Opens a GGUF file, or a folder with safetensors, loads its weights and makes its tokenizer.
    pub fn open(path: &Path, watcher: &mut Watcher<'_>) -> Result<Self, ReadingError> {
        let file = ModelFile::open(path).map_err(|error| ReadingError::of_model(path)(error.into()))?;
        let tokenizer = Tokenizer::new(&file.tokenizer).map_err(|error| ReadingError::of_model(path)(error.into()))?;
        let mut progress = Mebibytes::new("loading the model (MiB)");
        let model = Model::load(&file, &mut |done, all| progress.show(done as u64, all as u64, watcher));
        let model = model.map_err(|error| ReadingError::of_model(path)(error.into()))?;
        Ok(Self { file, model, tokenizer })
    }

    /// The shape of the network.
    pub fn shape(&self) -> &Hyperparameters {
        &self.file.hyperparameters
    }
}

/// Bytes as a stretch of work of a watcher.
pub(crate) struct Mebibytes {
    name: &'static str,
    has_begun: bool,
}

impl Mebibytes {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, has_begun: false }
    }

    /// Says that `done` of `all` bytes are done.
    pub(crate) fn show(&mut self, done: u64, all: u64, watcher: &mut Watcher<'_>) {
        if !self.has_begun {
            watcher.phase(self.name, Some(all.div_ceil(MEBIBYTE)));
            self.has_begun = true;
        }
        watcher.pieces(done / MEBIBYTE);
    }
}

/// Opens a text. A folder, a missing file and what is no text are refused by name.
pub(crate) fn open_text(path: &Path) -> Result<BufReader<File>, ReadingError> {
    let file = File::open(path).map_err(ReadingError::of_text(path))?;
    if file.metadata().map_err(ReadingError::of_text(path))?.is_dir() {
        return Err(ReadingError::Folder { path: path.to_owned() });
    }
    let mut text = BufReader::with_capacity(1 << 16, file);
    // Not taken from it, so that a pipe is read whole.
    match text_kind::of_beginning(text.fill_buf().map_err(ReadingError::of_text(path))?) {
        Some(found) => Err(ReadingError::of_text(path)(found.to_string())),
        None => Ok(text),
    }
}

/// Refuses caches that would be larger than the memory of this machine; `remedy` says what to do.
pub(crate) fn check_memory(
    assignments: &[&Assignment],
    precision: Precision,
    tokens: u64,
    shape: &Hyperparameters,
    remedy: &str,
) -> Result<(), VerbError> {
    let n_tokens = usize::try_from(tokens).unwrap_or(usize::MAX);
    let of_half = assignments.iter().map(|of| u128::from(of.bytes_at(shape, n_tokens))).sum::<u128>();
    let needed = match precision {
        Precision::F32 => 2 * of_half,
        Precision::F16 => of_half,
        Precision::Int8 => of_half / 2,
    };
    match memory::largest() {
        Some(largest) if needed > largest => Err(VerbError::usage(format!(
            "after {tokens} tokens the cached keys and values would take {:.1} GB, and this machine has {:.1} GB of memory; {remedy}",
            needed as f64 / 1e9,
            largest as f64 / 1e9
        ))),
        _ => Ok(()),
    }
}

/// The token that a text begins with: the one that the model's file demands, else `<|endoftext|>` where the file knows it, since a
/// model has seen few texts in training that did not follow it.
pub fn begin(tokenizer: &Tokenizer) -> Option<u32> {
    tokenizer.begin().or_else(|| tokenizer.special(END_OF_TEXT))
}

/// Threads to decode with: as many as were asked for, else one a core.
pub fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from)
}

/// A token's bytes as text, for people.
pub fn token_text(tokenizer: &Tokenizer, token: u32) -> String {
    String::from_utf8_lossy(tokenizer.bytes(token)).into_owned()
}

/// A path's last part: a file's name without its folders.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
