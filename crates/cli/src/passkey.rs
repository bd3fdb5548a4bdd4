//! `dunwu passkey MODEL TEXT`: what a model still knows under each cache policy.

use crate::failure::Failure;
use crate::output::{Drawn, stem};
use crate::watching::watch;
use crate::{Place, print};
use clap::Args;
use dunwu_streams::PasskeyRequest;
use std::path::PathBuf;

/// What is to be asked.
#[derive(Args)]
pub(crate) struct Asked {
    /// A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors
    model: PathBuf,
    /// A text file, the filler in which keys are hidden
    text: PathBuf,
    /// A cache policy, as in `dunwu stream`; once for each
    #[arg(long = "policy", value_name = "POLICY", default_values = PasskeyRequest::POLICIES)]
    policies: Vec<String>,
    /// Tokens between key and question
    #[arg(
        long, value_name = "N,N,...", value_delimiter = ',', default_values_t = PasskeyRequest::DISTANCES,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    distances: Vec<u32>,
    /// Keys for each policy and distance
    #[arg(long, value_name = "N", default_value_t = PasskeyRequest::TRIALS, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    trials: u32,
    /// Draws keys and where filler begins
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Threads to decode with (default: all cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
}

impl Asked {
    fn request(&self) -> PasskeyRequest {
        PasskeyRequest {
            policies: self.policies.clone(),
            distances: self.distances.clone(),
            trials: self.trials,
            seed: self.seed,
            threads: self.threads,
            ..PasskeyRequest::new(&self.model, &self.text)
        }
    }
}

pub(crate) fn passkey(asked: &Asked, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = asked.request();
    request.check().map_err(|error| Failure::of_verb(error, None))?;
    let output = drawn.prepare("passkey", &[&stem(&asked.model), &stem(&asked.text)])?;
    let answer = watch(asked.quiet, |watcher| dunwu_report::passkey::answer(&request, watcher))?;
    print::answer(&answer, output, place)
}
