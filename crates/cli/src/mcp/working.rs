//! Tools that make runs.

use super::answers::{Change, NewClaim, WorkDone};
use super::arguments::{AttackArguments, RunArguments};
use super::desk::Desk;
use super::limits::Grant;
use super::refusing;
use super::telling::Telling;
use super::toolbox::CampaignToolbox;
use crate::insights;
use dunwu_mcp::{ToolError, Watch};
use dunwu_science::campaign::{Campaign, CampaignError, Ended};
use dunwu_science::judge::Judged;
use dunwu_science::lab::Lab;
use std::mem::discriminant;

impl CampaignToolbox {
    pub(super) fn make_runs(&self, asked: &RunArguments, watch: &dyn Watch) -> Result<WorkDone, ToolError> {
        self.work(asked.steps, watch, None, |campaign, lab, steps, telling| campaign.run(lab, steps, telling))
    }

    pub(super) fn attack(&self, asked: &AttackArguments, watch: &dyn Watch) -> Result<WorkDone, ToolError> {
        let id = asked.claim.as_str();
        self.work(asked.steps, watch, Some(id), |campaign, lab, steps, telling| {
            campaign.attack(lab, Some(id), steps, telling)
        })
    }

    fn work(
        &self,
        steps: u64,
        watch: &dyn Watch,
        claim: Option<&str>,
        spend: impl FnOnce(&mut Campaign, &dyn Lab, u64, &mut Telling<'_>) -> Result<Ended, CampaignError>,
    ) -> Result<WorkDone, ToolError> {
        let mut running = self.running()?;
        let Desk { campaign, lab } = &mut *running.desk;
        let state = campaign.state();
        if state.claims.is_empty() {
            return Err(ToolError::refused(
                "no claim is registered, and outcomes count only for what was claimed before them",
                "register a claim with claim_register first",
            ));
        }
        if let Some(id) = claim.filter(|id| state.claim(id).is_none()) {
            return Err(refusing::no_claim(state, id));
        }
        let grant = self.limits.grant(state, steps)?;
        let before = campaign.judged();
        let (spent, runs) = (state.spent, state.runs.len());
        let mut telling = Telling::new(watch, grant, insights::folder(&self.folder));
        let settled = settle(campaign, lab.as_ref(), grant, &mut telling)?;
        telling.spent_before = settled;
        let rest = grant.steps - settled;
        let mut ended = "what was granted is spent".to_owned();
        if rest > 0 && !telling.is_over() {
            ended = spend(campaign, lab.as_ref(), rest, &mut telling)
                .map_err(|error| refusing::of_campaign("claim", &error))?
                .why;
        }
        if telling.is_cancelled() {
            return Err(ToolError::cancelled());
        }
        if telling.is_late() {
            "the time for making runs is used up".clone_into(&mut ended);
        }
        let state = campaign.state();
        let (all, spent, runs) = (state.spent, state.spent - spent, state.runs.len() - runs);
        let (registered, changed) = news(campaign, &before);
        drop(running); // which counts the time
        let budget = self.limits.left(all);
        Ok(WorkDone { granted: grant.steps, spent, runs, ended, registered, changed, budget })
    }
}

/// Makes the runs that a call before asked for and was cancelled before, so that none of them is lost; gives the steps that they cost.
pub(super) fn settle(
    campaign: &mut Campaign,
    lab: &dyn Lab,
    grant: Grant,
    telling: &mut Telling<'_>,
) -> Result<u64, ToolError> {
    let left = campaign.state().pending.iter().flat_map(|pending| &pending.left);
    let (mut n_runs, mut cost) = (0_usize, 0_u64);
    for (_, ask) in left {
        n_runs += 1;
        cost = cost.saturating_add(lab.most_steps(&ask.point));
    }
    if cost > grant.steps {
        return Err(ToolError::argument(
            "steps",
            format!(
                "{n_runs} runs that were asked for before are not made yet and cost up to {cost} steps; {} are granted",
                grant.steps
            ),
            format!("ask for at least {cost} steps; where fewer are left, whoever starts the server has to allow more"),
        ));
    }
    let ended = campaign.settle(lab, telling).map_err(|error| refusing::of_campaign("steps", &error))?;
    Ok(ended.spent)
}

/// Claims that are new, and verdicts that changed. Another run that says most against a claim is no other verdict.
fn news(campaign: &Campaign, before: &[Judged]) -> (Vec<NewClaim>, Vec<Change>) {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for judged in campaign.judged() {
        let Some(registered) = campaign.state().claim(&judged.id) else { continue };
        let (id, sentence, verdict) = (judged.id, registered.claim.sentence(), judged.verdict.words());
        match before.iter().find(|other| other.id == id) {
            None => {
                new.push(NewClaim { id, sentence, by: registered.by.clone(), line: registered.line, verdict });
            }
            Some(old) if discriminant(&old.verdict) != discriminant(&judged.verdict) => changed.push(Change {
                claim: id,
                sentence,
                was: old.verdict.words(),
                now: verdict,
                net_bits: judged.score.net_bits,
            }),
            Some(_) => {}
        }
    }
    (new, changed)
}
