//! The examiner: *why*, *what if* and *how else*, for a claim and for everything that it follows from.
//!
//! ```text
//! why       a reason is a claim that says something else: what leads back to itself or says the same again is refused
//! what if   what it foretells where nothing was run
//! how else  the rival that comes nearest, and by how many bits it is ahead
//! ```
//!
//! Reasons are ids of claims, or words. Words are an axiom: nothing is below them, and nobody has tried them. A claim without a reason that
//! holds is an open leaf.

use super::answer::digits;
use super::item::settings;
use crate::campaign::Campaign;
use crate::claim::{Claim, Scope, Statement};
use crate::judge::{Expectation, Judged, Memory, Registered, Rival, Scale, Verdict, expectation, held, is_same};
use crate::lab::{Domain, LabCard, Point, Setting};
use crate::ledger::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an examination came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Examination {
    /// The claim that was examined.
    pub claim: String,
    /// How many whys were answered one below another: 0 where the claim itself has no reason that holds.
    pub depth: usize,
    /// Every claim that was come to, the examined one first.
    pub nodes: Vec<Node>,
    /// Claims without a reason that holds.
    pub open: Vec<String>,
    /// Words at which the reasons end.
    pub axioms: Vec<String>,
    /// Claims that foretell nothing where nothing was run.
    pub without_prediction: Vec<String>,
    /// Claims that are ahead of nothing.
    pub without_rival: Vec<String>,
    /// Whether there was more below than is followed.
    pub is_cut: bool,
}

/// A claim under examination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// Its sentence.
    pub sentence: String,
    /// What is said of it.
    pub verdict: String,
    /// How far below the examined claim it stands.
    pub depth: usize,
    /// Its reasons.
    pub why: Vec<Why>,
    /// What it foretells where nothing was run.
    pub what_if: Option<WhatIf>,
    /// What comes nearest to it.
    pub how_else: Option<HowElse>,
}

/// A reason, and whether it is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Why {
    /// Another claim that stands.
    Claim {
        /// Its id.
        id: String,
    },
    /// Words.
    Axiom {
        /// The words.
        words: String,
    },
    /// A claim that is reached from itself.
    Circle {
        /// Its id.
        id: String,
    },
    /// A claim that says what one above it says.
    Restatement {
        /// Its id.
        id: String,
        /// What it says again.
        of: String,
    },
    /// A claim that does not stand.
    Fallen {
        /// Its id.
        id: String,
        /// What is said of it.
        verdict: String,
    },
    /// An id that no claim has.
    Unknown {
        /// The id.
        id: String,
    },
}

/// What a claim foretells where nothing was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIf {
    /// Where: a point, or the intervention from it.
    pub at: Point,
    /// In a sentence.
    pub says: String,
    /// By how many of its own errors the references foretell something else; for events the difference of the probabilities.
    pub apart: Option<f64>,
}

/// What comes nearest to a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HowElse {
    /// A claim's id, or a reference: R0, R1, R2, or "less often".
    pub rival: String,
    /// Bits by which the claim is ahead of it; below 0 it is behind.
    pub bits: f64,
}

/// More reasons are not followed.
const MOST_STEPS: usize = 500;
/// Primes, whose square roots have no whole ratio.
const PRIMES: [f64; 8] = [2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0];
/// Points that are looked at for a prediction.
const N_POINTS: u32 = 64;

/// Examines a claim of a campaign; `None` where there is no such claim.
pub fn examine(campaign: &Campaign, id: &str) -> Option<Examination> {
    let state = campaign.state();
    state.claim(id)?;
    let judged = campaign.judged();
    let examiner = Examiner { state, judged: &judged, question: state.scope_of_question() };
    let mut examination = Examination {
        claim: id.to_owned(),
        depth: 0,
        nodes: Vec::new(),
        open: Vec::new(),
        axioms: Vec::new(),
        without_prediction: Vec::new(),
        without_rival: Vec::new(),
        is_cut: false,
    };
    let mut memory = Memory::default();
    // Each with the ids from the examined claim down to it.
    let mut below = vec![vec![id.to_owned()]];
    for _ in 0..MOST_STEPS {
        let Some(path) = below.pop() else { break };
        let registered = path.last().and_then(|id| state.claim(id))?;
        let depth = path.len() - 1;
        // What is a circle on one path may be a reason on another.
        let reasons: Vec<Why> = registered.claim.because.iter().map(|reason| examiner.why(reason, &path)).collect();
        let is_axiom = |why: &Why| matches!(why, Why::Axiom { .. });
        examination.depth = examination.depth.max(depth + usize::from(reasons.iter().any(is_axiom)));
        for why in reasons.iter().rev() {
            if let Why::Claim { id } = why {
                below.push(path.iter().chain([id]).cloned().collect());
            }
        }
        match examination.nodes.iter_mut().find(|node| node.id == registered.id) {
            Some(known) => known.depth = known.depth.min(depth),
            None => {
                let node = examiner.node(registered, depth, reasons, &mut memory);
                examination.note(&node);
                examination.nodes.push(node);
            }
        }
    }
    examination.is_cut = !below.is_empty();
    Some(examination)
}

impl Examination {
    fn note(&mut self, node: &Node) {
        let holds = |why: &&Why| matches!(why, Why::Claim { .. } | Why::Axiom { .. });
        if !node.why.iter().any(|why| holds(&why)) {
            self.open.push(node.id.clone());
        }
        for why in &node.why {
            if let Why::Axiom { words } = why
                && !self.axioms.contains(words)
            {
                self.axioms.push(words.clone());
            }
        }
        if node.what_if.is_none() {
            self.without_prediction.push(node.id.clone());
        }
        if node.how_else.as_ref().is_none_or(|rival| rival.bits <= 0.0) {
            self.without_rival.push(node.id.clone());
        }
    }
}

struct Examiner<'a> {
    state: &'a State,
    judged: &'a [Judged],
    question: Scope,
}

impl Examiner<'_> {
    fn judged(&self, id: &str) -> Option<&Judged> {
        self.judged.iter().find(|judged| judged.id == id)
    }

    fn node(&self, registered: &Registered, depth: usize, why: Vec<Why>, memory: &mut Memory) -> Node {
        let judged = self.judged(&registered.id);
        Node {
            id: registered.id.clone(),
            sentence: registered.claim.sentence(),
            verdict: judged.map_or_else(String::new, |judged| judged.verdict.words()),
            depth,
            why,
            what_if: self.what_if(&registered.claim, memory),
            how_else: judged.and_then(how_else),
        }
    }

    /// What a reason is worth below these claims.
    fn why(&self, reason: &str, path: &[String]) -> Why {
        let reason = reason.trim();
        let Some(child) = self.state.claim(reason) else {
            let is_id = reason.len() == 10 && reason.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
            return if is_id {
                Why::Unknown { id: reason.to_owned() }
            } else {
                Why::Axiom { words: reason.to_owned() }
            };
        };
        let id = child.id.clone();
        if path.contains(&id) {
            return Why::Circle { id };
        }
        let says_again =
            |above: &&String| self.state.claim(above).is_some_and(|above| self.says_again(&above.claim, &child.claim));
        if let Some(of) = path.iter().rev().find(says_again) {
            return Why::Restatement { id, of: of.clone() };
        }
        match self.judged(&id).map(|judged| &judged.verdict) {
            Some(verdict @ (Verdict::Refuted { .. } | Verdict::Vacuous | Verdict::Superseded { .. })) => {
                Why::Fallen { id, verdict: verdict.words() }
            }
            _ => Why::Claim { id },
        }
    }

    /// Whether two claims say the same, wherever they are meant to hold: a law for a part is no reason for it, nor the whole for the part.
    fn says_again(&self, above: &Claim, child: &Claim) -> bool {
        let anywhere = |claim: &Claim| Claim { scope: Scope::default(), because: Vec::new(), ..claim.clone() };
        is_same(&self.state.card, &anywhere(above), &anywhere(child))
    }

    /// The point at which what the claim foretells is furthest from what the references do, of those that were not run.
    fn what_if(&self, claim: &Claim, memory: &mut Memory) -> Option<WhatIf> {
        let state = self.state;
        let held = held(&state.card, &self.question, claim);
        let is_new = |point: &Point| {
            let is_inside = claim.scope.has(&state.card, point)
                && held.has(&state.card, point)
                && state.card.fault(point).is_none();
            is_inside && state.runs.iter().all(|run| run.point != *point)
        };
        let mut scope = claim.scope.clone();
        scope.0.extend(held.0.iter().cloned());
        let points: Vec<Point> =
            points(&state.card, &scope, &state.question.knobs, claim).into_iter().filter(is_new).collect();
        let first = points.first()?.clone();
        let share = |at_least: f64| format!("in at least {} % of cases", digits(100.0 * at_least));
        let says = match &claim.statement {
            Statement::Law { .. } | Statement::Boundary { .. } => return self.foretold(claim, &points, memory),
            Statement::Order { first, then, at_least } => format!("{first} comes before {then} {}", share(*at_least)),
            Statement::Invariant { quantity, within, .. } => {
                format!("{quantity} is what it is elsewhere within {} %", digits(100.0 * within))
            }
            Statement::Cause { change, raises, of, at_least } => {
                format!("setting {change} {} {of} {}", if *raises { "raises" } else { "lowers" }, share(*at_least))
            }
            Statement::Mediation { change, of, through, at_least } => {
                format!("with {through} held, setting {change} changes {of} by less than half {}", share(*at_least))
            }
            // One curve has no form, and an identity is about states.
            Statement::Collapse { .. } | Statement::Identity { .. } => return None,
        };
        Some(WhatIf { says: format!("at {}: {says}", settings(&first)), at: first, apart: None })
    }

    fn foretold(&self, claim: &Claim, points: &[Point], memory: &mut Memory) -> Option<WhatIf> {
        let state = self.state;
        let mut say = |rival| expectation(&state.card, &self.question, claim, rival, &state.runs, points, memory);
        let own = say(Rival::Claim(claim));
        let others = [say(Rival::PowerLaw), say(Rival::Neighbours)];
        let apart = |place: usize| {
            let of = |other: &Vec<Option<Expectation>>| match (own[place], other[place]) {
                (Some(Expectation::Number(a, width)), Some(Expectation::Number(b, _))) => (a - b).abs() / width,
                (Some(Expectation::Event(a)), Some(Expectation::Event(b))) => (a - b).abs(),
                _ => 0.0,
            };
            others.iter().map(of).fold(0.0, f64::max)
        };
        let place = (0..points.len())
            .filter(|place| own[*place].is_some())
            .max_by(|a, b| apart(*a).total_cmp(&apart(*b)).then(b.cmp(a)))?;
        let name = claim.statement.subject();
        let says = match own[place]? {
            Expectation::Number(middle, width) => {
                let is_logarithmic =
                    state.card.observable(&name).and_then(Scale::of).is_some_and(|scale| scale.logarithmic);
                if is_logarithmic {
                    format!(
                        "{name} is {} give or take {} %",
                        digits(libm::exp(middle)),
                        digits(100.0 * libm::expm1(width))
                    )
                } else {
                    format!("{name} is {} give or take {}", digits(middle), digits(width))
                }
            }
            Expectation::Event(p) => format!("{name} happens with {} %", digits(100.0 * p)),
        };
        let at = points[place].clone();
        Some(WhatIf { says: format!("at {}: {says}", settings(&at)), at, apart: Some(apart(place)) })
    }
}

/// The rival that comes nearest: claims about the same thing that are no mere shadow of it, and the references.
fn how_else(judged: &Judged) -> Option<HowElse> {
    let claims = judged.rivals.iter().map(|(id, bits)| (id.clone(), *bits));
    let references = judged.score.ahead_of.iter().map(|(name, bits)| (name.clone(), *bits));
    let nearest = claims.chain(references).min_by(|a, b| a.1.total_cmp(&b.1));
    let rival = nearest.map(|(rival, bits)| HowElse { rival, bits });
    // Of claims about shares of cases the rival is that they happen less often.
    rival.or_else(|| {
        (judged.score.runs > 0).then(|| HowElse {
            rival: "less often".to_owned(),
            bits: judged.score.net_bits + judged.score.statement_bits,
        })
    })
}

/// Points of a scope, spread over the question's knobs and those that the claim names (a Kronecker sequence), every fourth at ends.
fn points(card: &LabCard, scope: &Scope, knobs: &[String], claim: &Claim) -> Vec<Point> {
    let named = claim.named_knobs(card);
    let is_varied = |name: &str| knobs.iter().any(|knob| knob == name) || named.contains(&name);
    let domains: Vec<(&str, Domain)> = card
        .knobs
        .iter()
        .filter(|knob| is_varied(&knob.name))
        .filter_map(|knob| Some((knob.name.as_str(), scope.cut(card, &knob.name)?)))
        .collect();
    let of = |n: u32| {
        let settings = domains.iter().enumerate().map(|(place, (name, domain))| {
            let share = (f64::from(n) * PRIMES[place % PRIMES.len()].sqrt()).fract();
            let share = if n.is_multiple_of(4) { share.round() } else { share };
            let setting = match domain {
                Domain::Numbers { least, most, whole, logarithmic, .. } => {
                    let value = if *logarithmic && *least > 0.0 {
                        least * libm::pow(most / least, share)
                    } else {
                        least + share * (most - least)
                    };
                    let value = if *whole { value.round() } else { digits(value).parse().unwrap_or(value) };
                    Setting::Number(value.clamp(*least, *most))
                }
                Domain::Levels { levels, .. } => {
                    Setting::Level(levels[((share * levels.len() as f64) as usize).min(levels.len() - 1)].0.clone())
                }
            };
            ((*name).to_owned(), setting)
        });
        Point(settings.collect())
    };
    (1..=N_POINTS).map(of).collect()
}
