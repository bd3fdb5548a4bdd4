//! What verbs do, on standard error: a bar in a terminal, notes as lines.

use crate::failure::Failure;
use crate::say::note;
use crate::signals::Signals;
use dunwu::answer::Answer;
use dunwu::verb::{Progress, VerbError, Watcher};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Where no terminal shows a bar, how it goes is said at this pace.
const PACE: Duration = Duration::from_secs(30);

/// Runs a verb under the eyes of a terminal: its progress on standard error unless `quiet`, Ctrl-C and SIGTERM as wishes to stop.
pub(crate) fn watch(
    quiet: bool,
    verb: impl FnOnce(&mut Watcher<'_>) -> Result<Answer, VerbError>,
) -> Result<Answer, Failure> {
    watch_under(&Signals::watch()?, quiet, verb)
}

/// The same for whoever asks the signals afterwards, too.
pub(crate) fn watch_under(
    signals: &Signals,
    quiet: bool,
    verb: impl FnOnce(&mut Watcher<'_>) -> Result<Answer, VerbError>,
) -> Result<Answer, Failure> {
    let answer = with_bar(quiet, signals.stop(), verb);
    answer.map_err(|error| Failure::of_verb(error, signals.caught()))
}

/// Shows the progress of work that no signal asks to stop: Ctrl-C ends the process.
pub(crate) fn show<T>(quiet: bool, work: impl FnOnce(&mut Watcher<'_>) -> T) -> T {
    with_bar(quiet, &AtomicBool::new(false), work)
}

fn with_bar<T>(quiet: bool, stop: &AtomicBool, work: impl FnOnce(&mut Watcher<'_>) -> T) -> T {
    let mut bar = Bar::new(quiet);
    let result = work(&mut Watcher::new(&mut |progress| bar.show(progress), stop));
    bar.bar.finish_and_clear();
    result
}

/// A verb that is done at once, and that nobody watches.
pub(crate) fn unwatched<T>(result: Result<T, VerbError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::of_verb(error, None))
}

struct Bar {
    bar: ProgressBar,
    quiet: bool,
    has_terminal: bool,
    /// What the stretch of work is called.
    name: String,
    /// When it was last said how it goes, where no bar shows it.
    said: Instant,
    /// Whether nothing was said yet of how far this stretch of work is.
    is_fresh: bool,
}

impl Bar {
    fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
        let bar = ProgressBar::with_draw_target(None, target);
        let has_terminal = std::io::stderr().is_terminal();
        Self { bar, quiet, has_terminal, name: String::new(), said: Instant::now(), is_fresh: false }
    }

    fn show(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Note(sentence) => self.bar.suspend(|| note!("note: {sentence}")),
            _ if self.quiet => {}
            Progress::Resumed(sentence) => self.bar.suspend(|| note!("{sentence}")),
            Progress::State(state) => self.say_state(state),
            Progress::Phase { name, pieces } => {
                (self.name, self.is_fresh) = ((*name).to_owned(), true);
                self.bar.reset();
                let template = match pieces {
                    Some(n) => {
                        self.bar.set_length(*n);
                        "{bar:24} {pos}/{len}  {msg}  {eta} left"
                    }
                    None => "{spinner} {msg}  {elapsed}",
                };
                self.bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
                self.bar.set_message((*name).to_owned());
                self.bar.tick();
            }
            Progress::Pieces(done) => {
                self.bar.set_position(*done);
                if std::mem::take(&mut self.is_fresh) {
                    self.bar.reset_eta(); // what an earlier process did says nothing about the pace of this one
                }
            }
            _ => {}
        }
    }

    /// How it goes: beside the bar, or as a line now and then.
    fn say_state(&mut self, state: &str) {
        self.bar.set_message(format!("{}, {state}", self.name));
        if !self.has_terminal && self.said.elapsed() >= PACE {
            self.said = Instant::now();
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
            note!("{done}/{all} {}, {state}", self.name);
        }
    }
}
