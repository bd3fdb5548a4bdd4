//! What all verbs share: how they are watched while they work, and why they may give no answer.
//!
//! A verb takes a request that was checked when it was made and a [`Watcher`], and returns an [`crate::answer::Answer`] or a
//! [`VerbError`]. It prints nothing and asks nobody.

mod progress;

use crate::spec_file::SpecFileError;
use std::error::Error;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

pub use progress::{EndedRun, Progress, SweepProgress, Tally, TimeLeft};

/// Who waits for a verb: hears what it does, and may ask it to stop.
pub struct Watcher<'a> {
    tell: &'a mut dyn FnMut(&Progress<'_>),
    stop: &'a AtomicBool,
}

impl<'a> Watcher<'a> {
    /// Calls `tell` with all that happens; the verb ends soon after `stop` is set, with its work saved.
    pub fn new(tell: &'a mut dyn FnMut(&Progress<'_>), stop: &'a AtomicBool) -> Self {
        Self { tell, stop }
    }

    /// Passes on what happens.
    pub fn tell(&mut self, progress: &Progress<'_>) {
        (self.tell)(progress);
    }

    /// Passes on a sentence.
    pub fn note(&mut self, sentence: &str) {
        self.tell(&Progress::Note(sentence));
    }

    /// Says that a stretch of work begins.
    pub fn phase(&mut self, name: &str, pieces: Option<u64>) {
        self.tell(&Progress::Phase { name, pieces });
    }

    /// Says how many pieces of it are done.
    pub fn pieces(&mut self, done: u64) {
        self.tell(&Progress::Pieces(done));
    }

    /// The flag that asks the verb to stop.
    pub fn stop(&self) -> &'a AtomicBool {
        self.stop
    }

    /// Whether the verb was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Why a verb gave no answer.
#[derive(Debug)]
pub enum VerbError {
    /// It was asked for something that cannot be.
    Usage(Mistake),
    /// It could be done but failed.
    Failed(Box<dyn Error + Send + Sync>),
    /// It was asked to stop; what there is is on disk, and the same request goes on from there.
    Stopped,
}

/// A request that cannot be.
#[derive(Debug)]
pub struct Mistake {
    /// What is wrong, and what to do instead.
    pub message: String,
    /// The text that it stands in, where it stands in one.
    pub place: Option<Box<MistakePlace>>,
}

/// Where a mistake stands.
#[derive(Debug)]
pub struct MistakePlace {
    /// The mistake with its position in the text.
    pub error: SpecFileError,
    /// What the text is called: a file's path, or `the command line`.
    pub name: String,
    /// The text.
    pub text: String,
}

impl VerbError {
    /// Why, in one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Usage(mistake) => mistake.message.clone(),
            Self::Failed(error) => error.to_string(),
            Self::Stopped => "it was stopped".to_owned(),
        }
    }

    /// A mistake without a place in a text.
    pub fn usage(message: impl Display) -> Self {
        Self::Usage(Mistake { message: message.to_string(), place: None })
    }

    /// A mistake in `text`, which is called `name`.
    pub fn in_text(error: SpecFileError, name: &str, text: &str) -> Self {
        let place = MistakePlace { name: name.to_owned(), text: text.to_owned(), error };
        Self::Usage(Mistake { message: place.error.message.clone(), place: Some(Box::new(place)) })
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for VerbError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The two halves of a word `KEY=VALUE`.
pub fn key_value(word: &str) -> Result<(&str, &str), VerbError> {
    let parts = word.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty());
    parts.ok_or_else(|| VerbError::usage(format!("{word:?} is no KEY=VALUE, such as optimizer.weight_decay=1e-4")))
}
