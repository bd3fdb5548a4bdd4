//! What a line of the ledger says.

use crate::claim::Claim;
use crate::lab::{LabCard, Outcome, Point};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Event {
    /// The first line: what is asked, in which laboratory. Another version of the judge is another ledger.
    Opened {
        /// The format of the ledger and the version of the judge.
        format: u32,
        /// How the laboratory is opened: `engine`, `world:FILE`, `program:COMMAND`.
        lab: String,
        /// What it has.
        card: Box<LabCard>,
        /// What is asked.
        question: Question,
        /// The hash of the secret that seeds follow from, too, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<String>,
    },
    /// A claim is registered: from here on its forecasts count.
    Proposed {
        /// The claim's id.
        id: String,
        /// The claim.
        claim: Claim,
        /// Who proposed it.
        by: String,
    },
    /// Somebody says something between two runs.
    Said {
        /// What.
        insight: Insight,
        /// Who.
        by: String,
    },
    /// A search for claims was made.
    Searched {
        /// Who searched.
        by: String,
        /// How many expressions were looked at.
        looked_at: usize,
        /// The claims that came of it, those that were registered already among them.
        claims: Vec<String>,
    },
    /// Steps are set aside.
    Purse {
        /// For what.
        purpose: Purpose,
        /// How many, at most.
        steps: u64,
    },
    /// Runs that will be made, all of them; their seeds follow from this line's hash.
    Batch {
        /// Why these.
        why: String,
        /// The claim that they are about, where there is one.
        about: Option<String>,
        /// The runs.
        asks: Vec<Ask>,
        /// What the secret of a sealed campaign adds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        salt: Option<String>,
    },
    /// A run of a batch.
    Run {
        /// The line of the batch.
        batch: u64,
        /// Its place in the batch.
        place: usize,
        /// Its seed.
        seed: u32,
        /// What came out.
        outcomes: BTreeMap<String, Outcome>,
        /// What makes it again.
        specification: String,
        /// What it cost, in steps.
        steps: u64,
    },
    /// A purse is closed.
    Closed {
        /// What was spent of it, in steps.
        spent: u64,
        /// Why it ended.
        why: String,
    },
    /// A run that refutes a claim, shrunk as far as it still does.
    Witness {
        /// The claim.
        claim: String,
        /// The line of the run.
        run: u64,
        /// The line of the run from which the search began.
        from: u64,
        /// How many bits the claim lost to what near runs say, at that run.
        bits: f64,
    },
    /// A derivation was checked.
    Derived {
        /// Its title.
        title: String,
        /// The hash of its text.
        text: String,
        /// Whether every step stood.
        ok: bool,
        /// The first step that did not, counted from 1.
        first_false: Option<usize>,
    },
    /// An explanation was tried on a listener.
    Explained {
        /// The claim.
        claim: String,
        /// The text.
        text: String,
        /// Who listened.
        listener: String,
        /// Bits that it delivered on runs made after it.
        bits: f64,
        /// Whether it passed.
        passed: bool,
    },
    /// A model was asked.
    Asked(Exchange),
}

/// What a model was asked and what it answered, whole, so that a campaign is replayed without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Which model.
    pub model: String,
    /// The request.
    pub ask: String,
    /// The answer.
    pub answer: String,
    /// What was wrong with it, where something was.
    pub fault: Option<String>,
}

/// Something that a person, a program or a file says between two runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Insight {
    /// Words that are for whoever proposes.
    Hint(String),
    /// A claim that was registered beside the others.
    Rival(String),
    /// Where runs should be made from now on.
    Constraint(String),
    /// What is wrong with a claim, and perhaps a point at which to try it.
    Objection {
        /// The claim's id.
        claim: String,
        /// What is wrong.
        text: String,
        /// Where to try it.
        at: Option<Point>,
    },
    /// No more runs.
    Stop,
}

/// What steps are set aside for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Runs where rivals disagree.
    Run,
    /// An attack on a claim.
    Attack(String),
}

/// What is asked: what decides an observable, among which knobs, where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// In words.
    pub text: String,
    /// The observable.
    pub target: String,
    /// The knobs that are varied.
    pub knobs: Vec<String>,
    /// Conditions under which runs are made, as in a claim: `M in 11..97 and width = 256`.
    pub scope: String,
}

/// A run that is asked for. Runs of one group have one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// What is set.
    pub point: Point,
    /// Its group.
    pub group: usize,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Its number, from 0.
    pub line: u64,
    /// The hash of the line before; empty on the first.
    pub before: String,
    /// What it says.
    pub event: Event,
    /// Its own.
    pub hash: String,
}

impl Link {
    /// The link that puts an event behind a hash.
    pub fn new(line: u64, before: &str, event: Event) -> Self {
        let mut link = Self { line, before: before.to_owned(), event, hash: String::new() };
        link.hash = link.own_hash();
        link
    }

    /// What its hash has to be.
    pub fn own_hash(&self) -> String {
        let event = serde_json::to_string(&self.event).expect("an event has a JSON form");
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.line.to_string().as_bytes()).update(self.before.as_bytes()).update(event.as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// The line as it is written.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a link has a JSON form")
    }
}

/// The seed of a group of runs in a batch.
pub fn seed_of(batch_hash: &str, group: usize) -> u32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(batch_hash.as_bytes()).update(b"seed").update(&(group as u64).to_le_bytes());
    let bytes = hasher.finalize();
    u32::from_le_bytes(bytes.as_bytes()[..4].try_into().expect("four bytes")) >> 1
}
