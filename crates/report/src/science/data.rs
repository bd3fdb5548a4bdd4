//! A campaign as programs read it.

use dunwu_science::campaign::Campaign;
use dunwu_science::judge::{Judged, Verdict};
use dunwu_science::lab::Point;
use dunwu_science::ledger::{Bent, Link, State};
use dunwu_science::viva::{Examination, Explanations};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A campaign: its ledger, and what is said of every claim.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScienceData {
    /// The folder.
    pub campaign: String,
    /// What was done: `init`, `propose`, `run`, `attack`, `insight`, `explain`, `examine`, `brief`, `verify`, `replay`.
    pub did: String,
    /// Whether every line of the ledger holds.
    pub intact: bool,
    /// The first line that does not, counted from 0.
    pub bent: Option<BentData>,
    /// Lines that hold.
    pub events: usize,
    /// The hash of the last of them.
    pub head: String,
    /// The laboratory.
    pub laboratory: String,
    /// What is asked.
    pub question: String,
    /// Steps that were spent in all.
    pub spent: u64,
    /// What is known of a sealed campaign's secret; nothing where it is not sealed or was not looked at.
    pub seal: Option<String>,
    /// Runs with results.
    pub runs: usize,
    /// Every claim with its verdict, in the order of registration.
    pub claims: Vec<ClaimData>,
    /// Ids of claims that were registered by this command.
    pub registered: Vec<String>,
    /// What this command spent, made, and why it ended.
    pub work: Option<WorkData>,
    /// The run at which those who foretell the target disagree most.
    pub disagreement: Option<Point>,
    /// What going through the ledger again came to.
    pub replayed: Option<ReplayedData>,
    /// What a model or a program did that was asked for a claim.
    pub turn: Option<TurnData>,
    /// Every model that was asked, and whether it earns its keep.
    pub models: Vec<ModelData>,
    /// Texts that were tried on a listener, and the shortest that passed.
    pub explained: Option<Explanations>,
    /// What a claim answered to why, what if and how else.
    pub examined: Option<Examination>,
}

/// A turn of a model or a program.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TurnData {
    /// Who was asked.
    pub mind: String,
    /// What the turn came to, in words: a claim that was registered, an objection, the search that took over.
    pub did: String,
    /// Whether the search without a model took the turn.
    pub offline: bool,
    /// How often it was asked.
    pub exchanges: usize,
    /// What was wrong, ask by ask.
    pub faults: Vec<String>,
}

/// A model beside the search without one.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ModelData {
    /// Its name.
    pub name: String,
    /// Calls.
    pub calls: usize,
    /// Calls whose answer was no valid action.
    pub faults: usize,
    /// Tokens, at three bytes each.
    pub tokens: u64,
    /// Net bits of its claims that stand.
    pub bits: f64,
    /// Net bits of the search's claims that stand.
    pub offline_bits: f64,
    /// Whether it earns its keep.
    pub earns: bool,
    /// Why, in a sentence.
    pub says: String,
}

/// A line that does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BentData {
    /// Its number, counted from 0.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// A claim.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClaimData {
    /// The first digits of its hash.
    pub id: String,
    /// What it says.
    pub sentence: String,
    /// Its kind: `law`, `boundary`, …
    pub kind: String,
    /// Who proposed it.
    pub by: String,
    /// The line of the ledger that registers it.
    pub line: u64,
    /// `vacuous`, `open`, `leading`, `refuted`, `superseded`, `established` or `could_not_be_measured`.
    pub verdict: String,
    /// The verdict in words, with what it refers to.
    pub verdict_in_words: String,
    /// Bits saved on all runs over what would make the claim say nothing, less the bits to state it.
    pub net_bits: f64,
    /// Bits saved on runs that were made after its registration.
    pub registered_bits: f64,
    /// Bits to state it.
    pub statement_bits: f64,
    /// Evidence against it, in bits.
    pub against_bits: f64,
    /// Runs, or pairs of runs, that it is judged on.
    pub runs: usize,
    /// Runs of which only a bound is known.
    pub censored: usize,
    /// Runs without a value.
    pub undefined: usize,
    /// Runs whose result was lost.
    pub missing: usize,
    /// Bits ahead of a constant (R0), a power law (R1) and near runs (R2).
    pub ahead_of: BTreeMap<String, f64>,
    /// Claims about the same outcomes, with the bits by which this one is ahead of each.
    pub rivals: Vec<RivalData>,
    /// The share of outcomes in the middle nine tenths of what was foretold.
    pub calibration: Option<f64>,
    /// Runs that attacks on it made.
    pub attack_runs: usize,
    /// The simplest run that speaks against it.
    pub witness: Option<WitnessData>,
}

/// A rival of a claim.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RivalData {
    /// Its id.
    pub id: String,
    /// Bits by which the claim is ahead of it.
    pub ahead_bits: f64,
}

/// A counterexample.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WitnessData {
    /// The line of the run.
    pub run: u64,
    /// What was set.
    pub point: Point,
    /// Bits that the claim lost there.
    pub bits: f64,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WorkData {
    /// Steps that it spent.
    pub spent: u64,
    /// Runs that it made.
    pub runs: usize,
    /// Why it ended.
    pub why: String,
}

/// What going through the ledger again came to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReplayedData {
    /// Runs that were made again.
    pub runs: usize,
    /// Choices of runs that were made again.
    pub batches: usize,
    /// Searches that were made again.
    pub searches: usize,
    /// Whether all of it came out the same.
    pub same: bool,
    /// The first line that did not.
    pub differs: Option<BentData>,
}

impl ScienceData {
    /// Of a campaign that is open.
    pub fn of(folder: &str, did: &str, campaign: &Campaign) -> Self {
        Self::of_parts(folder, did, campaign.state(), campaign.links(), &campaign.judged(), None)
    }

    /// Of a ledger up to its first bent line.
    pub fn of_parts(
        folder: &str,
        did: &str,
        state: &State,
        links: &[Link],
        judged: &[Judged],
        bent: Option<Bent>,
    ) -> Self {
        Self {
            campaign: folder.to_owned(),
            did: did.to_owned(),
            intact: bent.is_none(),
            bent: bent.map(|bent| BentData { line: bent.line, why: bent.why }),
            events: links.len(),
            head: links.last().map_or(String::new(), |link| link.hash.clone()),
            laboratory: state.card.name.clone(),
            question: state.question.text.clone(),
            spent: state.spent,
            seal: None,
            runs: state.runs.len(),
            claims: judged.iter().filter_map(|judged| claim(state, judged)).collect(),
            registered: Vec::new(),
            work: None,
            disagreement: None,
            replayed: None,
            turn: None,
            models: Vec::new(),
            explained: None,
            examined: None,
        }
    }
}

fn claim(state: &State, judged: &Judged) -> Option<ClaimData> {
    let registered = state.claim(&judged.id)?;
    let score = &judged.score;
    let witness = state.witnesses.get(&judged.id).and_then(|(line, bits)| {
        let run = state.runs.iter().find(|run| run.line == *line)?;
        Some(WitnessData { run: *line, point: run.point.clone(), bits: *bits })
    });
    Some(ClaimData {
        id: judged.id.clone(),
        sentence: registered.claim.sentence(),
        kind: registered.claim.statement.kind().to_owned(),
        by: registered.by.clone(),
        line: registered.line,
        verdict: name(&judged.verdict).to_owned(),
        verdict_in_words: judged.verdict.words(),
        net_bits: score.net_bits,
        registered_bits: score.registered_bits,
        statement_bits: score.statement_bits,
        against_bits: score.against_bits,
        runs: score.runs,
        censored: score.censored,
        undefined: score.undefined,
        missing: score.missing,
        ahead_of: score.ahead_of.clone(),
        rivals: judged.rivals.iter().map(|(id, bits)| RivalData { id: id.clone(), ahead_bits: *bits }).collect(),
        calibration: score.calibration,
        attack_runs: registered.attack_runs,
        witness,
    })
}

/// The verdict's name for programs.
const fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Vacuous => "vacuous",
        Verdict::Open => "open",
        Verdict::Leading => "leading",
        Verdict::Refuted { .. } => "refuted",
        Verdict::Superseded { .. } => "superseded",
        Verdict::Established => "established",
        Verdict::CouldNotBeMeasured { .. } => "could_not_be_measured",
    }
}
