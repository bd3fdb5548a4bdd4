//! The fair comparison against simply a better value of another setting, such as a larger learning rate.
//!
//! Each arm chooses its best value on one half of the seeds and is compared on the other half, and the other way round, so that the
//! choice does not flatter what was chosen (cross-fitting).

use super::arms::{Arms, PairedError, Run};
use super::effects::{Effects, Seen};
use crate::phase::shown;
use dunwu::stats::median;
use dunwu_engine::spec::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a comparison of tuned arms came to.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// The setting that was chosen for each arm.
    pub key: String,
    /// Effects between the chosen ones, on seeds that did not choose.
    pub effects: Effects,
    /// What each arm chose, in how many choices.
    pub choices: [Vec<Choice>; 2],
    /// Groups of other settings in which both arms have two seeds in common.
    pub groups: usize,
    /// Groups that have not, and are left out.
    pub left_out: usize,
}

/// A value that an arm chose.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The value; `None` where the arm does not have the setting.
    pub value: Option<Value>,
    /// How often: twice a group at most.
    pub times: usize,
    /// Whether it is the arm's smallest or largest: a better one may lie beyond.
    pub is_at_edge: bool,
}

/// Runs of one arm in one group by the tuned value, then by seed.
type ByValue<'a> = Vec<(Option<Value>, BTreeMap<u64, &'a Run>)>;

impl Tuned {
    pub(super) fn of(arms: &Arms<'_>, key: &str) -> Result<Self, PairedError> {
        arms.pairings()?; // no seed has two runs of one value
        let groups: BTreeSet<&Vec<usize>> = arms.runs.iter().map(|run| &run.group).collect();
        let mut pairs: Vec<[Seen; 2]> = Vec::new();
        let mut chosen: [Vec<Option<Value>>; 2] = Default::default();
        let mut left_out = 0;
        for group in &groups {
            let by_value = [0, 1].map(|arm| by_value(arms, arm, group));
            let seeds =
                by_value.each_ref().map(|values| values.iter().flat_map(|(_, runs)| runs.keys().copied()).collect());
            let [first, second]: [BTreeSet<u64>; 2] = seeds;
            let common: Vec<u64> = first.intersection(&second).copied().collect();
            if common.len() < 2 {
                left_out += 1;
                continue;
            }
            let half = |odd: usize| common.iter().copied().skip(odd).step_by(2).collect::<Vec<_>>();
            for (choosing, judged) in [(half(0), half(1)), (half(1), half(0))] {
                let best = by_value.each_ref().map(|values| best(arms, values, &choosing));
                let [Some(a), Some(b)] = best else { continue };
                chosen[0].push(a.0.clone());
                chosen[1].push(b.0.clone());
                let partners = judged.iter().filter_map(|seed| Some([*a.1.get(seed)?, *b.1.get(seed)?]));
                pairs.extend(partners.map(|pair| arms.seen(pair)));
            }
        }
        let choices = [0, 1].map(|arm| choices(arms, arm, &chosen[arm]));
        let effects = Effects::of(&pairs);
        Ok(Self { key: key.to_owned(), effects, choices, groups: groups.len() - left_out, left_out })
    }
}

/// Values in ascending order.
fn by_value<'a>(arms: &'a Arms<'_>, arm: usize, group: &[usize]) -> ByValue<'a> {
    let mut values: ByValue<'a> = Vec::new();
    for run in arms.runs.iter().filter(|run| run.arm == arm && run.group == group) {
        let (value, Some(seed)) = (&run.tuned, run.seed) else { continue };
        match values.iter_mut().find(|(other, _)| other == value) {
            Some((_, runs)) => drop(runs.insert(seed, run)),
            None => values.push((value.clone(), BTreeMap::from([(seed, run)]))),
        }
    }
    values.sort_by(|a, b| ascending(a.0.as_ref(), b.0.as_ref()));
    values
}

fn ascending(a: Option<&Value>, b: Option<&Value>) -> std::cmp::Ordering {
    let number = |value: Option<&Value>| match value {
        Some(Value::Int(number)) => *number as f64,
        Some(Value::Float(number)) => *number,
        Some(Value::Bool(_) | Value::Text(_)) | None => 0.0,
    };
    number(a).total_cmp(&number(b)).then_with(|| a.map(shown).cmp(&b.map(shown)))
}

/// The value with which most of these seeds generalize; of several the one that takes the least time, then the most accurate, then the
/// smallest. A value that not all of them have runs of is not taken.
fn best<'b, 'a>(
    arms: &Arms<'_>,
    values: &'b ByValue<'a>,
    seeds: &[u64],
) -> Option<&'b (Option<Value>, BTreeMap<u64, &'a Run>)> {
    let score = |runs: &BTreeMap<u64, &Run>| {
        let seen: Vec<Seen> =
            seeds.iter().map(|seed| runs.get(seed).map(|run| arms.seen_alone(run))).collect::<Option<_>>()?;
        let generalized = seen.iter().filter(|seen| seen.step.is_some()).count();
        let times = seen.iter().filter_map(|seen| seen.seconds.or(seen.step));
        let time = median(times.collect::<Vec<_>>()).unwrap_or(f64::INFINITY);
        let accuracy = seen.iter().filter_map(|seen| seen.test_accuracy).sum::<f64>();
        Some((generalized as f64, -time, accuracy))
    };
    let scored = values.iter().filter_map(|value| Some((score(&value.1)?, value)));
    scored.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, value)| value)
}

fn choices(arms: &Arms<'_>, arm: usize, chosen: &[Option<Value>]) -> Vec<Choice> {
    let mut all: Vec<&Option<Value>> = arms.runs.iter().filter(|run| run.arm == arm).map(|run| &run.tuned).collect();
    all.sort_by(|a, b| ascending(a.as_ref(), b.as_ref()));
    all.dedup();
    let of_value = |(i, value): (usize, &&Option<Value>)| {
        let times = chosen.iter().filter(|other| other == value).count();
        let is_number = matches!(value, Some(Value::Int(_) | Value::Float(_)));
        let is_at_edge = is_number && all.len() > 1 && (i == 0 || i + 1 == all.len());
        Choice { value: (*value).clone(), times, is_at_edge }
    };
    all.iter().enumerate().map(of_value).filter(|choice| choice.times > 0).collect()
}
