//! The end point as clients of both kinds meet it, over real connections.

use super::{HttpLimits, bind, serve_http};
use crate::tests::{request, server, stateless};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A server that ends with the test.
struct Served {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Served {
    fn new() -> Self {
        let listener = bind(0).unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        let limits = HttpLimits { farewell: Duration::from_secs(2), ..HttpLimits::default() };
        let serving = thread::spawn(move || serve_http(server(), listener, limits, &stopped).unwrap());
        Self { address, stop, serving: Some(serving) }
    }

    fn send(&self, head: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        let text = format!("{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    fn exchange(&self, head: &str, body: &str) -> Answer {
        let mut text = String::new();
        self.send(head, body).read_to_string(&mut text).unwrap();
        Answer::read(&text)
    }

    /// What a client that does everything right gets.
    fn post(&self, message: &Value, headers: &str) -> Answer {
        self.exchange(&format!("{}{headers}", head("")), &message.to_string())
    }

    fn post_stateless(&self, message: &Value) -> Answer {
        self.post(message, &mirrored(message))
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.serving.take().unwrap().join().unwrap();
    }
}

/// The beginning of a POST, and headers that are added.
fn head(more: &str) -> String {
    let accept = "Accept: application/json, text/event-stream";
    format!("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{accept}{more}")
}

fn mirrored(message: &Value) -> String {
    let method = message["method"].as_str().unwrap();
    let name = message["params"]["name"].as_str().map(|name| format!("\r\nMcp-Name: {name}")).unwrap_or_default();
    format!("\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}{name}")
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn json(&self) -> Value {
        assert!(self.head.contains("content-type: application/json"), "{}", self.head);
        serde_json::from_str(&self.body).unwrap()
    }

    fn events(&self) -> Vec<Value> {
        assert!(self.head.contains("content-type: text/event-stream"), "{}", self.head);
        let lines = self.body.lines().filter_map(|line| line.strip_prefix("data: "));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn session(&self) -> String {
        let id = self.head.split("mcp-session-id: ").nth(1).unwrap();
        id.lines().next().unwrap().to_owned()
    }
}

fn add(id: i64) -> Value {
    stateless(id, "tools/call", json!({ "name": "add", "arguments": { "a": 2, "b": 3 } }))
}

fn wait(id: i64) -> Value {
    json!({ "name": "wait", "_meta": { "progressToken": id } })
}

#[test]
fn a_stateless_request_is_answered_alone() {
    let served = Served::new();
    let discovered = served.post_stateless(&stateless(1, "server/discover", json!({})));
    assert_eq!((discovered.status, &discovered.json()["result"]["capabilities"]), (200, &json!({ "tools": {} })));
    assert!(!discovered.head.contains("mcp-session-id"));
    let added = served.post_stateless(&add(2)).json();
    assert_eq!((&added["id"], &added["result"]["structuredContent"]["sum"]), (&json!(2), &json!(5)));
}

#[test]
fn a_stateless_request_that_is_wrong_has_the_status_of_the_specification() {
    let served = Served::new();
    let check = |message: &Value, headers: &str, status: u16, code: i64| {
        let answer = served.post(message, headers);
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (status, &json!(code)), "{message} {headers}");
    };
    let message = add(1);
    let without = |line: &str| {
        let headers = mirrored(&message);
        headers.split("\r\n").filter(|header| !header.starts_with(line)).collect::<Vec<&str>>().join("\r\n")
    };
    for line in ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"] {
        check(&message, &without(line), 400, -32020);
    }
    check(&message, &mirrored(&message).replace(": add", ": sub"), 400, -32020);
    check(&message, &mirrored(&message).replace("2026-07-28", "2025-11-25"), 400, -32020);
    check(&message, &mirrored(&message).replace("2026-07-28", "2031-01-01"), 400, -32022);
    let unknown = stateless(1, "tools/fall", json!({}));
    check(&unknown, &mirrored(&unknown), 404, -32601);
    let bare = request(1, "tools/list", json!({}));
    check(&bare, &mirrored(&bare), 400, -32602);
    let nothing = stateless(1, "tools/call", json!({ "name": "nothing" }));
    check(&nothing, &mirrored(&nothing), 200, -32602);
}

#[test]
fn progress_comes_in_an_event_stream_and_who_hangs_up_cancels() {
    let mut served = Served::new();
    let message = stateless(9, "tools/call", wait(9));
    let mut stream = BufReader::new(served.send(&head(&mirrored(&message)), &message.to_string()));
    let mut told = Vec::new();
    while told.len() < 3 {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).unwrap() > 0);
        told.extend(line.strip_prefix("data: ").map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    assert!(told.iter().all(|message| message["params"]["progressToken"] == 9));
    drop(stream);
    // Three calls may run at once: three more do only when the first heard that its client is gone.
    thread::sleep(Duration::from_millis(300));
    let others: Vec<Value> = (0..3).map(|id| stateless(id, "tools/call", wait(id))).collect();
    let streams: Vec<TcpStream> =
        others.iter().map(|other| served.send(&head(&mirrored(other)), &other.to_string())).collect();
    thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    served.end();
    assert!(began.elapsed() < Duration::from_secs(2));
    for mut stream in streams {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.contains("\"kind\":\"cancelled\""), "a stop is answered: {text}");
        assert!(!text.contains("running already"), "{text}");
    }
}

#[test]
fn who_hangs_up_without_a_stream_cancels_too() {
    let served = Served::new();
    let message = stateless(9, "tools/call", json!({ "name": "wait" }));
    let streams: Vec<TcpStream> =
        (0..3).map(|_| served.send(&head(&mirrored(&message)), &message.to_string())).collect();
    thread::sleep(Duration::from_millis(200));
    assert!(served.post_stateless(&add(1)).body.contains("3 calls are running already"));
    drop(streams);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(served.post_stateless(&add(1)).json()["result"]["structuredContent"]["sum"], 5);
}

#[test]
fn a_subscription_is_acknowledged_and_ends_with_the_server() {
    let mut served = Served::new();
    let message = stateless(5, "subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }));
    let mut stream = served.send(&head(&mirrored(&message)), &message.to_string());
    thread::sleep(Duration::from_millis(100));
    served.end();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let events = Answer::read(&text).events();
    assert_eq!(events[0]["method"], "notifications/subscriptions/acknowledged");
    assert_eq!((&events[1]["id"], events.len()), (&json!(5), 2));
}

#[test]
fn a_session_begins_with_a_handshake_and_lets_one_request_cancel_another() {
    let served = Served::new();
    let greeted = served.post(&request(0, "initialize", json!({ "protocolVersion": "2025-06-18" })), "");
    assert_eq!(greeted.json()["result"]["protocolVersion"], "2025-06-18");
    let headers = format!("\r\nMcp-Session-Id: {}\r\nMCP-Protocol-Version: 2025-06-18", greeted.session());
    let noted = served.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }), &headers);
    assert_eq!((noted.status, noted.body.as_str()), (202, ""));
    assert!(served.post(&request(1, "tools/list", json!({})), &headers).json()["result"]["tools"].is_array());

    let waiting = served.send(&head(&headers), &request(2, "tools/call", wait(2)).to_string());
    let silent = served.send(&head(&headers), &request(3, "tools/call", json!({ "name": "wait" })).to_string());
    thread::sleep(Duration::from_millis(300));
    let twice = served.post(&request(2, "ping", json!({})), &headers);
    assert_eq!((twice.status, &twice.json()["error"]["code"]), (400, &json!(-32600)));
    for id in [2, 3] {
        let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
        assert_eq!(served.post(&cancel, &headers).status, 202);
    }
    let [waiting, silent] = [waiting, silent].map(|mut stream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        Answer::read(&text)
    });
    assert!(waiting.events().iter().all(|event| event["method"] == "notifications/progress"));
    assert_eq!(silent.json()["error"]["code"], -32800);

    let end = format!("DELETE /mcp HTTP/1.1\r\nHost: localhost{headers}");
    assert_eq!(served.exchange(&end, "").status, 204);
    assert_eq!(served.post(&request(4, "ping", json!({})), &headers).status, 404, "the session has ended");
}

#[test]
fn a_client_without_a_session_is_served_and_sends_batches_without_a_header() {
    let served = Served::new();
    let listed = served.post(&request(1, "tools/list", json!({})), "\r\nMCP-Protocol-Version: 2025-11-25");
    assert_eq!(listed.json()["result"]["tools"][0]["title"], "Add");
    let call = request(1, "tools/call", json!({ "name": "add", "arguments": { "a": 1, "b": 1 } }));
    let batch = json!([call, request(2, "ping", json!({})), { "jsonrpc": "2.0", "method": "x" }]);
    let answers = served.post(&batch, "").json();
    assert_eq!(answers.as_array().unwrap().len(), 2);
    let refused = served.post(&batch, "\r\nMCP-Protocol-Version: 2025-11-25");
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (400, &json!(-32600)));
    let progress = json!([request(3, "tools/call", json!({ "name": "add", "_meta": { "progressToken": 1 } }))]);
    assert!(served.post(&progress, "").events()[0][0]["result"]["isError"] == true);
}

#[test]
fn strangers_are_refused_before_anything_is_read() {
    let served = Served::new();
    let body = add(1).to_string();
    let status = |head: &str| served.exchange(head, &body).status;
    let with = |from: &str, to: &str| head(&mirrored(&add(1))).replace(from, to);
    assert_eq!(status(&with("x", "x")), 200);
    assert_eq!(status(&with("localhost", "rebound.example")), 403);
    assert_eq!(status(&with("localhost", "localhost\r\nOrigin: http://evil.example")), 403);
    assert_eq!(status(&with("localhost", "localhost\r\nOrigin: null")), 403);
    let local = served.exchange(&with("localhost", "localhost\r\nOrigin: http://localhost:6274"), &body);
    assert!(local.status == 200 && local.head.contains("access-control-allow-origin: http://localhost:6274"));
    assert_eq!(status(&with("application/json\r\n", "text/plain\r\n")), 415, "what a form of a page can send");
    assert_eq!(status(&with("Accept: application/json, text/event-stream", "Accept: text/html")), 406);
    assert_eq!(status(&with("POST", "GET")), 405);
    assert_eq!(status(&with("POST", "DELETE")), 405);
    assert_eq!(status(&with("/mcp", "/other")), 404);
    let preflight = with("POST", "OPTIONS").replace("localhost", "localhost\r\nOrigin: http://localhost:1");
    assert_eq!(status(&preflight), 204);
}

#[test]
fn messages_are_limited_and_have_to_be_json() {
    let served = Served::new();
    let check = |body: &str, status: u16, code: i64| {
        let answer = served.exchange(&head(""), body);
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (status, &json!(code)));
    };
    check("nonsense", 400, -32700);
    check("1", 400, -32600);
    check(&format!("{}{}", request(1, "ping", json!({})), " ".repeat(20_000)), 413, -32600);
}

#[test]
fn an_address_that_others_reach_is_refused() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let refused = serve_http(server(), listener, HttpLimits::default(), &AtomicBool::new(true));
    assert!(refused.unwrap_err().to_string().contains("this machine alone"));
}
