//! The one thread that decodes: all answers under way go on by a token in one pass over the weights, and between two passes a
//! piece of one prompt is read.

use super::event::Event;
use super::queue::{Job, Queue};
use dunwu_attention::cache::{Assignment, Cache, Precision};
use dunwu_attention::decoder::Decoder;
use dunwu_attention::model::Model;
use dunwu_attention::speak::{Answer, Next, Said};
use dunwu_attention::tokenizer::Tokenizer;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

/// How much is done at once, and for whom.
pub(super) struct Scheduling {
    /// Threads that decode.
    pub(super) n_threads: usize,
    /// Answers under way at once; others wait.
    pub(super) parallel: usize,
    /// After how long a client that does not read is given up.
    pub(super) patience: Duration,
    /// What each cache keeps.
    pub(super) assignment: Assignment,
}

/// Tokens of a prompt that are read between two passes: as long as everybody else waits.
const CHUNK: usize = 64;

/// What clients are told whose answers a signal ends.
pub(super) const STOPPED: &str = "the server was stopped";

/// How soon a client that reads again is noticed when nothing else goes on.
const DOZE: Duration = Duration::from_millis(5);

/// Answers until the queue is closed.
pub(super) fn schedule(model: &Model, tokenizer: &Tokenizer, queue: &Queue, scheduling: &Scheduling) {
    let mut decoder = Decoder::new(model, scheduling.n_threads);
    let mut sequences: Vec<Sequence<'_>> = Vec::new();
    while !queue.is_closed() {
        while sequences.len() < scheduling.parallel
            && let Some(job) = queue.take()
        {
            let cache = Cache::new(model.hyperparameters(), &scheduling.assignment, Precision::F16);
            sequences.push(Sequence::new(job, cache, tokenizer));
        }
        sequences.retain_mut(|sequence| sequence.deliver(scheduling.patience));
        let has_read = read_chunk(&mut decoder, &mut sequences);
        let has_stepped = step(&mut decoder, &mut sequences, model.hyperparameters().n_vocab);
        if !has_read && !has_stepped {
            queue.wait((!sequences.is_empty()).then_some(DOZE));
        }
    }
    for sequence in sequences {
        sequence.fail(STOPPED);
    }
}

/// A piece of the prompt of which the least is read, so that a short one need not wait for a long one.
fn read_chunk(decoder: &mut Decoder<'_>, sequences: &mut [Sequence<'_>]) -> bool {
    let reading = sequences.iter_mut().filter(|sequence| sequence.n_read < sequence.prompt.len());
    let Some(sequence) = reading.min_by_key(|sequence| sequence.n_read) else { return false };
    let end = sequence.prompt.len().min(sequence.n_read + CHUNK);
    let logits = decoder.read(&mut sequence.cache, &sequence.prompt[sequence.n_read..end]);
    sequence.n_read = end;
    if end == sequence.prompt.len() {
        sequence.hear(logits);
    }
    true
}

/// One token of every answer whose client keeps up.
fn step(decoder: &mut Decoder<'_>, sequences: &mut [Sequence<'_>], n_vocab: usize) -> bool {
    let mut ready: Vec<&mut Sequence<'_>> = sequences.iter_mut().filter(|one| one.is_ready()).collect();
    if ready.is_empty() {
        return false;
    }
    let mut rows: Vec<(&mut Cache, u32)> =
        ready.iter_mut().filter_map(|one| one.next.take().map(|token| (&mut one.cache, token))).collect();
    let logits_sv = decoder.step(&mut rows);
    for (sequence, logits) in ready.into_iter().zip(logits_sv.chunks_exact(n_vocab)) {
        sequence.hear(logits);
    }
    true
}

/// One answer under way.
struct Sequence<'t> {
    cache: Cache,
    prompt: Vec<u32>,
    n_read: usize,
    answer: Answer<'t>,
    /// The token to be read, unless the prompt is not read or the answer is over.
    next: Option<u32>,
    /// What the client's channel had no room for; while there is something the answer does not go on.
    unsent: VecDeque<Event>,
    full_since: Option<Instant>,
    events: Sender<Event>,
}

impl<'t> Sequence<'t> {
    fn new(job: Job, cache: Cache, tokenizer: &'t Tokenizer) -> Self {
        let answer = Answer::new(tokenizer, job.manner, &job.prompt);
        let unsent = VecDeque::new();
        Self { cache, answer, prompt: job.prompt, n_read: 0, next: None, unsent, full_since: None, events: job.events }
    }

    fn is_ready(&self) -> bool {
        self.next.is_some() && self.unsent.is_empty()
    }

    /// Draws a token and tells the client.
    fn hear(&mut self, logits: &[f32]) {
        match self.answer.hear(logits) {
            Ok(Said { text, token, next }) => {
                let token = token.and_then(|(token, likelihood)| Some((token, likelihood?)));
                if !text.is_empty() || token.is_some() {
                    self.unsent.push_back(Event::Said { text, token });
                }
                match next {
                    Next::Read(token) => self.next = Some(token),
                    Next::Finished(finish) => {
                        self.unsent.push_back(Event::Finished { finish, n_tokens: self.answer.n_tokens() });
                    }
                }
            }
            Err(error) => self.unsent.push_back(Event::Unfit { reason: error.to_string() }),
        }
        self.send();
    }

    fn send(&mut self) {
        while let Some(event) = self.unsent.pop_front() {
            if let Err(TrySendError::Full(event)) = self.events.try_send(event) {
                self.unsent.push_front(event);
                self.full_since.get_or_insert_with(Instant::now);
                return;
            }
        }
        self.full_since = None;
    }

    /// Sends what is left to send; whether the answer goes on: not if it is over, the client is gone, or it has not read for long.
    fn deliver(&mut self, patience: Duration) -> bool {
        self.send();
        let is_over = self.n_read == self.prompt.len() && self.next.is_none() && self.unsent.is_empty();
        let is_given_up = self.full_since.is_some_and(|since| since.elapsed() > patience);
        !(is_over || is_given_up || self.events.is_closed())
    }

    fn fail(mut self, reason: &str) {
        self.unsent.push_back(Event::Failed { reason: reason.to_owned() });
        self.send();
    }
}
