//! What verbs do, on standard error: a bar in a terminal, a line now and then elsewhere, notes and snapshots as lines.

use crate::audience;
use crate::failure::Failure;
use crate::say::note;
use crate::signals::Signals;
use dunwu::measure::{self, label::UnitLabel};
use dunwu::opened::Frame;
use dunwu::verb::{Progress, VerbError, Watcher};
use dunwu_engine::Scalars;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Lines where no terminal shows the bar come at this pace.
const PACE: Duration = Duration::from_secs(30);
/// Head of the lines that snapshots of a training are shown in.
const HEAD: &str = "   step   train    test   |G_F|   generalizing  memorizing  undecided   dead   irreps";

/// Runs a verb under the eyes of a terminal: its progress on standard error unless `quiet`, Ctrl-C and SIGTERM as wishes to stop.
pub(crate) fn watch<T>(quiet: bool, verb: impl FnOnce(&mut Watcher<'_>) -> Result<T, VerbError>) -> Result<T, Failure> {
    watch_under(&Signals::watch()?, quiet, verb)
}

/// The same for whoever asks the signals afterwards, too.
pub(crate) fn watch_under<T>(
    signals: &Signals,
    quiet: bool,
    verb: impl FnOnce(&mut Watcher<'_>) -> Result<T, VerbError>,
) -> Result<T, Failure> {
    let answer = with_bar(quiet, signals.stop(), verb);
    answer.map_err(|error| Failure::of_verb(error, signals.caught()))
}

/// Shows the progress of work that no signal asks to stop: Ctrl-C ends the process.
pub(crate) fn show<T>(quiet: bool, work: impl FnOnce(&mut Watcher<'_>) -> T) -> T {
    with_bar(quiet, &AtomicBool::new(false), work)
}

fn with_bar<T>(quiet: bool, stop: &AtomicBool, work: impl FnOnce(&mut Watcher<'_>) -> T) -> T {
    if audience::is_program() {
        return work(&mut Watcher::new(&mut |progress| audience::pass_on(progress), stop));
    }
    let mut view = ProgressView::new(quiet);
    let result = work(&mut Watcher::new(&mut |progress| view.show(progress), stop));
    view.bar.finish_and_clear();
    result
}

/// A verb that is done at once, and that nobody watches.
pub(crate) fn unwatched<T>(result: Result<T, VerbError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::of_verb(error, None))
}

#[expect(clippy::struct_excessive_bools, reason = "four facts that have nothing to do with each other")]
struct ProgressView {
    bar: ProgressBar,
    quiet: bool,
    has_terminal: bool,
    /// When a line was last written in place of the bar.
    said: Instant,
    /// What is done now.
    phase: String,
    /// Whether nothing was said yet of how far this stretch of work is.
    is_fresh: bool,
    /// Whether the head of the snapshots' lines is there.
    has_head: bool,
}

impl ProgressView {
    fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
        Self {
            bar: ProgressBar::with_draw_target(None, target),
            quiet,
            has_terminal: std::io::stderr().is_terminal(),
            said: Instant::now(),
            phase: String::new(),
            is_fresh: false,
            has_head: false,
        }
    }

    fn show(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Note(sentence) => self.bar.suspend(|| note!("note: {sentence}")),
            _ if self.quiet => {}
            Progress::Phase { name, pieces } => self.begin(name, *pieces),
            Progress::Resumed(sentence) | Progress::Expected(sentence) => self.bar.suspend(|| note!("{sentence}")),
            Progress::State(state) => {
                self.bar.set_message(format!("{}, {state}", self.phase));
                self.say_now_and_then(state);
            }
            Progress::Pieces(done) => {
                self.bar.set_position(*done);
                if std::mem::take(&mut self.is_fresh) {
                    self.bar.reset_eta(); // what an earlier process did says nothing about the pace of this one
                }
                self.say_now_and_then("");
            }
            Progress::Evaluated(row) => {
                self.bar.set_position(row.step);
                let test = row.test_accuracy.map_or(String::new(), |accuracy| format!(", test {accuracy:.3}"));
                self.bar.set_message(format!("train {:.3}{test}", row.train_accuracy));
                self.say_now_and_then("");
            }
            Progress::Measured(frame, last) => self.measured(frame, *last),
            _ => {}
        }
    }

    fn begin(&mut self, name: &str, pieces: Option<u64>) {
        (self.phase, self.is_fresh) = (name.to_owned(), true);
        self.bar.reset();
        let template = match pieces {
            Some(n) => {
                self.bar.set_length(n);
                "{bar:24} {pos}/{len}  {msg}  {eta} left"
            }
            None => "{spinner} {msg}  {elapsed}",
        };
        self.bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
        self.bar.set_message(self.phase.clone());
        self.bar.tick();
        if !self.has_terminal {
            note!("{name} …");
            self.said = Instant::now();
        }
    }

    /// Where no terminal shows the bar, a line says how far it is.
    fn say_now_and_then(&mut self, state: &str) {
        if self.has_terminal || self.said.elapsed() < PACE {
            return;
        }
        self.said = Instant::now();
        let length = self.bar.length().map_or(String::new(), |length| format!("/{length}"));
        let comma = if state.is_empty() { "" } else { ", " };
        note!("{}: {}{length}{comma}{state}", self.phase, self.bar.position());
    }

    /// What the units do at a snapshot.
    fn measured(&mut self, frame: &Frame, row: Option<&Scalars>) {
        let [generalizing, memorizing, undecided, dead] = UnitLabel::ALL.map(|label| frame.count(label));
        let number =
            |value: Option<f64>, digits: usize| value.map_or("–".into(), |value| format!("{value:.digits$}"));
        // The trivial irrep comes first and is never covered.
        let covered = frame.covered_irreps().map_or(String::new(), |irreps| {
            format!("{}/{}", irreps.iter().filter(|&&covered| covered).count(), irreps.len().saturating_sub(1))
        });
        let line = format!(
            "{:>7}  {:>6}  {:>6}  {:>6}   {generalizing:>12}  {memorizing:>10}  {undecided:>9}  {dead:>5}  {covered:>7}",
            frame.step,
            number(row.map(|row| row.train_accuracy), 3),
            number(row.and_then(|row| row.test_accuracy), 3),
            number(frame.scalar(measure::GRADIENT_NORM), 2),
        );
        let has_head = std::mem::replace(&mut self.has_head, true);
        self.bar.suspend(|| {
            if !has_head {
                note!("{HEAD}");
            }
            note!("{line}");
        });
        self.said = Instant::now();
    }
}
