//! A counterexample made simpler: knob after knob is put back to its default, or half-way to it, as long as the run still speaks against
//! the claim.

use super::next::{Batch, Step};
use crate::judge::{Judged, Verdict};
use crate::lab::{Domain, Lab, LabCard, Point, Setting};
use crate::ledger::{Ask, State};

/// Why batches of a shrinking are made.
const SHRINK: &str = "a simpler counterexample";
/// Bits that a run has to say against a claim to count as a counterexample: one in eight.
const SPEAKS: f64 = 3.0;
/// Runs that one shrinking makes at most.
const MOST: usize = 12;

/// What comes next for a claim that is refuted and has no witness yet.
pub(super) fn next(state: &State, judged: &[Judged], lab: &dyn Lab, left: u64) -> Option<Step> {
    judged.iter().find_map(|judged| {
        let is_refuted = matches!(judged.verdict, Verdict::Refuted { .. });
        if !is_refuted || state.witnesses.contains_key(&judged.id) || judged.score.lost.is_empty() {
            return None;
        }
        of_claim(state, judged, lab, left)
    })
}

fn of_claim(state: &State, judged: &Judged, lab: &dyn Lab, left: u64) -> Option<Step> {
    let lost = |run: usize| judged.score.lost.iter().find(|(other, _)| *other == run).map_or(0.0, |(_, bits)| *bits);
    let tries: Vec<usize> = (0..state.runs.len())
        .filter(|run| matches!(state.batches.get(&state.batch_of[*run]), Some((Some(about), why)) if *about == judged.id && why == SHRINK))
        .collect();
    // It begins with the run that says most, of those before the first try.
    let before = |run: usize| tries.first().is_none_or(|first| run < *first);
    let (start, _) = judged.score.lost.iter().filter(|(run, _)| before(*run)).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let mut simplest = *start;
    for run in &tries {
        if lost(*run) >= SPEAKS {
            simplest = *run;
        }
    }
    let scope = &state.claim(&judged.id)?.claim.scope;
    let tried: Vec<&Point> = tries.iter().map(|run| &state.runs[*run].point).collect();
    let simpler = simpler(&state.card, &state.runs[simplest].point).into_iter().find(|point| {
        scope.has(&state.card, point)
            && state.scope.has(&state.card, point)
            && lab.most_steps(point) > 0
            && !tried.contains(&point)
            && state.runs.iter().all(|run| run.point != *point)
    });
    match simpler {
        Some(point) if tries.len() < MOST && lab.most_steps(&point) <= left => Some(Step::Ask(Batch {
            why: SHRINK.to_owned(),
            about: Some(judged.id.clone()),
            asks: vec![Ask { point, group: 0 }],
        })),
        _ => Some(Step::Witness {
            claim: judged.id.clone(),
            run: state.runs[simplest].line,
            from: state.runs[*start].line,
            bits: lost(simplest),
        }),
    }
}

/// Points that are simpler by one knob, the simplest first.
fn simpler(card: &LabCard, point: &Point) -> Vec<Point> {
    let mut all = Vec::new();
    for (name, setting) in &point.0 {
        let Some(knob) = card.knob(name) else { continue };
        if *setting == knob.default {
            continue;
        }
        let mut without = point.clone();
        without.0.remove(name);
        all.push(without);
        let half = match (&knob.domain, setting, &knob.default) {
            (Domain::Numbers { whole, logarithmic, least, .. }, Setting::Number(value), Setting::Number(default)) => {
                let half = if *logarithmic && *least > 0.0 {
                    (value * default).sqrt()
                } else {
                    f64::midpoint(*value, *default)
                };
                Some(Setting::Number(if *whole { half.round() } else { half }))
            }
            // Levels are listed from the smallest on.
            (Domain::Levels { levels, .. }, Setting::Level(level), _) => {
                let at = levels.iter().position(|(name, _)| name == level);
                at.filter(|at| *at > 0).map(|at| Setting::Level(levels[at / 2].0.clone()))
            }
            _ => None,
        };
        if let Some(half) = half.filter(|half| half != setting) {
            let mut nearer = point.clone();
            nearer.0.insert(name.clone(), half);
            all.push(nearer);
        }
    }
    all
}
