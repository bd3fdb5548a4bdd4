//! `dunwu stream MODEL TEXT`: a long text under several cache policies.

pub(crate) mod policies;
mod progress;
mod underway;

use crate::Place;
use crate::failure::Failure;
use crate::landscape::Drawn;
use crate::language_model;
use crate::say::{note, say};
use crate::signals::Signals;
use clap::Args;
use dunwu_attention::cache::Precision;
use dunwu_attention::file::ModelFile;
use dunwu_attention::tokenizer::Tokenizer;
use dunwu_report::stream as report;
use dunwu_streams::{Course, Folder, Identity, Reading, Setting, StreamError, Text, hash_of_model};
use policies::Policied;
pub(crate) use policies::help;
use serde_json::{Value, json};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;
use underway::Underway;

/// What is read, and how.
#[derive(Args)]
pub(crate) struct Asked {
    /// A GGUF file, or a folder with safetensors
    model: PathBuf,
    /// Text files, read one after the other; they may be longer than memory
    #[arg(value_name = "TEXT", required = true)]
    texts: Vec<PathBuf>,
    /// Which keys the cache keeps; may be given several times, and all see the same tokens
    #[arg(long = "policy", value_name = "POLICY", default_value = "sinks:4+1020")]
    policies: Vec<String>,
    /// Tokens to read (default: all of the text)
    #[arg(long, value_name = "N")]
    tokens: Option<NonZeroU64>,
    /// Tokens of a segment, for which a perplexity of its own is given
    #[arg(long, value_name = "N", default_value = "2048")]
    segment: NonZeroU64,
    /// Tokens that are read at once; changes how long it takes, and not a bit of what comes out
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    chunk: u32,
    /// How cached keys and values are written: f32, f16 or int8
    #[arg(long, value_name = "FORMAT", default_value = "f16")]
    cache: Precision,
    /// Threads (default: as many as there are cores); changes not a bit of what comes out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Pass over the first tokens of the text
    #[arg(long, value_name = "TOKENS", default_value = "0")]
    from: u64,
    /// Begin the text over at its end until --tokens are read
    #[arg(long, requires = "tokens")]
    repeat: bool,
    /// Forget what this stream has read before
    #[arg(long)]
    restart: bool,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    /// Time between checkpoints: what a `kill -9` may cost; longer where saving takes long
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::seconds)]
    checkpoint_every: Duration,
}

pub(crate) fn stream(asked: &Asked, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    policies::check_words(&asked.policies)?;
    let signals = Signals::watch()?;
    let (file, model, tokenizer) = language_model::open(&asked.model, asked.quiet)?;
    let policies = policies::read(&asked.policies, &file.hyperparameters)?;
    let mut text = Text::open(&tokenizer, &asked.texts, asked.repeat)?;
    policies::fit(&policies, asked, text.bytes().1, &file.hyperparameters)?;
    let identity = identity(asked, &policies, &tokenizer)?;
    let opened = Folder::open(&place.runs, &identity, asked.restart)?;
    if let Some(why) = &opened.refused {
        note!("beginning again, because the checkpoint cannot be used ({why})");
    }
    let mut underway = Underway::begin(asked, &model, &policies, &identity, &mut text, opened)?;
    let wanted = asked.tokens.map(NonZeroU64::get);
    let is_stopped = underway.read(wanted, signals.stop())?;
    let reading = reading(asked, &policies, &identity, &underway, &file, &tokenizer);
    if reading.courses.iter().all(|course| course.tokens == 0) && !is_stopped {
        return Err(Failure::usage(format!(
            "there is nothing to predict: the text has {} after the {} that are passed over",
            if identity.setting.begin.is_some() { "no token" } else { "fewer than two tokens" },
            asked.from
        )));
    }
    remark(asked, &reading, is_stopped);
    let page = drawn.keep("stream.html", &report::page(&reading))?;
    if place.json {
        say!("{}", object(asked, &reading, &page, underway.folder()));
    } else {
        say!("{}\n", report::text(&reading));
        for sentence in report::sentences(&reading) {
            say!("  {sentence}");
        }
        say!("Page, to open in a browser: {}", page.display());
    }
    match signals.caught() {
        Some(signal) if is_stopped => {
            note!("stopped: the same command goes on where this one stopped");
            Err(Failure::Stopped { signal })
        }
        _ => Ok(()),
    }
}

/// What makes this stream the one that it is.
fn identity(asked: &Asked, policies: &[Policied], tokenizer: &Tokenizer) -> Result<Identity, StreamError> {
    let bar = language_model::bytes_bar("hashing", asked.quiet);
    let hash = hash_of_model(&asked.model, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let setting = Setting {
        begin: language_model::begin(tokenizer),
        segment: asked.segment,
        cache: asked.cache.to_string(),
        from: asked.from,
    };
    let names = policies.iter().map(|policy| policy.identity.clone()).collect();
    Identity::new(hash?, &asked.texts, names, setting)
}

/// All that there is to show, policies in the order in which they were asked for.
fn reading(
    asked: &Asked,
    policies: &[Policied],
    identity: &Identity,
    underway: &Underway<'_, '_>,
    file: &ModelFile,
    tokenizer: &Tokenizer,
) -> Reading {
    let segment = asked.segment.get();
    let course = |policy: &Policied| {
        let index = policy.index_in(identity);
        let (lane, segments) = (underway.lane(index), underway.segments());
        Course::of(&policy.written, index, &lane, segments, segment, (policy.evicts_from(), policy.full_at()))
    };
    let shown = |path: &PathBuf| path.display().to_string();
    Reading {
        model: shown(&asked.model),
        texts: asked.texts.iter().map(shown).collect(),
        begin: identity.setting.begin.map(|token| language_model::shown(tokenizer, token)),
        setting: identity.setting.clone(),
        trained_context: file.hyperparameters.trained_context as u64,
        command: command(asked),
        chunk: asked.chunk as usize,
        threads: language_model::threads(asked.threads),
        ended: underway.has_ended(),
        rounds: underway.rounds(),
        courses: policies.iter().map(course).collect(),
    }
}

/// What is worth a word on standard error.
fn remark(asked: &Asked, reading: &Reading, is_stopped: bool) {
    let read = reading.courses.first().map_or(0, |course| course.tokens);
    match asked.tokens.map(NonZeroU64::get) {
        _ if is_stopped => {}
        Some(wanted) if read < wanted => {
            note!("the text ends after {read} of the {wanted} tokens asked for; --repeat begins it over");
        }
        Some(wanted) if read > wanted => note!(
            "this stream has read {read} tokens before, more than the {wanted} asked for, and all of them are shown; --restart \
             begins again"
        ),
        _ => {}
    }
    if reading.rounds > 0 {
        note!("the text was begun over {} times: what was read before is read again", reading.rounds);
    }
}

/// The command again, without what changes no number.
fn command(asked: &Asked) -> String {
    let mut words = vec!["dunwu stream".to_owned(), quoted(&asked.model)];
    words.extend(asked.texts.iter().map(|path| quoted(path)));
    words.extend(asked.policies.iter().map(|policy| format!("--policy {policy}")));
    words.extend(asked.tokens.map(|tokens| format!("--tokens {tokens}")));
    if asked.segment.get() != 2048 {
        words.push(format!("--segment {}", asked.segment));
    }
    if asked.cache != Precision::default() {
        words.push(format!("--cache {}", asked.cache));
    }
    if asked.from > 0 {
        words.push(format!("--from {}", asked.from));
    }
    if asked.repeat {
        words.push("--repeat".to_owned());
    }
    words.join(" ")
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || "/._-+=:,@%".contains(c));
    if is_plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The object that programs rely on.
fn object(asked: &Asked, reading: &Reading, page: &Path, folder: &Path) -> Value {
    json!({
        "model": reading.model,
        "text": reading.texts,
        "asked": asked.tokens,
        "begin": reading.begin,
        "from": reading.setting.from,
        "chunk": reading.chunk,
        "segment": reading.setting.segment,
        "cache": reading.setting.cache,
        "threads": reading.threads,
        "trained_context": reading.trained_context,
        "ended": reading.ended,
        "rounds": reading.rounds,
        "policies": reading.courses.iter().map(course).collect::<Vec<_>>(),
        "story": report::sentences(reading),
        "stream": folder,
        "page": page,
    })
}

fn course(course: &Course) -> Value {
    json!({
        "policy": course.policy,
        "tokens": course.tokens,
        "perplexity": course.perplexity,
        "segments": course.segments(),
        "segment_tokens": course.parts.iter().map(|part| part.to - part.from).collect::<Vec<_>>(),
        "cache_bytes": course.cache_bytes,
        "peak_cache_bytes": course.peak_cache_bytes,
        "ms_per_token_first": course.ms_per_token_first,
        "ms_per_token_last": course.ms_per_token_last,
        "evicts_from": course.evicts_from,
        "full_at": course.full_at,
    })
}
