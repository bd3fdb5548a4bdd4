//! Models and programs that propose or listen, as the command names them.

use super::{ScienceArguments, failed};
use crate::failure::Failure;
use clap::Args;
use dunwu_mind::{
    Amounts, Budget, CommandMind, HttpMind, HttpOptions, Keep, Mind, Took, TurnError, earns_its_keep, take_turn,
};
use dunwu_report::science::{ModelData, TurnData};
use dunwu_science::campaign::Campaign;

/// Who is asked, and what it may cost.
#[derive(Args)]
pub(super) struct MindArguments {
    /// Of propose: who is asked for a claim, the address of a server of chat completions or program:COMMAND
    #[arg(long, value_name = "MIND")]
    mind: Option<String>,
    /// Of explain: who listens, rules, person, or as of --mind
    #[arg(long, value_name = "LISTENER", default_value = "rules")]
    pub(super) listener: String,
    /// The model's name, as its server knows it
    #[arg(long, value_name = "NAME", default_value = "default")]
    model: String,
    /// The environment variable that holds the server's key
    #[arg(long, value_name = "VARIABLE")]
    key_from: Option<String>,
    /// Tokens that asking may cost in all
    #[arg(long, value_name = "TOKENS", default_value = "100000")]
    tokens: u64,
    /// Seconds that asking may take in all
    #[arg(long, value_name = "SECONDS", default_value = "300")]
    seconds: u32,
}

impl MindArguments {
    /// Whether somebody is named who proposes.
    pub(super) fn is_named(&self) -> bool {
        self.mind.is_some()
    }

    /// A mind by its name; `None` for names that are none.
    pub(super) fn mind(&self, named: &str) -> Option<Result<Box<dyn Mind>, Failure>> {
        if let Some(command) = named.strip_prefix("program:") {
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            return Some(match words.split_first() {
                Some((program, arguments)) => Ok(Box::new(CommandMind::new(program, arguments))),
                None => Err(Failure::usage("program: names no program; write program:COMMAND")),
            });
        }
        if named == "rules" || named == "person" {
            return None;
        }
        let options = HttpOptions {
            address: named.to_owned(),
            model: self.model.clone(),
            key_from: self.key_from.clone(),
            is_constrained: self.mind.is_some(),
        };
        Some(HttpMind::new(&options).map(|mind| Box::new(mind) as Box<dyn Mind>).map_err(Failure::usage))
    }

    pub(super) fn amounts(&self) -> Amounts {
        Amounts { calls: u64::MAX, tokens: self.tokens, seconds: f64::from(self.seconds) }
    }
}

/// Lets a mind take a turn, where one is named.
pub(super) fn turn_of(asked: &ScienceArguments, campaign: &mut Campaign) -> Result<Option<TurnData>, Failure> {
    let Some(named) = &asked.mind.mind else { return Ok(None) };
    if named == "rules" || named == "person" {
        return Err(Failure::usage(format!(
            "--mind {named} proposes nothing; write http://HOST:PORT or program:COMMAND"
        )));
    }
    let Some(mind) = asked.mind.mind(named) else { return Ok(None) };
    let turn =
        take_turn(campaign, mind?.as_mut(), &mut Budget::new(asked.mind.amounts())).map_err(|error| match error {
            TurnError::Campaign(error) => failed(error),
            other => Failure::Failed(other.into()),
        })?;
    let (did, offline) = match turn.took {
        Took::Proposed { id, sentence } => (format!("registered {id}: {sentence}"), false),
        Took::Objected { claim, text } => (format!("objected to {claim}: {text}"), false),
        Took::Derived { title, ok } => {
            (format!("had a step tried, which {}: {title}", if ok { "stands" } else { "does not stand" }), false)
        }
        Took::Explained { claim, text } => (format!("explained {claim}: {text}"), false),
        Took::Offline { why, claims } => {
            let came = if claims.is_empty() { "nothing new".to_owned() } else { claims.join(", ") };
            (format!("was of no use ({why}), so that the search took the turn and registered {came}"), true)
        }
    };
    Ok(Some(TurnData { mind: turn.mind, did, offline, exchanges: turn.exchanges, faults: turn.faults }))
}

/// Every model that was asked in a campaign, and whether it earns its keep.
pub(super) fn models_of(campaign: &Campaign) -> Vec<ModelData> {
    if campaign.state().n_exchanges == 0 {
        return Vec::new();
    }
    let reckoning = earns_its_keep(campaign);
    let offline_bits = reckoning.offline.bits;
    let models = reckoning.models.into_iter().map(|(proposer, keep)| ModelData {
        name: proposer.name,
        calls: proposer.calls,
        faults: proposer.faults,
        tokens: proposer.tokens,
        bits: proposer.bits,
        offline_bits,
        earns: matches!(keep, Keep::Earns { .. }),
        says: match keep {
            Keep::Earns { ahead } => {
                format!("its claims are {ahead:.1} bits ahead of those of the search without a model")
            }
            Keep::DoesNot { why } => why,
        },
    });
    models.collect()
}
