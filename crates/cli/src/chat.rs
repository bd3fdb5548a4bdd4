//! `dunwu chat`: a conversation in the terminal that never ends and takes constant memory. What was said stays in the cache, so
//! that each turn reads only what is new.

use crate::failure::Failure;
use crate::say::{note, say};
use crate::watching::show;
use anyhow::{Context as _, anyhow};
use clap::Args;
use dunwu_attention::cache::{Assignment, Cache, Policy, Precision};
use dunwu_attention::decoder::Decoder;
use dunwu_attention::model::{Hyperparameters, Model};
use dunwu_attention::sample::Sampling;
use dunwu_attention::speak::{Answer, Finish, Manner, Next};
use dunwu_attention::template::{ChatTemplate, Message, TemplateError};
use dunwu_attention::tokenizer::Tokenizer;
use dunwu_streams::{LanguageModel, language_model};
use serde_json::json;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// With whom one talks, and how.
#[derive(Args)]
pub(crate) struct Chatting {
    /// A GGUF file, or a folder with safetensors, config.json and tokenizer.json
    model: PathBuf,
    /// What the cache keeps (default: sinks, as many as the system prompt has tokens, and the last 2048)
    #[arg(long)]
    policy: Option<String>,
    /// What the model is told to be
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// What logits are divided by; 0 for the likeliest token always
    #[arg(long, default_value_t = 0.7, value_parser = share_or_more)]
    temperature: f32,
    /// Only the fewest tokens that have this much of the probability
    #[arg(long, value_name = "P", default_value_t = 0.9, value_parser = share)]
    top_p: f32,
    /// The same seed and the same messages are the same conversation (default: another one each time)
    #[arg(long)]
    seed: Option<u64>,
    /// Tokens after which an answer ends
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..))]
    max_tokens: u64,
    /// Threads that decode (default: as many as there are cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    /// One JSON object for each answer, each on a line of standard output
    #[arg(long)]
    json: bool,
}

/// Tokens that the cache keeps beside the system prompt, unless the model was trained on fewer.
const RECENT: usize = 2048;

const HELP: &str = "\
  /reset          begin anew
  /system TEXT    begin anew, the model being told TEXT; without TEXT, show what it is told
  /stats          position, cache, speed
  /help           this
  Ctrl-C stops an answer, and ends the conversation at the prompt; so does Ctrl-D.";

fn share(text: &str) -> Result<f32, &'static str> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or("write a number from 0 to 1")
}

fn share_or_more(text: &str) -> Result<f32, &'static str> {
    text.parse().ok().filter(|number| (0.0..=100.0).contains(number)).ok_or("write a number from 0 to 100, such as 0.7")
}

pub(crate) fn chat(chatting: &Chatting) -> Result<(), Failure> {
    let opened = show(chatting.quiet, |watcher| LanguageModel::open(&chatting.model, watcher));
    let LanguageModel { file, model, tokenizer } = opened?;
    let template = file
        .chat_template
        .as_deref()
        .ok_or_else(|| anyhow!("the model's file has no chat template: it is not made to talk"))?;
    let template = ChatTemplate::new(template)?;
    let interrupt = Interrupt::watch()?;
    let decoder = Decoder::new(&model, language_model::threads(chatting.threads));
    let mut talk = Talk::begin(chatting, &model, &tokenizer, &template, decoder)?;
    let is_terminal = io::stdin().is_terminal();
    if is_terminal && !chatting.quiet {
        note!("The cache keeps {}. /help says what there is; Ctrl-D ends.", talk.policy);
    }
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        if is_terminal {
            let _ = write!(io::stderr(), "> "); // without a terminal to say it to there is nothing to say
        }
        line.clear();
        interrupt.at_prompt(true);
        let n_read = stdin.read_until(b'\n', &mut line).context("cannot read what you say")?;
        interrupt.at_prompt(false);
        // What is no text is U+FFFD: no reason to end a conversation.
        match String::from_utf8_lossy(&line).trim() {
            _ if n_read == 0 => break,
            "" => {}
            command if command.starts_with('/') => talk.command(command),
            said => talk.turn(said, &interrupt)?,
        }
    }
    if is_terminal {
        note!("");
    }
    Ok(())
}

/// Ctrl-C: at the prompt it ends the command; while an answer is under way, the first one ends the answer, the second the command.
struct Interrupt {
    ends: Arc<AtomicBool>,
    came: Arc<AtomicBool>,
}

impl Interrupt {
    fn watch() -> io::Result<Self> {
        let (ends, came) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        for condition in [&ends, &came] {
            flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, Arc::clone(condition))?;
        }
        flag::register(SIGINT, Arc::clone(&came))?;
        Ok(Self { ends, came })
    }

    fn at_prompt(&self, is_there: bool) {
        self.ends.store(is_there, Ordering::SeqCst);
        self.came.store(false, Ordering::SeqCst);
    }

    fn came(&self) -> bool {
        self.came.load(Ordering::SeqCst)
    }
}

/// A conversation.
struct Talk<'m> {
    chatting: &'m Chatting,
    model: &'m Model,
    tokenizer: &'m Tokenizer,
    template: &'m ChatTemplate,
    decoder: Decoder<'m>,
    system: Option<String>,
    seed: u64,
    cache: Cache,
    policy: String,
    /// Tokens that the cache keeps; `None` for all.
    capacity: Option<u64>,
    n_turns: u64,
    /// The last token of an answer that was cut short: it is said, and to be read before anything else.
    unread: Option<u32>,
    has_told: bool,
    speed: Speed,
}

/// Tokens and seconds of the last turn.
#[derive(Default)]
struct Speed {
    n_prompt: usize,
    prompt_secs: f64,
    n_tokens: u64,
    answer_secs: f64,
}

impl<'m> Talk<'m> {
    fn begin(
        chatting: &'m Chatting,
        model: &'m Model,
        tokenizer: &'m Tokenizer,
        template: &'m ChatTemplate,
        decoder: Decoder<'m>,
    ) -> Result<Self, Failure> {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        let system = chatting.system.clone();
        let policy = policy(chatting, model.hyperparameters(), tokenizer, template, system.as_deref())?;
        let assignment = Assignment::parse(&policy, model.hyperparameters())
            .map_err(|error| Failure::usage(format!("--policy: {error}")))?;
        Ok(Self {
            cache: Cache::new(model.hyperparameters(), &assignment, Precision::F16),
            capacity: capacity(&assignment),
            seed: chatting.seed.unwrap_or_else(clock),
            chatting,
            model,
            tokenizer,
            template,
            decoder,
            system,
            policy,
            n_turns: 0,
            unread: None,
            has_told: false,
            speed: Speed::default(),
        })
    }

    fn command(&mut self, command: &str) {
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        match (name, rest.trim()) {
            ("/reset", "") => self.begin_anew(self.system.clone()),
            ("/system", "") => note!("{}", self.system.as_deref().unwrap_or("nothing but what its template says")),
            ("/system", text) => self.begin_anew(Some(text.to_owned())),
            ("/stats", "") => self.stats(),
            ("/help", "") => note!("{HELP}"),
            _ => note!("there is no {command}:\n{HELP}"),
        }
    }

    /// Forgets everything, unless the model cannot be told this.
    fn begin_anew(&mut self, system: Option<String>) {
        let shape = self.model.hyperparameters();
        match policy(self.chatting, shape, self.tokenizer, self.template, system.as_deref()) {
            Ok(policy) => {
                let assignment = Assignment::parse(&policy, shape).expect("it was read before, or is written here");
                self.cache = Cache::new(shape, &assignment, Precision::F16);
                (self.policy, self.capacity, self.system) = (policy, capacity(&assignment), system);
                (self.n_turns, self.unread, self.has_told) = (0, None, false);
            }
            Err(error) => note!("{error:#}: nothing is changed"),
        }
    }

    fn stats(&mut self) {
        let Speed { n_prompt, prompt_secs, n_tokens, answer_secs } = self.speed;
        let mebibytes = self.cache.bytes() as f64 / f64::from(1 << 20);
        note!("{} tokens read; the cache keeps {} and takes {mebibytes:.1} MiB", self.cache.position(), self.policy);
        if n_tokens > 0 {
            let (read, said) = (n_prompt as f64 / prompt_secs, n_tokens as f64 / answer_secs);
            note!("last turn: {n_prompt} tokens read at {read:.0} a second, {n_tokens} said at {said:.1} a second");
        }
        note!("seed {}", self.seed);
    }

    /// Reads what was said, and answers.
    fn turn(&mut self, said: &str, interrupt: &Interrupt) -> Result<(), Failure> {
        let prompt = if self.n_turns == 0 {
            first_turn(self.tokenizer, self.template, self.system.as_deref(), said)?
        } else {
            further_turn(self.tokenizer, self.template, self.system.as_deref(), said)?
        };
        let began = Instant::now();
        if let Some(token) = self.unread.take() {
            self.decoder.step(&mut [(&mut self.cache, token)]);
        }
        let mut logits = self.decoder.read(&mut self.cache, &prompt);
        let prompt_secs = began.elapsed().as_secs_f64();
        let sampling = Sampling {
            temperature: self.chatting.temperature,
            top_p: self.chatting.top_p,
            seed: self.seed.wrapping_add(self.n_turns),
            ..Sampling::default()
        };
        let manner = Manner { sampling, max_tokens: Some(self.chatting.max_tokens), ..Manner::default() };
        let mut answer = Answer::new(self.tokenizer, manner, &prompt);
        let began = Instant::now();
        let mut whole = String::new();
        let finish = loop {
            let said = answer.hear(logits).expect("an answer that is held to nothing cannot miss it");
            self.chatting.show(&said.text);
            whole += &said.text;
            match said.next {
                Next::Finished(finish) => {
                    // What ended it by itself is not read: the template writes the end.
                    let last = said.token.filter(|_| finish == Finish::Length);
                    self.unread = last.map(|(token, _)| token);
                    break Some(finish);
                }
                Next::Read(token) if interrupt.came() => {
                    self.unread = Some(token);
                    break None;
                }
                Next::Read(token) => logits = self.decoder.step(&mut [(&mut self.cache, token)]),
            }
        };
        if finish.is_none() {
            let rest = answer.rest();
            self.chatting.show(&rest);
            whole += &rest;
        }
        self.n_turns += 1;
        let n_tokens = answer.n_tokens();
        self.speed =
            Speed { n_prompt: prompt.len(), prompt_secs, n_tokens, answer_secs: began.elapsed().as_secs_f64() };
        self.told(&whole, finish);
        Ok(())
    }

    /// The end of an answer, and once that the beginning is being forgotten.
    fn told(&mut self, whole: &str, finish: Option<Finish>) {
        let position = self.cache.position();
        if self.chatting.json {
            let finish = match finish {
                Some(Finish::Stop) => "stop",
                Some(Finish::Length) => "length",
                None => "interrupted",
            };
            say!(
                "{}",
                json!({
                    "answer": whole,
                    "finish_reason": finish,
                    "prompt_tokens": self.speed.n_prompt,
                    "completion_tokens": self.speed.n_tokens,
                    "position": position,
                    "cache_bytes": self.cache.bytes(),
                })
            );
        } else {
            say!("");
        }
        if finish.is_none() {
            note!("(stopped)");
        }
        let trained_context = self.model.hyperparameters().trained_context as u64;
        match self.capacity {
            _ if self.has_told => {}
            Some(capacity) if position > capacity => {
                note!(
                    "note: from now on the beginning of the conversation is forgotten; the cache keeps {}",
                    self.policy
                );
                self.has_told = true;
            }
            None if position > trained_context => {
                note!(
                    "note: this is longer than the {trained_context} tokens that the model was trained on, and memory grows"
                );
                self.has_told = true;
            }
            _ => {}
        }
    }
}

impl Chatting {
    /// A piece of an answer as it comes.
    fn show(&self, text: &str) {
        if self.json || text.is_empty() {
            return;
        }
        let mut stdout = io::stdout().lock();
        if write!(stdout, "{text}").and_then(|()| stdout.flush()).is_err() {
            process::exit(0); // nobody reads on
        }
    }
}

fn capacity(assignment: &Assignment) -> Option<u64> {
    let keys = assignment.policies.iter().flatten().map(Policy::keys);
    keys.collect::<Option<Vec<usize>>>()?.into_iter().max().map(|keys| keys as u64)
}

/// The policy that was asked for, or the one that keeps the system prompt.
fn policy(
    chatting: &Chatting,
    shape: &Hyperparameters,
    tokenizer: &Tokenizer,
    template: &ChatTemplate,
    system: Option<&str>,
) -> anyhow::Result<String> {
    if let Some(policy) = &chatting.policy {
        return Ok(policy.clone());
    }
    let n_system = n_system(tokenizer, template, system)?;
    // A model that sees more tokens than it was trained on is lost, whichever tokens they are.
    let context = shape.trained_context;
    let recent = RECENT.min(context.saturating_sub(n_system));
    if recent < context / 4 {
        return Err(anyhow!(
            "the system prompt has {n_system} tokens, and the model was trained on {context}: shorten it"
        ));
    }
    Ok(format!("sinks:{}+{recent}", n_system.max(4)))
}

fn messages(system: Option<&str>, said: &[(&str, &str)]) -> Vec<Message> {
    let system = system.map(|system| ("system", system));
    let all = system.iter().chain(said);
    all.map(|&(role, content)| Message { role: role.to_owned(), content: content.to_owned() }).collect()
}

/// Tokens that all conversations with this system prompt begin with.
fn n_system(tokenizer: &Tokenizer, template: &ChatTemplate, system: Option<&str>) -> Result<usize, TemplateError> {
    let [a, b] = ["a", "?"].map(|said| first_turn(tokenizer, template, system, said));
    Ok(a?.iter().zip(&b?).take_while(|(a, b)| a == b).count())
}

fn first_turn(
    tokenizer: &Tokenizer,
    template: &ChatTemplate,
    system: Option<&str>,
    said: &str,
) -> Result<Vec<u32>, TemplateError> {
    template.tokens(tokenizer, &messages(system, &[("user", said)]), true)
}

/// An answer that every template writes as it is.
const PLACEHOLDER: &str = "ok";

/// What follows an answer: its end as the template writes it, the next message, and what begins the next answer. Rendered with one
/// short exchange before it instead of the whole conversation, so that it takes constant time.
fn further_turn(
    tokenizer: &Tokenizer,
    template: &ChatTemplate,
    system: Option<&str>,
    said: &str,
) -> anyhow::Result<Vec<u32>> {
    let before = first_turn(tokenizer, template, system, PLACEHOLDER)?;
    let exchange = [("user", PLACEHOLDER), ("assistant", PLACEHOLDER), ("user", said)];
    let after = template.tokens(tokenizer, &messages(system, &exchange), true)?;
    let added = after.strip_prefix(before.as_slice()).unwrap_or_default();
    let mut placeholder = Vec::new();
    for (index, &token) in added.iter().enumerate() {
        placeholder.extend_from_slice(tokenizer.bytes(token));
        if placeholder.trim_ascii() == PLACEHOLDER.as_bytes() {
            return Ok(added[index + 1..].to_vec());
        }
    }
    anyhow::bail!(
        "the model's chat template writes earlier turns anew when there is a further one: say /reset before each"
    )
}
