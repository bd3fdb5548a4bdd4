//! Programs of a cluster, started and listened to within a time.

use std::io::{ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a program of a cluster may take. The controller of a busy cluster answers after seconds, and Slurm's own programs give up
/// after minutes (`MessageTimeout`, tried again).
pub(super) const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// Why a program of a cluster gave no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CallFailure {
    /// There is no such program here.
    NotThere { program: String },
    /// It did not run, or said no.
    Refused(String),
    /// It was stopped before it had answered.
    TimedOut { program: String, limit: Duration },
    /// It answered, and no job number is in what it printed.
    NoNumber { output: String },
}

/// What a program prints on standard output, within `limit`.
pub(super) fn called_within(command: &[String], limit: Duration) -> Result<String, CallFailure> {
    let [program, arguments @ ..] = command else { unreachable!("a command begins with its program") };
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| match error.kind() {
        ErrorKind::NotFound => CallFailure::NotThere { program: program.clone() },
        _ => CallFailure::Refused(format!("cannot run {program}: {error}")),
    })?;
    let began = Instant::now();
    let (stdout, stderr) = (read_beside(child.stdout.take()), read_beside(child.stderr.take()));
    let Some(is_success) = ended_within(&mut child, limit) else {
        let _ = child.kill(); // it may have ended by now
        let _ = child.wait();
        return Err(CallFailure::TimedOut { program: program.clone(), limit });
    };
    // Something that it started may hold its output open.
    let text = |receiver: mpsc::Receiver<Vec<u8>>| {
        let left = limit.saturating_sub(began.elapsed()).max(Duration::from_secs(1));
        String::from_utf8_lossy(&receiver.recv_timeout(left).unwrap_or_default()).into_owned()
    };
    if is_success {
        Ok(text(stdout))
    } else {
        Err(CallFailure::Refused(format!("{program} refused: {}", text(stderr).trim())))
    }
}

/// Whether the program ended well; `None` where it has not ended in time.
fn ended_within(child: &mut Child, limit: Duration) -> Option<bool> {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if began.elapsed() < limit => thread::sleep(Duration::from_millis(10)),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// Reads a pipe in a thread of its own, so that a program that prints much is not held up.
fn read_beside(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes); // what there is of it counts
        }
        let _ = send.send(bytes); // nobody waits for it where time was up
    });
    receive
}
