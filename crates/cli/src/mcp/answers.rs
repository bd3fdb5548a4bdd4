//! What the tools of `dunwu mcp` return, as data with a schema.

use dunwu_report::science::ClaimData;
use dunwu_science::lab::{Point, Setting};
use dunwu_science::viva::{Answer, Essential, Glossary};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What may still be spent.
#[derive(Serialize, JsonSchema)]
pub(super) struct Budget {
    /// Steps that are left.
    pub(super) steps_left: u64,
    /// Steps that all runs of the campaign have cost.
    pub(super) steps_spent: u64,
    /// Seconds that are left for making runs.
    pub(super) seconds_left: u64,
}

/// The laboratory and the question.
#[derive(Serialize, JsonSchema)]
pub(super) struct LabDescription {
    /// What is asked.
    pub(super) question: String,
    /// The observable that is asked about.
    pub(super) target: String,
    /// The knobs that runs vary.
    pub(super) varied: Vec<String>,
    /// Conditions that hold for all runs, and what knobs that are not varied are held at.
    pub(super) held: String,
    /// Every knob and every observable with its unit and its values.
    pub(super) glossary: Glossary,
    /// What each knob is where nothing is said.
    pub(super) defaults: BTreeMap<String, Setting>,
    /// The levels of the knob that was asked for, each with its numbers.
    pub(super) levels: Vec<Level>,
    /// How claims are written.
    pub(super) claim_forms: String,
    /// Steps that a run costs at most where every knob is at its default.
    pub(super) steps_of_a_run: u64,
    /// What may still be spent.
    pub(super) budget: Budget,
    /// Whether runs are being made meanwhile; the answer is then from what was written.
    pub(super) is_running: bool,
}

/// A level of a knob.
#[derive(Serialize, JsonSchema)]
pub(super) struct Level {
    /// Its name.
    pub(super) name: String,
    /// The numbers that belong to it.
    pub(super) numbers: BTreeMap<String, f64>,
}

/// Whether a text can be registered.
#[derive(Serialize, JsonSchema)]
pub(super) struct Checked {
    /// Whether every claim in it can be registered.
    pub(super) fits: bool,
    /// Why the text cannot be read, with a remedy.
    pub(super) fault: Option<String>,
    /// The claims in it.
    pub(super) claims: Vec<CheckedClaim>,
}

/// Whether a claim can be registered.
#[derive(Serialize, JsonSchema)]
pub(super) struct CheckedClaim {
    /// The claim as it is understood.
    pub(super) sentence: String,
    /// law, boundary, order, invariant, collapse, cause, mediation or identity.
    pub(super) kind: String,
    /// The id that it would have.
    pub(super) id: String,
    /// Why it cannot be about this laboratory, with a remedy: a name, a unit, the scope.
    pub(super) fault: Option<String>,
    /// Units of the quantities that it names.
    pub(super) units: BTreeMap<String, String>,
    /// Its own conditions; empty where it is about all that the question asks for.
    pub(super) scope: String,
    /// Bits to state it, which it has to earn first.
    pub(super) statement_bits: Option<f64>,
    /// Whether it says no more than a constant, so that nothing could ever speak for it.
    pub(super) is_vacuous: bool,
    /// The older claim that says the same, with what became of it.
    pub(super) repeats: Option<OldClaim>,
}

/// A claim that was made before.
#[derive(Serialize, JsonSchema)]
pub(super) struct OldClaim {
    /// Its id.
    pub(super) id: String,
    /// Its sentence.
    pub(super) sentence: String,
    /// What became of it.
    pub(super) verdict: String,
}

/// Claims that were registered.
#[derive(Serialize, JsonSchema)]
pub(super) struct RegisteredClaims {
    /// In the order in which they were written.
    pub(super) registered: Vec<NewClaim>,
}

/// A claim that was registered.
#[derive(Serialize, JsonSchema)]
pub(super) struct NewClaim {
    /// Its id.
    pub(super) id: String,
    /// Its sentence.
    pub(super) sentence: String,
    /// Who proposed it.
    pub(super) by: String,
    /// The line of the ledger.
    pub(super) line: u64,
    /// What is said of it now.
    pub(super) verdict: String,
}

/// What came of making runs.
#[derive(Serialize, JsonSchema)]
pub(super) struct WorkDone {
    /// Steps that were granted: what was asked for, or what is left.
    pub(super) granted: u64,
    /// Steps that were spent.
    pub(super) spent: u64,
    /// Runs that were made.
    pub(super) runs: usize,
    /// Why it ended.
    pub(super) ended: String,
    /// Claims that came up meanwhile, from the symbolic search or from people.
    pub(super) registered: Vec<NewClaim>,
    /// Claims that were there before and have another verdict now.
    pub(super) changed: Vec<Change>,
    /// What may still be spent.
    pub(super) budget: Budget,
}

/// A verdict that changed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Change {
    /// The claim's id.
    pub(super) claim: String,
    /// Its sentence.
    pub(super) sentence: String,
    /// The verdict before.
    pub(super) was: String,
    /// The verdict now.
    pub(super) now: String,
    /// Bits saved on all runs, less the bits to state it.
    pub(super) net_bits: f64,
}

/// Where those who foretell the target disagree most.
#[derive(Serialize, JsonSchema)]
pub(super) struct Disagreement {
    /// What would be set, beside the defaults; absent while nobody foretells anything.
    pub(super) point: Option<Point>,
    /// What each expects of the target there, the claim with most bits first.
    pub(super) expectations: Vec<ExpectationData>,
}

/// What somebody expects.
#[derive(Serialize, JsonSchema)]
pub(super) struct ExpectationData {
    /// A claim's id, R1 (a power law of everything that was varied) or R2 (what near runs came to).
    pub(super) who: String,
    /// What it says.
    pub(super) sentence: String,
    /// A number with its error, or the chance of the event.
    pub(super) expects: Answer,
}

/// Claims with what is said of them.
#[derive(Serialize, JsonSchema)]
pub(super) struct Scores {
    /// The claims.
    pub(super) items: Vec<ClaimData>,
    /// Give this as `cursor` for the next claims; absent at the end.
    #[serde(rename = "nextCursor", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", default)]
    pub(super) next_cursor: Option<String>,
    /// Whether runs are being made meanwhile; the answer is then from what was written.
    pub(super) is_running: bool,
}

/// What the tool `explain` returns: how many bits a text delivered to its reader, and what was not understood.
#[derive(Serialize, JsonSchema)]
pub(super) struct Explained {
    /// The claim's id.
    pub(super) claim: String,
    /// Length of the text.
    pub(super) bytes: usize,
    /// Whether there were runs enough, made after the text was given, to ask about. If not, the rest says nothing.
    pub(super) is_examined: bool,
    /// Bits that the text delivered to a reader of controlled English, over one who knows the glossary alone.
    pub(super) bits: f64,
    /// Bits that the whole claim delivers.
    pub(super) full_bits: f64,
    /// Bits a byte.
    pub(super) bits_per_byte: f64,
    /// Whether it delivered nine tenths of what the whole claim delivers.
    pub(super) passed: bool,
    /// Questions that were asked.
    pub(super) questions: usize,
    /// What was not understood, the worst first.
    pub(super) failed: Vec<String>,
    /// The shortest text that ever passed for this claim.
    pub(super) essential: Option<Essential>,
    /// Why it was not examined, and what to do; absent where it was.
    pub(super) not_examined: Option<String>,
    /// Steps that runs for the questions cost.
    pub(super) spent: u64,
    /// What may still be spent.
    pub(super) budget: Budget,
}

/// What became of something that was said.
#[derive(Serialize, JsonSchema)]
pub(super) struct Heard {
    /// How it was understood: hint, rival, constraint, objection or stop.
    pub(super) as_what: String,
    /// Who is credited.
    pub(super) by: String,
    /// The id of the claim that it registered, if it did.
    pub(super) registered: Option<String>,
    /// Whether it waits for the run that is being made, and is read before the next one.
    pub(super) is_waiting: bool,
}

/// A screen of text.
#[derive(Serialize, JsonSchema)]
pub(super) struct Screen {
    /// The text.
    pub(super) text: String,
    /// The hash of the ledger's last line.
    pub(super) head: String,
    /// Whether runs are being made meanwhile; the answer is then from what was written.
    pub(super) is_running: bool,
}

/// Lines of the ledger.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tail {
    /// Lines in order.
    pub(super) items: Vec<LineData>,
    /// Give this as `cursor` for what follows, now or when more was written.
    pub(super) cursor: String,
    /// Lines that follow.
    pub(super) left: usize,
}

/// A line of the ledger.
#[derive(Serialize, JsonSchema)]
pub(super) struct LineData {
    /// Its number, from 0.
    pub(super) line: u64,
    /// Its hash.
    pub(super) hash: String,
    /// What happened: opened, proposed, said, searched, purse, batch, run, closed, witness, derived, explained or asked.
    pub(super) is: String,
    /// All that it says; absent where that is longer than 4,000 bytes.
    pub(super) event: Option<Value>,
}
