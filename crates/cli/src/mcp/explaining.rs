//! The tool by which a claim is explained, and what the explanation delivers.

use super::answers::Explained;
use super::arguments::ExplainArguments;
use super::desk::Desk;
use super::limits::Grant;
use super::refusing;
use super::telling::Telling;
use super::toolbox::CampaignToolbox;
use super::working::settle;
use crate::insights;
use dunwu_mcp::{ToolError, Watch};
use dunwu_science::campaign::{Campaign, CampaignError};
use dunwu_science::lab::Lab;
use dunwu_science::viva::{ControlledEnglish, Given, Lessons, Limits, VivaError};

/// Bytes of a text where nothing is said.
const BYTES: u32 = 400;
/// Items that were not understood and are listed.
const FAILED: usize = 8;
/// Runs after which it is looked whether there are enough to ask about.
const BATCH: usize = 4;

/// What to do where too few runs were made after a text was given.
const REMEDY: &str = "give steps for more runs, or make runs and put the same text again";

impl CampaignToolbox {
    pub(super) fn explain(&self, asked: &ExplainArguments, watch: &dyn Watch) -> Result<Explained, ToolError> {
        let most_bytes = asked.most_bytes.unwrap_or(BYTES) as usize;
        let text = asked.text.trim();
        if text.is_empty() || text.len() > most_bytes {
            let problem = format!("the text has {} bytes", text.len());
            return Err(ToolError::argument("text", problem, format!("give 1 to {most_bytes} bytes (most_bytes)")));
        }
        let mut running = self.running()?;
        let Desk { campaign, lab } = &mut *running.desk;
        let state = campaign.state();
        if state.claim(&asked.claim).is_none() {
            return Err(refusing::no_claim(state, &asked.claim));
        }
        let spent = state.spent;
        let mut making = match asked.steps {
            None => None,
            Some(steps) => {
                let grant = self.limits.grant(state, steps)?;
                let mut telling = Telling::new(watch, grant, insights::folder(&self.folder));
                settle(campaign, lab.as_ref(), grant, &mut telling)?;
                Some(Making { lab: lab.as_ref(), grant, telling, spent })
            }
        };
        let mut lessons = Lessons {
            explainer: &mut Given(text.to_owned()),
            listener: &mut ControlledEnglish::default(),
            make_runs: &mut |campaign, id| making.as_mut().map_or(Ok(()), |making| making.some(campaign, id)),
            limits: Limits { most_bytes, tries: 1, rounds: 1, ..Limits::default() },
        };
        let explained = lessons.explain(campaign, &asked.claim).map_err(|error| match error {
            VivaError::Campaign(error) => refusing::of_campaign("claim", &error),
            error => ToolError::failed(error.to_string()),
        })?;
        if watch.is_cancelled() {
            return Err(ToolError::cancelled());
        }
        let (all, spent) = (campaign.state().spent, campaign.state().spent - spent);
        drop(running); // which counts the time
        let budget = self.limits.left(all);
        let sitting = explained.sittings.first();
        Ok(Explained {
            claim: asked.claim.clone(),
            bytes: text.len(),
            is_examined: sitting.is_some(),
            bits: sitting.map_or(0.0, |sitting| sitting.bits),
            full_bits: sitting.map_or(0.0, |sitting| sitting.full_bits),
            bits_per_byte: sitting.map_or(0.0, dunwu_science::viva::Sitting::bits_per_byte),
            passed: sitting.is_some_and(|sitting| sitting.passed),
            questions: sitting.map_or(0, |sitting| sitting.items.len()),
            failed: sitting.map_or_else(Vec::new, |sitting| sitting.failed().into_iter().take(FAILED).collect()),
            essential: explained.essential,
            not_examined: sitting.is_none().then(|| format!("{}; {REMEDY}", explained.ended)),
            spent,
            budget,
        })
    }
}

/// Makes runs for the questions within what was granted.
struct Making<'a> {
    lab: &'a dyn Lab,
    grant: Grant,
    telling: Telling<'a>,
    /// Steps of the campaign before the call.
    spent: u64,
}

impl Making<'_> {
    /// Attacks the claim with a few runs; where it does not stand, makes runs where its rivals disagree.
    fn some(&mut self, campaign: &mut Campaign, id: &str) -> Result<(), CampaignError> {
        let n_runs = campaign.state().runs.len();
        for is_attack in [true, false] {
            let spent = campaign.state().spent - self.spent;
            let rest = self.grant.steps.saturating_sub(spent);
            if rest == 0 || self.telling.is_over() || campaign.state().runs.len() > n_runs {
                break;
            }
            self.telling.spent_before = spent;
            self.telling.runs_left = Some(BATCH);
            if is_attack {
                campaign.attack(self.lab, Some(id), rest, &mut self.telling)?;
            } else {
                campaign.run(self.lab, rest, &mut self.telling)?;
            }
            // What is left of the batch lies within the purse.
            self.telling.spent_before = campaign.state().spent - self.spent;
            self.telling.runs_left = None;
            campaign.settle(self.lab, &mut self.telling)?;
        }
        Ok(())
    }
}
