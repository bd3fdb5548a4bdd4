//! `dunwu mcp DIR`: a campaign as tools for any agent, over the Model Context Protocol.
//!
//! ```text
//! agent ─▶ claim_check, claim_register ─▶ ledger ─▶ run, attack ─▶ the laboratory's outcomes ─▶ judge ─▶ score
//! ```
//!
//! Whoever calls proposes and asks. Which runs are made, with which seeds, and what they say for a claim follows from the ledger. Steps
//! and seconds are limited here, and no argument of a tool reaches the limits.

mod answers;
mod arguments;
mod claiming;
mod desk;
mod explaining;
mod limits;
mod looking;
mod refusing;
mod telling;
mod toolbox;
mod working;

use crate::failure::Failure;
use crate::say::note;
use crate::science::{failed, open_lab};
use crate::signals::Signals;
use anyhow::Context as _;
use clap::Args;
use desk::Desk;
use dunwu_mcp::{About, HttpLimits, Server, bind, serve_http, serve_stdio};
use dunwu_science::campaign::Campaign;
use dunwu_science::lab::Point;
use dunwu_science::ledger::SEARCH;
use limits::Limits;
use std::path::PathBuf;
use std::time::Duration;
use toolbox::CampaignToolbox;

/// Let any agent do science by the rules, over MCP: `dunwu mcp DIR`
///
/// Serves the campaign in DIR, begun with `dunwu science DIR init`, to a client of the Model Context Protocol on standard input and output,
/// or with --http on this machine alone. The agent proposes claims and explanations; runs are the laboratory's, judging is code. Runs are
/// made once a claim is registered, within --budget and --seconds, which no call can raise. While it serves, `dunwu science DIR insight`
/// is read between two runs. docs/guide/science.md says how to add it to a client.
#[derive(Args)]
pub(crate) struct McpArguments {
    /// Folder of the campaign
    dir: PathBuf,
    /// Steps that all runs of the campaign may cost, those in the ledger included; starting it again refills nothing
    #[arg(long, value_name = "STEPS", default_value_t = 200_000)]
    budget: u64,
    /// Seconds in which its tools may make runs, in all; the run in progress is ended
    #[arg(long, value_name = "S", default_value_t = 3600)]
    seconds: u64,
    /// To whom claims and insights of its callers are credited
    #[arg(long, value_name = "NAME", default_value = "an agent")]
    by: String,
    /// Serve http://127.0.0.1:PORT/mcp instead; 0 takes a free port
    #[arg(long, value_name = "PORT")]
    http: Option<u16>,
}

/// What an agent reads before it calls anything.
const INSTRUCTIONS: &str = "You propose and have no vote on truth: runs are the laboratory's, seeds follow from the ledger, judging is code, in bits. \
Loop: lab_describe; claim_check until a claim fits; claim_register, which makes its forecasts count; run; score and rivals_disagree; \
register a better claim or attack what leads; explain what is established. A claim earns bits only by foretelling outcomes, less the \
bits to state it. That nothing is established is an answer, too: say so, and never report more than score does.";

pub(crate) fn serve(asked: &McpArguments) -> Result<(), Failure> {
    let by = asked.by.trim();
    if by.is_empty() || by == SEARCH || by.contains('\n') {
        return Err(Failure::usage(format!(
            "--by {:?} credits nobody: name whoever calls in one line, and not {SEARCH:?}, which is the search without a model",
            asked.by
        )));
    }
    let campaign = Campaign::open(&asked.dir.join("ledger.jsonl")).map_err(failed)?;
    let lab = open_lab(&campaign.state().lab, &asked.dir)?;
    campaign.check_lab(lab.as_ref()).map_err(failed)?;
    let run_steps = lab.most_steps(&Point::default());
    let spent = campaign.state().spent;
    if spent >= asked.budget {
        note!(
            "note: the campaign's runs have cost {spent} steps already, and --budget is {}: none are left",
            asked.budget
        );
    }
    let limits = Limits::new(asked.budget, Duration::from_secs(asked.seconds));
    let toolbox = CampaignToolbox::new(Desk { campaign, lab }, limits, run_steps, asked.dir.clone(), by.to_owned());
    let about = About {
        name: "dunwu".to_owned(),
        title: "Dunwu, a laboratory for claims".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instructions: INSTRUCTIONS.to_owned(),
    };
    let server = Server::new(about, toolbox).context("the table of tools cannot be served")?;
    let signals = Signals::watch()?;
    match asked.http {
        None => serve_stdio(server, signals.stop()).context("cannot read standard input")?,
        Some(port) => {
            let listener = bind(port).with_context(|| format!("cannot listen on port {port} of 127.0.0.1"))?;
            note!("listening on http://{}/mcp", listener.local_addr()?);
            serve_http(server, listener, HttpLimits::default(), signals.stop()).context("cannot serve")?;
        }
    }
    signals.caught().map_or(Ok(()), |signal| Err(Failure::Stopped { signal }))
}
