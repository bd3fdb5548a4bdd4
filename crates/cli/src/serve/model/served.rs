//! The model that is served, and what becomes of a request for it: tokens, and how the answer is to be.

use super::refusal::Refusal;
use super::request::{Asked, Delivery, Format, MaxTokens, Prompt, Turn};
use axum::http::StatusCode;
use dunwu_attention::constrain::{Constraint, TokenTrie};
use dunwu_attention::model::Model;
use dunwu_attention::sample::Sampling;
use dunwu_attention::speak::Manner;
use dunwu_attention::template::{ChatTemplate, Message};
use dunwu_attention::tokenizer::Tokenizer;
use dunwu_streams::language_model;

/// All that requests share.
pub(super) struct Served {
    pub(super) model: Model,
    pub(super) tokenizer: Tokenizer,
    /// How the model wants conversations written, if its file says so.
    pub(super) template: Option<ChatTemplate>,
    pub(super) trie: TokenTrie,
    /// What it is called.
    pub(super) name: String,
    /// Seconds since 1970 at which it was loaded.
    pub(super) created: u64,
    /// Tokens that a prompt and its answer may have together; `None` where the policy forgets.
    pub(super) context: Option<u64>,
    /// Tokens of an answer whose client names no number, and the most of one that is held until it is whole, where the policy
    /// forgets.
    pub(super) max_tokens: u64,
}

impl Served {
    /// What is to be decoded for a request. Takes time with the length of the prompt and the size of the schema.
    pub(super) fn prepare(&self, asked: Asked, own_seed: u64) -> Result<(Vec<u32>, Manner), Refusal> {
        let prompt = self.tokens(&asked.prompt)?;
        let max_tokens = self.room(&prompt, asked.max_tokens, asked.delivery)?;
        let constraint = match &asked.format {
            Format::Text => None,
            Format::JsonObject => Some(Constraint::json_object(&self.trie)),
            Format::JsonSchema(schema) => {
                Some(Constraint::json_schema(schema, &self.trie).map_err(|error| Refusal::schema(&error.to_string()))?)
            }
        };
        let seed = if asked.has_seed { asked.sampling.seed } else { own_seed };
        let sampling = Sampling { seed, ..asked.sampling };
        let (stops, n_likeliest) = (asked.stops, asked.n_likeliest);
        Ok((prompt, Manner { sampling, constraint, stops, max_tokens: Some(max_tokens), n_likeliest }))
    }

    fn tokens(&self, prompt: &Prompt) -> Result<Vec<u32>, Refusal> {
        let mut tokens = match prompt {
            Prompt::Chat(turns) => self.conversation(turns)?,
            Prompt::Text(text) => {
                let begin = self.tokenizer.begin();
                begin.into_iter().chain(self.tokenizer.encode(text.as_bytes())).collect()
            }
            Prompt::Tokens(tokens) => tokens.clone(),
        };
        if tokens.is_empty() {
            tokens.extend(language_model::begin(&self.tokenizer));
        }
        let n_tokens = self.tokenizer.n_tokens();
        match tokens.iter().find(|&&token| token as usize >= n_tokens) {
            Some(token) => {
                Err(Refusal::field("prompt", format!("prompt has the token {token}, and there are {n_tokens}")))
            }
            None if tokens.is_empty() => {
                Err(Refusal::field("prompt", "prompt is empty, and this model has no token to begin with"))
            }
            None => Ok(tokens),
        }
    }

    fn conversation(&self, turns: &[Turn]) -> Result<Vec<u32>, Refusal> {
        let Some(template) = &self.template else {
            let message = "the model's file has no chat template: ask /v1/completions";
            return Err(Refusal::unsupported("messages", message));
        };
        let messages: Vec<Message> =
            turns.iter().map(|turn| Message { role: turn.role.to_owned(), content: turn.content.clone() }).collect();
        template.tokens(&self.tokenizer, &messages, true).map_err(|error| Refusal::field("messages", error.to_string()))
    }

    /// Tokens that the answer may have.
    fn room(&self, prompt: &[u32], asked: Option<MaxTokens>, delivery: Delivery) -> Result<u64, Refusal> {
        let wanted = asked.map_or(self.max_tokens, |asked| asked.n);
        let Some(context) = self.context else {
            return match asked {
                Some(MaxTokens { field, n }) if delivery == Delivery::Whole && n > self.max_tokens => {
                    let most = self.max_tokens;
                    let message = format!(
                        "{field} is at most {most} for an answer that is not streamed, not {n}: ask for stream: true"
                    );
                    Err(Refusal::field(field, message))
                }
                _ => Ok(wanted),
            };
        };
        let left = context.saturating_sub(prompt.len() as u64);
        if left == 0 {
            let message = format!(
                "this model's maximum context length is {context} tokens, and the prompt has {}: shorten it, or serve the model \
                 with a policy that forgets, such as sinks:4+2044",
                prompt.len()
            );
            return Err(Refusal::new(StatusCode::BAD_REQUEST, message).with_code("context_length_exceeded"));
        }
        Ok(wanted.min(left))
    }
}
