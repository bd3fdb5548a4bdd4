//! Where to look: points that are expected to say most about which rival is right, and points where nobody has looked.

use crate::claim::{Scope, Statement};
use crate::judge::{Axes, Expectation, Judged, Memory, Registered, Rival, Verdict, expectation};
use crate::lab::{Domain, Lab, LabCard, Point, Setting};
use crate::ledger::{Ask, Insight, State};
use dunwu_design::information;

/// Numbers that follow from the ledger's head.
pub(super) struct Draws {
    reader: blake3::OutputReader,
}

impl Draws {
    pub(super) fn new(head: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(head.as_bytes()).update(b"where to look");
        Self { reader: hasher.finalize_xof() }
    }

    /// Evenly between 0 and 1.
    pub(super) fn share(&mut self) -> f64 {
        let mut bytes = [0; 8];
        self.reader.fill(&mut bytes);
        ((u64::from_le_bytes(bytes) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }
}

/// Points that are looked at.
const N_CANDIDATES: usize = 96;
/// The share of runs that are made where nobody looked, whatever the rivals say.
const COVERAGE: f64 = 0.3;
/// The least share that a rival has in the design, so that one that is behind can come back.
const LEAST_SHARE: f64 = 0.03;
/// Rivals that are distinguished.
const N_RIVALS: usize = 6;

/// Points of a scope with these knobs drawn, every third at the ends of its knobs.
pub(super) fn candidates(card: &LabCard, scope: &Scope, knobs: &[String], draws: &mut Draws, n: usize) -> Vec<Point> {
    // A knob of which the scope says something is set by it, also where the question does not vary it.
    let mut names: Vec<&str> = knobs.iter().map(String::as_str).collect();
    for knob in scope.0.iter().filter_map(|condition| card.owner(condition.name())) {
        if !names.contains(&knob.name.as_str()) {
            names.push(&knob.name);
        }
    }
    let domains: Vec<(String, Domain)> =
        names.into_iter().filter_map(|name| scope.cut(card, name).map(|domain| (name.to_owned(), domain))).collect();
    let draw = |draws: &mut Draws, at_ends: bool| {
        let settings = domains.iter().map(|(name, domain)| {
            let share = draws.share();
            let share = if at_ends { share.round() } else { share };
            let setting = match domain {
                Domain::Numbers { least, most, whole, logarithmic, .. } => {
                    let value = if *logarithmic && *least > 0.0 {
                        least * libm::pow(most / least, share)
                    } else {
                        least + share * (most - least)
                    };
                    // Digits beyond the fourth mean nothing to anybody.
                    let value = if *whole { value.round() } else { rounded(value) };
                    Setting::Number(value.clamp(*least, *most))
                }
                Domain::Levels { levels, .. } => {
                    Setting::Level(levels[((share * levels.len() as f64) as usize).min(levels.len() - 1)].0.clone())
                }
            };
            (name.clone(), setting)
        });
        // A default is not written out.
        let is_default = |name: &str, setting: &Setting| card.knob(name).is_some_and(|knob| knob.default == *setting);
        Point(settings.filter(|(name, setting)| !is_default(name, setting)).collect())
    };
    let drawn = (0..4 * n)
        .map(|i| draw(draws, i % 3 == 2))
        .filter(|point| scope.has(card, point) && card.fault(point).is_none());
    let mut points: Vec<Point> = Vec::new();
    for point in drawn {
        if points.len() < n && !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

/// To four digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// As many of the points as the budget pays for, one seed each.
pub(super) fn affordable(points: Vec<Point>, lab: &dyn Lab, left: u64) -> Vec<Ask> {
    let mut left = left;
    let mut asks = Vec::new();
    for point in points {
        let cost = lab.most_steps(&point);
        // What costs nothing cannot be run.
        if cost > 0 && cost <= left {
            left -= cost;
            asks.push(Ask { group: asks.len(), point });
        }
    }
    asks
}

/// Where the lab was not yet: of the points those that are furthest from all runs and from each other.
pub(super) fn furthest(state: &State, points: Vec<Point>, n: usize) -> Vec<Point> {
    let axes = Axes::of(&state.card);
    let place = |point: &Point| place(&state.card, &axes, point);
    let mut taken: Vec<Vec<f64>> = state.runs.iter().map(|run| place(&run.point)).collect();
    let mut points: Vec<(Vec<f64>, Point)> = points.into_iter().map(|point| (place(&point), point)).collect();
    let mut chosen = Vec::new();
    while chosen.len() < n && !points.is_empty() {
        let far = |point: &[f64]| taken.iter().map(|other| distance2(point, other)).fold(f64::INFINITY, f64::min);
        let best = (0..points.len())
            .max_by(|a, b| far(&points[*a].0).total_cmp(&far(&points[*b].0)).then(b.cmp(a)))
            .expect("there are points");
        let (at, point) = points.swap_remove(best);
        taken.push(at);
        chosen.push(point);
    }
    chosen
}

/// A point as shares of its axes; levels without numbers count by their place.
fn place(card: &LabCard, axes: &Axes, point: &Point) -> Vec<f64> {
    let numbers = axes.numbers(card, point);
    let mut place: Vec<f64> = numbers.iter().enumerate().map(|(axis, value)| axes.share(axis, *value)).collect();
    for knob in &card.knobs {
        if let (Domain::Levels { attributes, levels }, Setting::Level(level)) =
            (&knob.domain, card.setting(point, knob))
            && attributes.is_empty()
        {
            place.push(levels.iter().position(|(name, _)| name == level).unwrap_or(0) as f64 / levels.len() as f64);
        }
    }
    place
}

fn distance2(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Points of a scope at which a run can be made and paid.
fn payable(state: &State, scope: &Scope, lab: &dyn Lab, draws: &mut Draws, left: u64) -> Vec<Point> {
    let points = candidates(&state.card, scope, &state.question.knobs, draws, N_CANDIDATES);
    points.into_iter().filter(|point| (1..=left).contains(&lab.most_steps(point))).collect()
}

/// Runs spread over everything that the question varies.
pub(super) fn spread(state: &State, lab: &dyn Lab, draws: &mut Draws, left: u64, n: usize) -> Vec<Ask> {
    let points = payable(state, &state.scope, lab, draws, left);
    affordable(furthest(state, points, n), lab, left)
}

/// An objection that named a point which was not run since.
pub(super) fn objected(state: &State, lab: &dyn Lab, left: u64) -> Option<super::next::Batch> {
    state.said.iter().find_map(|noted| match &noted.insight {
        Insight::Objection { claim, at: Some(point), .. } if state.card.fault(point).is_none() => {
            let is_done = state.runs.iter().any(|run| run.point == *point && run.line > noted.line);
            let asks = affordable(vec![point.clone()], lab, left);
            (!is_done && !asks.is_empty()).then(|| super::next::Batch {
                why: "an objection".to_owned(),
                about: Some(claim.clone()),
                asks,
            })
        }
        _ => None,
    })
}

/// Whether the established claim is about the question's target.
pub(super) fn is_answered(state: &State, judged: &[Judged]) -> bool {
    judged.iter().filter(|judged| judged.verdict == Verdict::Established).any(|judged| {
        state.claim(&judged.id).is_some_and(|claim| claim.claim.statement.subject() == state.question.target)
    })
}

/// The claims that stand and foretell the question's target, those with most bits first.
pub(super) fn foretelling<'a>(state: &'a State, judged: &[Judged]) -> Vec<&'a Registered> {
    let standing = |registered: &&Registered| {
        let foretells = matches!(registered.claim.statement, Statement::Law { .. } | Statement::Boundary { .. });
        let stands = judged.iter().any(|judged| {
            judged.id == registered.id
                && matches!(
                    judged.verdict,
                    Verdict::Open | Verdict::Leading | Verdict::Established | Verdict::Superseded { .. }
                )
        });
        foretells && registered.claim.statement.subject() == state.question.target && stands
    };
    let mut rivals: Vec<&Registered> = state.claims.iter().filter(standing).collect();
    rivals.sort_by(|a, b| net_bits(judged, b).total_cmp(&net_bits(judged, a)).then_with(|| a.id.cmp(&b.id)));
    rivals.truncate(N_RIVALS);
    rivals
}

fn net_bits(judged: &[Judged], registered: &Registered) -> f64 {
    judged.iter().find(|judged| judged.id == registered.id).map_or(0.0, |judged| judged.score.net_bits)
}

/// Runs where rivals about the target disagree most for what they cost, and a share of them where nobody looked.
pub(super) fn disagreement(
    state: &State,
    judged: &[Judged],
    lab: &dyn Lab,
    draws: &mut Draws,
    left: u64,
    n: usize,
    memory: &mut Memory,
) -> Vec<Ask> {
    let rivals = foretelling(state, judged);
    let net = |registered: &Registered| net_bits(judged, registered);
    let Some(first) = rivals.first() else { return Vec::new() };
    let best = net(first);
    let points = payable(state, &state.scope, lab, draws, left);
    let mut weights: Vec<f64> = rivals.iter().map(|rival| libm::exp2(net(rival) - best).max(LEAST_SHARE)).collect();
    let mut foretold: Vec<Vec<Option<Expectation>>> = rivals
        .iter()
        .map(|rival| {
            expectation(
                &state.card,
                &state.scope_of_question(),
                &rival.claim,
                Rival::Claim(&rival.claim),
                &state.runs,
                &points,
                memory,
            )
        })
        .collect();
    for reference in [Rival::PowerLaw, Rival::Neighbours] {
        weights.push(2.0 * LEAST_SHARE);
        foretold.push(expectation(
            &state.card,
            &state.scope_of_question(),
            &first.claim,
            reference,
            &state.runs,
            &points,
            memory,
        ));
    }
    let gains = points.iter().enumerate().map(|(place, point)| {
        let said: Vec<Option<Expectation>> = foretold.iter().map(|of_rival| of_rival[place]).collect();
        gain(&weights, &said) / (lab.most_steps(point).max(1) as f64)
    });
    let gains: Vec<f64> = gains.collect();
    choose(state, &points, &gains, lab, draws, left, n)
}

/// Where a claim and the references differ most, far from what was run.
pub(super) fn against(
    state: &State,
    registered: &Registered,
    lab: &dyn Lab,
    draws: &mut Draws,
    left: u64,
    n: usize,
    memory: &mut Memory,
) -> Vec<Ask> {
    let mut scope = state.scope.clone();
    scope.0.extend(registered.claim.scope.0.iter().filter(|condition| !state.scope.0.contains(condition)).cloned());
    let points = payable(state, &scope, lab, draws, left);
    let mut say = |rival| {
        expectation(&state.card, &state.scope_of_question(), &registered.claim, rival, &state.runs, &points, memory)
    };
    let own = say(Rival::Claim(&registered.claim));
    let others = [say(Rival::PowerLaw), say(Rival::Neighbours)];
    let gains = (0..points.len())
        .map(|place| others.iter().map(|other| gain(&[0.5, 0.5], &[own[place], other[place]])).fold(0.0, f64::max));
    let gains: Vec<f64> = gains.collect();
    choose(state, &points, &gains, lab, draws, left, n)
}

/// The points that are expected to say most, not all at one place; some of them where nobody looked.
fn choose(
    state: &State,
    points: &[Point],
    gains: &[f64],
    lab: &dyn Lab,
    draws: &mut Draws,
    left: u64,
    n: usize,
) -> Vec<Ask> {
    let axes = Axes::of(&state.card);
    let places: Vec<Vec<f64>> = points.iter().map(|point| place(&state.card, &axes, point)).collect();
    let mut chosen: Vec<usize> = Vec::new();
    let mut left_over = left;
    for _ in 0..n {
        let is_coverage = draws.share() < COVERAGE;
        let fits =
            |place: &usize| !chosen.contains(place) && (1..=left_over).contains(&lab.most_steps(&points[*place]));
        let worth = |place: usize| {
            let near = |other: &usize| 1.0 - libm::exp(-distance2(&places[place], &places[*other]) / 0.02);
            gains[place] * chosen.iter().map(near).product::<f64>()
        };
        let best = if is_coverage {
            let free: Vec<Point> = (0..points.len()).filter(fits).map(|place| points[place].clone()).collect();
            furthest(state, free, 1).first().and_then(|point| points.iter().position(|other| other == point))
        } else {
            (0..points.len()).filter(fits).max_by(|a, b| worth(*a).total_cmp(&worth(*b)).then(b.cmp(a)))
        };
        let Some(best) = best else { break };
        left_over -= lab.most_steps(&points[best]);
        chosen.push(best);
    }
    chosen.into_iter().enumerate().map(|(group, place)| Ask { point: points[place].clone(), group }).collect()
}

/// What an outcome is expected to say about which of those who foretell it is right, in bits.
fn gain(weights: &[f64], said: &[Option<Expectation>]) -> f64 {
    let known: Vec<(f64, Expectation)> =
        weights.iter().zip(said).filter_map(|(weight, said)| said.map(|said| (*weight, said))).collect();
    if known.len() < 2 {
        return 0.0;
    }
    let weights: Vec<f64> = known.iter().map(|(weight, _)| *weight).collect();
    let outcomes: Vec<Vec<f64>> = match known[0].1 {
        Expectation::Event(_) => known
            .iter()
            .map(|(_, said)| match said {
                Expectation::Event(p) => vec![*p, 1.0 - p],
                Expectation::Number(..) => vec![0.5, 0.5],
            })
            .collect(),
        Expectation::Number(..) => {
            let numbers: Vec<(f64, f64)> = known
                .iter()
                .filter_map(|(_, said)| match said {
                    Expectation::Number(middle, width) => Some((*middle, *width)),
                    Expectation::Event(_) => None,
                })
                .collect();
            let low = numbers.iter().map(|(middle, width)| middle - 3.0 * width).fold(f64::INFINITY, f64::min);
            let high = numbers.iter().map(|(middle, width)| middle + 3.0 * width).fold(f64::NEG_INFINITY, f64::max);
            let bins = 64;
            numbers
                .iter()
                .map(|(middle, width)| {
                    let density = |i: i32| {
                        libm::exp(
                            -0.5 * ((low + (high - low) * (f64::from(i) + 0.5) / f64::from(bins) - middle) / width)
                                .powi(2),
                        )
                    };
                    let masses: Vec<f64> = (0..bins).map(density).collect();
                    let sum: f64 = masses.iter().sum::<f64>().max(f64::MIN_POSITIVE);
                    masses.into_iter().map(|mass| mass / sum).collect()
                })
                .collect()
        }
    };
    information(&weights, &outcomes)
}
