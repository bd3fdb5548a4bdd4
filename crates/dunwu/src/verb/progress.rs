//! What whoever waits for a verb may hear of.

use crate::opened::Frame;
use dunwu_engine::Scalars;

/// What a verb is doing, for whoever waits for it.
#[non_exhaustive]
pub enum Progress<'a> {
    /// Something that a person should read, now or later.
    Note(&'a str),
    /// Work goes on from where an earlier process left it: `going on from token 4096: runs/streams/…`.
    Resumed(&'a str),
    /// How it goes, in a few words that the next ones replace: `920 a second; perplexity full 21.8`.
    State(&'a str),
    /// A stretch of work begins.
    Phase {
        /// What is done in this stretch, in a word or two: `measuring`.
        name: &'a str,
        /// How many pieces this stretch has, where that is known.
        pieces: Option<u64>,
    },
    /// So many pieces of the stretch of work are done.
    Pieces(u64),
    /// A step of a training was evaluated.
    Evaluated(&'a Scalars),
    /// What a training is expected to do, at one of a dozen looks.
    Expected(&'a str),
    /// A snapshot of a training was measured; beside it the last evaluation.
    Measured(&'a Frame, Option<&'a Scalars>),
    /// A run of a sweep ended, or time has passed.
    Sweep(&'a SweepProgress<'a>),
}

/// How a sweep stands.
#[derive(Clone, Copy, Debug)]
pub struct SweepProgress<'a> {
    /// The run that just ended; `None` where only time has passed.
    pub ended: Option<EndedRun<'a>>,
    /// How many runs are made.
    pub tally: Tally,
    /// What is left for all threads of this process together; `None` while nothing is known.
    pub left: Option<TimeLeft>,
}

/// A run of a sweep that ended.
#[derive(Clone, Copy, Debug)]
pub struct EndedRun<'a> {
    /// Its id.
    pub run: &'a str,
    /// How it ended: the name of its outcome, or `failed`.
    pub outcome: &'static str,
    /// Why it failed, if it did.
    pub error: Option<&'a str>,
}

/// How many runs of a sweep are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs of the sweep.
    pub runs: usize,
    /// Runs of the sweep whose rows were there before this process began.
    pub reused: usize,
    /// Runs that this process made, failed ones counted in.
    pub made: usize,
    /// Runs that this process made and that ended with an error.
    pub failed: usize,
    /// Runs that other processes made meanwhile, as far as was looked.
    pub elsewhere: usize,
}

/// Seconds that runs are expected to take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeLeft {
    /// Seconds if the runs that are left stop early as often as those that are finished.
    pub likely: f64,
    /// Seconds if every run that is left takes all of its steps.
    pub at_most: f64,
}
