//! What is shown on standard error while a network trains: one line a snapshot, and a bar between them.

use crate::say::note;
use dunwu::group::Decomposition;
use dunwu::measure::{self, label::UnitLabel};
use dunwu::opened::Frame;
use dunwu_engine::{RunSpec, Scalars};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    /// Irreps that can be covered; 0 without a group.
    n_irreps: usize,
}

impl Progress {
    pub(crate) fn new(spec: &RunSpec, decomposition: Option<&Decomposition>, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(spec.steps), ProgressDrawTarget::stderr_with_hz(5));
        let style = ProgressStyle::with_template("{bar:24} step {pos}/{len}  {msg}  {eta} left");
        bar.set_style(style.expect("a valid template"));
        if quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        } else {
            note!("   step   train    test   |G_F|   generalizing  memorizing  undecided   dead   irreps");
        }
        Self { bar, quiet, n_irreps: decomposition.map_or(0, |decomposition| decomposition.irreps.len() - 1) }
    }

    /// Losses and accuracies of a step.
    pub(crate) fn evaluated(&self, row: &Scalars) {
        self.bar.set_position(row.step);
        let test = row.test_accuracy.map_or(String::new(), |accuracy| format!(", test {accuracy:.3}"));
        self.bar.set_message(format!("train {:.3}{test}", row.train_accuracy));
    }

    /// What the units do at a snapshot.
    pub(crate) fn opened(&self, frame: &Frame, row: Option<&Scalars>) {
        if self.quiet {
            return;
        }
        let [generalizing, memorizing, undecided, dead] = UnitLabel::ALL.map(|label| frame.count(label));
        let number =
            |value: Option<f64>, digits: usize| value.map_or("–".into(), |value| format!("{value:.digits$}"));
        let covered = frame.covered_irreps().map_or(String::new(), |irreps| {
            format!("{}/{}", irreps.iter().filter(|&&covered| covered).count(), self.n_irreps)
        });
        let line = format!(
            "{:>7}  {:>6}  {:>6}  {:>6}   {generalizing:>12}  {memorizing:>10}  {undecided:>9}  {dead:>5}  {covered:>7}",
            frame.step,
            number(row.map(|row| row.train_accuracy), 3),
            number(row.and_then(|row| row.test_accuracy), 3),
            number(frame.scalar(measure::GRADIENT_NORM), 2),
        );
        self.bar.suspend(|| note!("{line}"));
    }

    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
