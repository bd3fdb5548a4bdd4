//! What a client asks for, as `OpenAI` writes it. What would change the answer and is not here is refused by name; what only
//! describes the request (`user`, `metadata`, `store`, …) is passed over.

use super::fields::Fields;
use super::refusal::Refusal;
use dunwu_attention::sample::Sampling;
use serde_json::Value;
use std::collections::BTreeMap;

/// A request that is understood.
#[derive(Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) prompt: Prompt,
    /// Without a seed of the client's its seed is 0, and `has_seed` says so.
    pub(super) sampling: Sampling,
    pub(super) has_seed: bool,
    pub(super) stops: Vec<String>,
    pub(super) max_tokens: Option<MaxTokens>,
    pub(super) n_likeliest: Option<usize>,
    pub(super) format: Format,
    pub(super) delivery: Delivery,
}

/// What is to be answered or gone on with.
#[derive(Debug, PartialEq)]
pub(super) enum Prompt {
    /// A conversation, which the model's template writes.
    Chat(Vec<Turn>),
    /// A text that is gone on with.
    Text(String),
    /// The same in tokens.
    Tokens(Vec<u32>),
}

/// What somebody said.
#[derive(Debug, PartialEq)]
pub(super) struct Turn {
    pub(super) role: &'static str,
    pub(super) content: String,
}

/// Tokens that the answer may have. Streamed, as many as a client likes where the policy forgets; an answer that is held until it
/// is whole may have at most as many as the model was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MaxTokens {
    /// Which of its two names the client used.
    pub(super) field: &'static str,
    pub(super) n: u64,
}

/// What the answer must be.
#[derive(Debug, PartialEq)]
pub(super) enum Format {
    Text,
    JsonObject,
    JsonSchema(Value),
}

/// How the answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    Streamed { with_usage: bool },
}

/// Fields that would change the answer and are not here, with the values that change nothing.
const UNSUPPORTED: [(&str, &str); 13] = [
    ("tools", "[]"),
    ("tool_choice", "\"none\""),
    ("functions", "[]"),
    ("function_call", "\"none\""),
    ("audio", ""),
    ("modalities", "[\"text\"]"),
    ("prediction", ""),
    ("web_search_options", ""),
    ("n", "1"),
    ("best_of", "1"),
    ("suffix", "\"\""),
    ("echo", "false"),
    ("grammar", ""),
];

/// `POST /v1/chat/completions`.
pub(super) fn chat(body: &Value) -> Result<Asked, Refusal> {
    let fields = Fields::new(body, "")?;
    refuse_unsupported(&fields)?;
    let messages = fields.required("messages", "a list of messages")?;
    let messages = messages.as_array().filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| fields.wrong("messages", "a list of at least one message"))?;
    let turns = messages.iter().enumerate().map(|(index, message)| turn(message, &format!("messages[{index}].")));
    let prompt = Prompt::Chat(turns.collect::<Result<_, _>>()?);
    let n_likeliest = match (fields.boolean("logprobs")?.unwrap_or(false), fields.integer("top_logprobs", 0..=20)?) {
        (true, n) => Some(n.unwrap_or(0) as usize),
        (false, None | Some(0)) => None,
        (false, Some(_)) => return Err(Refusal::field("top_logprobs", "top_logprobs needs logprobs: true")),
    };
    asked(&fields, prompt, n_likeliest)
}

/// `POST /v1/completions`.
pub(super) fn text(body: &Value) -> Result<Asked, Refusal> {
    let fields = Fields::new(body, "")?;
    refuse_unsupported(&fields)?;
    if fields.get("logprobs").is_some() {
        let message = "logprobs are not supported for completions, only for chat completions";
        return Err(Refusal::unsupported("logprobs", message));
    }
    let wanted = "a text, a list of one text, or a list of tokens";
    let prompt = match fields.required("prompt", wanted)? {
        Value::String(text) => Prompt::Text(text.clone()),
        Value::Array(list) => match list.as_slice() {
            [Value::String(text)] => Prompt::Text(text.clone()),
            tokens => {
                let token = |token: &Value| token.as_u64().and_then(|token| u32::try_from(token).ok());
                let tokens: Option<Vec<u32>> = tokens.iter().map(token).collect();
                Prompt::Tokens(tokens.ok_or_else(|| fields.wrong("prompt", wanted))?)
            }
        },
        _ => return Err(fields.wrong("prompt", wanted)),
    };
    asked(&fields, prompt, None)
}

/// What both have.
fn asked(fields: &Fields<'_>, prompt: Prompt, n_likeliest: Option<usize>) -> Result<Asked, Refusal> {
    let off = Sampling::default();
    fields.string("model")?;
    let seed = seed(fields)?;
    let sampling = Sampling {
        temperature: fields.number("temperature", 0.0..=2.0)?.unwrap_or(off.temperature),
        top_k: fields.integer("top_k", 0..=u64::MAX)?.filter(|&k| k > 0).map(|k| k as usize),
        top_p: fields.number("top_p", 0.0..=1.0)?.unwrap_or(off.top_p),
        min_p: fields.number("min_p", 0.0..=1.0)?.unwrap_or(off.min_p),
        repetition_penalty: fields.number("repetition_penalty", 0.01..=100.0)?.unwrap_or(off.repetition_penalty),
        frequency_penalty: fields.number("frequency_penalty", -2.0..=2.0)?.unwrap_or(off.frequency_penalty),
        presence_penalty: fields.number("presence_penalty", -2.0..=2.0)?.unwrap_or(off.presence_penalty),
        logit_bias: logit_bias(fields)?,
        seed: seed.unwrap_or(0),
    };
    Ok(Asked {
        prompt,
        sampling,
        has_seed: seed.is_some(),
        stops: stops(fields)?,
        max_tokens: max_tokens(fields)?,
        n_likeliest,
        format: format(fields)?,
        delivery: delivery(fields)?,
    })
}

fn max_tokens(fields: &Fields<'_>) -> Result<Option<MaxTokens>, Refusal> {
    let of_name = |field| Ok(fields.integer(field, 1..=u64::MAX)?.map(|n| MaxTokens { field, n }));
    let of_old_name = of_name("max_tokens")?;
    Ok(of_name("max_completion_tokens")?.or(of_old_name))
}

fn refuse_unsupported(fields: &Fields<'_>) -> Result<(), Refusal> {
    for (field, harmless) in UNSUPPORTED {
        let Some(value) = fields.get(field) else { continue };
        let value = value.to_string();
        if value == harmless || (field == "tool_choice" && value == "\"auto\"") {
            continue;
        }
        let but = if harmless.is_empty() { String::new() } else { format!(" except {harmless}") };
        return Err(Refusal::unsupported(field, format!("{field} is not supported{but}")));
    }
    Ok(())
}

fn turn(message: &Value, place: &str) -> Result<Turn, Refusal> {
    let fields = Fields::new(message, place)?;
    let roles = "one of system, developer, user, assistant";
    fields.required("role", roles)?;
    let role = match fields.string("role")? {
        Some("system" | "developer") => "system",
        Some("user") => "user",
        Some("assistant") => "assistant",
        Some("tool" | "function") => {
            return Err(Refusal::unsupported(
                fields.name("role"),
                format!("tools are not supported: the role is {roles}"),
            ));
        }
        _ => return Err(fields.wrong("role", roles)),
    };
    for field in ["tool_calls", "function_call", "audio"] {
        if fields.get(field).is_some_and(|value| *value != Value::Array(Vec::new())) {
            let name = fields.name(field);
            return Err(Refusal::unsupported(name.clone(), format!("{name} is not supported")));
        }
    }
    if role == "assistant" && fields.get("content").is_none() {
        return Ok(Turn { role, content: String::new() }); // programs send back what they got, and an answer may have none
    }
    let content = match fields.required("content", "a text or a list of parts of text")? {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts
                .iter()
                .enumerate()
                .map(|(index, part)| part_text(part, &fields.name(&format!("content[{index}]."))));
            texts.collect::<Result<Vec<_>, _>>()?.concat()
        }
        _ => return Err(fields.wrong("content", "a text or a list of parts of text")),
    };
    Ok(Turn { role, content })
}

fn part_text(part: &Value, place: &str) -> Result<String, Refusal> {
    let fields = Fields::new(part, place)?;
    match fields.string("type")? {
        Some("text") => {
            fields.required("text", "a text")?;
            Ok(fields.string("text")?.unwrap_or_default().to_owned())
        }
        Some(other @ ("image_url" | "input_audio" | "file" | "refusal")) => {
            let message = format!("parts of type {other} are not supported: this model reads text");
            Err(Refusal::unsupported(fields.name("type"), message))
        }
        _ => Err(fields.wrong("type", "\"text\"")),
    }
}

/// Any whole number: negative ones are seeds too.
fn seed(fields: &Fields<'_>) -> Result<Option<u64>, Refusal> {
    let seed = |value: &Value| value.as_u64().or_else(|| value.as_i64().map(|seed| seed as u64));
    fields.get("seed").map(|value| seed(value).ok_or_else(|| fields.wrong("seed", "a whole number"))).transpose()
}

fn logit_bias(fields: &Fields<'_>) -> Result<BTreeMap<u32, f32>, Refusal> {
    let wanted = "an object with a number from -100 to 100 for each token";
    let Some(value) = fields.get("logit_bias") else { return Ok(BTreeMap::new()) };
    let object = value.as_object().ok_or_else(|| fields.wrong("logit_bias", wanted))?;
    let entry = |(token, bias): (&String, &Value)| {
        let bias = bias.as_f64().filter(|bias| (-100.0..=100.0).contains(bias))?;
        Some((token.parse().ok()?, bias as f32))
    };
    object.iter().map(entry).collect::<Option<_>>().ok_or_else(|| fields.wrong("logit_bias", wanted))
}

fn stops(fields: &Fields<'_>) -> Result<Vec<String>, Refusal> {
    let wanted = "a text or a list of at most 16 texts, none of them empty";
    let stops: Option<Vec<String>> = match fields.get("stop") {
        None => Some(Vec::new()),
        Some(Value::String(stop)) => Some(vec![stop.clone()]),
        Some(Value::Array(stops)) => stops.iter().map(|stop| stop.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    stops
        .filter(|stops| stops.len() <= 16 && stops.iter().all(|stop| !stop.is_empty()))
        .ok_or_else(|| fields.wrong("stop", wanted))
}

fn format(fields: &Fields<'_>) -> Result<Format, Refusal> {
    let Some(value) = fields.get("response_format") else { return Ok(Format::Text) };
    let format = Fields::new(value, "response_format.")?;
    match format.string("type")? {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") => {
            let named = Fields::new(
                format.required("json_schema", "an object with a schema")?,
                "response_format.json_schema.",
            )?;
            Ok(Format::JsonSchema(named.required("schema", "a JSON schema")?.clone()))
        }
        _ => Err(format.wrong("type", "one of text, json_object, json_schema")),
    }
}

fn delivery(fields: &Fields<'_>) -> Result<Delivery, Refusal> {
    let is_streamed = fields.boolean("stream")?.unwrap_or(false);
    let with_usage = match fields.get("stream_options") {
        None => false,
        Some(_) if !is_streamed => return Err(Refusal::field("stream_options", "stream_options needs stream: true")),
        Some(options) => Fields::new(options, "stream_options.")?.boolean("include_usage")?.unwrap_or(false),
    };
    Ok(if is_streamed { Delivery::Streamed { with_usage } } else { Delivery::Whole })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(field: &str, value: Value) -> Value {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
        body[field] = value;
        body
    }

    #[test]
    fn what_is_asked_for_is_understood() {
        let body = json!({
            "model": "m", "user": "u", "nonsense": {}, "n": 1, "tools": [], "tool_choice": null, "modalities": ["text"],
            "messages": [
                { "role": "developer", "content": "be brief", "name": "x" },
                { "role": "user", "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] },
            ],
            "temperature": 0, "top_p": 0.5, "seed": -1, "stop": "x", "max_tokens": 5, "max_completion_tokens": 7,
            "frequency_penalty": 1, "presence_penalty": -1, "logit_bias": { "3": -100 }, "logprobs": true, "top_logprobs": 2,
            "response_format": { "type": "json_schema", "json_schema": { "name": "n", "strict": true, "schema": {} } },
            "stream": true, "stream_options": { "include_usage": true },
        });
        let wanted = Asked {
            prompt: Prompt::Chat(vec![
                Turn { role: "system", content: "be brief".into() },
                Turn { role: "user", content: "ab".into() },
            ]),
            sampling: Sampling {
                temperature: 0.0,
                top_p: 0.5,
                frequency_penalty: 1.0,
                presence_penalty: -1.0,
                logit_bias: BTreeMap::from([(3, -100.0)]),
                seed: u64::MAX,
                ..Sampling::default()
            },
            has_seed: true,
            stops: vec!["x".into()],
            max_tokens: Some(MaxTokens { field: "max_completion_tokens", n: 7 }),
            n_likeliest: Some(2),
            format: Format::JsonSchema(json!({})),
            delivery: Delivery::Streamed { with_usage: true },
        };
        assert_eq!(chat(&body), Ok(wanted));
    }

    #[test]
    fn an_assistant_may_have_said_nothing() {
        let said = |role: &str| chat(&with("messages", json!([{ "role": role, "content": null }])));
        let wanted = Prompt::Chat(vec![Turn { role: "assistant", content: String::new() }]);
        assert_eq!(said("assistant").map(|asked| asked.prompt), Ok(wanted));
        assert_eq!(said("user").unwrap_err().object()["error"]["param"], "messages[0].content");
    }

    #[test]
    fn a_prompt_is_a_text_or_tokens() {
        let prompt = |prompt: Value| text(&json!({ "prompt": prompt })).map(|asked| asked.prompt);
        assert_eq!(prompt(json!("a")), Ok(Prompt::Text("a".into())));
        assert_eq!(prompt(json!(["a"])), Ok(Prompt::Text("a".into())));
        assert_eq!(prompt(json!([1, 2])), Ok(Prompt::Tokens(vec![1, 2])));
        for wrong in [json!(["a", "b"]), json!([-1]), json!(3), json!(null), json!([[1]])] {
            assert_eq!(prompt(wrong).unwrap_err().object()["error"]["param"], "prompt");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = |message: Value| with("messages", json!([message]));
        for (body, param) in [
            (json!([]), Value::Null),
            (json!({}), "messages".into()),
            (with("messages", json!([])), "messages".into()),
            (with("messages", json!("hi")), "messages".into()),
            (message(json!("hi")), "messages[0]".into()),
            (message(json!({ "content": "hi" })), "messages[0].role".into()),
            (message(json!({ "role": "king", "content": "hi" })), "messages[0].role".into()),
            (message(json!({ "role": "tool", "content": "hi" })), "messages[0].role".into()),
            (message(json!({ "role": "user" })), "messages[0].content".into()),
            (message(json!({ "role": "user", "content": 3 })), "messages[0].content".into()),
            (message(json!({ "role": "user", "content": [3] })), "messages[0].content[0]".into()),
            (
                message(json!({ "role": "user", "content": [{ "type": "image_url", "image_url": {} }] })),
                "messages[0].content[0].type".into(),
            ),
            (
                message(json!({ "role": "assistant", "content": "", "tool_calls": [{}] })),
                "messages[0].tool_calls".into(),
            ),
            (with("model", json!(3)), "model".into()),
            (with("n", json!(2)), "n".into()),
            (with("tools", json!([{}])), "tools".into()),
            (with("tool_choice", json!("required")), "tool_choice".into()),
            (with("audio", json!({})), "audio".into()),
            (with("modalities", json!(["text", "audio"])), "modalities".into()),
            (with("temperature", json!(2.1)), "temperature".into()),
            (with("temperature", json!("hot")), "temperature".into()),
            (with("top_p", json!(-0.1)), "top_p".into()),
            (with("seed", json!(0.5)), "seed".into()),
            (with("stop", json!([""])), "stop".into()),
            (with("stop", json!(3)), "stop".into()),
            (with("max_tokens", json!(0)), "max_tokens".into()),
            (with("max_completion_tokens", json!(-1)), "max_completion_tokens".into()),
            (with("frequency_penalty", json!(3)), "frequency_penalty".into()),
            (with("logit_bias", json!({ "x": 1 })), "logit_bias".into()),
            (with("logit_bias", json!({ "1": 101 })), "logit_bias".into()),
            (with("top_logprobs", json!(3)), "top_logprobs".into()),
            (with("stream", json!("yes")), "stream".into()),
            (with("stream_options", json!({})), "stream_options".into()),
            (with("response_format", json!("json")), "response_format".into()),
            (with("response_format", json!({ "type": "yaml" })), "response_format.type".into()),
            (with("response_format", json!({ "type": "json_schema" })), "response_format.json_schema".into()),
            (
                with("response_format", json!({ "type": "json_schema", "json_schema": { "name": "n" } })),
                "response_format.json_schema.schema".into(),
            ),
        ] {
            let refusal = chat(&body).expect_err(&body.to_string()).object();
            assert_eq!(refusal["error"]["param"], param, "{body}: {refusal}");
            assert_eq!(refusal["error"]["type"], "invalid_request_error");
        }
    }
}
