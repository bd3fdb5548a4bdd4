//! `dunwu attend MODEL TEXT`: where a language model's attention is sparse.

use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu_attention::sparsity::MEASURES;
use dunwu_streams::{AssignRequest, AttendRequest};
use std::path::PathBuf;

/// What is to be read and measured.
#[derive(Args)]
pub(crate) struct Asked {
    /// A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors
    model: PathBuf,
    /// A text file; its first tokens are read
    text: PathBuf,
    /// Tokens to read, what begins the text included
    #[arg(long, value_name = "N", default_value_t = AttendRequest::TOKENS)]
    tokens: usize,
    /// First query that is measured, so that there are keys to choose from
    #[arg(long, value_name = "N", default_value_t = AttendRequest::FROM)]
    from: usize,
    /// Keys that count as recent, the query's own included
    #[arg(long, value_name = "N", default_value_t = AttendRequest::RECENT, value_parser = clap::value_parser!(u32).range(1..))]
    recent: u32,
    /// Write to this file which policy each key head needs, for `dunwu stream --policy heads:FILE`
    #[arg(long, value_name = "FILE")]
    assign: Option<PathBuf>,
    /// Share of a head's attention that its cache has to hold
    #[arg(long, value_name = "SHARE", default_value_t = AttendRequest::HOLD, value_parser = share, requires = "assign")]
    hold: f64,
    /// Keys of heads that no smaller cache serves, instead of all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=1 << 30), requires = "assign")]
    budget: Option<u32>,
    /// Threads to decode with (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
}

fn share(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|share| *share > 0.0 && *share <= 1.0).ok_or("write a share, more than 0 and at most 1")
}

/// What each measure says, for the command's help.
pub(crate) fn help() -> String {
    let lines: Vec<String> =
        MEASURES.iter().map(|of| format!("  {:<13} {}: {}", of.name, of.tells, of.formula)).collect();
    format!("Measures, of each query on the n keys that there are:\n{}", lines.join("\n"))
}

impl Asked {
    fn request(&self) -> AttendRequest {
        let assign = |file: &PathBuf| AssignRequest { file: file.clone(), hold: self.hold, budget: self.budget };
        AttendRequest {
            tokens: self.tokens,
            from: self.from,
            recent: self.recent,
            assign: self.assign.as_ref().map(assign),
            threads: self.threads,
            ..AttendRequest::new(&self.model, &self.text)
        }
    }
}

pub(crate) fn attend(asked: &Asked, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = asked.request();
    request.check().map_err(|error| Failure::of_verb(error, None))?;
    let output = drawn.prepare("attend", &[&stem(&asked.model), &stem(&asked.text)])?;
    let answer = watch(asked.quiet, |watcher| dunwu_report::attend::answer(&request, watcher))?;
    print::answer(&answer, output, place)
}
