//! `dunwu serve-model` over real connections, on a tiny model that knows nothing: what it says is noise, so that what must hold
//! holds whatever a model says.

use crate::{Desk, PATIENCE};
use dunwu_attention_fixtures::{Format, Tiny};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A server of its own, killed when it is no longer wanted.
struct Server {
    child: Child,
    port: u16,
    stderr: BufReader<ChildStderr>,
    desk: Desk,
}

/// What came back, with a body of chunks put together.
struct Reply {
    status: u16,
    head: String,
    body: String,
    /// Whether the body came to its end.
    is_whole: bool,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The objects of an event stream; its last event is `[DONE]`.
    fn chunks(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.body);
        assert!(self.head.contains("content-type: text/event-stream"), "{}", self.head);
        let events = self.body.strip_suffix("data: [DONE]\n\n").expect("it ends with [DONE]");
        let events = events.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
        events.map(|event| serde_json::from_str(event).unwrap()).collect()
    }
}

impl Server {
    /// `dunwu serve-model tiny.gguf --port 0 WORDS`, once it listens.
    fn start(words: &str) -> Self {
        let desk = Desk::new();
        let tiny = Tiny { trained_context: 400, ..Tiny::default() };
        tiny.write_gguf(&desk.path("tiny.gguf"), Format::F32, 1).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(format!("serve-model tiny.gguf --port 0 --threads 1 {words}").split_whitespace());
        command.current_dir(&desk.folder).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let port = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended: {said}");
            if let Some(address) = line.trim().strip_prefix("listening on http://127.0.0.1:") {
                break address.parse().unwrap();
            }
            said += &line;
        };
        Self { child, port, stderr, desk }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request and leaves its answer on the way.
    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = self.connect();
        let length = body.len();
        let host = if headers.contains("Host:") { "" } else { "Host: localhost\r\n" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn call(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        received(self.send(method, path, headers, body))
    }

    fn post(&self, body: &Value) -> Reply {
        self.call("POST", "/v1/chat/completions", "", &body.to_string())
    }

    fn begin(&self, body: &Value) -> TcpStream {
        self.send("POST", "/v1/chat/completions", "", &body.to_string())
    }

    /// The text of an answer.
    fn text(&self, body: &Value) -> String {
        let reply = self.post(body);
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
    }

    /// Sends a signal and waits for the end: its code.
    fn signal(&mut self, signal: &str) -> i32 {
        let told = Command::new("kill").args([format!("-{signal}"), self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("it ends by itself");
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut said = String::new();
        let _ = self.stderr.read_to_string(&mut said);
        if !thread::panicking() {
            assert!(!said.contains("panicked"), "{}: {said}", self.desk.path("").display());
        }
    }
}

fn received(mut stream: TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let is_closed_well = stream.read_to_end(&mut bytes).is_ok();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let head = head.to_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    if !head.contains("transfer-encoding: chunked") {
        return Reply { status, body: rest.to_owned(), head, is_whole: is_closed_well };
    }
    let (mut body, mut rest, mut is_whole) = (String::new(), rest, false);
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        is_whole = length == 0;
        let Some(chunk) = after.get(..length) else { break };
        body += chunk;
        rest = after.get(length + 2..).unwrap_or_default();
    }
    Reply { status, head, body, is_whole }
}

/// A request whose answer has exactly `n` tokens: the tokens that end one, 0 and 2 of the tiny model, are never said.
fn asked(seed: u64, n: u64) -> Value {
    json!({
        "model": "tiny",
        "messages": [{ "role": "user", "content": "the cat and the hat" }],
        "max_tokens": n,
        "seed": seed,
        "logit_bias": { "0": -100, "2": -100 },
    })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[test]
fn an_answer_has_what_programs_rely_on() {
    let server = Server::start("");
    let answer = server.post(&asked(1, 12)).json();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "tiny");
    assert!(
        answer["id"].as_str().unwrap().starts_with("chatcmpl-") && answer["created"].as_u64().unwrap() > 1_000_000_000
    );
    let choice = &answer["choices"][0];
    assert_eq!((&choice["index"], &choice["finish_reason"]), (&json!(0), &json!("length")));
    assert_eq!((&choice["message"]["role"], &choice["logprobs"]), (&json!("assistant"), &Value::Null));
    let usage =
        ["prompt_tokens", "completion_tokens", "total_tokens"].map(|key| answer["usage"][key].as_u64().unwrap());
    assert!(usage[0] > 20 && usage[1] == 12 && usage[2] == usage[0] + 12, "{usage:?}");
    let models = server.call("GET", "/v1/models", "", "").json();
    assert_eq!((&models["object"], &models["data"][0]["id"]), (&json!("list"), &json!("tiny")));
    assert_eq!(server.call("GET", "/v1/models/tiny", "", "").json()["id"], "tiny");
    assert_eq!(server.call("GET", "/health", "", "").json()["status"], "ok");
}

#[test]
fn a_stream_is_the_same_answer_in_chunks() {
    let server = Server::start("");
    for seed in 0..5 {
        let whole = server.text(&asked(seed, 40));
        let streamed = with(asked(seed, 40), "stream", json!(true));
        let chunks = server.post(&streamed).chunks();
        let delta = |chunk: &Value| chunk["choices"][0]["delta"].clone();
        assert_eq!(delta(&chunks[0])["role"], "assistant");
        assert!(
            chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["id"] == chunks[0]["id"])
        );
        assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
        let text: String =
            chunks.iter().filter_map(|chunk| delta(chunk)["content"].as_str().map(str::to_owned)).collect();
        assert_eq!(text, whole);
        let finish: Vec<&Value> = chunks.iter().map(|chunk| &chunk["choices"][0]["finish_reason"]).collect();
        assert_eq!(*finish[finish.len() - 1], "length");
        assert!(finish[..finish.len() - 1].iter().all(|finish| finish.is_null()));
        let chunks = server.post(&with(streamed, "stream_options", json!({ "include_usage": true }))).chunks();
        let (last, others) = chunks.split_last().unwrap();
        assert_eq!((&last["choices"], &last["usage"]["completion_tokens"]), (&json!([]), &json!(40)));
        assert!(others.iter().all(|chunk| chunk["usage"].is_null()));
    }
}

#[test]
fn a_text_is_gone_on_with() {
    let server = Server::start("");
    let body = json!({ "prompt": "the ", "max_tokens": 9, "seed": 3, "logit_bias": { "0": -100, "2": -100 } });
    let reply = server.call("POST", "/v1/completions", "", &body.to_string()).json();
    assert_eq!((&reply["object"], &reply["usage"]["completion_tokens"]), (&json!("text_completion"), &json!(9)));
    let text = reply["choices"][0]["text"].as_str().unwrap();
    let chunks = server.call("POST", "/v1/completions", "", &with(body, "stream", json!(true)).to_string()).chunks();
    assert_eq!(chunks.iter().map(|chunk| chunk["choices"][0]["text"].as_str().unwrap()).collect::<String>(), text);
    let nothing = json!({ "prompt": "", "max_tokens": 2 }).to_string();
    assert_eq!(server.call("POST", "/v1/completions", "", &nothing).json()["usage"]["prompt_tokens"], 1);
}

#[test]
fn a_stop_text_ends_an_answer_before_itself() {
    let server = Server::start("");
    let whole = server.text(&asked(5, 60));
    // Of bytes that are no text the answer has U+FFFD, which no stop text matches.
    let characters: Vec<char> = whole.chars().collect();
    let stop = characters.windows(2).skip(15).find(|pair| !pair.contains(&'\u{fffd}')).unwrap();
    let stop: String = stop.iter().collect();
    let wanted = &whole[..whole.find(&stop).unwrap()];
    for stop in [json!(stop), json!(["never said", stop])] {
        let reply = server.post(&with(asked(5, 60), "stop", stop)).json();
        assert_eq!(reply["choices"][0]["message"]["content"], wanted);
        assert_eq!(reply["choices"][0]["finish_reason"], "stop");
    }
}

#[test]
fn likelihoods_are_told_and_the_likeliest_token_is_taken_without_a_temperature() {
    let server = Server::start("");
    let body = with(with(asked(1, 10), "temperature", json!(0)), "logprobs", json!(true));
    let answer = server.post(&with(body.clone(), "top_logprobs", json!(4))).json();
    let content = answer["choices"][0]["logprobs"]["content"].as_array().unwrap();
    assert_eq!(content.len(), 10);
    for token in content {
        let top = token["top_logprobs"].as_array().unwrap();
        let logs: Vec<f64> = top.iter().map(|one| one["logprob"].as_f64().unwrap()).collect();
        assert!(top.len() == 4 && logs.is_sorted_by(|a, b| a >= b) && logs.iter().all(|&log| log < 0.0), "{token}");
        assert_eq!(token["bytes"], top[0]["bytes"]);
    }
    let chunks = server.post(&with(body, "stream", json!(true))).chunks();
    let told: Vec<&Value> =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["logprobs"]["content"].get(0)).collect();
    assert_eq!(
        told.iter().map(|one| &one["bytes"]).collect::<Vec<_>>(),
        content.iter().map(|one| &one["bytes"]).collect::<Vec<_>>()
    );
}

/// Whether a value is one of a schema, by hand.
type Check<'c> = &'c dyn Fn(&Value) -> bool;

#[test]
fn whatever_the_model_says_is_json_of_the_schema() {
    let server = Server::start("");
    let is_small = |number: f64| number.fract() == 0.0 && number.abs() <= 5.0; // -0 is a whole number too
    let schemas: [(Value, Check<'_>); 4] = [
        (json!({ "enum": ["yes", "no", 3] }), &|value| [json!("yes"), json!("no"), json!(3)].contains(value)),
        (
            json!({ "type": "array", "items": { "type": "integer", "minimum": -5, "maximum": 5 }, "minItems": 2, "maxItems": 4 }),
            &|value| {
                let list = value.as_array().unwrap();
                (2..=4).contains(&list.len()) && list.iter().all(|one| is_small(one.as_f64().unwrap()))
            },
        ),
        (
            json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string", "maxLength": 8 },
                    "point": { "$ref": "#/$defs/point" },
                    "left": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/point" }] },
                },
                "required": ["name", "point", "left"],
                "additionalProperties": false,
                "$defs": { "point": {
                    "type": "object",
                    "properties": { "x": { "type": "boolean" }, "y": { "const": "z" } },
                    "required": ["x", "y"],
                    "additionalProperties": false,
                } },
            }),
            &|value| {
                let is_point = |value: &Value| {
                    value.as_object().unwrap().len() == 2 && value["x"].is_boolean() && value["y"] == "z"
                };
                value.as_object().unwrap().len() == 3
                    && value["name"].as_str().unwrap().chars().count() <= 8
                    && is_point(&value["point"])
                    && (value["left"].is_null() || is_point(&value["left"]))
            },
        ),
        (json!({ "type": "string", "pattern": "^[ab]{3}-[0-9]{1,4}$" }), &|value| {
            let (letters, digits) = value.as_str().unwrap().split_once('-').unwrap();
            letters.len() == 3
                && letters.bytes().all(|letter| b"ab".contains(&letter))
                && (1..=4).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
        }),
    ];
    for (schema, is_valid) in schemas {
        for seed in 0..12 {
            let format =
                json!({ "type": "json_schema", "json_schema": { "name": "n", "strict": true, "schema": schema } });
            let reply = server.post(&with(asked(seed, 400), "response_format", format)).json();
            assert_eq!(reply["choices"][0]["finish_reason"], "stop", "{schema}: {reply}");
            let text = reply["choices"][0]["message"]["content"].as_str().unwrap();
            let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert!(is_valid(&value), "{schema}: {value}");
        }
    }
    let object = server.text(&with(asked(1, 30), "response_format", json!({ "type": "json_object" })));
    assert!(object.starts_with('{'), "{object}");
}

#[test]
fn what_cannot_be_answered_is_refused_in_the_shape_of_openai() {
    let server = Server::start("--policy full --context 100");
    let chat = "/v1/chat/completions";
    let long = with(asked(1, 5), "messages", json!([{ "role": "user", "content": "cat ".repeat(200) }])).to_string();
    let huge = format!("{{\"messages\":\"{}\"}}", "x".repeat(5 << 20));
    let schema =
        json!({ "type": "json_schema", "json_schema": { "schema": { "uniqueItems": true, "type": "array" } } });
    let schema = with(asked(1, 5), "response_format", schema).to_string();
    let tools = with(asked(1, 5), "tools", json!([{ "type": "function" }])).to_string();
    for (method, path, body, status, code, wanted) in [
        ("POST", chat, "{\"messages\": [}", 400, json!("invalid_json"), "line 1 column 15"),
        ("POST", chat, "", 400, json!("invalid_json"), "not JSON"),
        ("POST", chat, "[]", 400, Value::Null, "object"),
        ("POST", chat, "{}", 400, Value::Null, "messages"),
        ("POST", chat, &tools, 400, json!("unsupported_parameter"), "tools"),
        ("POST", chat, &schema, 400, Value::Null, "uniqueItems"),
        ("POST", chat, &long, 400, json!("context_length_exceeded"), "100 tokens"),
        ("POST", chat, &huge, 413, Value::Null, "larger"),
        ("POST", "/v1/completions", "{\"prompt\": [99999]}", 400, Value::Null, "99999"),
        ("GET", chat, "", 405, json!("method_not_allowed"), "GET"),
        ("POST", "/health", "{}", 405, json!("method_not_allowed"), "POST"),
        ("GET", "/v1/model", "", 404, json!("unknown_url"), "/v1/model"),
        ("POST", "/v1/embeddings", "{}", 404, json!("unknown_url"), "/v1/embeddings"),
        ("GET", "/v1/models/gpt-5", "", 404, json!("model_not_found"), "tiny"),
    ] {
        let reply = server.call(method, path, "", body);
        let shown = &body[..body.len().min(80)];
        assert_eq!(reply.status, status, "{method} {path} {shown}: {}", reply.body);
        let error = &reply.json()["error"];
        assert_eq!(error["code"], code, "{method} {path} {shown}: {error}");
        assert_eq!(error["type"], "invalid_request_error");
        assert!(
            error.get("param").is_some() && error["message"].as_str().unwrap().contains(wanted),
            "{wanted}: {error}"
        );
    }
    let fits = server.post(&asked(1, 1_000_000)).json();
    assert_eq!((&fits["usage"]["total_tokens"], &fits["choices"][0]["finish_reason"]), (&json!(100), &json!("length")));
}

#[test]
fn an_answer_that_is_held_until_it_is_whole_has_an_end() {
    let server = Server::start("");
    for field in ["max_tokens", "max_completion_tokens"] {
        let body = |n: u64| json!({ "messages": [{ "role": "user", "content": "hi" }], field: n });
        assert_eq!(server.post(&body(400)).status, 200);
        let reply = server.post(&body(401)); // the tiny model was trained on 400
        assert_eq!((reply.status, &reply.json()["error"]["param"]), (400, &json!(field)), "{}", reply.body);
        assert!(reply.body.contains("at most 400"), "{}", reply.body);
        let streamed = server.post(&with(body(401), "stream", json!(true)));
        assert_eq!(streamed.status, 200);
    }
}

#[test]
fn a_schema_that_nothing_fits_is_a_fault_of_the_request() {
    let server = Server::start("");
    for (schema, stream) in [(json!({ "$ref": "#" }), false), (json!({ "anyOf": [{ "$ref": "#" }] }), true)] {
        let format = json!({ "type": "json_schema", "json_schema": { "schema": schema } });
        let reply = server.post(&with(with(asked(1, 5), "response_format", format), "stream", json!(stream)));
        assert_eq!(reply.status, 400, "{}", reply.body);
        let error = &reply.json()["error"];
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("response_format") && message.contains("nothing fits it"), "{message}");
        assert!(!message.contains('<') && error["type"] == "invalid_request_error", "{error}");
    }
}

#[test]
fn a_body_whose_chunks_are_broken_is_refused() {
    let server = Server::start("");
    let mut stream = server.connect();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(format!("{head}5\r\n{{\"mes\r\nxyz\r\n").as_bytes()).unwrap();
    let reply = received(stream);
    assert_eq!(reply.status, 400, "{}", reply.body);
    let error = &reply.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&json!("invalid_request_error"), &json!("invalid_body")));
    assert!(error["message"].as_str().unwrap().contains("did not arrive whole"), "{error}");
}

#[test]
fn pages_of_others_may_not_ask() {
    let server = Server::start("");
    let status = |headers: &str| server.call("GET", "/v1/models", headers, "").status;
    assert_eq!(status("Origin: http://example.com\r\n"), 403);
    assert_eq!(status("Origin: null\r\n"), 403);
    assert_eq!(status("Host: example.com\r\n"), 403);
    assert_eq!(status(&format!("Host: 127.0.0.1:{}\r\n", server.port)), 200);
    let own = server.call("GET", "/v1/models", "Origin: http://localhost:3000\r\n", "");
    assert!(
        own.status == 200 && own.head.contains("access-control-allow-origin: http://localhost:3000"),
        "{}",
        own.head
    );
    assert_eq!(server.call("OPTIONS", "/v1/chat/completions", "Origin: http://localhost:3000\r\n", "").status, 204);
}

#[test]
fn a_seed_is_the_same_text_alone_and_beside_others() {
    let server = Server::start("--parallel 3 --policy sinks:4+28");
    let alone: Vec<String> = (0..9).map(|seed| server.text(&asked(seed, 80))).collect();
    assert_ne!(alone[0], alone[1]);
    let beside: Vec<String> = thread::scope(|scope| {
        let calls: Vec<_> = (0..9)
            .map(|seed| {
                let server = &server;
                scope.spawn(move || server.text(&asked(seed, 80)))
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(alone, beside);
}

#[test]
fn a_prompt_may_be_longer_than_what_the_policy_keeps() {
    let server = Server::start("--policy sinks:4+28");
    let long = json!([{ "role": "user", "content": "the cat and the hat ".repeat(500) }]);
    let reply = server.post(&with(asked(1, 7), "messages", long)).json();
    assert!(reply["usage"]["prompt_tokens"].as_u64().unwrap() > 2000);
    assert_eq!(reply["usage"]["completion_tokens"], 7);
}

/// An answer that nobody could wait for.
fn endless() -> Value {
    with(asked(1, 1_000_000_000), "stream", json!(true))
}

/// Waits until the answer has begun.
fn has_begun(stream: &mut TcpStream) {
    let mut first = [0; 64];
    stream.read_exact(&mut first).unwrap();
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody_and_is_given_up() {
    let server = Server::start("--parallel 2 --patience 1");
    // Long chunks, so that what the kernel buffers is soon full.
    let talkative = with(with(endless(), "logprobs", json!(true)), "top_logprobs", json!(20));
    let slow: Vec<TcpStream> = (0..2).map(|_| server.begin(&talkative)).collect();
    // Both places are taken until they are given up.
    assert_eq!(server.post(&asked(1, 5)).json()["usage"]["completion_tokens"], 5);
    // One place is free, and soon the other: whoever is read before it is given up goes on for ever.
    thread::sleep(Duration::from_secs(3));
    for stream in slow {
        let reply = received(stream);
        assert!(!reply.is_whole && !reply.body.contains("[DONE]"), "it was cut off");
    }
    let beside = server.begin(&talkative);
    let began = Instant::now();
    server.text(&asked(2, 50));
    assert!(began.elapsed() < PATIENCE / 4);
    drop(beside);
}

#[test]
fn clients_that_never_finish_asking_hold_up_nobody() {
    let server = Server::start("");
    let half = || {
        let mut stream = server.connect();
        stream.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nHost: loc").unwrap();
        stream
    };
    let half: Vec<TcpStream> = (0..300).map(|_| half()).collect();
    assert_eq!(server.call("GET", "/health", "", "").status, 200);
    assert_eq!(server.post(&asked(1, 5)).json()["usage"]["completion_tokens"], 5);
    drop(half);
}

#[test]
fn a_client_that_goes_away_frees_its_place() {
    let server = Server::start("--parallel 1 --patience 1000 --policy full --context 1000000");
    for _ in 0..3 {
        let mut stream = server.begin(&endless());
        has_begun(&mut stream);
        drop(stream);
        let whole = server.begin(&asked(1, 1_000_000_000)); // the same for one that waits for the whole answer
        thread::sleep(Duration::from_millis(50));
        drop(whole);
        assert_eq!(server.post(&asked(1, 5)).json()["usage"]["completion_tokens"], 5);
    }
}

#[test]
fn when_too_many_wait_the_next_is_told_to_try_again() {
    let server = Server::start("--parallel 1 --waiting 1 --patience 1000");
    let mut first = server.begin(&endless());
    has_begun(&mut first);
    thread::sleep(Duration::from_millis(100)); // its job is taken from the queue
    let mut second = server.begin(&endless());
    has_begun(&mut second);
    let third = server.post(&asked(1, 5));
    assert_eq!((third.status, third.json()["error"]["type"].as_str()), (503, Some("server_error")));
    assert!(third.head.contains("retry-after: "), "{}", third.head);
    drop((first, second));
    let began = Instant::now();
    while server.post(&asked(1, 5)).status != 200 {
        assert!(began.elapsed() < PATIENCE, "no place became free");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_ends_streams_properly_and_then_the_server() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut server = Server::start("--parallel 1");
        let mut stream = server.begin(&endless());
        has_begun(&mut stream);
        let waiting = server.begin(&asked(1, 5));
        thread::sleep(Duration::from_millis(100));
        let reader = thread::spawn(move || received(stream));
        assert_eq!(server.signal(signal), code);
        let reply = reader.join().unwrap();
        assert!(reply.is_whole, "{:?}", &reply.body[reply.body.len().saturating_sub(300)..]);
        assert!(reply.body.ends_with("data: [DONE]\n\n") && reply.body.contains("the server was stopped"));
        assert!([500, 503].contains(&received(waiting).status));
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let server = Server::start("");
    let desk = &server.desk;
    desk.refuses(
        &format!("serve-model tiny.gguf --port {}", server.port),
        1,
        &["cannot listen on 127.0.0.1", "in use"],
    );
    desk.refuses("serve-model missing.gguf --port 0", 1, &["missing.gguf"]);
    desk.refuses("serve-model tiny.gguf --port 0 --policy sinks:4", 2, &["sinks:4"]);
    desk.refuses("serve-model tiny.gguf --port 0 --context 9", 2, &["--context", "full"]);
    desk.refuses("serve-model tiny.gguf --host example.com", 2, &["127.0.0.1"]);
}
