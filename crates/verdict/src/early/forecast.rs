//! What is said of a run before its first step.

use super::bounds::{GUARDED, KNOWN_KIND, is_within};
use super::coordinates::{COORDINATES, UNDEFINED, coordinates, foreign_parts, kind, place};
use super::model::{Inputs, KnownFamily, KnownRange, Model};
use super::signs::{GROUP, INSIDE, SIGNS};
use dunwu::operation::Operation;
use dunwu::run::{Past, RunRequest};
use dunwu_engine::RunSpec;
use schemars::JsonSchema;
use serde::Serialize;

/// Share of new runs of known kinds whose step of generalization lies in an interval.
const COVERAGE: f64 = 0.9;
/// Reasons that are given.
const N_REASONS: usize = 5;

/// When a run generalizes, if it does within its steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct When {
    /// Half of such runs are sooner.
    pub median: u64,
    /// Lower end of the interval.
    pub low: u64,
    /// Upper end of the interval.
    pub high: u64,
    /// Share of new runs of known kinds whose step lies in the interval.
    pub coverage: f64,
}

/// Why a probability is what it is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Reason {
    /// The number that was read: `sample_ratio`.
    pub input: String,
    /// Its value; logarithms for sizes and ratios. Null where it is not defined.
    pub value: Option<f64>,
    /// How much it moves the log odds away from those of all runs.
    pub effect: f64,
    /// The same in words.
    pub words: String,
}

/// A change of the spec, and what it would do.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// The setting: `data.count`.
    pub setting: String,
    /// Its value.
    pub value: f64,
    /// The probability with that value, everything else as it is.
    pub probability: f64,
}

/// What was said without being certified.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Uncertified {
    /// The raw probability.
    pub probability: f64,
    /// The raw time.
    pub steps_to_generalize: When,
}

/// What the verdict knows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Known {
    /// Families of runs that it was learned from.
    pub families: Vec<KnownFamily>,
    /// Ranges of what is known of a run before its first step, over all of them.
    pub ranges: Vec<KnownRange>,
}

/// What is expected of a run before its first step.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Forecast {
    /// Whether the run is of a kind and size that the verdict knows; else nothing certified is said.
    pub inside: bool,
    /// Why it is not, a sentence each.
    pub outside: Vec<String>,
    /// The probability that held-out accuracy arrives at its level within the steps; null outside.
    pub probability: Option<f64>,
    /// When, if it does; null outside.
    pub steps_to_generalize: Option<When>,
    /// What it would take: as many samples as make it likely, or nine in ten where it is likely already, and the least change of the weight
    /// decay that makes it nine in ten. Empty where nothing does, or it is not known.
    pub changes: Vec<Change>,
    /// The strongest reasons, the strongest first.
    pub reasons: Vec<Reason>,
    /// The raw scores, where they were asked for; of kinds that are not known nobody says how often they are wrong.
    pub uncertified: Option<Uncertified>,
    /// What the verdict knows.
    pub known: Known,
}

/// What is expected of the run of `request`.
pub fn forecast(model: &Model, request: &RunRequest, uncertified: bool) -> Forecast {
    let operation = Operation::of(&request.problem);
    let (spec, n_train) = (&request.spec, request.split.train.labels.len());
    let past = before(request, operation, spec, n_train);
    let row = coordinates(&past);
    let outside = why_outside(model, &past, &row);
    let inside = outside.is_empty();
    let raw = Uncertified {
        probability: if inside {
            model.probability(Inputs::Spec, &row)
        } else {
            model.foreign_probability(Inputs::Spec, &row)
        },
        steps_to_generalize: when(model.time(Inputs::Spec, &row, None), spec.steps),
    };
    let changes = if inside { changes(model, request, raw.probability, operation) } else { Vec::new() };
    Forecast {
        inside,
        outside,
        probability: inside.then_some(raw.probability),
        steps_to_generalize: inside.then_some(raw.steps_to_generalize),
        changes,
        reasons: reasons(model, Inputs::Spec, &row),
        uncertified: uncertified.then_some(raw),
        known: Known { families: model.card.families.clone(), ranges: model.card.ranges.clone() },
    }
}

/// Times from logarithms of shares of the steps. They are of runs that do so within their steps, so that none lies beyond.
pub(super) fn when(logs: [f64; 3], steps: u64) -> When {
    let [median, low, high] = logs.map(|log| (libm::exp(log.min(0.0)) * steps as f64).round().max(1.0) as u64);
    When { median, low, high, coverage: COVERAGE }
}

/// Why a run is not of a kind or a size that was learned from.
pub(super) fn why_outside(model: &Model, past: &Past<'_>, row: &[f32]) -> Vec<String> {
    let foreign = foreign_parts(past.spec());
    let mut why: Vec<String> = foreign.into_iter().map(|part| format!("no run with {part} was learned from")).collect();
    let kind = kind(row);
    match model.card.kinds.iter().find(|known| known.kind == kind) {
        Some(known) if known.runs >= KNOWN_KIND => {
            for (&(low, high), name) in known.ranges.iter().zip(GUARDED) {
                let value = f64::from(row[place(name)]);
                if !is_within((low, high), value) {
                    let words = COORDINATES[place(name)].words;
                    why.push(format!(
                        "{name} ({words}) is {value:.3}, beyond the {low:.3} to {high:.3} of the runs of this kind that were learned from ({kind})"
                    ));
                }
            }
        }
        known => {
            let n = known.map_or(0, |known| known.runs);
            why.push(format!("{n} runs of this kind were learned from, and {KNOWN_KIND} are needed: {kind}"));
        }
    }
    for ((input, range), &value) in COORDINATES.iter().zip(&model.card.ranges).zip(row) {
        let value = f64::from(value);
        if !is_within((range.low, range.high), value) {
            why.push(format!(
                "{} ({}) is {value:.3}, beyond the {:.3} to {:.3} of the runs that were learned from",
                input.name, input.words, range.low, range.high
            ));
        }
    }
    if past.n_population() <= past.n_train() {
        why.push("no samples are held out, so that nothing can be said to generalize".to_owned());
    }
    why
}

/// Name and words of every number of a row.
fn input_of(place: usize) -> (String, String) {
    if let Some(input) = COORDINATES.get(place) {
        return (input.name.to_owned(), input.words.to_owned());
    }
    let place = place - COORDINATES.len();
    if let Some(input) = SIGNS.get(place) {
        return (input.name.to_owned(), input.words.to_owned());
    }
    let (number, form) = ((place - SIGNS.len()) / 3, (place - SIGNS.len()) % 3);
    let input = INSIDE.iter().chain(&GROUP).nth(number).expect("three signs a number");
    match form {
        0 => (input.name.to_owned(), input.words.to_owned()),
        1 => (format!("{}_growth", input.name), format!("growth since the start of: {}", input.words)),
        _ => (format!("{}_recent_growth", input.name), format!("growth since half the time of: {}", input.words)),
    }
}

/// The strongest reasons for a row's probability.
pub(super) fn reasons(model: &Model, inputs: Inputs, row: &[f32]) -> Vec<Reason> {
    let slope = model.head(inputs).calibration.slope;
    let effects = model.odds[inputs as usize].forest.effects(row);
    let mut reasons: Vec<Reason> = effects
        .into_iter()
        .enumerate()
        .filter(|(_, effect)| *effect != 0.0)
        .map(|(place, effect)| {
            let (input, words) = input_of(place);
            let effect = effect * slope;
            let direction = if effect > 0.0 { "speaks for" } else { "speaks against" };
            let value = Some(f64::from(row[place])).filter(|_| row[place] != UNDEFINED);
            Reason { words: format!("{words}: {direction} it"), input, value, effect }
        })
        .collect();
    reasons.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    reasons.truncate(N_REASONS);
    reasons
}

/// A run of the request before its first step, with another spec or number of samples.
fn before<'a>(request: &'a RunRequest, operation: Operation, spec: &'a RunSpec, n_train: usize) -> Past<'a> {
    Past::so_far((spec, &request.problem, n_train), operation, None, &[], &[])
}

/// What it would take, of samples and of decay, as far as the verdict knows.
fn changes(model: &Model, request: &RunRequest, probability: f64, operation: Operation) -> Vec<Change> {
    let (spec, n_train) = (&request.spec, request.split.train.labels.len());
    let judged = |spec: &RunSpec, n_train: usize| {
        let past = before(request, operation, spec, n_train);
        let row = coordinates(&past);
        why_outside(model, &past, &row).is_empty().then(|| model.probability(Inputs::Spec, &row))
    };
    let mut found = Vec::new();
    if probability < 0.9 {
        let most = request.problem.n_population() * 97 / 100;
        let wanted = if probability < 0.5 { 0.5 } else { 0.9 };
        let counts = (1..=40).map(|part| n_train + (most.saturating_sub(n_train)) * part / 40);
        let enough = counts.filter(|&count| count > n_train).find_map(|count| {
            let probability = judged(spec, count).filter(|probability| *probability >= wanted)?;
            Some(Change { setting: "data.count".to_owned(), value: count as f64, probability })
        });
        found.extend(enough);
    }
    // Sixth roots of 1,000,000 around the present decay, or around 0.1 where there is none.
    let decay = spec.optimizer.weight_decay;
    let base = if decay > 0.0 { decay } else { 0.1 };
    let mut other = spec.clone();
    let changed = (-18..=18).map(|power| base * 10_f64.powf(f64::from(power) / 6.0)).filter_map(|decay| {
        other.optimizer.weight_decay = decay;
        Some((decay, judged(&other, n_train)?))
    });
    // The least change that is enough: the largest of many probabilities is the one that errs most, so that a best one is not named.
    let enough = changed.into_iter().filter(|(_, better)| *better >= 0.9_f64.max(probability + 0.1));
    let distance = |decay: f64| (decay / base).ln().abs();
    if let Some((value, better)) = enough.min_by(|a, b| distance(a.0).total_cmp(&distance(b.0))) {
        let value = format!("{value:.1e}").parse().unwrap_or(value);
        found.push(Change { setting: "optimizer.weight_decay".to_owned(), value, probability: better });
    }
    found
}
