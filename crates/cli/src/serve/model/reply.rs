//! An answer as `OpenAI` writes it: whole, or in chunks of an event stream.

use super::event::Event;
use super::refusal::Refusal;
use super::served::Served;
use axum::body::Bytes;
use axum::http::StatusCode;
use dunwu_attention::sample::Likelihood;
use dunwu_attention::speak::Finish;
use dunwu_attention::tokenizer::Tokenizer;
use futures_core::Stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc::Receiver;

/// Which of the two end points answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Chat,
    Text,
}

/// What all objects of one answer have.
pub(super) struct Heading {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) model: String,
    pub(super) n_prompt: u64,
}

impl Heading {
    fn object(&self, kind: &str, choices: &Value) -> Value {
        json!({ "id": self.id, "object": kind, "created": self.created, "model": self.model, "choices": choices })
    }

    fn usage(&self, n_tokens: u64) -> Value {
        json!({
            "prompt_tokens": self.n_prompt,
            "completion_tokens": n_tokens,
            "total_tokens": self.n_prompt + n_tokens,
        })
    }

    /// The whole answer.
    fn whole(&self, text: &str, logprobs: Option<Vec<Value>>, finish: Finish, n_tokens: u64) -> Value {
        let logprobs = logprobs.map(|content| json!({ "content": content, "refusal": null }));
        let finish = finish_reason(finish);
        let (kind, choice) = match self.kind {
            Kind::Chat => (
                "chat.completion",
                json!({
                    "index": 0,
                    "message": { "role": "assistant", "content": text, "refusal": null },
                    "logprobs": logprobs,
                    "finish_reason": finish,
                }),
            ),
            Kind::Text => {
                ("text_completion", json!({ "index": 0, "text": text, "logprobs": null, "finish_reason": finish }))
            }
        };
        let mut object = self.object(kind, &json!([choice]));
        object["usage"] = self.usage(n_tokens);
        object
    }

    /// A chunk of a stream.
    fn chunk(&self, delta: &Value, text: &str, logprobs: Option<Value>, finish: Option<Finish>) -> Value {
        let finish = finish.map(finish_reason);
        let logprobs = logprobs.map(|one| json!({ "content": [one], "refusal": null }));
        let choice = match self.kind {
            Kind::Chat => json!({ "index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish }),
            Kind::Text => json!({ "index": 0, "text": text, "logprobs": null, "finish_reason": finish }),
        };
        self.object(self.chunk_kind(), &json!([choice]))
    }

    fn chunk_kind(&self) -> &'static str {
        match self.kind {
            Kind::Chat => "chat.completion.chunk",
            Kind::Text => "text_completion",
        }
    }
}

fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
    }
}

/// A token with its likelihood. JSON has no −∞; `OpenAI` writes −9999.
fn told(token: u32, likelihood: &Likelihood, tokenizer: &Tokenizer) -> Value {
    let one = |token: u32, log_probability: f32| {
        let bytes = tokenizer.bytes(token);
        let log_probability = if log_probability.is_finite() { log_probability } else { -9999.0 };
        json!({ "token": String::from_utf8_lossy(bytes), "logprob": log_probability, "bytes": bytes })
    };
    let mut object = one(token, likelihood.log_probability);
    let likeliest: Vec<Value> = likelihood.likeliest.iter().map(|&(token, log)| one(token, log)).collect();
    object["top_logprobs"] = likeliest.into();
    object
}

/// Waits for the end of an answer.
pub(super) async fn whole(
    heading: &Heading,
    mut events: Receiver<Event>,
    has_logprobs: bool,
    tokenizer: &Tokenizer,
) -> Result<Value, Refusal> {
    let mut text = String::new();
    let mut logprobs = has_logprobs.then(Vec::new);
    while let Some(event) = events.recv().await {
        match event {
            Event::Said { text: piece, token } => {
                text += &piece;
                if let (Some(logprobs), Some((token, likelihood))) = (&mut logprobs, token) {
                    logprobs.push(told(token, &likelihood, tokenizer));
                }
            }
            Event::Finished { finish, n_tokens } => return Ok(heading.whole(&text, logprobs, finish, n_tokens)),
            Event::Unfit { reason } => return Err(Refusal::schema(&reason)),
            Event::Failed { reason } => return Err(failed(reason)),
        }
    }
    Err(failed("the answer was given up".to_owned()))
}

fn failed(reason: String) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
}

/// An answer as an event stream. One that is given up ends without `[DONE]` and with a broken connection.
pub(super) struct Chunks {
    heading: Heading,
    events: Receiver<Event>,
    with_usage: bool,
    served: Arc<Served>,
    unsent: VecDeque<Bytes>,
    is_over: bool,
}

impl Chunks {
    pub(super) fn new(heading: Heading, events: Receiver<Event>, with_usage: bool, served: Arc<Served>) -> Self {
        let mut chunks = Self { heading, events, with_usage, served, unsent: VecDeque::new(), is_over: false };
        if chunks.heading.kind == Kind::Chat {
            let role = json!({ "role": "assistant", "content": "", "refusal": null });
            let first = chunks.heading.chunk(&role, "", None, None);
            chunks.queue(first);
        }
        chunks
    }

    /// With usage wanted, every chunk has the field, and only the last one a value.
    fn queue(&mut self, mut chunk: Value) {
        if self.with_usage && chunk.get("usage").is_none() {
            chunk["usage"] = Value::Null;
        }
        self.unsent.push_back(format!("data: {chunk}\n\n").into());
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Said { text, token } => {
                let logprobs = token.map(|(token, likelihood)| told(token, &likelihood, &self.served.tokenizer));
                let chunk = self.heading.chunk(&json!({ "content": text }), &text, logprobs, None);
                self.queue(chunk);
            }
            Event::Finished { finish, n_tokens } => {
                let last = self.heading.chunk(&json!({}), "", None, Some(finish));
                self.queue(last);
                if self.with_usage {
                    let mut usage = self.heading.object(self.heading.chunk_kind(), &json!([]));
                    usage["usage"] = self.heading.usage(n_tokens);
                    self.queue(usage);
                }
                self.end();
            }
            Event::Unfit { reason } => self.fail(&Refusal::schema(&reason)),
            Event::Failed { reason } => self.fail(&failed(reason)),
        }
    }

    fn fail(&mut self, refusal: &Refusal) {
        self.unsent.push_back(format!("data: {}\n\n", refusal.object()).into());
        self.end();
    }

    fn end(&mut self) {
        self.unsent.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
        self.is_over = true;
    }
}

impl Stream for Chunks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(bytes) = self.unsent.pop_front() {
                return Poll::Ready(Some(Ok(bytes)));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            match self.events.poll_recv(context) {
                Poll::Ready(Some(event)) => self.take(event),
                Poll::Ready(None) => {
                    self.is_over = true;
                    return Poll::Ready(Some(Err(io::Error::other("the answer was given up"))));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
