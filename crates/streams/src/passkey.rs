//! The verb `passkey`: keys are hidden in a text and asked for under each cache policy.

use crate::language_model::{self, LanguageModel, ReadingError, file_name};
use crate::policies::{self, AppliedPolicy};
use dunwu::verb::{VerbError, Watcher};
use dunwu_attention::cache::{Cache, Precision};
use dunwu_attention::decoder::Decoder;
use dunwu_attention::passkey::{Passkey, Tally};
use dunwu_attention::template::{ChatTemplate, Message};
use dunwu_attention::tokenizer::Tokenizer;
use std::path::{Path, PathBuf};

/// Tokens of the text from which filler is taken.
const FILLER: usize = 200_000;
/// Accuracy with all keys kept, at the smallest distance, from which on a model is said to manage the test.
const MANAGES: f64 = 0.5;

/// What is to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct PasskeyRequest {
    /// A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors.
    pub model: PathBuf,
    /// A text file, the filler in which keys are hidden.
    pub text: PathBuf,
    /// Cache policies, as they are written: `full`, `sinks:4+1020`, `heads:FILE`.
    pub policies: Vec<String>,
    /// Tokens between key and question, each at least 1.
    pub distances: Vec<u32>,
    /// Keys for each policy and distance, at least 1.
    pub trials: u32,
    /// Draws keys and where filler begins.
    pub seed: u64,
    /// Threads to decode with; as many as there are cores where none are named.
    pub threads: Option<u16>,
}

/// What came of a whole test.
#[derive(Clone, Debug)]
pub struct PasskeyRun {
    /// The model's file as it was named.
    pub model: String,
    /// The filler's file as it was named.
    pub text: String,
    /// Keys for each policy and distance.
    pub trials: usize,
    /// From which keys and filler were drawn.
    pub seed: u64,
    /// Whether the prompts were written with the model's chat template.
    pub is_chat: bool,
    /// Tokens of the longest text that the model was trained on.
    pub trained_context: usize,
    /// Tokens of the longest prompt.
    pub longest: usize,
    /// One for each policy, in the order in which they were named.
    pub tallies: Vec<Tally>,
}

impl PasskeyRequest {
    /// Cache policies that are tried where none are named.
    pub const POLICIES: [&str; 2] = ["full", "sinks:4+1020"];
    /// Distances that are tried where none are named.
    pub const DISTANCES: [u32; 5] = [256, 512, 1024, 2048, 4096];
    /// Keys for each policy and distance where no number is given.
    pub const TRIALS: u32 = 20;

    /// What is asked unless one asks for something else.
    pub fn new(model: impl Into<PathBuf>, text: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            text: text.into(),
            policies: Self::POLICIES.map(str::to_owned).to_vec(),
            distances: Self::DISTANCES.to_vec(),
            trials: Self::TRIALS,
            seed: 0,
            threads: None,
        }
    }

    /// Refuses what is wrong whatever the model and the text.
    pub fn check(&self) -> Result<(), VerbError> {
        if self.distances.is_empty() || self.distances.contains(&0) {
            return Err(VerbError::usage(
                "--distances are tokens between key and question: take one or more, each at least 1",
            ));
        }
        if self.trials == 0 {
            return Err(VerbError::usage("--trials 0 asks for no key: take 1 or more"));
        }
        policies::check_policies(&self.policies)
    }
}

impl PasskeyRun {
    /// Whether the model knows at least half of the keys at the smallest distance with all keys kept; `None` where the policy `full`
    /// was not tried.
    pub fn manages(&self) -> Option<bool> {
        let full = self.tallies.iter().find(|tally| tally.policy == "full")?;
        Some(full.cells.first()?.accuracy() >= MANAGES)
    }

    /// The name of the model's file.
    pub fn model_name(&self) -> String {
        file_name(Path::new(&self.model))
    }

    /// The name of the filler's file.
    pub fn text_name(&self) -> String {
        file_name(Path::new(&self.text))
    }
}

/// Hides keys in a text and asks for them at each distance, the same prompts under every policy.
pub fn passkey(request: &PasskeyRequest, watcher: &mut Watcher<'_>) -> Result<PasskeyRun, VerbError> {
    request.check()?;
    let text = language_model::open_text(&request.text)?;
    let language = LanguageModel::open(&request.model, watcher)?;
    let (shape, tokenizer) = (language.shape(), &language.tokenizer);
    let policies = policies::apply_policies(&request.policies, shape)?;
    let filler = tokenizer.reader(text).take(FILLER).collect::<Result<Vec<u32>, _>>();
    let filler = filler.map_err(ReadingError::of_text(&request.text))?;
    let template = language.file.chat_template.as_deref();
    let (head, tail) = template.map(|template| prompt_frame(template, tokenizer)).transpose()?.unwrap_or_default();
    // A template writes what begins a text itself.
    let begin = if template.is_some() { None } else { language_model::begin(tokenizer) };
    let distances = request.distances.iter().map(|distance| *distance as usize).collect();
    let test = Passkey::new(tokenizer, (&head, &tail), begin, &filler, distances, request.seed);
    let test = test.map_err(VerbError::usage)?;
    let (tallies, longest) = ask_all(&test, &language, &policies, request, watcher)?;
    Ok(PasskeyRun {
        model: request.model.display().to_string(),
        text: request.text.display().to_string(),
        trials: request.trials as usize,
        seed: request.seed,
        is_chat: template.is_some(),
        trained_context: shape.trained_context,
        longest,
        tallies,
    })
}

/// What a chat template writes before and after what a user says.
fn prompt_frame(template: &str, tokenizer: &Tokenizer) -> Result<(String, String), VerbError> {
    // For private use, so that no template writes it itself.
    const SAID: &str = "\u{e000}";
    let template = ChatTemplate::new(template)?;
    let name = |token: Option<u32>| token.map_or("", |token| tokenizer.name(token));
    let (begin, end) = (name(tokenizer.begin_named()), name(tokenizer.ends().first().copied()));
    let message = Message { role: "user".to_owned(), content: SAID.to_owned() };
    let text = template.render(&[message], true, begin, end)?;
    let (head, tail) = text.split_once(SAID).ok_or("the model's chat template leaves out what the user says")?;
    Ok((head.to_owned(), tail.to_owned()))
}

/// Asks for all keys under all policies; also the tokens of the longest prompt.
fn ask_all(
    test: &Passkey<'_>,
    language: &LanguageModel,
    policies: &[AppliedPolicy],
    request: &PasskeyRequest,
    watcher: &mut Watcher<'_>,
) -> Result<(Vec<Tally>, usize), VerbError> {
    let model = &language.model;
    let mut decoder = Decoder::new(model, language_model::threads(request.threads));
    let mut tallies: Vec<Tally> = policies.iter().map(|policy| Tally::new(&policy.written, test.distances())).collect();
    let (mut longest, mut n_asked) = (0, 0);
    let farthest = test.distances().last().copied().unwrap_or(0);
    let n_trials = request.trials as usize;
    watcher.phase("reading filler (tokens)", Some((n_trials * policies.len() * farthest) as u64));
    for number in 0..n_trials {
        let trial = test.trial(number);
        longest = longest.max(trial.n_tokens(farthest));
        for (policy, tally) in policies.iter().zip(&mut tallies) {
            if watcher.is_stopped() {
                return Err(VerbError::Stopped);
            }
            let mut cache = Cache::new(model.hyperparameters(), &policy.assignment, Precision::F16);
            tally.add(&trial, policy.uniform(), &test.ask(&trial, &mut decoder, &mut cache));
            n_asked += farthest as u64;
            watcher.pieces(n_asked);
        }
    }
    Ok((tallies, longest))
}
