//! The server's reader of requests, reached as a client reaches it: over a connection to the real program.
//!
//! A request that is understood is answered with noise by a tiny model. What is held: every answer has a status line, the process
//! lives, no thread of it panicked, and its memory stays in proportion.

use super::readers::Open;
use crate::tiny;
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

pub(super) const WORDS: &[&str] = &[
    "Content-Length: ",
    "Transfer-Encoding: chunked\r\n",
    "0\r\n\r\n",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n",
    "Host: localhost\r\n",
    "\"stream\":true",
    "\"max_tokens\":1",
    "\"response_format\":{\"type\":\"json_object\"}",
    "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{\"type\":\"integer\"}}}",
    "\"stop\":[\"a\"]",
    "\"logit_bias\":{\"5\":1}",
    "\"role\":\"assistant\"",
    "<|im_start|>",
    "OPTIONS",
    "/v1/models",
];

/// The longest wait for an answer's first byte.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let post = |path: &str, body: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
        );
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let chat = "{\"model\":\"tiny\",\"messages\":[{\"role\":\"system\",\"content\":\"be brief\"},{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":2,\"temperature\":0.7,\"seed\":3}";
    let streamed = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}],\"max_tokens\":2,\"stream\":true,\"stream_options\":{\"include_usage\":true},\"logprobs\":true,\"top_logprobs\":2}";
    let schema = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":3,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[1,2]}},\"required\":[\"a\"]}}}}";
    let text = "{\"prompt\":[5,6,7],\"max_tokens\":2,\"stop\":\"a\",\"logit_bias\":{\"5\":-100},\"top_p\":0.9,\"top_k\":4,\"min_p\":0.1}";
    [
        post("/v1/chat/completions", chat),
        post("/v1/chat/completions", streamed),
        post("/v1/chat/completions", schema),
        post("/v1/completions", text),
        "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(),
        "GET /health HTTP/1.0\r\n\r\n".to_owned(),
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n{\"prompt\":\"a\",\"max_tokens\":1}\r\n0\r\n\r\n".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Makes the announced length of a body fit, where both are there.
pub(super) fn count_again(input: &mut Vec<u8>) {
    const LENGTH: &[u8] = b"Content-Length: ";
    let find = |wanted: &[u8]| input.windows(wanted.len()).position(|window| window == wanted);
    let (Some(length), Some(end)) = (find(LENGTH), find(b"\r\n\r\n")) else { return };
    let from = length + LENGTH.len();
    let to = from + input[from..].iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(input.len() - from);
    let n = input.len().saturating_sub(end + 4);
    input.splice(from..to, n.to_string().into_bytes());
}

/// A server of its own, ended with its reader.
struct Server {
    child: Child,
    port: u16,
    said: Arc<Mutex<String>>,
}

impl Server {
    fn start(folder: &Path, program: &Path) -> Result<Self, String> {
        tiny::write_for_server(folder)?;
        let mut command = Command::new(program);
        command.args(["serve-model", "tiny.gguf", "--port", "0", "--threads", "1"]).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut before = String::new();
        let port = loop {
            let mut line = String::new();
            if stderr.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
                return Err(format!("the server ended: {before}"));
            }
            if let Some(port) = line.trim().rsplit_once("listening on http://127.0.0.1:").map(|(_, port)| port) {
                break port.parse().map_err(|error| format!("{line}: {error}"))?;
            }
            before += &line;
        };
        let said = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&said);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut said = hears.lock().unwrap_or_else(PoisonError::into_inner);
                *said += &line;
                said.push('\n');
            }
        });
        Ok(Self { child, port, said })
    }

    /// The server as it should be after every request.
    fn assert_well(&mut self) {
        let ended = self.child.try_wait().expect("it is our child");
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(ended.is_none() && !said.contains("panicked"), "the server: {ended:?} {said}");
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak: usize = peak.and_then(|kib| kib.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        assert!(peak < super::MEMORY >> 10, "the server took {peak} KiB of memory");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn reader(folder: &Path, program: &Path) -> Result<Open, String> {
    let mut server = Server::start(folder, program)?;
    Ok(Box::new(move |bytes| {
        let answer = ask(server.port, bytes);
        server.assert_well();
        let head = answer?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {head:?}"));
        assert!(status != 500, "the server failed: {head}");
        if (200..300).contains(&status) { Ok(()) } else { Err(format!("status {} {}", words(status), body(&head))) }
    }))
}

fn words(status: u16) -> String {
    // Digits do not count in a class of outcomes; these do.
    status.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// What came back, or that the connection was closed or kept waiting for the rest of the request, which are fair answers.
fn ask(port: u16, request: &[u8]) -> Result<String, String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    // The server may close before all is sent; what it said before that counts.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    match stream.take(1 << 16).read_to_end(&mut answer) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) && answer.is_empty() => {
            panic!("no answer in {PATIENCE:?}")
        }
        _ if answer.is_empty() => Err("closed without an answer".to_owned()),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}
