//! The program as a process that is asked in lines and answers in lines, each within a time.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Longer lines are no answer: a reading of a thousand observables has a tenth of this.
const LONGEST_LINE: u64 = 1 << 20;

/// More lines are not taken from a program that prints without being asked; it waits.
const MOST_LINES: usize = 4;

/// How long a program may take to end by itself once its input has.
const ENDS_WITHIN: Duration = Duration::from_millis(500);

/// A running program.
pub(super) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<io::Result<String>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The program is over; the text says how.
    Died(String),
    /// It was asked and did not answer in time.
    Late(Duration),
    /// What it printed is no line of text that could be read.
    Unreadable(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Died(how) => write!(out, "the program ended ({how}) before it had answered"),
            Self::Late(limit) => write!(out, "the program did not answer within {} s", limit.as_secs_f64()),
            Self::Unreadable(why) => write!(out, "the program's answer cannot be read: {why}"),
        }
    }
}

impl Process {
    /// Starts the program, `words` being its name and arguments, in `dir`.
    pub(super) fn start(words: &[String], dir: &Path) -> io::Result<Self> {
        let [program, arguments @ ..] = words else { unreachable!("a command has a word") };
        let mut command = Command::new(located(program, dir));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        if !dir.as_os_str().is_empty() {
            command.current_dir(dir);
        }
        let mut child = command.spawn()?;
        let stdin = child.stdin.take();
        let lines = child.stdout.take().map_or_else(|| mpsc::sync_channel(0).1, read_lines);
        Ok(Self { child, stdin, lines })
    }

    /// Sends a line and waits for the answer. What was printed before it was asked is no answer to anything.
    pub(super) fn ask(&mut self, line: &str, limit: Duration) -> Result<String, NoAnswer> {
        if let Ok(Ok(unasked)) = self.lines.try_recv() {
            return Err(NoAnswer::Unreadable(format!("it printed {:?} without being asked", unasked.trim_end())));
        }
        let sent = self.stdin.as_mut().map(|stdin| writeln!(stdin, "{line}").and_then(|()| stdin.flush()));
        if !matches!(sent, Some(Ok(()))) {
            return Err(self.died());
        }
        match self.lines.recv_timeout(limit) {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(NoAnswer::Unreadable(error.to_string())),
            Err(RecvTimeoutError::Timeout) => Err(NoAnswer::Late(limit)),
            Err(RecvTimeoutError::Disconnected) => Err(self.died()),
        }
    }

    fn died(&mut self) -> NoAnswer {
        let how = match self.ended_within(ENDS_WITHIN) {
            Some(status) => status,
            None => "it closed its output".to_owned(),
        };
        NoAnswer::Died(how)
    }

    /// How it ended, if it does in time.
    fn ended_within(&mut self, limit: Duration) -> Option<String> {
        let began = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status.to_string()),
                Ok(None) if began.elapsed() < limit => thread::sleep(Duration::from_millis(5)),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// Its number, for tests that kill it.
    #[cfg(test)]
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    /// Its input ends; if it does not, it is ended.
    fn drop(&mut self) {
        self.stdin = None;
        if self.ended_within(ENDS_WITHIN).is_none() {
            let _ = self.child.kill(); // it may have ended by now
            let _ = self.child.wait();
        }
    }
}

/// Where a program is: one with a folder in its name is looked for from `dir`, another on the path.
fn located(program: &str, dir: &Path) -> PathBuf {
    let path = Path::new(program);
    let has_folder = path.components().count() > 1;
    if has_folder && path.is_relative() && !dir.as_os_str().is_empty() {
        let from = dir.join(path);
        return from.canonicalize().unwrap_or(from);
    }
    path.to_owned()
}

/// Reads lines in a thread of its own, so that waiting for one can have an end.
fn read_lines(stdout: ChildStdout) -> mpsc::Receiver<io::Result<String>> {
    let (send, receive) = mpsc::sync_channel(MOST_LINES);
    thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        loop {
            let mut line = String::new();
            let read = reader.by_ref().take(LONGEST_LINE).read_line(&mut line);
            let line = match read {
                Ok(0) => return,
                Ok(_) if !line.ends_with('\n') && line.len() as u64 >= LONGEST_LINE => {
                    Err(io::Error::other(format!("a line has more than {LONGEST_LINE} bytes")))
                }
                Ok(_) => Ok(line),
                Err(error) => Err(error),
            };
            let is_last = line.is_err();
            // Nobody listens any more where the program was given up.
            if send.send(line).is_err() || is_last {
                return;
            }
        }
    });
    receive
}
