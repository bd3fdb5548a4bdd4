//! A toolbox for tests, and the protocol by recorded exchanges.

use crate::server::{About, Limits, Server};
use crate::stdio::serve_lines;
use crate::tool::{Effects, Reply, Tool, ToolError, Toolbox, Watch, read_arguments};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Summands {
    /// The first number.
    a: i32,
    /// The second number.
    b: i32,
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: i64,
}

/// What the tests call: `add`, `wait` until it is cancelled, `refuse`, `panic` and `lie`.
struct Box5(Vec<Tool>);

impl Toolbox for Box5 {
    fn tools(&self) -> &[Tool] {
        &self.0
    }

    fn call(&self, name: &str, arguments: Map<String, Value>, watch: &dyn Watch) -> Result<Reply, ToolError> {
        match name {
            "add" => {
                let Summands { a, b } = read_arguments(arguments)?;
                Ok(json!(Sum { sum: i64::from(a) + i64::from(b) }).into())
            }
            "wait" => {
                for step in 0..2000 {
                    if watch.is_cancelled() {
                        return Err(ToolError::cancelled());
                    }
                    watch.progress(f64::from(step), Some(2000.0), "waiting");
                    thread::sleep(Duration::from_millis(5));
                }
                Ok(json!({ "sum": 0 }).into())
            }
            "refuse" => Err(ToolError::refused("the budget of 3 runs is spent", "ask the owner for more")),
            "lie" => Ok(json!({ "sum": "much" }).into()),
            _ => panic!("planted"),
        }
    }
}

pub(crate) fn server() -> Server {
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let mut tools = vec![Tool::new::<Summands, Sum>("add", "Add", "Adds two numbers.", Effects::Reads)];
    for name in ["wait", "refuse", "panic", "lie"] {
        tools.push(Tool::new::<Nothing, Sum>(name, "Other", "Does something else.", Effects::Adds));
    }
    let about = About {
        name: "test".to_owned(),
        title: "Test".to_owned(),
        version: "1.2.3".to_owned(),
        instructions: "Add.".to_owned(),
    };
    let limits = Limits { message_bytes: 20_000, n_calls: 3, page: 2 };
    Server::new(about, Box5(tools)).unwrap().with_limits(limits)
}

/// A schema with every keyword that is checked.
pub(crate) fn experiment() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["seed", "task"],
        "properties": {
            "seed": { "type": "integer", "minimum": 0, "maximum": 9, "description": "The seed\nof the run." },
            "task": { "enum": ["addition", "division"] },
            "knobs": { "type": "array", "maxItems": 3, "uniqueItems": true, "items": { "$ref": "#/$defs/Knob" } },
            "note": { "type": ["string", "null"], "minLength": 1, "maxLength": 4 },
            "how": { "oneOf": [
                { "type": "object", "required": ["kind", "steps"], "additionalProperties": false,
                  "properties": { "kind": { "const": "long" }, "steps": { "type": "integer" } } },
                { "type": "object", "required": ["kind"], "additionalProperties": false,
                  "properties": { "kind": { "const": "short" } } },
            ] },
        },
        "$defs": { "Knob": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "type": "string" },
                "at": { "anyOf": [{ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }, { "type": "null" }] },
                "below": { "type": "array", "items": { "$ref": "#/$defs/Knob" } },
            },
        } },
    })
}

/// A server over two pipes.
struct Pipes {
    input: Option<io::PipeWriter>,
    output: BufReader<io::PipeReader>,
    serving: Option<JoinHandle<io::Result<()>>>,
}

impl Pipes {
    fn open() -> Self {
        let (read, input) = io::pipe().unwrap();
        let (output, write) = io::pipe().unwrap();
        let serving = thread::spawn(move || serve_lines(server(), read, write, &AtomicBool::new(false)));
        Self { input: Some(input), output: BufReader::new(output), serving: Some(serving) }
    }

    fn greeted(revision: &str) -> Self {
        let mut pipes = Self::open();
        let params =
            json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": { "name": "t", "version": "0" } });
        pipes.ask(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }));
        pipes.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        pipes
    }

    fn write(&mut self, line: &str) {
        self.input.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn send(&mut self, message: &Value) {
        self.write(&message.to_string());
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn ask(&mut self, message: &Value) -> Value {
        self.send(message);
        self.read()
    }

    /// Closes the input and returns what still comes.
    fn rest(mut self) -> Vec<Value> {
        self.input = None;
        let lines = self.output.by_ref().lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        self.serving.take().unwrap().join().unwrap().unwrap();
        lines
    }
}

pub(crate) fn request(id: i64, method: &str, params: Value) -> Value {
    let mut request = json!({ "jsonrpc": "2.0", "id": id, "method": method });
    request["params"] = params;
    request
}

/// A request of the stateless revision.
pub(crate) fn stateless(id: i64, method: &str, mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    request(id, method, params)
}

/// Exchanges, each as a client of one revision has them. `>` is sent, `<` comes back; of an object only the fields that are
/// written are compared, and `…` at the end of a text stands for anything.
fn replay(exchange: &str) {
    let mut pipes = Pipes::open();
    for line in exchange.lines().filter(|line| !line.trim().is_empty()) {
        match line.split_at(2) {
            ("> ", sent) => pipes.write(sent),
            ("< ", expected) => {
                let (expected, came) = (serde_json::from_str(expected).expect(expected), pipes.read());
                assert!(contains(&came, &expected), "\n{expected}\nwas expected, and came\n{came}");
            }
            _ => panic!("{line}"),
        }
    }
    assert_eq!(pipes.rest(), [json!(null); 0]);
}

fn contains(came: &Value, expected: &Value) -> bool {
    match (came, expected) {
        (Value::Object(came), Value::Object(expected)) => {
            expected.iter().all(|(name, expected)| match came.get(name) {
                Some(came) => contains(came, expected),
                None => expected == "absent",
            })
        }
        (Value::Array(came), Value::Array(expected)) => {
            came.len() == expected.len() && came.iter().zip(expected).all(|(came, expected)| contains(came, expected))
        }
        (Value::String(came), Value::String(expected)) => match expected.strip_suffix('…') {
            Some(begin) => came.starts_with(begin),
            None => came == expected,
        },
        _ => came == expected,
    }
}

#[test]
fn a_client_of_2026_07_28_needs_no_handshake() {
    replay(include_str!("../testdata/2026-07-28.txt"));
}

#[test]
fn a_client_of_2025_11_25_shakes_hands() {
    replay(include_str!("../testdata/2025-11-25.txt"));
}

#[test]
fn a_client_of_2025_03_26_sends_batches() {
    replay(include_str!("../testdata/2025-03-26.txt"));
}

#[test]
fn a_client_of_2024_11_05_hears_of_nothing_newer() {
    replay(include_str!("../testdata/2024-11-05.txt"));
}

#[test]
fn a_line_that_is_too_long_is_dropped_and_the_next_one_is_heard() {
    let mut pipes = Pipes::greeted("2025-11-25");
    pipes.write(&"x".repeat(100_000));
    let answer = pipes.read();
    assert_eq!((&answer["error"]["code"], answer.get("id")), (&json!(-32600), None));
    assert_eq!(pipes.ask(&request(1, "ping", json!({})))["result"], json!({}));
    let padded = format!("{}{}", request(2, "ping", json!({})), " ".repeat(20_000 - 60));
    pipes.write(&padded);
    assert_eq!(pipes.read()["id"], 2);
}

#[test]
fn a_call_tells_its_progress_to_whoever_asked_and_ends_when_it_is_cancelled() {
    for is_stateless in [true, false] {
        let mut pipes = if is_stateless { Pipes::open() } else { Pipes::greeted("2025-06-18") };
        let form = if is_stateless { stateless } else { request };
        pipes.send(&form(7, "tools/call", json!({ "name": "wait", "_meta": { "progressToken": "t" } })));
        let mut last = -1.0;
        for _ in 0..4 {
            let told = pipes.read();
            assert_eq!(
                (&told["method"], &told["params"]["progressToken"]),
                (&json!("notifications/progress"), &json!("t"))
            );
            let done = told["params"]["progress"].as_f64().unwrap();
            assert!(done > last && told["params"]["total"] == 2000.0);
            last = done;
        }
        let twice = pipes.ask_past_progress(&form(7, "tools/list", json!({})));
        assert_eq!((&twice["error"]["code"], &twice["id"]), (&json!(-32600), &Value::Null), "an id in use");
        pipes.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "7" } }));
        pipes.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } }));
        let began = Instant::now();
        let rest = pipes.rest();
        assert!(rest.iter().all(|message| message.get("id").is_none()), "whoever cancelled gets no answer: {rest:?}");
        assert!(began.elapsed() < Duration::from_secs(1), "the call heard of it");
    }
}

impl Pipes {
    fn ask_past_progress(&mut self, message: &Value) -> Value {
        let mut answer = self.ask(message);
        while answer.get("method").is_some() {
            answer = self.read();
        }
        answer
    }
}

#[test]
fn calls_that_run_when_the_input_ends_are_answered() {
    let mut pipes = Pipes::open();
    pipes.send(&stateless(1, "tools/call", json!({ "name": "add", "arguments": { "a": 1, "b": 2 } })));
    pipes.send(&stateless(2, "tools/call", json!({ "name": "wait" })));
    let rest = pipes.rest();
    assert_eq!(rest[0]["result"]["structuredContent"]["sum"], 3);
    assert_eq!(rest[1]["result"]["_meta"]["dunwu/error"]["kind"], "cancelled");
}

#[test]
fn more_calls_than_may_run_are_refused() {
    let mut pipes = Pipes::greeted("2025-11-25");
    for id in 1..=4 {
        pipes.send(&request(id, "tools/call", json!({ "name": "wait" })));
    }
    let refused = pipes.read();
    assert_eq!(refused["result"]["content"][0]["text"], "3 calls are running already; wait until one has ended");
    assert_eq!(refused["result"]["isError"], true);
    for id in 1..=4 {
        pipes.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } }));
    }
}

#[test]
fn no_message_whatever_ends_the_server() {
    let mut pipes = Pipes::open();
    let valid = stateless(1, "tools/call", json!({ "name": "add", "arguments": { "a": 1, "b": 2 } })).to_string();
    let mut n_answers = 0;
    for end in 0..valid.len() {
        pipes.write(&valid[..end]);
        if end > 0 {
            assert_eq!(pipes.read()["error"]["code"], -32700);
            n_answers += 1;
        }
    }
    for (from, to) in [("2.0", "1.0"), ("\"id\":1", "\"id\":[]"), ("tools/call", "tools/fall"), ("\"a\":1", "\"a\":{}")]
    {
        assert!(valid.contains(from));
        let answer = pipes.ask(&serde_json::from_str(&valid.replace(from, to)).unwrap());
        assert!(answer.get("error").is_some() || answer["result"]["isError"] == true, "{answer}");
    }
    assert!(n_answers > 100);
    pipes.write(&valid);
    assert_eq!(pipes.read()["result"]["structuredContent"]["sum"], 3);
}

#[test]
fn a_table_that_cannot_be_served_is_refused() {
    let about = || About { name: "t".into(), title: "T".into(), version: "1".into(), instructions: String::new() };
    let tool = |name| Tool::new::<Summands, Sum>(name, "T", "T.", Effects::Reads);
    let refused = |tools: Vec<Tool>| Server::new(about(), Box5(tools)).err().map(|error| error.to_string());
    assert_eq!(refused(vec![tool("a"), tool("b")]), None);
    assert_eq!(refused(vec![tool("a"), tool("a")]).unwrap(), "two tools have the name \"a\"");
    assert!(refused(vec![tool("a b")]).unwrap().contains("not \"a b\""));
    let mut text = tool("a");
    text.output = Some(schemars::json_schema!({ "type": "string" }));
    assert_eq!(refused(vec![text]).unwrap(), "the output schema of \"a\" is not of `type: object`");
    let mut pattern = tool("a");
    pattern.input = schemars::json_schema!({ "type": "object", "properties": { "x": { "pattern": "a" } } });
    let expected = "the input schema of \"a\" has \"pattern\" at \"/properties/x\", which is not checked here";
    assert_eq!(refused(vec![pattern]).unwrap(), expected);
}
