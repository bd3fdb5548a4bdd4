//! What is said of every claim: one pass over all claims and all runs, by nothing but numbers.

use super::memory::Memory;
use super::rivals::{ahead_of, is_same};
use super::score::{RunRecord, Score, judge_with};
use crate::claim::{Claim, Constant, Scope, Statement};
use crate::expression::Expression;
use crate::lab::{LabCard, ObservableKind};
use schemars::JsonSchema;
use serde::Serialize;

/// Bits from which on a claim leads, is refuted, or leaves another behind: odds of a thousand to one.
pub const ENOUGH_BITS: f64 = 10.0;
/// The probability of establishing anything where there is nothing, over all claims ever made.
pub const ALPHA: f64 = 0.05;
/// Larger shares of lost results leave a claim unmeasured: whoever loses results may lose those that tell.
const MOST_MISSING: f64 = 0.05;
/// Where a larger share of runs has no value, nothing is established: whoever calls a run diverged may do so where it does not suit. A
/// claim whose scope leaves out where runs diverge has no such runs.
const MOST_UNDEFINED: f64 = 0.05;
/// Where less of the outcomes falls into the middle nine tenths of what was foretold, the errors are not as assumed.
const LEAST_CALIBRATION: f64 = 0.7;
/// Runs that an attack has to have made.
const LEAST_ATTACK: usize = 6;

/// What is said of a claim.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Verdict {
    /// It says no more than a constant does.
    Vacuous,
    /// Not enough is known.
    Open,
    /// It has earned what it cost and ten bits more, and nothing is ahead of it.
    Leading,
    /// The references are ten bits ahead of its likeliest form.
    Refuted {
        /// The line of the ledger with the run that says most against it.
        run: u64,
    },
    /// Another claim about the same thing is ten bits ahead.
    Superseded {
        /// That claim.
        by: String,
    },
    /// It leads on runs after its registration, too, is ahead of every rival and reference, and has stood an attack.
    Established,
    /// Results were lost, or nothing can be seen of it.
    CouldNotBeMeasured {
        /// Why.
        why: String,
    },
}

impl Verdict {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Vacuous => "vacuous".to_owned(),
            Self::Open => "open".to_owned(),
            Self::Leading => "leading".to_owned(),
            Self::Refuted { run } => format!("refuted by run {run}"),
            Self::Superseded { by } => format!("superseded by {by}"),
            Self::Established => "established".to_owned(),
            Self::CouldNotBeMeasured { why } => format!("could not be measured: {why}"),
        }
    }
}

/// A claim with when it was registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Registered {
    /// The claim.
    pub claim: Claim,
    /// Its id.
    pub id: String,
    /// The line of the ledger that registers it.
    pub line: u64,
    /// Who proposed it.
    pub by: String,
    /// How many runs were known then.
    pub n_runs: usize,
    /// How many runs attacks on it have made.
    pub attack_runs: usize,
}

/// A claim with what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The claim's id.
    pub id: String,
    /// What is said.
    pub verdict: Verdict,
    /// Its bits.
    pub score: Score,
    /// Claims about the same thing, by the bits by which this one is ahead of them.
    pub rivals: Vec<(String, f64)>,
}

/// Judges every claim on every run; conditions of the question cost nobody anything.
pub fn judge_all(card: &LabCard, question: &Scope, claims: &[Registered], runs: &[RunRecord]) -> Vec<Judged> {
    judge_all_with(card, question, claims, runs, &mut Memory::default())
}

/// The same, with what was foretold before kept in `memory`.
pub fn judge_all_with(
    card: &LabCard,
    question: &Scope,
    claims: &[Registered],
    runs: &[RunRecord],
    memory: &mut Memory,
) -> Vec<Judged> {
    let scores: Vec<Score> = claims
        .iter()
        .map(|registered| judge_with(card, question, &registered.claim, runs, registered.n_runs, memory))
        .collect();
    let beaten: Vec<Option<Verdict>> =
        claims.iter().zip(&scores).map(|(registered, score)| alone(card, registered, score, memory)).collect();
    let of = |place: usize| {
        let registered = &claims[place];
        let rivals: Vec<(usize, f64)> = (0..claims.len())
            .filter(|other| *other != place && is_rival(&registered.claim, &claims[*other].claim))
            .map(|other| (other, ahead_of(&scores[place], &scores[other])))
            .collect();
        let verdict = beaten[place].clone().unwrap_or_else(|| among(claims, &scores, &beaten, &rivals, place));
        let rivals = rivals.into_iter().map(|(other, bits)| (claims[other].id.clone(), bits)).collect();
        Judged { id: registered.id.clone(), verdict, score: scores[place].clone(), rivals }
    };
    (0..claims.len()).map(of).collect()
}

/// Claims compete where they foretell the same outcomes.
fn is_rival(a: &Claim, b: &Claim) -> bool {
    let foretells = |claim: &Claim| matches!(claim.statement, Statement::Law { .. } | Statement::Boundary { .. });
    foretells(a) && foretells(b) && a.statement.subject() == b.statement.subject()
}

/// What can be said of a claim without looking at others.
fn alone(card: &LabCard, registered: &Registered, score: &Score, memory: &mut Memory) -> Option<Verdict> {
    let is_vacuous =
        *memory.vacuous.entry(registered.id.clone()).or_insert_with(|| is_constant(card, &registered.claim));
    if is_vacuous {
        return Some(Verdict::Vacuous);
    }
    let asked = score.runs + score.missing;
    if score.missing > 0 && score.missing as f64 > MOST_MISSING * asked as f64 {
        return Some(Verdict::CouldNotBeMeasured { why: format!("{} of {asked} results were lost", score.missing) });
    }
    if score.undefined > 0 && score.runs == 0 {
        return Some(Verdict::CouldNotBeMeasured { why: format!("none of {} runs has a value", score.undefined) });
    }
    if score.against_bits >= ENOUGH_BITS {
        return Some(Verdict::Refuted { run: score.worst_run.unwrap_or(0) });
    }
    None
}

/// A tolerance beyond a factor of two is met by nearly anything.
const WIDEST: f64 = 1.0;
/// Of two numbers that have nothing to do with each other one comes first, or is the larger, in half of all runs.
const BY_CHANCE: f64 = 0.5;
/// An event that has nothing to do with a change goes from no to yes in at most a quarter of all pairs: p (1 − p).
const EVENTS_BY_CHANCE: f64 = 0.25;

/// Whether a claim says no more than that there is one value, or one chance, or a share that chance alone gives.
fn is_constant(card: &LabCard, claim: &Claim) -> bool {
    let by_chance = |name: &str| match card.observable(name).map(|observable| &observable.kind) {
        Some(ObservableKind::Event) => EVENTS_BY_CHANCE,
        _ => BY_CHANCE,
    };
    match &claim.statement {
        Statement::Order { at_least, .. } if *at_least < BY_CHANCE => return true,
        Statement::Invariant { within, .. } if *within > WIDEST => return true,
        Statement::Cause { of, at_least, .. } | Statement::Mediation { of, at_least, .. }
            if *at_least < by_chance(of) =>
        {
            return true;
        }
        _ => {}
    }
    let constants = vec![Constant { name: "c".to_owned(), fixed: None }];
    let c = || Expression::name("c");
    let statement = match &claim.statement {
        Statement::Law { target, .. } => Statement::Law { target: target.clone(), value: c() },
        Statement::Boundary { event, .. } => {
            Statement::Boundary { event: event.clone(), left: c(), right: Expression::Number(1.0) }
        }
        _ => return false,
    };
    let expressions = claim.statement.expressions();
    let names_nothing = expressions
        .iter()
        .flat_map(|expression| expression.names())
        .all(|name| claim.constants.iter().any(|constant| constant.name == name));
    let constant = Claim { statement, constants, scope: Scope(claim.scope.0.clone()), because: Vec::new() };
    names_nothing || is_same(card, claim, &constant)
}

/// What is said of a claim that stands by itself.
fn among(
    claims: &[Registered],
    scores: &[Score],
    beaten: &[Option<Verdict>],
    rivals: &[(usize, f64)],
    place: usize,
) -> Verdict {
    let score = &scores[place];
    let alive = || {
        rivals.iter().filter(|(other, _)| !matches!(beaten[*other], Some(Verdict::Refuted { .. } | Verdict::Vacuous)))
    };
    // Before the first run that counts, rivals differ by their words alone.
    let ahead = alive().filter(|(_, bits)| score.runs > 0 && *bits <= -ENOUGH_BITS).min_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((other, _)) = ahead {
        return Verdict::Superseded { by: claims[*other].id.clone() };
    }
    let certain = -libm::log2(ALPHA);
    let references = ["R1", "R2"].iter().filter_map(|name| score.ahead_of.get(*name)).all(|bits| *bits >= certain);
    // The rivals together, as one that splits its shares among them.
    let rivals = super::log2_sum(alive().map(|(_, bits)| -bits));
    let is_calibrated = score.calibration.is_none_or(|share| share >= LEAST_CALIBRATION);
    let leads = score.net_bits >= ENOUGH_BITS && alive().all(|(_, bits)| *bits >= 0.0);
    let has_values = score.undefined as f64 <= MOST_UNDEFINED * (score.runs + score.undefined) as f64;
    let stands = references && rivals <= -certain && is_calibrated && has_values && score.against_bits < certain;
    match (leads, stands) {
        (true, true) if score.registered_bits >= certain && claims[place].attack_runs >= LEAST_ATTACK => {
            Verdict::Established
        }
        (true, _) => Verdict::Leading,
        (false, _) => Verdict::Open,
    }
}
