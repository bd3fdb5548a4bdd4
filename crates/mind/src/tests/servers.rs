//! Servers: one that answers as `dunwu serve-model` does, and all the ways not to.

use super::*;
use crate::{Amounts, Budget, HttpMind, HttpOptions, SCHEMA, Took, take_turn};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A connection's reply: bytes, then perhaps a long silence.
#[derive(Clone)]
struct Reply {
    bytes: Vec<u8>,
    then_waits: Duration,
}

fn reply(status: &str, kind: &str, body: &str) -> Reply {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    Reply { bytes: (head + body).into_bytes(), then_waits: Duration::ZERO }
}

fn completion(content: &str, tokens: u64) -> Reply {
    let body = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": content, "refusal": null }, "logprobs": null, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 700, "completion_tokens": tokens, "total_tokens": 700 + tokens },
    });
    reply("200 OK", "application/json", &body.to_string())
}

/// Serves a reply a connection, and says what was asked: head and body.
fn serve(replies: Vec<Reply>) -> (String, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for reply in replies {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                    break;
                }
                let line = line.to_lowercase();
                length = line.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().unwrap());
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            drop(reader.read_exact(&mut body));
            drop(send.send((head, String::from_utf8_lossy(&body).into_owned())));
            drop(reader.get_mut().write_all(&reply.bytes));
            thread::sleep(reply.then_waits);
        }
    });
    (address, receive)
}

fn mind(address: &str, key_from: Option<&str>) -> HttpMind {
    let options = HttpOptions {
        address: address.to_owned(),
        model: "m".to_owned(),
        key_from: key_from.map(ToOwned::to_owned),
        is_constrained: true,
    };
    HttpMind::new(&options).unwrap()
}

#[test]
fn a_valid_answer_is_registered_and_paid_at_what_it_was() {
    let (dir, world) = (tempfile::tempdir().unwrap(), World::new());
    let mut campaign = begun(&dir, &world);
    let (address, asked) = serve(vec![completion(&propose("t = c * M, for some c"), 31)]);
    let mut budget = Budget::new(Amounts { calls: 3, tokens: 20_000, seconds: 120.0 });
    let turn = take_turn(&mut campaign, &mut mind(&address, None), &mut budget).unwrap();
    assert!(matches!(&turn.took, Took::Proposed { .. }), "{turn:?}");
    assert_eq!((budget.spent().calls, budget.spent().tokens), (1, 731));
    let (head, body) = asked.recv().unwrap();
    assert!(head.starts_with("post /v1/chat/completions http/1.1") && !head.contains("authorization"), "{head}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body["response_format"]["json_schema"]["schema"],
        serde_json::from_str::<serde_json::Value>(SCHEMA).unwrap()
    );
    assert_eq!(
        (&body["model"], &body["max_tokens"], &body["messages"][0]["role"]),
        (&"m".into(), &1024.into(), &"system".into())
    );
    let exchange = &exchanges(&campaign)[0];
    assert_eq!((exchange.model.as_str(), exchange.fault.as_ref()), ("m at 127.0.0.1", None));
    assert!(exchange.ask.contains("what decides t?") && exchange.answer.contains("c * M"));
}

/// Twice each: the first fault goes back, and then the search takes the turn.
#[test]
fn every_way_not_to_answer_leaves_the_turn_to_the_search() {
    let half = Reply {
        bytes: b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"choices\":["
            .to_vec(),
        then_waits: Duration::ZERO,
    };
    let stalled = Reply { then_waits: Duration::from_secs(3), ..half.clone() };
    let silent = Reply { bytes: Vec::new(), then_waits: Duration::from_secs(3) };
    let closed = Reply { bytes: Vec::new(), then_waits: Duration::ZERO };
    let elsewhere = Reply {
        bytes: b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n".to_vec(),
        then_waits: Duration::ZERO,
    };
    let endless = reply("200 OK", "application/json", &" ".repeat(3 << 20));
    let headers = Reply {
        bytes: format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes(),
        then_waits: Duration::ZERO,
    };
    let cases = [
        (completion("Grokking is like the spring.", 9), "no JSON object"),
        (completion(&propose("t = c * M, for some c")[..30], 9), "no JSON object in the answer is complete"),
        (completion(&" ".repeat(5_000), 9), "empty"),
        (completion(&format!("{{{}", " ".repeat(5_000)), 9), "blanks in a row"),
        (completion(&"a".repeat(50_000), 9), "at most 16384"),
        (completion("", 9), "empty"),
        (completion(&propose("t = c * M, for some c"), 0), "no tokens"),
        (reply("200 OK", "text/html", "<html>login</html>"), "text/html"),
        (reply("200 OK", "application/json", "{\"choices\":[]}"), "no message"),
        (reply("200 OK", "application/json", "{\"choices\":[{\"message\":{\"content\":[1]}}]}"), "no message"),
        (reply("200 OK", "application/json", "nonsense"), "no whole JSON"),
        (reply("200 OK", "application/json", &"[".repeat(100_000)), "no whole JSON"),
        (
            reply("500 Internal Server Error", "application/json", "{\"error\":{\"message\":\"out of memory\"}}"),
            "500: {\"error\":{\"message\":\"out of memory\"}}",
        ),
        (reply("429 Too Many Requests", "text/plain", "later"), "429: later"),
        (elsewhere, "302"),
        (half, "cannot be reached"),
        (closed, "cannot be reached"),
        (stalled, "did not answer within"),
        (silent, "did not answer within"),
        (endless, "more than"),
        (headers, "cannot be reached"),
    ];
    let (dir, world) = (tempfile::tempdir().unwrap(), World::new());
    let mut campaign = begun(&dir, &world);
    for (reply, says) in cases {
        let (address, asked) = serve(vec![reply.clone(), reply]);
        let mut budget = Budget::unlimited();
        budget.call_seconds = 1.0;
        let turn = take_turn(&mut campaign, &mut mind(&address, None), &mut budget).unwrap();
        assert!(matches!(turn.took, Took::Offline { .. }), "{says}: {turn:?}");
        assert!(turn.faults.len() == 2 && turn.faults.iter().all(|fault| fault.contains(says)), "{says}: {turn:?}");
        assert_eq!((turn.exchanges, budget.spent().calls), (2, 2));
        let second = asked.iter().nth(1).unwrap().1;
        assert!(second.contains("What is wrong with it"), "{second}");
    }
    assert!(exchanges(&campaign).iter().all(|exchange| exchange.answer.len() < 70_000 && exchange.fault.is_some()));
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let turn = take_turn(&mut campaign, &mut mind(&format!("http://{gone}"), None), &mut Budget::unlimited()).unwrap();
    assert!(turn.faults.iter().all(|fault| fault == "the model cannot be reached: connection refused"), "{turn:?}");
}

#[test]
fn a_key_is_sent_and_stands_nowhere_else() {
    // Cargo sets this one wherever tests run.
    let (name, key) = ("CARGO_PKG_NAME", std::env::var("CARGO_PKG_NAME").unwrap());
    let (dir, world) = (tempfile::tempdir().unwrap(), World::new());
    let mut campaign = begun(&dir, &world);
    let said_back = reply("401 Unauthorized", "application/json", &format!("wrong key {key}"));
    let (address, asked) = serve(vec![said_back, completion(&propose(&format!("t = {key} * M")), 5)]);
    take_turn(&mut campaign, &mut mind(&address, Some(name)), &mut Budget::unlimited()).unwrap();
    assert!(asked.recv().unwrap().0.contains(&format!("authorization: bearer {key}")));
    let ledger = std::fs::read_to_string(dir.path().join("ledger.jsonl")).unwrap();
    assert!(ledger.contains("wrong key …") && !ledger.contains(&key));
}
