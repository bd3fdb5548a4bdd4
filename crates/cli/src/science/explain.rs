//! `dunwu science DIR explain` and `examine`: an explanation tried on a listener, and a claim asked for its reasons.

use super::person::Person;
use super::{ATTACK_RUNS, Heard, ScienceArguments, failed, open_lab, stopped};
use crate::failure::Failure;
use crate::signals::Signals;
use crate::watching;
use dunwu_mind::{Budget, MindListener};
use dunwu_report::science::ScienceData;
use dunwu_science::campaign::{Campaign, CampaignError};
use dunwu_science::judge::Verdict;
use dunwu_science::lab::Point;
use dunwu_science::viva::{
    ControlledEnglish, Explainer, Explanations, Given, Lessons, Limits, Listener, Shortening, examine,
};
use std::path::Path;

/// Texts for which there are runs where no budget is named.
const TEXTS: u64 = 6;

/// The claim that is asked for, or the one that is furthest ahead.
fn claim_of(asked: &ScienceArguments, campaign: &Campaign) -> Result<String, Failure> {
    if let Some(id) = &asked.claim {
        if campaign.state().claim(id).is_some() {
            return Ok(id.clone());
        }
        return Err(Failure::usage(CampaignError::no_claim(campaign.state(), id)));
    }
    let judged = campaign.judged();
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Established => 2,
        Verdict::Leading => 1,
        _ => 0,
    };
    let stands = judged
        .iter()
        .filter(|judged| matches!(judged.verdict, Verdict::Established | Verdict::Leading | Verdict::Open));
    stands
        .max_by(|a, b| rank(&a.verdict).cmp(&rank(&b.verdict)).then(a.score.net_bits.total_cmp(&b.score.net_bits)))
        .map(|judged| judged.id.clone())
        .ok_or_else(|| {
            Failure::usage("no claim stands that could be explained; propose one, or name it with --claim ID")
        })
}

/// Explains a claim, has runs made, and puts the quiz.
pub(super) fn explain(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    let mut campaign = Campaign::open(path).map_err(failed)?;
    let lab = open_lab(&campaign.state().lab, &asked.dir)?;
    let id = claim_of(asked, &campaign)?;
    let text = asked.words.join(" ");
    let is_given = !text.trim().is_empty();
    if asked.bytes == 0 || (is_given && text.len() > asked.bytes) {
        return Err(Failure::usage(format!("the text has {} bytes; --bytes allows {}", text.len(), asked.bytes)));
    }
    // Every text wants runs that were made after it.
    let texts = if is_given { 1 } else { TEXTS };
    let runs = texts * ATTACK_RUNS;
    let mut purse = asked.budget.unwrap_or_else(|| runs * lab.most_steps(&Point::default()).max(1));
    if purse == 0 {
        return Err(failed(CampaignError::NoBudget { most: lab.most_steps(&Point::default()) }));
    }
    let mut given = Given(text);
    let explainer: &mut dyn Explainer = if is_given { &mut given } else { &mut Shortening };
    let rounds = if is_given { 1 } else { Limits::default().rounds };
    let limits = Limits { most_bytes: asked.bytes, rounds, tries: if is_given { 1 } else { 3 }, ..Limits::default() };
    let mut mind = asked.mind.mind(&asked.mind.listener).transpose()?;
    let mut budget = Budget::new(asked.mind.amounts());
    let mut rules = ControlledEnglish::default();
    let mut person = Person::default();
    let mut model = mind.as_deref_mut().map(|mind| MindListener::new(mind, &mut budget));
    let is_person = asked.mind.listener == "person";
    let listener: &mut dyn Listener = match model.as_mut() {
        Some(model) => model,
        None if is_person => &mut person,
        None => &mut rules,
    };
    // Questions to a person stand on standard error, and a bar would be drawn over them.
    let signals = Signals::watch()?;
    let explained = watching::watch_under(&signals, is_person || asked.quiet || asked.place.json, |watcher| {
        watcher.phase("explains", Some(purse));
        let mut make_runs = |campaign: &mut Campaign, id: &str| -> Result<(), CampaignError> {
            // An attack on the claim: its runs are of the future, and the claim may fall by them.
            let share = (4 * lab.most_steps(&Point::default()).max(1)).min(purse);
            if share == 0 || watcher.is_stopped() {
                return Ok(());
            }
            let mut heard = Heard { watcher: &mut *watcher, drop: asked.dir.join("insights") };
            let ended = campaign.attack(lab.as_ref(), Some(id), share, &mut heard)?;
            purse = purse.saturating_sub(ended.spent.max(1));
            Ok(())
        };
        Ok(Lessons { explainer, listener, make_runs: &mut make_runs, limits }.explain(&mut campaign, &id))
    })?;
    let mut explained: Explanations = explained.map_err(|error| match error {
        dunwu_science::viva::VivaError::Campaign(error) => failed(error),
        other => Failure::Failed(other.into()),
    })?;
    if let Some(fault) = model.and_then(|model| model.fault) {
        explained.ended = format!("{}; the model's last answer was none: {fault}", explained.ended);
    }
    let mut data = ScienceData::of(folder, "explain", &campaign);
    data.explained = Some(explained);
    stopped(asked, data, &signals)
}

/// Asks a claim why, what if and how else.
pub(super) fn examine_claim(asked: &ScienceArguments, folder: &str, path: &Path) -> Result<ScienceData, Failure> {
    let campaign = Campaign::open(path).map_err(failed)?;
    let id = claim_of(asked, &campaign)?;
    let mut data = ScienceData::of(folder, "examine", &campaign);
    data.examined = examine(&campaign, &id);
    Ok(data)
}
