//! The transport over standard input and output: one message a line, and nothing else on standard output.

use crate::call::{Sink, lock};
use crate::client::Client;
use crate::message::{self, Fault, Kind};
use crate::server::Server;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How soon a stop is noticed.
const WATCH: Duration = Duration::from_millis(50);

/// How long calls may go on after the last line, before they hear that they are cancelled.
const GRACE: Duration = Duration::from_secs(2);

/// How long they may then take to end.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves standard input and output until the input ends or `stop` is set.
pub fn serve_stdio(server: Server, stop: &AtomicBool) -> io::Result<()> {
    serve_lines(server, io::stdin(), io::stdout(), stop)
}

/// Serves any two streams as [`serve_stdio`] does.
///
/// It returns at the end of the input or of the output, or when `stop` is set. Calls that run then have two seconds to end, then
/// hear that they are cancelled, and are given up after three more; their threads end with the process.
pub fn serve_lines(
    server: Server,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: &AtomicBool,
) -> io::Result<()> {
    let server = Arc::new(server);
    let lines = Arc::new(Lines { output: Mutex::new(Box::new(output)), is_broken: AtomicBool::new(false) });
    let sink: Arc<dyn Sink> = Arc::clone(&lines) as Arc<dyn Sink>;
    let client = Client::new(Arc::clone(&server), None);
    let (sender, received) = sync_channel(16);
    let longest = server.limits.message_bytes;
    thread::Builder::new().name("input".to_owned()).spawn(move || read_lines(input, longest, &sender))?;
    let should_end = || stop.load(Ordering::Relaxed) || lines.is_broken.load(Ordering::Relaxed);
    let ended = hear_lines(&client, &received, &sink, longest, should_end);
    let wait = |patience: Duration| {
        let began = Instant::now();
        while !client.is_idle() && !should_end() && began.elapsed() < patience {
            thread::sleep(Duration::from_millis(5));
        }
    };
    client.close();
    wait(GRACE);
    server.stopping.store(true, Ordering::Release);
    let began = Instant::now();
    while !client.is_idle() && began.elapsed() < FAREWELL {
        thread::sleep(Duration::from_millis(5));
    }
    ended
}

enum Incoming {
    Line(Vec<u8>),
    TooLong,
    End(io::Result<()>),
}

fn hear_lines(
    client: &Client,
    received: &Receiver<Incoming>,
    sink: &Arc<dyn Sink>,
    longest: usize,
    should_end: impl Fn() -> bool,
) -> io::Result<()> {
    while !should_end() {
        match received.recv_timeout(WATCH) {
            Ok(Incoming::Line(line)) if line.trim_ascii().is_empty() => {}
            Ok(Incoming::Line(line)) => match message::parse(&line) {
                Ok(value) => client.hear(value, sink),
                Err(fault) => client.refuse(&fault, sink),
            },
            Ok(Incoming::TooLong) => {
                let message = format!("a line has at most {longest} bytes: send less at once");
                client.refuse(&Fault::new(Kind::InvalidRequest, message), sink);
            }
            Ok(Incoming::End(ended)) => return ended,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// Sends lines until the input ends or nobody wants them. A line that is too long is read to its end and not kept.
fn read_lines(input: impl Read, longest: usize, sender: &SyncSender<Incoming>) {
    let mut input = BufReader::new(input);
    loop {
        let incoming = read_line(&mut input, longest).unwrap_or_else(|error| Incoming::End(Err(error)));
        let is_end = matches!(incoming, Incoming::End(_));
        if sender.send(incoming).is_err() || is_end {
            return;
        }
    }
}

fn read_line(input: &mut impl BufRead, longest: usize) -> io::Result<Incoming> {
    let (mut line, mut is_too_long, mut has_any) = (Vec::new(), false, false);
    loop {
        let bytes = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            bytes => bytes?,
        };
        if bytes.is_empty() {
            let last = if is_too_long { Incoming::TooLong } else { Incoming::Line(line) };
            return Ok(if has_any { last } else { Incoming::End(Ok(())) });
        }
        has_any = true;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        is_too_long |= line.len() + part.len() > longest;
        if is_too_long {
            line = Vec::new();
        } else {
            line.extend_from_slice(part);
        }
        let n_read = end.map_or(bytes.len(), |end| end + 1);
        input.consume(n_read);
        if end.is_some() {
            return Ok(if is_too_long { Incoming::TooLong } else { Incoming::Line(line) });
        }
    }
}

/// The output. Messages are written whole, one after the other, whichever thread they come from.
struct Lines {
    output: Mutex<Box<dyn Write + Send>>,
    /// Set when the client reads no more.
    is_broken: AtomicBool,
}

impl Lines {
    fn write(&self, message: &Value) {
        // JSON escapes line breaks within texts, so this is one line.
        let line = format!("{message}\n");
        let mut output = lock(&self.output);
        if output.write_all(line.as_bytes()).and_then(|()| output.flush()).is_err() {
            self.is_broken.store(true, Ordering::Relaxed);
        }
    }
}

impl Sink for Lines {
    fn notify(&self, notification: &Value) {
        self.write(notification);
    }

    fn answer(&self, answer: Value, _: Option<Kind>) {
        self.write(&answer);
    }
}
