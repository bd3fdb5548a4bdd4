//! Who a command speaks with: the terminal, or a program in this process that asked for its answer.
//!
//! A command is the same for both. It meets its audience in four places: [`crate::watching`] (progress, and the wish to stop),
//! [`crate::print`] (answers), [`crate::say`] (lines) and [`crate::output`] (pages, which nobody wants who did not name a file). These ask
//! here whether a program listens on this thread.

use crate::command::Cli;
use crate::failure::{self, Failure};
use clap::Parser as _;
use dunwu::answer::Answer;
use dunwu::verb::Progress;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a command says while it works.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Something that a person should read, now or later.
    Note(String),
    /// A stretch of work begins: its name, and how many pieces it has where that is known.
    Phase(String, Option<u64>),
    /// So many of its pieces are done.
    Pieces(u64),
    /// How it goes, in a few words that the next ones replace.
    State(String),
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its answers in the order in which they were given: one, or two where a run is made and diagnosed.
    pub answers: Vec<Answer>,
    /// Lines that are no answer, such as a spec or a schema.
    pub text: String,
    /// Files that it wrote because it was asked to.
    pub files: Vec<PathBuf>,
    /// The exit code that the command line has for it: 0 done, 3 judged bad, 4 cannot tell.
    pub code: u8,
}

/// Why a command did nothing, or not all.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Whether it was asked for something that cannot be.
    pub is_usage: bool,
    /// Whether it was asked to stop; what there is is on disk.
    pub is_stopped: bool,
    /// What is wrong, and what to do instead.
    pub message: String,
}

/// A program that listens instead of a terminal.
struct Listener {
    tell: Box<dyn FnMut(Said)>,
    stop: Arc<AtomicBool>,
    asked: Asked,
}

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Runs a command, `words` without the name of the program, for a program in this process, on this thread. `tell` hears what happens; the
/// command ends soon after `stop` is set, with its work saved.
pub fn ask(words: &[String], tell: Box<dyn FnMut(Said)>, stop: Arc<AtomicBool>) -> Result<Asked, Refusal> {
    let command = Cli::try_parse_from(std::iter::once("dunwu").chain(words.iter().map(String::as_str)));
    let command = command.map_err(|error| Refusal::usage(&failure::sentence_of_clap(&error)))?.command;
    let command = command.ok_or_else(|| Refusal::usage("name a command, such as run"))?;
    let asked = Asked { answers: Vec::new(), text: String::new(), files: Vec::new(), code: 0 };
    LISTENER.set(Some(Listener { tell, stop, asked }));
    let ended = crate::obey(command);
    let mut asked = LISTENER.take().expect("it was set above, on this thread").asked;
    match ended {
        Ok(()) => Ok(asked),
        Err(Failure::Judged { code }) => {
            asked.code = code;
            Ok(asked)
        }
        Err(failure) => Err(failure.into()),
    }
}

impl Refusal {
    fn usage(message: &str) -> Self {
        Self { is_usage: true, is_stopped: false, message: message.to_owned() }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            is_usage: matches!(failure, Failure::Usage(_)),
            is_stopped: matches!(failure, Failure::Stopped { .. }),
            message: failure.sentence(),
        }
    }
}

fn with<T>(use_it: impl FnOnce(&mut Listener) -> T) -> Option<T> {
    LISTENER.with_borrow_mut(|listener| listener.as_mut().map(use_it))
}

/// Whether a program listens on this thread.
pub(crate) fn is_program() -> bool {
    with(|_| ()).is_some()
}

/// The flag by which it asks the command to stop.
pub(crate) fn stop() -> Option<Arc<AtomicBool>> {
    with(|listener| Arc::clone(&listener.stop))
}

/// Keeps an answer for it; says whether there is such a program.
pub(crate) fn keep(answer: &Answer, files: &[PathBuf]) -> bool {
    with(|listener| {
        listener.asked.answers.push(answer.clone());
        listener.asked.files.extend_from_slice(files);
    })
    .is_some()
}

/// Keeps a line for it; says whether there is such a program.
pub(crate) fn keep_line(line: &str) -> bool {
    with(|listener| {
        listener.asked.text.push_str(line);
        listener.asked.text.push('\n');
    })
    .is_some()
}

/// Says something to it; says whether there is such a program.
pub(crate) fn tell(said: impl FnOnce() -> Said) -> bool {
    with(|listener| (listener.tell)(said())).is_some()
}

/// Passes on what a verb does.
pub(crate) fn pass_on(progress: &Progress<'_>) {
    let said = match progress {
        Progress::Note(sentence) => Said::Note((*sentence).to_owned()),
        Progress::Resumed(sentence) | Progress::Expected(sentence) | Progress::State(sentence) => {
            Said::State((*sentence).to_owned())
        }
        Progress::Phase { name, pieces } => Said::Phase((*name).to_owned(), *pieces),
        Progress::Pieces(done) => Said::Pieces(*done),
        Progress::Evaluated(row) => {
            let test = row.test_accuracy.map_or(String::new(), |accuracy| format!(", test {accuracy:.3}"));
            tell(|| Said::Pieces(row.step));
            Said::State(format!("train {:.3}{test}", row.train_accuracy))
        }
        Progress::Sweep(sweep) => {
            let tally = sweep.tally;
            if let Some(ended) = sweep.ended
                && let Some(why) = ended.error
            {
                tell(|| Said::Note(format!("{} failed: {why}", ended.run)));
            }
            Said::Pieces((tally.reused + tally.made + tally.elsewhere) as u64)
        }
        _ => return,
    };
    tell(|| said);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::sync::atomic::Ordering;

    fn asked(words: &[&str]) -> Result<Asked, Refusal> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        ask(&words, Box::new(drop), Arc::default())
    }

    #[test]
    fn a_program_is_handed_the_answer() {
        let asked = asked(&["presets"]).expect("there are presets");
        assert_eq!(asked.answers.len(), 1);
        assert_eq!(asked.answers[0].verb, "presets");
        assert!(asked.text.is_empty() && asked.code == 0);
        assert!(!is_program(), "nobody listens afterwards");
    }

    #[test]
    fn lines_that_are_no_answer_are_kept() {
        let asked = asked(&["schema", "phase"]).expect("there is such a schema");
        assert!(asked.answers.is_empty());
        assert!(asked.text.starts_with('{') && asked.text.ends_with("}\n"), "{}", asked.text);
    }

    #[test]
    fn a_mistake_is_one_line_with_its_remedy() {
        let folder = tempfile::tempdir().expect("a folder");
        let runs = folder.path().to_str().expect("UTF-8").to_owned();
        for (words, says) in [
            (vec!["run", "small", "model.wdith=3", "--runs", &runs], "model.width"),
            (vec!["run", "--setps", "3"], "--setps"),
            (vec!["peaks", "cyclic:x"], "cyclic:x"),
            (vec!["show", "nothing", "--runs", &runs], "nothing"),
            (vec![], "name a command"),
        ] {
            let refusal = asked(&words).expect_err("it cannot be");
            assert!(refusal.message.contains(says), "{words:?}: {}", refusal.message);
            assert!(!refusal.message.contains(['\n', '\u{1b}']), "{words:?}: {}", refusal.message);
            assert!(!refusal.is_stopped);
        }
    }

    #[test]
    fn a_run_tells_how_far_it_is_and_ends_when_it_is_asked_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let runs = folder.path().to_str().expect("UTF-8").to_owned();
        let words =
            ["run", "small", "task=cyclic:7", "model.width=16", "steps=100000", "events.stop_after=0", "--runs", &runs];
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let (stop, heard) = (Arc::new(AtomicBool::new(false)), Rc::new(RefCell::new(Vec::new())));
        let (asked_to_stop, hears) = (Arc::clone(&stop), Rc::clone(&heard));
        let tell = move |said| {
            if matches!(said, Said::Pieces(step) if step >= 20) {
                asked_to_stop.store(true, Ordering::Relaxed);
            }
            hears.borrow_mut().push(said);
        };
        let refusal = ask(&words, Box::new(tell), stop).expect_err("it was stopped");
        assert!(refusal.is_stopped && !refusal.is_usage, "{}", refusal.message);
        assert!(heard.borrow().iter().any(|said| matches!(said, Said::Phase(_, Some(100_000)))), "{heard:?}");
        let run =
            std::fs::read_dir(folder.path()).expect("the folder of runs").next().expect("a run").expect("readable");
        assert!(run.path().join("checkpoint.safetensors").is_file());
    }
}
