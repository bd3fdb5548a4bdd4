//! The verb `stream`: a long text is read under several cache policies, from where an earlier reading left off.

use crate::language_model::{self, LanguageModel, Mebibytes, token_text};
use crate::policies::{self, AppliedPolicy};
use crate::underway::Underway;
use crate::{Course, Folder, Identity, Reading, Setting, StreamError, Text, hash_of_model};
use dunwu::verb::{VerbError, Watcher};
use dunwu_attention::cache::{Assignment, Precision};
use dunwu_attention::model::Hyperparameters;
use dunwu_attention::tokenizer::Tokenizer;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// No usual text has more bytes a token than this, so that what is estimated is not more than what is needed.
const BYTES_A_TOKEN: u64 = 8;

/// What is to be read, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRequest {
    /// A GGUF file, or a folder with safetensors.
    pub model: PathBuf,
    /// Text files, read one after the other; they may be longer than memory.
    pub texts: Vec<PathBuf>,
    /// Cache policies, as they are written; all see the same tokens.
    pub policies: Vec<String>,
    /// Tokens to read in all; all of the text where no number is given.
    pub tokens: Option<NonZeroU64>,
    /// Tokens of a segment, for which a perplexity of its own is given.
    pub segment: NonZeroU64,
    /// Tokens that are read at once; changes how long it takes, and not a bit of what comes out.
    pub chunk: u32,
    /// How cached keys and values are written.
    pub cache: Precision,
    /// Threads to decode with; as many as there are cores where none are named. They change not a bit of what comes out.
    pub threads: Option<u16>,
    /// Tokens of the text that are passed over.
    pub from: u64,
    /// Whether the text is begun over at its end until `tokens` are read.
    pub repeats: bool,
    /// Whether what this stream has read before is forgotten.
    pub restarts: bool,
    /// Time between checkpoints: what `kill -9` may cost; longer where saving takes long.
    pub checkpoint_every: Duration,
    /// The folder in which streams are kept, as `streams/ID`.
    pub runs: PathBuf,
}

impl StreamRequest {
    /// The cache policy that is tried where none is named.
    pub const POLICY: &str = "sinks:4+1020";
    /// Tokens of a segment where no number is given.
    pub const SEGMENT: NonZeroU64 = NonZeroU64::new(2048).expect("it is not zero");
    /// Tokens that are read at once where no number is given.
    pub const CHUNK: u32 = 64;
    /// Time between checkpoints where none is given.
    pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

    /// All of these texts, read as they are unless one asks for something else; kept in the folder `runs`.
    pub fn new(model: impl Into<PathBuf>, texts: Vec<PathBuf>, runs: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            texts,
            policies: vec![Self::POLICY.to_owned()],
            tokens: None,
            segment: Self::SEGMENT,
            chunk: Self::CHUNK,
            cache: Precision::default(),
            threads: None,
            from: 0,
            repeats: false,
            restarts: false,
            checkpoint_every: Self::CHECKPOINT_EVERY,
            runs: runs.into(),
        }
    }

    /// Refuses what is wrong whatever the model and the text.
    pub fn check(&self) -> Result<(), VerbError> {
        if self.texts.is_empty() {
            return Err(VerbError::usage("no text is named: name one or more text files"));
        }
        if self.chunk == 0 {
            return Err(VerbError::usage("--chunk 0 reads nothing: take 1 or more"));
        }
        if self.repeats && self.tokens.is_none() {
            return Err(VerbError::usage("--repeat never ends without --tokens: name how many to read"));
        }
        policies::check_policies(&self.policies)
    }

    /// The command line that asks for the same, without what changes no number.
    pub fn command(&self) -> String {
        let mut words = vec!["dunwu stream".to_owned(), quoted(&self.model)];
        words.extend(self.texts.iter().map(|path| quoted(path)));
        words.extend(self.policies.iter().map(|policy| format!("--policy {}", quoted(Path::new(policy)))));
        words.extend(self.tokens.map(|tokens| format!("--tokens {tokens}")));
        if self.segment != Self::SEGMENT {
            words.push(format!("--segment {}", self.segment));
        }
        if self.cache != Precision::default() {
            words.push(format!("--cache {}", self.cache));
        }
        if self.from > 0 {
            words.push(format!("--from {}", self.from));
        }
        if self.repeats {
            words.push("--repeat".to_owned());
        }
        words.join(" ")
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || "/._-+=:,@%".contains(c));
    if is_plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Reads a text under every policy, up to the tokens asked for or to its end, from where the last reading left off. Where the watcher
/// asks it to stop, it saves a checkpoint and returns what it has read so far, [`Reading::is_stopped`].
pub fn stream(request: &StreamRequest, watcher: &mut Watcher<'_>) -> Result<Reading, VerbError> {
    request.check()?;
    let language = LanguageModel::open(&request.model, watcher)?;
    let (shape, tokenizer) = (language.shape(), &language.tokenizer);
    let policies = policies::apply_policies(&request.policies, shape)?;
    let mut text = Text::open(tokenizer, &request.texts, request.repeats)?;
    check_memory(request, &policies, text.bytes().1, shape)?;
    let identity = identity(request, &policies, tokenizer, watcher)?;
    let opened = Folder::open(&request.runs, &identity, request.restarts)?;
    if let Some(why) = &opened.refused {
        watcher.note(&format!("beginning again, because the checkpoint cannot be used ({why})"));
    }
    let mut underway = Underway::begin(request, &language.model, &policies, &identity, &mut text, opened, watcher)?;
    let is_stopped = underway.read(request.tokens.map(NonZeroU64::get), watcher)?;
    let reading = Reading {
        model: request.model.display().to_string(),
        texts: request.texts.iter().map(|path| path.display().to_string()).collect(),
        begin: identity.setting.begin.map(|token| token_text(tokenizer, token)),
        setting: identity.setting.clone(),
        trained_context: shape.trained_context as u64,
        command: request.command(),
        asked: request.tokens.map(NonZeroU64::get),
        chunk: request.chunk as usize,
        threads: language_model::threads(request.threads),
        ended: underway.has_ended(),
        is_stopped,
        rounds: underway.rounds(),
        courses: policies.iter().map(|policy| course(policy, request, &identity, &underway)).collect(),
        folder: underway.folder().to_owned(),
    };
    if reading.courses.iter().all(|course| course.tokens == 0) && !is_stopped {
        return Err(VerbError::usage(format!(
            "there is nothing to predict: the text has {} after the {} that are passed over",
            if identity.setting.begin.is_some() { "no token" } else { "fewer than two tokens" },
            request.from
        )));
    }
    remark(request, &reading, watcher);
    Ok(reading)
}

/// Refuses policies whose caches would be larger than the memory of this machine.
fn check_memory(
    request: &StreamRequest,
    policies: &[AppliedPolicy],
    text_bytes: u64,
    shape: &Hyperparameters,
) -> Result<(), VerbError> {
    let tokens = request.tokens.map_or(text_bytes / BYTES_A_TOKEN, NonZeroU64::get);
    let assignments: Vec<&Assignment> = policies.iter().map(|policy| &policy.assignment).collect();
    let remedy = "read fewer --tokens, or only policies that forget, such as sinks:4+1020";
    language_model::check_memory(&assignments, request.cache, tokens, shape, remedy)
}

/// What makes this stream the one that it is.
fn identity(
    request: &StreamRequest,
    policies: &[AppliedPolicy],
    tokenizer: &Tokenizer,
    watcher: &mut Watcher<'_>,
) -> Result<Identity, StreamError> {
    let mut progress = Mebibytes::new("hashing the model (MiB)");
    let hash = hash_of_model(&request.model, &mut |done, all| progress.show(done, all, watcher))?;
    let setting = Setting {
        begin: language_model::begin(tokenizer),
        segment: request.segment,
        cache: request.cache.to_string(),
        from: request.from,
    };
    let names = policies.iter().map(|policy| policy.identity.clone()).collect();
    Identity::new(hash, &request.texts, names, setting)
}

/// One policy's way through the text.
fn course(policy: &AppliedPolicy, request: &StreamRequest, identity: &Identity, underway: &Underway<'_, '_>) -> Course {
    let index = identity.index_of(policy);
    let (lane, segments) = (underway.lane(index), underway.segments());
    let bounds = (policy.evicts_from(), policy.full_at());
    Course::of(&policy.written, index, &lane, segments, request.segment.get(), &underway.place_bounds(), bounds)
}

/// What a person should know who asked for another number of tokens than were read.
fn remark(request: &StreamRequest, reading: &Reading, watcher: &mut Watcher<'_>) {
    let read = reading.courses.first().map_or(0, |course| course.tokens);
    match request.tokens.map(NonZeroU64::get) {
        _ if reading.is_stopped => {}
        Some(wanted) if read < wanted => watcher.note(&format!(
            "the text ends after {read} of the {wanted} tokens asked for; --repeat begins it over"
        )),
        Some(wanted) if read > wanted => watcher.note(&format!(
            "this stream has read {read} tokens before, more than the {wanted} asked for, and all of them are shown; --restart \
             begins again"
        )),
        _ => {}
    }
    if reading.rounds > 0 {
        watcher.note(&format!("the text was begun over {} times: what was read before is read again", reading.rounds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_asks_for_the_same_again() {
        let mut request = StreamRequest::new("a model.gguf", vec!["b.txt".into()], "runs");
        request.policies = vec!["full".to_owned(), "heads:it's.json".to_owned()];
        assert_eq!(request.command(), "dunwu stream 'a model.gguf' b.txt --policy full --policy 'heads:it'\\''s.json'");
        let request = StreamRequest {
            tokens: NonZeroU64::new(9),
            segment: NonZeroU64::new(5).unwrap(),
            cache: Precision::F32,
            from: 3,
            repeats: true,
            chunk: 7,
            threads: Some(2),
            ..StreamRequest::new("m", vec!["t".into()], "runs")
        };
        let wanted = "dunwu stream m t --policy sinks:4+1020 --tokens 9 --segment 5 --cache f32 --from 3 --repeat";
        assert_eq!(request.command(), wanted);
    }

    #[test]
    fn a_request_that_cannot_be_is_refused_with_what_to_do() {
        let request = StreamRequest::new("m", vec!["t".into()], "runs");
        assert!(request.check().is_ok());
        let refused = |edit: &dyn Fn(&mut StreamRequest)| {
            let mut edited = request.clone();
            edit(&mut edited);
            match edited.check() {
                Err(VerbError::Usage(mistake)) => mistake.message,
                other => panic!("{other:?}"),
            }
        };
        assert!(refused(&|request| request.repeats = true).contains("--tokens"));
        assert!(refused(&|request| request.chunk = 0).contains("take 1 or more"));
        assert!(refused(&|request| request.texts.clear()).contains("name one"));
        assert!(refused(&|request| request.policies.clear()).contains("sinks:4+1020"));
        assert!(refused(&|request| request.policies.push("sinks:4+1020".to_owned())).contains("given twice"));
    }
}
