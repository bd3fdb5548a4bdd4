//! A program that reads the ask on its standard input and writes the answer: an agent of any kind, a script, or a client of a model on
//! another machine.

use crate::ask::Ask;
use crate::mind::{Mind, MindError};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Longer answers are not read.
const MOST_BYTES: u64 = 64 * 1024;
/// How often it is looked whether the program is over.
const PAUSE: Duration = Duration::from_millis(5);

/// A program with its arguments, started anew for every ask.
#[derive(Clone, Debug)]
pub struct CommandMind {
    name: String,
    program: String,
    arguments: Vec<String>,
}

impl CommandMind {
    /// A program, by its name on the path or its place, with its arguments. Nothing is read by a shell.
    pub fn new(program: &str, arguments: &[String]) -> Self {
        let file = std::path::Path::new(program)
            .file_name()
            .map_or(program.to_owned(), |name| name.to_string_lossy().into_owned());
        Self { name: format!("program {file}"), program: program.to_owned(), arguments: arguments.to_vec() }
    }
}

impl Mind for CommandMind {
    fn name(&self) -> &str {
        &self.name
    }

    fn ask(&mut self, ask: &Ask) -> Result<String, MindError> {
        let failed = |why: String| MindError::Program(why);
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(format!("cannot be started: {error}")))?;
        let text = ask.text();
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read, or not all, is no fault by itself.
            thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
        }
        let (send, receive) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                let read = stdout.take(MOST_BYTES + 1).read_to_end(&mut bytes);
                // Nobody listens any more where the program was too late.
                drop(send.send(read.map(|_| bytes)));
            });
        }
        let deadline = Instant::now() + ask.within;
        let read = receive.recv_timeout(ask.within);
        let Ok(read) = read else {
            end(&mut child);
            return Err(MindError::Late(ask.within));
        };
        let bytes = read.map_err(|error| failed(format!("cannot be read: {error}")));
        let is_whole = bytes.as_ref().is_ok_and(|bytes| bytes.len() as u64 <= MOST_BYTES);
        let status = if is_whole { ended(&mut child, deadline) } else { None };
        if status.is_none() {
            end(&mut child);
        }
        let bytes = bytes?;
        if !is_whole {
            return Err(MindError::TooLong(MOST_BYTES));
        }
        match status {
            Some(status) if status.success() => {
                String::from_utf8(bytes).map_err(|error| failed(format!("wrote no text: {}", error.utf8_error())))
            }
            Some(status) => Err(failed(format!("ended with {status}"))),
            None => Err(MindError::Late(ask.within)),
        }
    }
}

/// How it ended, if it does in time.
fn ended(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(PAUSE),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// Ends it; what it started itself it has to end itself.
fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}
