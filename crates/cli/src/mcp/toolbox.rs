//! The table of tools, and which function answers which.

use super::answers::{
    Checked, Disagreement, Explained, Heard, LabDescription, RegisteredClaims, Scores, Screen, Tail, WorkDone,
};
use super::arguments::{
    AttackArguments, ClaimArguments, DerivationArguments, DescribeArguments, ExplainArguments, InsightArguments,
    NoArguments, RunArguments, ScoreArguments, TailArguments,
};
use super::desk::Desk;
use super::limits::Limits;
use dunwu_mcp::{Effects, Reply, Tool, ToolError, Toolbox, Watch, read_arguments};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

/// A campaign as tools.
pub(super) struct CampaignToolbox {
    tools: Vec<Tool>,
    pub(super) desk: Mutex<Desk>,
    /// Whether a call makes runs.
    pub(super) is_running: AtomicBool,
    pub(super) limits: Limits,
    /// Steps of a run at the defaults, at most.
    pub(super) run_steps: u64,
    /// The campaign's folder.
    pub(super) folder: PathBuf,
    pub(super) ledger: PathBuf,
    /// Who is credited.
    pub(super) by: String,
}

impl CampaignToolbox {
    pub(super) fn new(desk: Desk, limits: Limits, run_steps: u64, folder: PathBuf, by: String) -> Self {
        let ledger = folder.join("ledger.jsonl");
        let (desk, is_running) = (Mutex::new(desk), AtomicBool::new(false));
        Self { tools: tools(), desk, is_running, limits, run_steps, folder, ledger, by }
    }
}

/// Every tool, in the order in which an agent needs them.
fn tools() -> Vec<Tool> {
    vec![
        Tool::new::<DescribeArguments, LabDescription>(
            "lab_describe",
            "Describe the laboratory",
            "The question, every knob and observable with unit and values, how claims are written, and what may still be spent. Call it first.",
            Effects::Reads,
        ),
        Tool::new::<ClaimArguments, Checked>(
            "claim_check",
            "Check a claim",
            "Whether a claim can be read, fits names, units and scope, what it costs to state in bits, and whether it repeats an older one. Writes nothing.",
            Effects::Reads,
        ),
        Tool::new::<ClaimArguments, RegisteredClaims>(
            "claim_register",
            "Register a claim",
            "Registers a claim; from here on its forecasts count. A repeat is refused with what became of the old claim.",
            Effects::Adds,
        ),
        Tool::new::<RunArguments, WorkDone>(
            "run",
            "Make runs",
            "Makes runs where the registered claims and the references disagree most, searches for claims, attacks what leads. Needs a registered claim. Says which verdicts changed.",
            Effects::Adds,
        ),
        Tool::new::<NoArguments, Disagreement>(
            "rivals_disagree",
            "Where rivals disagree",
            "The run at which those who foretell the outcome disagree most, and what each expects there. Makes no run.",
            Effects::Reads,
        ),
        Tool::new::<AttackArguments, WorkDone>(
            "attack",
            "Attack a claim",
            "Makes runs where one claim is likeliest to fail. Nothing is established that has not stood six of them.",
            Effects::Adds,
        ),
        Tool::new::<DerivationArguments, dunwu_derive::Report>(
            "derive_check",
            "Check a derivation",
            "Tries every step of a derivation on random tensors; the first false step comes with an example and what would mend it. Writes nothing.",
            Effects::Reads,
        ),
        Tool::new::<ScoreArguments, Scores>(
            "score",
            "Score claims",
            "Verdict, net bits, bits on runs after registration, runs and rivals of one claim, or of all, page by page. This alone says what is established.",
            Effects::Reads,
        ),
        Tool::new::<ExplainArguments, Explained>(
            "explain",
            "Explain a claim",
            "Puts a short text about a claim to a reader of controlled English and asks it about runs made afterwards: bits delivered, bits a byte, what was not understood.",
            Effects::Adds,
        ),
        Tool::new::<InsightArguments, Heard>(
            "insight_add",
            "Say something",
            "Adds a hint, a rival claim, a constraint on further runs, an objection or a stop to the ledger, also while runs are made.",
            Effects::Adds,
        ),
        Tool::new::<NoArguments, Screen>(
            "brief",
            "Brief",
            "The campaign in one screen: what stands, what it lacks, the claims by bits.",
            Effects::Reads,
        ),
        Tool::new::<TailArguments, Tail>(
            "ledger_tail",
            "Read the ledger",
            "Events in order, at most 20 at once, and a cursor for what follows.",
            Effects::Reads,
        ),
    ]
}

impl Toolbox for CampaignToolbox {
    fn tools(&self) -> &[Tool] {
        &self.tools
    }

    fn call(&self, name: &str, arguments: Map<String, Value>, watch: &dyn Watch) -> Result<Reply, ToolError> {
        match name {
            "lab_describe" => reply(self.describe(read_arguments(arguments)?)),
            "claim_check" => reply(self.check_claim(&read_arguments(arguments)?)),
            "claim_register" => reply(self.register(&read_arguments(arguments)?)),
            "run" => reply(self.make_runs(&read_arguments(arguments)?, watch)),
            "rivals_disagree" => {
                let NoArguments {} = read_arguments(arguments)?;
                reply(self.disagreement())
            }
            "attack" => reply(self.attack(&read_arguments(arguments)?, watch)),
            "derive_check" => reply(super::looking::derive(&read_arguments(arguments)?)),
            "score" => reply(self.score(&read_arguments(arguments)?)),
            "explain" => reply(self.explain(&read_arguments(arguments)?, watch)),
            "insight_add" => reply(self.add_insight(&read_arguments(arguments)?)),
            "brief" => {
                let NoArguments {} = read_arguments(arguments)?;
                let screen = self.brief()?;
                Ok(Reply { text: Some(screen.text.clone()), structured: json!(screen) })
            }
            _ => reply(self.tail(&read_arguments(arguments)?)),
        }
    }
}

fn reply(answer: Result<impl Serialize, ToolError>) -> Result<Reply, ToolError> {
    Ok(json!(answer?).into())
}
