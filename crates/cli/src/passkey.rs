//! `dunwu passkey MODEL TEXT`: what a model still knows under each cache policy.

use crate::Place;
use crate::attend::name;
use crate::failure::Failure;
use crate::landscape::Drawn;
use crate::language_model as language;
use crate::say::say;
use crate::stream::policies;
use anyhow::Context as _;
use clap::Args;
use dunwu::stats::Share;
use dunwu_attention::cache::{Assignment, Cache, Policy, Precision};
use dunwu_attention::decoder::Decoder;
use dunwu_attention::model::{Hyperparameters, Model};
use dunwu_attention::passkey::{CHANCE, Cell, Passkey, Tally};
use dunwu_attention::template::{ChatTemplate, Message};
use dunwu_attention::tokenizer::Tokenizer;
use dunwu_report::attention::{PasskeyRun, passkey_page, passkey_sentences, passkey_text};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Tokens of the text from which filler is taken.
const FILLER: usize = 200_000;

/// What is to be asked.
#[derive(Args)]
pub(crate) struct Asked {
    /// A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors
    model: PathBuf,
    /// A text file, the filler in which keys are hidden
    text: PathBuf,
    /// A cache policy, as in `dunwu stream`; once for each
    #[arg(long = "policy", value_name = "POLICY", default_values = ["full", "sinks:4+1020"])]
    policies: Vec<String>,
    /// Tokens between key and question
    #[arg(
        long, value_name = "N,N,...", value_delimiter = ',', default_value = "256,512,1024,2048,4096",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    distances: Vec<u32>,
    /// Keys for each policy and distance
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
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

/// A policy of a command line: one for all heads, or a file that says which.
struct Held {
    text: String,
    /// What all heads have, if they have the same.
    uniform: Option<Policy>,
    assignment: Assignment,
}

impl Held {
    /// All that were asked for; the same is not asked twice.
    fn all(texts: &[String], shape: &Hyperparameters) -> Result<Vec<Self>, Failure> {
        let mut all: Vec<Self> = Vec::new();
        for text in texts {
            let held = Self::read(text, shape)?;
            if let Some(same) = all.iter().find(|other| other.assignment == held.assignment) {
                return Err(policies::same(&same.text, text));
            }
            all.push(held);
        }
        Ok(all)
    }

    fn read(text: &str, shape: &Hyperparameters) -> Result<Self, Failure> {
        let refused = |error: &dyn std::fmt::Display| Failure::usage(format!("--policy {text}: {error}"));
        let (uniform, assignment) = if let Some(path) = text.strip_prefix("heads:") {
            let file = fs::read_to_string(path).map_err(|error| refused(&error))?;
            let assignment = Assignment::read(&file).map_err(|error| refused(&error))?;
            assignment.check(shape).map_err(|error| refused(&error))?;
            (None, assignment)
        } else {
            (text.parse().ok(), Assignment::parse(text, shape).map_err(|error| refused(&error))?)
        };
        Ok(Self { text: text.to_owned(), uniform, assignment })
    }
}

pub(crate) fn passkey(asked: &Asked, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let text = language::text(&asked.text)?;
    let (file, model, tokenizer) = language::open(&asked.model, asked.quiet)?;
    let shape = &file.hyperparameters;
    let held = Held::all(&asked.policies, shape)?;
    let filler: Result<Vec<u32>, _> = tokenizer.reader(text).take(FILLER).collect();
    let filler = filler.with_context(|| format!("cannot read the text {}", asked.text.display()))?;
    let frame = file.chat_template.as_deref().map(|template| framed(template, &tokenizer)).transpose()?;
    let is_chat = frame.is_some();
    // A template writes what begins a text itself.
    let begin = if is_chat { None } else { language::begin(&tokenizer) };
    let frame = frame.unwrap_or_default();
    let frame = (frame.0.as_str(), frame.1.as_str());
    let distances = asked.distances.iter().map(|distance| *distance as usize).collect();
    let test = Passkey::new(&tokenizer, frame, begin, &filler, distances, asked.seed).map_err(Failure::usage)?;
    let (tallies, longest) = tallied(&test, &model, &held, asked);
    let run = PasskeyRun {
        model: name(&asked.model),
        text: name(&asked.text),
        trials: asked.trials as usize,
        seed: asked.seed,
        is_chat,
        trained_context: shape.trained_context,
        longest,
        tallies,
    };
    let page = drawn.keep("passkey.html", &passkey_page(&run))?;
    if place.json {
        say!("{}", object(&run, asked, &page));
        return Ok(());
    }
    say!("{}\n", passkey_text(&run));
    for sentence in passkey_sentences(&run) {
        say!("  {sentence}");
    }
    say!("Page, to open in a browser: {}", page.display());
    Ok(())
}

/// What a chat template writes before and after what a user says.
fn framed(template: &str, tokenizer: &Tokenizer) -> Result<(String, String), Failure> {
    // For private use, so that no template writes it itself.
    const SAID: &str = "\u{e000}";
    let template = ChatTemplate::new(template)?;
    let name = |token: Option<u32>| token.map_or("", |token| tokenizer.name(token));
    let (begin, end) = (name(tokenizer.begin_named()), name(tokenizer.ends().first().copied()));
    let message = Message { role: "user".to_owned(), content: SAID.to_owned() };
    let text = template.render(&[message], true, begin, end)?;
    let parts = text.split_once(SAID).context("the model's chat template leaves out what the user says")?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

/// Asks all keys under all policies; also the tokens of the longest prompt.
fn tallied(test: &Passkey<'_>, model: &Model, held: &[Held], asked: &Asked) -> (Vec<Tally>, usize) {
    let mut decoder = Decoder::new(model, language::threads(asked.threads));
    let mut tallies: Vec<Tally> = held.iter().map(|held| Tally::new(&held.text, test.distances())).collect();
    let mut longest = 0;
    let farthest = test.distances().last().copied().unwrap_or(0);
    let bar = language::tokens_bar("asking", asked.trials as usize * held.len() * farthest, asked.quiet);
    for number in 0..asked.trials as usize {
        let trial = test.trial(number);
        longest = longest.max(trial.n_tokens(farthest));
        for (held, tally) in held.iter().zip(&mut tallies) {
            let mut cache = Cache::new(model.hyperparameters(), &held.assignment, Precision::F16);
            tally.add(&trial, held.uniform, &test.ask(&trial, &mut decoder, &mut cache));
            bar.inc(farthest as u64);
        }
    }
    bar.finish_and_clear();
    (tallies, longest)
}

/// The object that programs rely on.
fn object(run: &PasskeyRun, asked: &Asked, page: &Path) -> Value {
    let policies = run.tallies.iter().map(|tally| {
        let cells = tally.cells.iter().map(|cell| self::cell(cell, tally.holds(cell.distance)));
        json!({ "policy": tally.policy, "cells": cells.collect::<Vec<_>>() })
    });
    json!({
        "model": asked.model,
        "text": asked.text,
        "trials": run.trials,
        "seed": run.seed,
        "chat_template": run.is_chat,
        "chance": CHANCE,
        "longest_prompt": run.longest,
        "trained_context": run.trained_context,
        "manages": run.manages(),
        "policies": policies.collect::<Vec<_>>(),
        "story": passkey_sentences(run),
        "page": page,
    })
}

fn cell(cell: &Cell, is_held: Option<bool>) -> Value {
    let share = Share::of(cell.right, cell.trials);
    json!({
        "distance": cell.distance,
        "trials": cell.trials,
        "right": cell.right,
        "accuracy": share.share,
        "low": share.low,
        "high": share.high,
        "log_probability": cell.log_probability(),
        "key_held": is_held,
    })
}
