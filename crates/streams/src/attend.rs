//! The verb `attend`: a text is read with all keys kept, and each head's attention is measured.

use crate::language_model::{self, LanguageModel, ReadingError, file_name, token_text};
use dunwu::store::{OutputError, OutputFile};
use dunwu::verb::{VerbError, Watcher};
use dunwu_attention::assign::{assign, streaming};
use dunwu_attention::cache::{Assignment, Cache, Policy, Precision};
use dunwu_attention::decoder::Decoder;
use dunwu_attention::model::Hyperparameters;
use dunwu_attention::sparsity::{Plan, Sparsity};
use dunwu_attention::tokenizer::Tokenizer;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Tokens that are read at once.
const CHUNK: usize = 128;
/// Hardly a text has fewer bytes a token than this.
const BYTES_A_TOKEN: u64 = 2;
/// How cached keys and values are written.
const CACHE: Precision = Precision::F16;

/// What is to be read and measured.
#[derive(Clone, Debug, PartialEq)]
pub struct AttendRequest {
    /// A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors.
    pub model: PathBuf,
    /// A text file; its first tokens are read.
    pub text: PathBuf,
    /// Tokens to read, what begins the text included.
    pub tokens: usize,
    /// First query that is measured, so that there are keys to choose from.
    pub from: usize,
    /// Keys that count as recent, the query's own included.
    pub recent: u32,
    /// Which cache each key head needs, written to a file.
    pub assign: Option<AssignRequest>,
    /// Threads to decode with; as many as there are cores where none are named.
    pub threads: Option<u16>,
}

/// Which cache each key head needs.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignRequest {
    /// The file that it is written to, for the policy `heads:FILE`.
    pub file: PathBuf,
    /// Share of a head's attention that its cache has to hold, from 0 to 1.
    pub hold: f64,
    /// Keys of heads that no smaller cache serves; all where none are named.
    pub budget: Option<u32>,
}

/// What was measured while a text was read.
#[derive(Clone, Debug)]
pub struct Attended {
    /// The model's file as it was named.
    pub model: String,
    /// The text's file as it was named.
    pub text: String,
    /// The token that was put before the text, if one was.
    pub begin: Option<BeginToken>,
    /// The tokens that were read, as text.
    pub tokens: Vec<String>,
    /// Tokens of the longest text that the model was trained on.
    pub trained_context: usize,
    /// What each head looks at.
    pub sparsity: Sparsity,
    /// The assignment that was written, if one was.
    pub assigned: Option<WrittenAssignment>,
}

/// A token that was put before a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeginToken {
    /// Its number in the model's vocabulary.
    pub token: u32,
    /// Its text.
    pub text: String,
    /// Whether the model's file demands it; otherwise it is the one that parts texts.
    pub is_demanded: bool,
}

/// A policy for each key head, as it was written to a file.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenAssignment {
    /// The file.
    pub path: PathBuf,
    /// Share of its attention that each head's cache holds, where it is smaller than `otherwise`.
    pub hold: f64,
    /// Key heads of the model.
    pub n_key_heads: usize,
    /// Those among them that no smaller cache serves.
    pub n_otherwise: usize,
    /// What those have.
    pub otherwise: Policy,
    /// Tokens after which sizes are given: the longest text that the model was trained on.
    pub n_tokens: usize,
    /// Bytes of all caches after so many tokens.
    pub bytes: u64,
    /// The same with `otherwise` for all heads.
    pub bytes_uniform: u64,
}

impl AttendRequest {
    /// Tokens that are read where no number is given.
    pub const TOKENS: usize = 3000;
    /// First query that is measured where none is given.
    pub const FROM: usize = 512;
    /// Keys that count as recent where no number is given.
    pub const RECENT: u32 = 64;
    /// Share of its attention that a head's cache has to hold where none is given.
    pub const HOLD: f64 = 0.95;

    /// What is measured of a text unless one asks for something else.
    pub fn new(model: impl Into<PathBuf>, text: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            text: text.into(),
            tokens: Self::TOKENS,
            from: Self::FROM,
            recent: Self::RECENT,
            assign: None,
            threads: None,
        }
    }

    /// Refuses what is wrong whatever the model and the text.
    pub fn check(&self) -> Result<(), VerbError> {
        let Self { tokens, from, recent, .. } = self;
        if tokens <= from {
            return Err(VerbError::usage(format!(
                "--tokens {tokens} leaves no query from {from} on: raise --tokens or lower --from"
            )));
        }
        if *recent == 0 {
            return Err(VerbError::usage("--recent 0 leaves out the query's own key: take 1 or more"));
        }
        match &self.assign {
            Some(AssignRequest { hold, .. }) if !(*hold > 0.0 && *hold <= 1.0) => {
                Err(VerbError::usage(format!("--hold {hold} is no share of attention: take more than 0 and at most 1")))
            }
            Some(AssignRequest { budget: Some(keys), .. }) if *keys < 8 => {
                Err(VerbError::usage(format!("--budget {keys} leaves no window beside the sinks: take 8 or more")))
            }
            _ => Ok(()),
        }
    }
}

impl BeginToken {
    pub(crate) fn of(tokenizer: &Tokenizer, token: u32) -> Self {
        Self { token, text: token_text(tokenizer, token), is_demanded: tokenizer.begin() == Some(token) }
    }
}

impl Attended {
    /// The name of the model's file.
    pub fn model_name(&self) -> String {
        file_name(Path::new(&self.model))
    }

    /// The name of the text's file.
    pub fn text_name(&self) -> String {
        file_name(Path::new(&self.text))
    }
}

/// Reads the first tokens of a text with all keys kept, and measures what each head looks at.
pub fn attend(request: &AttendRequest, watcher: &mut Watcher<'_>) -> Result<Attended, VerbError> {
    request.check()?;
    let file = request.assign.as_ref().map(|assign| OutputFile::at(&assign.file)).transpose().map_err(refused)?;
    let text = language_model::open_text(&request.text)?;
    let language = LanguageModel::open(&request.model, watcher)?;
    let (shape, tokenizer) = (language.shape(), &language.tokenizer);
    check_memory(request, &text, shape)?;
    let begin = language_model::begin(tokenizer);
    let tokens = begin.map(Ok).into_iter().chain(tokenizer.reader(text)).take(request.tokens);
    let tokens: Vec<u32> = tokens.collect::<Result<_, _>>().map_err(ReadingError::of_text(&request.text))?;
    check_length(request, tokens.len(), begin.is_some())?;
    if tokens.len() > shape.trained_context {
        let (n, context) = (tokens.len(), shape.trained_context);
        watcher.note(&format!(
            "the model was trained on {context} tokens, and {n} are read: it was never trained at the positions after that"
        ));
    }
    let plan = Plan { n_tokens: tokens.len(), from: request.from, recent: request.recent as usize };
    let sparsity = observe(&language, request.threads, plan, &tokens, watcher)?;
    let assigned = match (&request.assign, file) {
        (Some(assign), Some(file)) => {
            Some(write_assignment(assign, file, &file_name(&request.model), &sparsity, shape)?)
        }
        _ => None,
    };
    Ok(Attended {
        model: request.model.display().to_string(),
        text: request.text.display().to_string(),
        begin: begin.map(|token| BeginToken::of(tokenizer, token)),
        tokens: tokens.iter().map(|token| token_text(tokenizer, *token)).collect(),
        trained_context: shape.trained_context,
        sparsity,
        assigned,
    })
}

fn refused(error: OutputError) -> VerbError {
    if error.is_usage() { VerbError::usage(error) } else { error.into() }
}

/// Refuses more tokens than there is memory for their keys, before any is read.
fn check_memory(request: &AttendRequest, text: &BufReader<File>, shape: &Hyperparameters) -> Result<(), VerbError> {
    let kind = text.get_ref().metadata().map_err(ReadingError::of_text(&request.text))?;
    let of_text = if kind.is_file() { kind.len() / BYTES_A_TOKEN } else { u64::MAX };
    let tokens = of_text.min(request.tokens as u64);
    let full = Assignment::uniform(Policy::Full, shape);
    language_model::check_memory(&[&full], CACHE, tokens, shape, "read fewer --tokens")
}

/// Refuses a text without queries that can be measured.
fn check_length(request: &AttendRequest, found: usize, has_begin: bool) -> Result<(), VerbError> {
    let (text, from) = (request.text.display(), request.from);
    if has_begin && request.tokens == 1 {
        return Err(VerbError::usage(
            "--tokens 1 is the token that begins the text, and leaves none of the text itself: raise --tokens",
        ));
    }
    if found == usize::from(has_begin) {
        return Err(VerbError::usage(format!("the text {text} is empty: name one with more than {from} tokens")));
    }
    if found <= from {
        return Err(VerbError::usage(format!(
            "the text {text} has {found} tokens, none from {from} on: take a longer text or lower --from"
        )));
    }
    Ok(())
}

/// Reads the tokens with all keys kept.
pub(crate) fn observe(
    language: &LanguageModel,
    threads: Option<u16>,
    plan: Plan,
    tokens: &[u32],
    watcher: &mut Watcher<'_>,
) -> Result<Sparsity, VerbError> {
    let shape = language.model.hyperparameters();
    let mut decoder = Decoder::new(&language.model, language_model::threads(threads));
    let mut cache = Cache::new(shape, &Assignment::uniform(Policy::Full, shape), CACHE);
    let mut observer = Sparsity::observer(shape, plan);
    watcher.phase("reading tokens", Some(tokens.len() as u64));
    for (i, chunk) in tokens.chunks(CHUNK).enumerate() {
        if watcher.is_stopped() {
            return Err(VerbError::Stopped);
        }
        decoder.watch(&mut cache, chunk, &mut observer);
        watcher.pieces((i * CHUNK + chunk.len()) as u64);
    }
    Ok(observer.finish())
}

fn write_assignment(
    request: &AssignRequest,
    file: OutputFile,
    model: &str,
    sparsity: &Sparsity,
    shape: &Hyperparameters,
) -> Result<WrittenAssignment, VerbError> {
    let otherwise = request.budget.map_or(Policy::Full, |keys| streaming(keys as usize));
    let assignment = assign(sparsity, request.hold, otherwise);
    let path = file.write(assignment.write(model).as_bytes()).map_err(refused)?;
    let n_tokens = shape.trained_context;
    Ok(WrittenAssignment {
        path,
        hold: request.hold,
        n_key_heads: assignment.policies.iter().map(Vec::len).sum(),
        n_otherwise: assignment.count(otherwise),
        otherwise,
        n_tokens,
        bytes: assignment.bytes_at(shape, n_tokens),
        bytes_uniform: Assignment::uniform(otherwise, shape).bytes_at(shape, n_tokens),
    })
}
