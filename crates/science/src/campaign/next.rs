//! What comes next, by the ledger alone.

use super::design::{self, Draws};
use super::shrink;
use crate::claim::{Change, Statement};
use crate::judge::{ENOUGH_BITS, Judged, Memory, Registered, Verdict, held};
use crate::lab::{Lab, Point, Setting};
use crate::ledger::{ATTACK, Ask, Purpose, State};
use crate::propose::FEWEST_RUNS;

/// What comes next.
pub(super) enum Step {
    /// A search for claims.
    Search,
    /// Runs.
    Ask(Batch),
    /// The end of a shrinking.
    Witness { claim: String, run: u64, from: u64, bits: f64 },
    /// Nothing, and why.
    Over(String),
}

/// Runs that will be asked for.
pub(super) struct Batch {
    pub(super) why: String,
    pub(super) about: Option<String>,
    pub(super) asks: Vec<Ask>,
}

/// Runs of a batch.
const N_ASKS: usize = 4;
/// Runs that are spread over everything before anything is proposed.
const N_FIRST: usize = 8;
/// Runs after which an attack has been made.
const ATTACKED: usize = 8;

/// The claim that is furthest ahead among those that stand.
pub(super) fn leader(judged: &[Judged]) -> Option<String> {
    let standing = judged
        .iter()
        .filter(|judged| matches!(judged.verdict, Verdict::Leading | Verdict::Established | Verdict::Open));
    let best = standing
        .filter(|judged| judged.score.net_bits > 0.0)
        .max_by(|a, b| a.score.net_bits.total_cmp(&b.score.net_bits));
    best.map(|judged| judged.id.clone())
}

/// What comes next.
pub(super) fn next(state: &State, head: &str, judged: &[Judged], lab: &dyn Lab, memory: &mut Memory) -> Step {
    let purse = state.purse.as_ref().expect("a purse is open");
    if state.is_stopped {
        return Step::Over("somebody said stop".to_owned());
    }
    // A search that was cut off between two of its claims is ended first, as it would have been.
    if state.is_searching {
        return Step::Search;
    }
    let left = purse.steps.saturating_sub(purse.spent);
    if let Some(step) = shrink::next(state, judged, lab, left) {
        return step;
    }
    let step = match &purse.purpose {
        Purpose::Attack(id) => attack(state, head, judged, id, lab, left, memory),
        Purpose::Run => explore(state, head, judged, lab, left, memory),
    };
    match step {
        Step::Ask(batch) if batch.asks.is_empty() => {
            Step::Over("no run fits into what is left of the budget".to_owned())
        }
        step => step,
    }
}

fn explore(state: &State, head: &str, judged: &[Judged], lab: &dyn Lab, left: u64, memory: &mut Memory) -> Step {
    let n = state.runs.len();
    // Searches at 6 runs, then whenever there are half as many again.
    if n >= FEWEST_RUNS.max(N_FIRST) && n as f64 >= 1.5 * state.searched_at as f64 && n > state.searched_at {
        return Step::Search;
    }
    let mut draws = Draws::new(head);
    if let Some(objection) = design::objected(state, lab, left) {
        return Step::Ask(objection);
    }
    let spread = |draws: &mut Draws, why: &str| Batch {
        why: why.to_owned(),
        about: None,
        asks: design::spread(state, lab, draws, left, N_ASKS),
    };
    if n < N_FIRST {
        return Step::Ask(spread(&mut draws, "spread over everything"));
    }
    // Claims about pairs of runs take turns with the rivals; so does everything that is not foretold run by run.
    let focuses = focuses(state, judged);
    let is_answered = design::is_answered(state, judged);
    if is_answered && focuses.is_empty() {
        return Step::Over("a claim about the question is established".to_owned());
    }
    let turn = if is_answered { 1 + state.n_batches % focuses.len() } else { state.n_batches % (focuses.len() + 1) };
    if let Some(registered) = turn.checked_sub(1).and_then(|place| focuses.get(place)) {
        return Step::Ask(about(state, registered, lab, &mut draws, left));
    }
    if let Some(id) = judged
        .iter()
        .find(|judged| judged.verdict == Verdict::Leading && judged.score.net_bits >= ENOUGH_BITS)
        .map(|judged| &judged.id)
    {
        let attacked = state.claim(id).map_or(0, |claim| claim.attack_runs);
        // Every other batch while it leads: what stands an attack of eight runs may still fall to the next.
        if attacked < ATTACKED || state.n_batches.is_multiple_of(2) {
            return attack(state, head, judged, id, lab, left, memory);
        }
    }
    let asks = design::disagreement(state, judged, lab, &mut draws, left, N_ASKS, memory);
    if asks.is_empty() {
        return Step::Ask(spread(&mut draws, "spread over everything"));
    }
    Step::Ask(Batch { why: "where rivals disagree".to_owned(), about: None, asks })
}

/// Claims that want runs of their own: pairs, orders, samenesses, curves and other targets.
fn focuses<'a>(state: &'a State, judged: &[Judged]) -> Vec<&'a Registered> {
    let is_open = |id: &str| {
        judged.iter().any(|judged| judged.id == id && matches!(judged.verdict, Verdict::Open | Verdict::Leading))
    };
    let is_rival = |claim: &Registered| matches!(&claim.claim.statement, Statement::Law { target, .. } | Statement::Boundary { event: target, .. } if *target == state.question.target);
    state.claims.iter().filter(|claim| !is_rival(claim) && is_open(&claim.id)).collect()
}

/// Runs for one claim: pairs where it is about pairs.
fn about(state: &State, registered: &Registered, lab: &dyn Lab, draws: &mut Draws, left: u64) -> Batch {
    let claim = &registered.claim;
    // Where the claim says nothing, runs are made as the question has them, so that they count for it.
    let mut scope = claim.scope.clone();
    scope.0.extend(held(&state.card, &state.scope_of_question(), claim).0);
    let mut pairs = |change: &Change, held: Option<(String, String)>| {
        let mut asks = Vec::new();
        let mut left = left;
        for group in 0..N_ASKS / 2 {
            let points = design::candidates(&state.card, &scope, &names(state, claim), draws, 8);
            let Some(point) = points.into_iter().find(|point| lab.most_steps(point) > 0) else { continue };
            let mut points = vec![with(&point, &change.knob, &change.from), with(&point, &change.knob, &change.to)];
            if let Some((knob, level)) = &held {
                let of_held: Vec<Point> =
                    points.iter().map(|point| with(point, knob, &Setting::Level(level.clone()))).collect();
                points.extend(of_held);
            }
            let is_possible = points.iter().all(|point| state.card.fault(point).is_none() && lab.most_steps(point) > 0);
            if !is_possible {
                continue;
            }
            let cost: u64 = points.iter().map(|point| lab.most_steps(point)).sum();
            if cost <= left {
                left -= cost;
                asks.extend(points.into_iter().map(|point| Ask { point, group }));
            }
        }
        asks
    };
    let asks = match &claim.statement {
        Statement::Cause { change, .. } => pairs(change, None),
        Statement::Mediation { change, through, .. } => {
            let held = state.card.observable(through).and_then(|observable| observable.held_by.clone());
            // Without the mediator held, the knob that holds it is as it is by default.
            pairs(change, held)
        }
        _ => {
            let points = design::candidates(&state.card, &scope, &names(state, claim), draws, 64);
            let points: Vec<Point> =
                points.into_iter().filter(|point| (1..=left).contains(&lab.most_steps(point))).collect();
            design::affordable(design::furthest(state, points, N_ASKS), lab, left)
        }
    };
    Batch { why: "for one claim".to_owned(), about: Some(registered.id.clone()), asks }
}

/// The knobs that runs for a claim vary: those of the question and those that the claim names.
fn names(state: &State, claim: &crate::claim::Claim) -> Vec<String> {
    let mut names = state.question.knobs.clone();
    for name in claim.named_knobs(&state.card) {
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn with(point: &Point, knob: &str, setting: &Setting) -> Point {
    let mut point = point.clone();
    point.0.insert(knob.to_owned(), setting.clone());
    point
}

/// Runs at which a claim and the references differ most, the corners of its scope among them.
fn attack(
    state: &State,
    head: &str,
    judged: &[Judged],
    id: &str,
    lab: &dyn Lab,
    left: u64,
    memory: &mut Memory,
) -> Step {
    let Some(registered) = state.claim(id) else { return Step::Over("the claim is not there".to_owned()) };
    if judged
        .iter()
        .any(|judged| judged.id == id && matches!(judged.verdict, Verdict::Refuted { .. } | Verdict::Vacuous))
    {
        return Step::Over(format!("{id} does not stand"));
    }
    let mut draws = Draws::new(head);
    let asks = match registered.claim.statement {
        Statement::Law { .. } | Statement::Boundary { .. } => {
            design::against(state, registered, lab, &mut draws, left, N_ASKS, memory)
        }
        _ => about(state, registered, lab, &mut draws, left).asks,
    };
    Step::Ask(Batch { why: ATTACK.to_owned(), about: Some(id.to_owned()), asks })
}
