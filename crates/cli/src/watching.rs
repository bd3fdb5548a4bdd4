//! What verbs do, on standard error: a bar in a terminal, notes as lines.

use crate::failure::Failure;
use crate::say::note;
use crate::signals::Signals;
use dunwu::answer::Answer;
use dunwu::verb::{Progress, VerbError, Watcher};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Runs a verb under the eyes of a terminal: its progress on standard error unless `quiet`, Ctrl-C and SIGTERM as wishes to stop.
pub(crate) fn watch(
    quiet: bool,
    verb: impl FnOnce(&mut Watcher<'_>) -> Result<Answer, VerbError>,
) -> Result<Answer, Failure> {
    let signals = Signals::watch()?;
    let mut bar = Bar::new(quiet);
    let answer = verb(&mut Watcher::new(&mut |progress| bar.show(progress), signals.stop()));
    bar.bar.finish_and_clear();
    answer.map_err(|error| Failure::of_verb(error, signals.caught()))
}

/// A verb that is done at once, and that nobody watches.
pub(crate) fn unwatched<T>(result: Result<T, VerbError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::of_verb(error, None))
}

struct Bar {
    bar: ProgressBar,
    quiet: bool,
}

impl Bar {
    fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
        Self { bar: ProgressBar::with_draw_target(None, target), quiet }
    }

    fn show(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Note(sentence) => self.bar.suspend(|| note!("note: {sentence}")),
            _ if self.quiet => {}
            Progress::Phase { name, pieces } => {
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
            Progress::Pieces(done) => self.bar.set_position(*done),
            _ => {}
        }
    }
}
