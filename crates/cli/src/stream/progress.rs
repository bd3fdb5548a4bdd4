//! What is shown on standard error while a text is read: a bar in a terminal, a line now and then elsewhere.

use crate::say::note;
use crate::sweep::span;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

pub(super) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    has_terminal: bool,
    began: Instant,
    /// Tokens that were read before.
    before: u64,
    said: Instant,
}

/// Lines where nobody watches come at this pace.
const PACE: Duration = Duration::from_secs(30);
/// The bar is written anew at this pace.
const GLANCE: Duration = Duration::from_millis(200);

/// How far it is.
pub(super) struct State {
    pub(super) tokens: u64,
    /// Tokens that there will be, as far as that can be told.
    pub(super) all: u64,
    /// Policies with their perplexities so far.
    pub(super) perplexities: Vec<(String, Option<f64>)>,
}

impl Progress {
    pub(super) fn new(before: u64, quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
        let bar = ProgressBar::with_draw_target(Some(1), target);
        bar.set_style(ProgressStyle::with_template("{bar:24} {pos}/{len} tokens  {msg}").expect("a valid template"));
        let now = Instant::now();
        Self { bar, quiet, has_terminal: std::io::stderr().is_terminal(), began: now, before, said: now }
    }

    /// Whether it is time to say how far it is.
    pub(super) fn is_due(&self) -> bool {
        !self.quiet && self.said.elapsed() >= if self.has_terminal { GLANCE } else { PACE }
    }

    pub(super) fn show(&mut self, state: &State) {
        self.said = Instant::now();
        let rate = (state.tokens - self.before) as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
        let left = state.all.saturating_sub(state.tokens) as f64 / rate.max(1e-9);
        let perplexities = state.perplexities.iter().map(|(policy, perplexity)| {
            let perplexity = perplexity.map_or("–".to_owned(), |perplexity| format!("{perplexity:.2}"));
            format!("{policy} {perplexity}")
        });
        let perplexities = perplexities.collect::<Vec<_>>().join(", ");
        let message = format!("{rate:.0} a second, about {} left; perplexity {perplexities}", span(left));
        self.bar.set_length(state.all.max(state.tokens));
        self.bar.set_position(state.tokens);
        self.bar.set_message(message.clone());
        if !self.has_terminal {
            note!("{}/{} tokens, {message}", state.tokens, state.all.max(state.tokens));
        }
    }

    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
