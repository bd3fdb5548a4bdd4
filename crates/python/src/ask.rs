//! A command of the command line, asked in this process.

use crate::answer::Answer;
use dunwu_cli::{Asked, Refusal, Said};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How often the thread that asked looks for Ctrl-C and passes on what is said; a person takes 100 ms for at once.
const LOOK: Duration = Duration::from_millis(25);
/// Stack of the thread that works, that of a main thread on Linux.
const STACK: usize = 8 << 20;

/// Runs the command `words`, such as `["peaks", "cyclic:23", "n=212"]`, and returns its answers.
///
/// `tell(kind, text, number)` hears what happens: kind is "note", "phase" (its name, and its pieces where they are known), "pieces" (so many
/// are done) or "state". Ctrl-C ends the work with a checkpoint where the verb keeps one, and raises `KeyboardInterrupt`; a second one does not
/// wait for that. A request that cannot be raises `ValueError`, work that failed `RuntimeError`.
#[pyfunction]
#[pyo3(signature = (words, tell = None))]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
pub(crate) fn ask(py: Python<'_>, words: Vec<String>, tell: Option<Py<PyAny>>) -> PyResult<Answer> {
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, said) = mpsc::channel();
    let (asked_to_stop, caller) = (Arc::clone(&stop), thread::current());
    let done = Arc::new(AtomicBool::new(false));
    let is_done = Arc::clone(&done);
    let worker = thread::Builder::new().name("dunwu".to_owned()).stack_size(STACK).spawn(move || {
        let speak = Box::new(move |said| drop(sender.send(said))); // nobody listens any more after a second Ctrl-C
        let result = catch_unwind(AssertUnwindSafe(|| dunwu_cli::ask(&words, speak, asked_to_stop)));
        is_done.store(true, Ordering::Release);
        caller.unpark();
        result
    })?;
    let mut interrupt = None;
    while !done.load(Ordering::Acquire) {
        py.detach(|| thread::park_timeout(LOOK));
        let heard = pass_on(py, &said, tell.as_ref()).and_then(|()| py.check_signals());
        match (heard, &interrupt) {
            (Ok(()), _) => {}
            // The second Ctrl-C: whoever asks twice does not want to wait.
            (Err(error), Some(_)) => return Err(error),
            (Err(error), None) => {
                stop.store(true, Ordering::Relaxed);
                interrupt = Some(error);
            }
        }
    }
    let result = worker.join().and_then(|result| result);
    pass_on(py, &said, tell.as_ref())?;
    if let Some(interrupt) = interrupt {
        return Err(interrupt);
    }
    match result {
        Ok(Ok(asked)) => Ok(answer(asked)),
        Ok(Err(refusal)) => Err(error(&refusal)),
        Err(panic) => {
            let why = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(PyRuntimeError::new_err(format!("a bug: {}", why.unwrap_or("the command panicked"))))
        }
    }
}

/// Tells what was said since the last time: all notes and stretches of work, and of what replaces itself the last.
fn pass_on(py: Python<'_>, said: &Receiver<Said>, tell: Option<&Py<PyAny>>) -> PyResult<()> {
    let (mut pieces, mut state) = (None, None);
    for said in said.try_iter() {
        match said {
            Said::Pieces(done) => pieces = Some(done),
            Said::State(words) => state = Some(words),
            Said::Note(sentence) => call(py, tell, "note", &sentence, None)?,
            Said::Phase(name, of) => {
                (pieces, state) = (None, None);
                call(py, tell, "phase", &name, of)?;
            }
        }
    }
    if let Some(state) = state {
        call(py, tell, "state", &state, None)?;
    }
    pieces.map_or(Ok(()), |done| call(py, tell, "pieces", "", Some(done)))
}

fn call(py: Python<'_>, tell: Option<&Py<PyAny>>, kind: &str, text: &str, number: Option<u64>) -> PyResult<()> {
    tell.map_or(Ok(()), |tell| tell.call1(py, (kind, text, number)).map(drop))
}

/// The last answer, with those before it behind it.
fn answer(Asked { mut answers, text, files, code }: Asked) -> Answer {
    let last = answers.pop();
    Answer::new(last, answers, text, files, code)
}

fn error(refusal: &Refusal) -> PyErr {
    let message = refusal.message.clone();
    match refusal {
        Refusal { is_stopped: true, .. } => PyKeyboardInterrupt::new_err(message),
        Refusal { is_usage: true, .. } => PyValueError::new_err(message),
        _ => PyRuntimeError::new_err(message),
    }
}

/// The command line: `words` with the program's name first; returns the exit code.
#[pyfunction]
pub(crate) fn main(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| dunwu_cli::main(words))
}
