//! `dunwu stream MODEL TEXT`: a long text under several cache policies.

use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::say::note;
use crate::signals::Signals;
use crate::watching::watch_under;
use crate::{Place, print};
use clap::Args;
use dunwu_attention::cache::{POLICIES, Precision};
use dunwu_streams::StreamRequest;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

/// What is read, and how.
#[derive(Args)]
pub(crate) struct Asked {
    /// A GGUF file, or a folder with safetensors
    model: PathBuf,
    /// Text files, read one after the other; they may be longer than memory
    #[arg(value_name = "TEXT", required = true)]
    texts: Vec<PathBuf>,
    /// Which keys the cache keeps; may be given several times, and all see the same tokens
    #[arg(long = "policy", value_name = "POLICY", default_value = StreamRequest::POLICY)]
    policies: Vec<String>,
    /// Tokens to read (default: all of the text)
    #[arg(long, value_name = "N")]
    tokens: Option<NonZeroU64>,
    /// Tokens of a segment, for which a perplexity of its own is given
    #[arg(long, value_name = "N", default_value_t = StreamRequest::SEGMENT)]
    segment: NonZeroU64,
    /// Tokens that are read at once; changes how long it takes, and not a bit of what comes out
    #[arg(long, value_name = "N", default_value_t = StreamRequest::CHUNK, value_parser = clap::value_parser!(u32).range(1..=65_536))]
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
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::run::seconds)]
    checkpoint_every: Duration,
}

/// Every form of a policy, for the command's help.
pub(crate) fn help() -> String {
    let width = POLICIES.iter().map(|(form, ..)| form.len()).max().unwrap_or(0);
    let lines = POLICIES.iter().map(|(form, _, keeps)| format!("  {form:<width$}  {keeps}"));
    format!(
        "Policies, sizes in keys:\n{}\n  {:<width$}  a policy for each range of layers\n  {:<width$}  a policy for each key head, as \
         `dunwu attend --assign` writes it\n\n\
         ms_per_token_first and _last are wall time of the decoder, which whatever else the machine does makes longer: each chunk's \
         mean, and the median of those of 1000 tokens, at the end and at the beginning (once the cache is full, where 256 tokens or more are read after that).",
        lines.collect::<Vec<_>>().join("\n"),
        "0..12=POLICY/12..=POLICY",
        "heads:FILE"
    )
}

impl Asked {
    fn request(&self, place: &Place) -> StreamRequest {
        StreamRequest {
            policies: self.policies.clone(),
            tokens: self.tokens,
            segment: self.segment,
            chunk: self.chunk,
            cache: self.cache,
            threads: self.threads,
            from: self.from,
            repeats: self.repeat,
            restarts: self.restart,
            checkpoint_every: self.checkpoint_every,
            ..StreamRequest::new(&self.model, self.texts.clone(), &place.runs)
        }
    }
}

pub(crate) fn stream(asked: &Asked, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = asked.request(place);
    request.check().map_err(|error| Failure::of_verb(error, None))?;
    let output = drawn
        .prepare("stream", &[&stem(&asked.model), &asked.texts.first().map(|path| stem(path)).unwrap_or_default()])?;
    let signals = Signals::watch()?;
    let answer = watch_under(&signals, asked.quiet, |watcher| dunwu_report::stream::answer(&request, watcher))?;
    print::answer(&answer, output, place)?;
    match signals.caught() {
        Some(signal) if answer.data["stopped"] == true => {
            note!("stopped: the same command goes on where this one stopped");
            Err(Failure::Stopped { signal })
        }
        _ => Ok(()),
    }
}
