//! The verb `attend --head`: the first tokens of a text are read with all keys kept, and the attention of one head is given whole.

use crate::attend::{BeginToken, observe};
use crate::language_model::{self, LanguageModel, ReadingError, file_name, token_text};
use dunwu::verb::{VerbError, Watcher};
use dunwu_attention::model::Hyperparameters;
use dunwu_attention::sparsity::{Head, MAP_TOKENS, Plan};
use std::path::{Path, PathBuf};

/// The place of a query head in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadPlace {
    /// Its layer, from 0.
    pub layer: usize,
    /// Its place among the query heads of the layer, from 0.
    pub head: usize,
}

/// Whose attention is to be given, on what.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadRequest {
    /// A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors.
    pub model: PathBuf,
    /// A text file; its first tokens are read.
    pub text: PathBuf,
    /// The head.
    pub head: HeadPlace,
    /// Tokens to read, what begins the text included; never more than [`Self::MOST_TOKENS`] are.
    pub tokens: usize,
    /// Threads to decode with; as many as there are cores where none are named.
    pub threads: Option<u16>,
}

/// What one head looked at while the beginning of a text was read.
#[derive(Clone, Debug)]
pub struct AttendedHead {
    /// The model's file as it was named.
    pub model: String,
    /// The text's file as it was named.
    pub text: String,
    /// The token that was put before the text, if one was.
    pub begin: Option<BeginToken>,
    /// The tokens that were read, as text: two or more.
    pub tokens: Vec<String>,
    /// Layers of the model.
    pub n_layers: usize,
    /// Query heads of a layer.
    pub n_heads: usize,
    /// The head, with its weights on these tokens.
    pub head: Head,
}

impl HeadRequest {
    /// A query token that is drawn needs a row of the picture and a place in a line of text: of more, none could be told apart. What
    /// later tokens are changes nothing for these.
    pub const MOST_TOKENS: usize = MAP_TOKENS;

    /// Refuses what is wrong whatever the model and the text.
    pub fn check(&self) -> Result<(), VerbError> {
        match self.tokens {
            0 | 1 => Err(VerbError::usage(format!(
                "--tokens {} leaves no query a choice of keys: take 2 or more",
                self.tokens
            ))),
            _ => Ok(()),
        }
    }
}

impl AttendedHead {
    /// The name of the model's file.
    pub fn model_name(&self) -> String {
        file_name(Path::new(&self.model))
    }

    /// The name of the text's file.
    pub fn text_name(&self) -> String {
        file_name(Path::new(&self.text))
    }
}

/// Reads the first tokens of a text with all keys kept, and gives what one head looks at.
pub fn attend_head(request: &HeadRequest, watcher: &mut Watcher<'_>) -> Result<AttendedHead, VerbError> {
    request.check()?;
    let text = language_model::open_text(&request.text)?;
    let language = LanguageModel::open(&request.model, watcher)?;
    let (shape, tokenizer) = (language.shape(), &language.tokenizer);
    check_head(request.head, shape)?;
    let begin = language_model::begin(tokenizer);
    let n_tokens = request.tokens.min(HeadRequest::MOST_TOKENS);
    let tokens = begin.map(Ok).into_iter().chain(tokenizer.reader(text)).take(n_tokens);
    let tokens: Vec<u32> = tokens.collect::<Result<_, _>>().map_err(ReadingError::of_text(&request.text))?;
    if tokens.len() < 2 {
        let text = request.text.display();
        return Err(VerbError::usage(format!(
            "the text {text} has {} to read, and a query needs two to choose from: take a longer text",
            if tokens.is_empty() { "no token" } else { "one token" }
        )));
    }
    let plan = Plan { n_tokens: tokens.len(), from: 1, recent: 1 };
    let mut sparsity = observe(&language, request.threads, plan, &tokens, watcher)?;
    Ok(AttendedHead {
        model: request.model.display().to_string(),
        text: request.text.display().to_string(),
        begin: begin.map(|token| BeginToken::of(tokenizer, token)),
        tokens: tokens.iter().map(|token| token_text(tokenizer, *token)).collect(),
        n_layers: shape.n_layers,
        n_heads: shape.n_heads,
        head: sparsity.heads.swap_remove(request.head.layer * shape.n_heads + request.head.head),
    })
}

/// Refuses a head that the model does not have.
fn check_head(HeadPlace { layer, head }: HeadPlace, shape: &Hyperparameters) -> Result<(), VerbError> {
    let Hyperparameters { n_layers, n_heads, .. } = shape;
    if layer < *n_layers && head < *n_heads {
        return Ok(());
    }
    Err(VerbError::usage(format!(
        "--head {layer}.{head}: the model has {n_layers} layers of {n_heads} query heads, from 0.0 to {}.{}",
        n_layers - 1,
        n_heads - 1
    )))
}
