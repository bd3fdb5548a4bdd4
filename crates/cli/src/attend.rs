//! `dunwu attend MODEL TEXT`: where a language model's attention is sparse; with `--head`, what one of its heads looks at.

use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu_attention::sparsity::MEASURES;
use dunwu_streams::{AssignRequest, AttendRequest, HeadPlace, HeadRequest};
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
    /// Instead of measuring all heads, give the attention of this one, query by query, over the first 96 tokens (fewer with --tokens)
    #[arg(long, value_name = "LAYER.HEAD", value_parser = head_place, conflicts_with_all = ["from", "recent", "assign"])]
    head: Option<HeadPlace>,
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

fn head_place(text: &str) -> Result<HeadPlace, &'static str> {
    let place = text.split_once('.').and_then(|(layer, head)| Some((layer.parse().ok()?, head.parse().ok()?)));
    place
        .map(|(layer, head)| HeadPlace { layer, head })
        .ok_or("write a layer and one of its heads, both from 0, such as 3.1")
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

    fn of_head(&self, head: HeadPlace) -> HeadRequest {
        let (model, text) = (self.model.clone(), self.text.clone());
        HeadRequest { model, text, head, tokens: self.tokens, threads: self.threads }
    }
}

pub(crate) fn attend(asked: &Asked, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    if let Some(head) = asked.head {
        return attend_head(asked, head, drawn, place);
    }
    let request = asked.request();
    request.check().map_err(|error| Failure::of_verb(error, None))?;
    let output = drawn.prepare("attend", &[&stem(&asked.model), &stem(&asked.text)])?;
    let answer = watch(asked.quiet, |watcher| dunwu_report::attend::answer(&request, watcher))?;
    print::answer(&answer, output, place)
}

fn attend_head(asked: &Asked, head: HeadPlace, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = asked.of_head(head);
    request.check().map_err(|error| Failure::of_verb(error, None))?;
    let name = format!("head-{}-{}", head.layer, head.head);
    let output = drawn.prepare("attend", &[&stem(&asked.model), &stem(&asked.text), &name])?;
    let answer = watch(asked.quiet, |watcher| dunwu_report::attend::answer_of_head(&request, watcher))?;
    print::answer(&answer, output, place)
}
