//! What is shown on standard error while a sweep runs: a bar in a terminal, a line now and then elsewhere.

use crate::say::note;
use dunwu::verb::{self, SweepProgress};
use dunwu_studies::sweep::{Planned, SweepRequest};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

pub(super) struct Progress<'a> {
    bar: ProgressBar,
    runs: BTreeMap<String, &'a Planned>,
    quiet: bool,
    has_terminal: bool,
    said: Instant,
    outcomes: BTreeMap<&'static str, usize>,
    begun: bool,
}

/// Lines where nobody watches come at this pace.
const PACE: Duration = Duration::from_secs(30);
/// Failed runs that are told of as they happen; the table tells of all.
const TOLD: usize = 5;

impl<'a> Progress<'a> {
    pub(super) fn new(swept: &'a SweepRequest, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(swept.runs.len() as u64), ProgressDrawTarget::stderr_with_hz(5));
        bar.set_style(ProgressStyle::with_template("{bar:24} {pos}/{len} runs  {msg}").expect("a valid template"));
        if quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self {
            bar,
            runs: swept.runs.iter().map(|run| (run.id.to_string(), run)).collect(),
            quiet,
            has_terminal: std::io::stderr().is_terminal(),
            said: Instant::now(),
            outcomes: BTreeMap::new(),
            begun: false,
        }
    }

    pub(super) fn show(&mut self, progress: &verb::Progress<'_>) {
        match progress {
            verb::Progress::Note(sentence) => self.bar.suspend(|| note!("note: {sentence}")),
            verb::Progress::Sweep(event) if !self.quiet => self.advance(event),
            _ => {}
        }
    }

    fn advance(&mut self, event: &SweepProgress<'_>) {
        if !self.begun {
            self.begun = true;
            if event.tally.reused > 0 {
                note!("{} of {} runs are there already", event.tally.reused, event.tally.runs);
            }
        }
        if let Some(ended) = event.ended {
            *self.outcomes.entry(ended.outcome).or_default() += 1;
            if let Some(error) = ended.error.filter(|_| event.tally.failed <= TOLD) {
                let words = self.runs.get(ended.run).map_or("", |run| run.words.as_str());
                self.bar.suspend(|| note!("failed: {words}: {error}"));
            }
        }
        let outcomes: Vec<String> = self.outcomes.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let left = event
            .left
            .filter(|left| left.at_most > 0.0)
            .map_or(String::new(), |left| format!("about {} left, {} at most", span(left.likely), span(left.at_most)));
        let message = [outcomes.join(", "), left].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let position = event.tally.reused + event.tally.made + event.tally.elsewhere;
        self.bar.set_position(position as u64);
        self.bar.set_message(message.join("; "));
        if !self.has_terminal && self.said.elapsed() >= PACE {
            self.said = Instant::now();
            note!("{position}/{} runs  {}", event.tally.runs, message.join("; "));
        }
    }

    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// A time as people say it.
pub(crate) fn span(seconds: f64) -> String {
    match seconds {
        ..9.95 => format!("{seconds:.1} s"),
        ..99.5 => format!("{seconds:.0} s"),
        ..5970.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}
