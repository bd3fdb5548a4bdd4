//! From alarms to a diagnosis: every switch that could prove a reason is thrown, and a null fork beside them.

use super::alarm::{Alarm, Place};
use super::detectors;
use super::harm::{fell_back, harmed_at, went_wrong};
use super::linter::{Lint, lint};
use super::reason::Reason;
use super::replay::{Replayed, replay};
use super::rules::alarms;
use super::switches::{Clue, Switch, switches};
use dunwu::run::Fork;
use dunwu::store::StoredOutcome;
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::{Problem, RunSpec, Split};
use schemars::JsonSchema;
use serde::Serialize;

/// What a doctor says of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is harmed.
    Sick,
    /// It is not harmed; alarms, if any, are remarks.
    Well,
    /// One weight moved by 0.001 heals it too, so that no switch proves anything.
    CannotTell,
}

/// A switch that was thrown.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Forked {
    /// The reason that it would prove.
    pub reason: Reason,
    /// The step from which on something was done otherwise.
    pub at: u64,
    /// The step before which it was taken back; `null` where it was not.
    pub until: Option<u64>,
    /// What was done, as `dunwu fork` takes it.
    pub words: Vec<String>,
    /// Whether the child is well where the parent is harmed.
    pub heals: bool,
    /// The first step at which the parent is harmed beside this child; `null` where it is not.
    pub harmed_at: Option<u64>,
    /// Loss of the child over the probed samples at its end; `null` where it is not finite.
    pub final_loss: Option<f64>,
    /// How the child ended.
    pub outcome: StoredOutcome,
}

/// The proof of a reason.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Proof {
    /// The child that heals.
    pub child: Forked,
    /// The parent's loss over the same samples at its end; `null` where it is not finite.
    pub parent_final_loss: Option<f64>,
    /// How the parent ended.
    pub parent_outcome: StoredOutcome,
    /// A null fork: one weight moved by a thousandth or two.
    pub null: Forked,
}

/// What a run suffers from.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// Sick, well, or not to be told.
    pub verdict: Verdict,
    /// Why it is sick; `null` where it is not.
    pub reason: Option<Reason>,
    /// The first step at which it is harmed; `null` where it is not.
    pub first_step: Option<u64>,
    /// Where.
    #[serde(rename = "where")]
    pub place: Place,
    /// The switch to flip; `null` where none heals.
    pub switch: Option<Forked>,
    /// Every reason whose switch heals: the mechanisms that cannot be told apart by forks.
    pub healing_set: Vec<Reason>,
    /// The fork that proves the reason.
    pub proof: Option<Proof>,
    /// Every fork that was made, in their order.
    pub forks: Vec<Forked>,
    /// What was out of the ordinary, the first first.
    pub alarms: Vec<Alarm>,
    /// What the spec alone gives away.
    pub lints: Vec<Lint>,
    /// Step and loss over the probed samples, of the run and of the child that heals; finite losses alone.
    pub losses: [Vec<(u64, f64)>; 2],
}

/// Looks at a run: replays it, and forks it where something is out of the ordinary.
pub fn diagnose(request: (&RunSpec, &Problem, &Split), watcher: &mut Watcher<'_>) -> Result<Diagnosis, VerbError> {
    watcher.phase("looking at every update", Some(request.0.steps));
    let run = watched(request, true, watcher)?;
    diagnose_replayed(request, &run, watcher)
}

/// The same of a run every update of which was looked at already.
pub fn diagnose_replayed(
    (spec, problem, split): (&RunSpec, &Problem, &Split),
    run: &Replayed,
    watcher: &mut Watcher<'_>,
) -> Result<Diagnosis, VerbError> {
    let mut found = alarms(run);
    let wrong = went_wrong(run);
    if found.is_empty() && wrong.is_some() {
        found.extend(detectors::first_sign(run));
    }
    let mut diagnosis = Diagnosis {
        verdict: Verdict::Well,
        reason: None,
        first_step: None,
        place: Place::default(),
        switch: None,
        healing_set: Vec::new(),
        proof: None,
        forks: Vec::new(),
        alarms: found,
        lints: lint(spec),
        losses: [finite(run), Vec::new()],
    };
    if diagnosis.alarms.is_empty() && wrong.is_none() {
        return Ok(diagnosis);
    }
    let clues: Vec<Clue> = diagnosis.alarms.iter().map(Clue::from).collect();
    let suspected = |reason: Reason| clues.iter().any(|clue| clue.reason == reason);
    // Where nothing went wrong, only what a rule points to is tried: any run could be trained otherwise.
    let mut thrown = switches((spec, problem, split), run, &clues);
    thrown.retain(|switch| wrong.is_some() || suspected(switch.reason));
    watcher.phase("forking", Some(thrown.len() as u64 + 1));
    let mut children = Vec::new();
    for (done, switch) in (1..).zip(&thrown) {
        children.push(watched((&switch.spec, problem, split), false, watcher)?);
        watcher.pieces(done);
    }
    diagnosis.forks = forked(&thrown, run, &children);
    let named = name_reason(&diagnosis);
    let at = named.map(|place| diagnosis.forks[place].at);
    let at = at.unwrap_or_else(|| clues.iter().map(|clue| clue.onset).min().unwrap_or(0));
    let healed = named.and_then(|place| diagnosis.forks[place].final_loss);
    let null = null_fork((spec, problem, split), run, (at, healed), watcher)?;
    // A run that learned little may only be short: what no switch heals is a sickness only where it fell.
    conclude(&mut diagnosis, run, named, null, fell_back(run));
    if let Some(place) = named {
        diagnosis.losses[1] = finite(&children[place]);
    }
    Ok(diagnosis)
}

fn finite(run: &Replayed) -> Vec<(u64, f64)> {
    run.probes.iter().copied().filter(|probe| probe.1.is_finite()).collect()
}

fn watched(
    request: (&RunSpec, &Problem, &Split),
    is_watched: bool,
    watcher: &mut Watcher<'_>,
) -> Result<Replayed, VerbError> {
    let stop = watcher.stop();
    let run = replay(request, is_watched, |step| {
        if is_watched && step.is_multiple_of(16) {
            watcher.pieces(step);
        }
        !stop.load(std::sync::atomic::Ordering::Relaxed)
    })?;
    run.ok_or(VerbError::Stopped)
}

/// Every child beside its parent. The parent is harmed beside a child that heals it, and that child neither falls back nor is harmed
/// beside the best of the children: one that is only a little less ill heals nothing.
fn forked(thrown: &[Switch], parent: &Replayed, children: &[Replayed]) -> Vec<Forked> {
    let harmed: Vec<Option<u64>> = children.iter().map(|child| harmed_at(parent, child)).collect();
    let better = children.iter().zip(&harmed).filter(|(child, harmed)| harmed.is_some() && fell_back(child).is_none());
    let best = better.map(|(child, _)| child).min_by(|a, b| a.final_loss().total_cmp(&b.final_loss()));
    let heals = |child: &Replayed, harmed: Option<u64>| {
        let is_as_good = |best: &Replayed| child.final_loss() <= 2.0 * best.final_loss() + 0.1;
        harmed.is_some() && fell_back(child).is_none() && best.is_some_and(is_as_good)
    };
    let fork = |((switch, child), harmed): ((&Switch, &Replayed), &Option<u64>)| Forked {
        reason: switch.reason,
        at: switch.at,
        until: switch.until,
        words: switch.words.clone(),
        heals: heals(child, *harmed),
        harmed_at: *harmed,
        final_loss: Some(child.final_loss()).filter(|loss| loss.is_finite()),
        outcome: child.outcome.into(),
    };
    thrown.iter().zip(children).zip(&harmed).map(fork).collect()
}

/// What is added to one weight in the null forks.
const NUDGES: [f64; 3] = [0.001, -0.001, 0.002];

/// The first null fork that heals as the named fork does, which ends at `healed`; the last where none does.
fn null_fork(
    (spec, problem, split): (&RunSpec, &Problem, &Split),
    run: &Replayed,
    (at, healed): (u64, Option<f64>),
    watcher: &mut Watcher<'_>,
) -> Result<Forked, VerbError> {
    let at = at.min(spec.steps - 1);
    let mut null = None;
    for by in NUDGES {
        let words = vec![format!("nudge all 0 by {by:?}")];
        let child = Fork { at, until: None, words: &words }.of(spec)?;
        let child_run = watched((&child, problem, split), false, watcher)?;
        let switch = Switch { reason: Reason::Unknown, at, words, until: None, spec: child };
        let mut fork = forked(&[switch], run, std::slice::from_ref(&child_run)).remove(0);
        fork.heals &= healed.is_none_or(|healed| child_run.final_loss() <= 2.0 * healed + 0.1);
        let heals = fork.heals;
        null = Some(fork);
        if heals {
            break;
        }
    }
    Ok(null.expect("there are nudges"))
}

/// The fork whose reason is named: of those that heal one that a rule saw, the first first; else the one that ends lowest.
fn name_reason(diagnosis: &Diagnosis) -> Option<usize> {
    let healing = || diagnosis.forks.iter().enumerate().filter(|(_, fork)| fork.heals);
    let by_rule = diagnosis.alarms.iter().find_map(|alarm| healing().find(|(_, fork)| fork.reason == alarm.reason));
    let loss = |fork: &Forked| fork.final_loss.unwrap_or(f64::INFINITY);
    by_rule.or_else(|| healing().min_by(|a, b| loss(a.1).total_cmp(&loss(b.1)))).map(|(place, _)| place)
}

/// The verdict: sick where a switch heals and the null fork does not, or where it fell and none does.
fn conclude(diagnosis: &mut Diagnosis, run: &Replayed, named: Option<usize>, null: Forked, fell: Option<u64>) {
    for fork in diagnosis.forks.iter().filter(|fork| fork.heals) {
        if !diagnosis.healing_set.contains(&fork.reason) {
            diagnosis.healing_set.push(fork.reason);
        }
    }
    if null.heals {
        diagnosis.verdict = Verdict::CannotTell;
        diagnosis.forks.push(null);
        return;
    }
    if let Some(fork) = named.map(|place| diagnosis.forks[place].clone()) {
        diagnosis.verdict = Verdict::Sick;
        diagnosis.reason = Some(fork.reason);
        diagnosis.first_step = fork.harmed_at;
        let alarm = diagnosis.alarms.iter().find(|alarm| alarm.reason == fork.reason);
        diagnosis.place = alarm.map_or_else(Place::default, |alarm| alarm.place.clone());
        diagnosis.switch = Some(fork.clone());
        diagnosis.proof = Some(Proof {
            child: fork,
            parent_final_loss: Some(run.final_loss()).filter(|loss| loss.is_finite()),
            parent_outcome: run.outcome.into(),
            null: null.clone(),
        });
    } else if fell.is_some() {
        diagnosis.verdict = Verdict::Sick;
        diagnosis.reason = Some(Reason::Unknown);
        diagnosis.first_step = fell;
    }
    diagnosis.forks.push(null);
}
