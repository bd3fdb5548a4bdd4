//! The cheapest further runs that are expected to tell two laws apart.

use super::evidence::LawFit;
use super::predictive::{Masses, Predictive};
use super::runs::{Runs, shown};
use dunwu_design::expected_bits;
use dunwu_engine::RunSpec;
use dunwu_engine::spec::settings;
use std::fmt::Write;

/// Runs at one further size.
#[derive(Clone, Debug, PartialEq)]
pub struct Further {
    /// The size M.
    pub m: usize,
    /// Amounts of data.
    pub amounts: Vec<usize>,
    /// Runs at each of them, with seeds from 0 on.
    pub seeds: usize,
    /// What they are expected to say, in bits, where the less helpful of the two laws is true.
    pub expected_bits: f64,
    /// What they cost beside all the runs that there are: 1 is as much.
    pub cost: f64,
    /// What they take on one core at the speed of the runs that there are, in seconds.
    pub seconds: f64,
    /// The command that makes them.
    pub command: String,
}

/// When a search for further runs may stop: enough evidence, or too much cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Evidence in bits from which on runs decide between two laws.
    pub enough_bits: f64,
    /// The most that further runs may cost, as a multiple of the cost of all runs that there are.
    pub affordable: f64,
    /// The most steps that they may make together; `None` for as many as the cost allows.
    pub most_steps: Option<u64>,
}

/// Sizes that are looked at, up to this many times the largest.
const REACH: f64 = 3.0;
const N_SIZES: usize = 16;
/// Amounts of data that are looked at for each.
const N_AMOUNTS: usize = 10;
/// Seeds that are looked at: as many as a sweep usually has, half of that, and twice.
const SEEDS: [usize; 4] = [3, 5, 10, 20];
/// Most seeds at each of two amounts; with more, one amount is looked at.
const MOST_SEEDS_OF_TWO: usize = 5;
/// Largest share of the population that is trained on: something has to be held out.
const MOST_OF_POPULATION: f64 = 0.9;

/// The cheapest runs that are expected to say `rule.enough_bits`, or else those that are expected to say most among the affordable.
/// `None` where a size is no parameter of the family.
pub(super) fn further(runs: &Runs, laws: [&LawFit; 2], rule: Rule) -> Option<Further> {
    let sizes = candidates(runs);
    let mut found: Option<Further> = None;
    for m in sizes {
        for further in at_size(runs, laws, m, rule) {
            if found.as_ref().is_none_or(|best| is_better(&further, best, rule)) {
                found = Some(further);
            }
        }
    }
    found
}

/// What decides, the cheaper; else what says more.
fn is_better(a: &Further, b: &Further, rule: Rule) -> bool {
    match (a.expected_bits >= rule.enough_bits, b.expected_bits >= rule.enough_bits) {
        (true, true) => a.cost < b.cost,
        (false, false) => a.expected_bits > b.expected_bits,
        (decides, _) => decides,
    }
}

/// Primes that are not among the sizes, spread evenly by their logarithm from half of the smallest to three times the largest.
fn candidates(runs: &Runs) -> Vec<usize> {
    let least = (runs.sizes[0].m as f64 / 2.0).max(5.0);
    let largest = runs.sizes[runs.sizes.len() - 1].m as f64 * REACH;
    let at = |i: usize| least * (largest / least).powf(i as f64 / (N_SIZES - 1) as f64);
    let mut sizes: Vec<usize> = (0..N_SIZES).filter_map(|i| prime_up_to(at(i).round() as usize)).collect();
    sizes.dedup();
    sizes.retain(|&m| runs.sizes.iter().all(|size| size.m != m) && runs.task_of(m).is_some());
    sizes
}

fn prime_up_to(n: usize) -> Option<usize> {
    (2..=n).rev().find(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
}

/// Every affordable design at one size.
fn at_size(runs: &Runs, laws: [&LawFit; 2], m: usize, rule: Rule) -> Vec<Further> {
    let laws = laws.map(|law| Predictive::of(law, m as f64));
    let amounts = amounts(&laws, (m as f64).powf(runs.operands()) * MOST_OF_POPULATION);
    let mut designs = Vec::new();
    for seeds in SEEDS {
        let mut consider = |chosen: &[usize], outcomes: [Vec<f64>; 2]| {
            let work = runs.steps as f64 * (m * seeds * chosen.iter().sum::<usize>()) as f64;
            let cost = work / runs.work.max(f64::MIN_POSITIVE);
            let steps = runs.steps * (seeds * chosen.len()) as u64;
            if cost > rule.affordable || rule.most_steps.is_some_and(|most| steps > most) {
                return;
            }
            let [a, b] = outcomes;
            designs.push(Further {
                m,
                amounts: chosen.to_vec(),
                seeds,
                expected_bits: expected_bits(&a, &b).min(expected_bits(&b, &a)),
                cost,
                seconds: cost * runs.seconds,
                command: command(runs, m, chosen, seeds),
            });
        };
        let masses: Vec<[Masses; 2]> =
            amounts.iter().map(|&n| laws.each_ref().map(|law| law.masses(n, seeds))).collect();
        for (i, high) in masses.iter().enumerate() {
            consider(&[amounts[i]], [0, 1].map(|law| laws[law].outcomes(&high[law])));
            for (j, low) in masses[..i].iter().enumerate().filter(|_| seeds <= MOST_SEEDS_OF_TWO) {
                consider(&[amounts[j], amounts[i]], [0, 1].map(|law| laws[law].joint(&low[law], &high[law])));
            }
        }
    }
    designs
}

/// Amounts spread evenly by their logarithm over where the two laws see the threshold.
fn amounts(laws: &[Predictive; 2], most: f64) -> Vec<usize> {
    let ends = |share: f64| laws.each_ref().map(|law| law.quantile(share));
    let (low, high) = (ends(0.1), ends(0.9));
    let (low, high) = (low[0].min(low[1]), high[0].max(high[1]).max(low[0].min(low[1]) + 1e-3));
    let at = |i: usize| (low + (high - low) * i as f64 / (N_AMOUNTS - 1) as f64).exp();
    let mut amounts: Vec<usize> =
        (0..N_AMOUNTS).map(at).filter(|&n| n <= most && n >= 1.0).map(|n| n.round() as usize).collect();
    amounts.dedup();
    amounts
}

/// The sweep that makes them, with every common setting that is not the default's. Empty where the task is no parameter.
fn command(runs: &Runs, m: usize, amounts: &[usize], seeds: usize) -> String {
    let Some(task) = runs.task_of(m) else { return String::new() };
    let default = RunSpec::default();
    let mut command = "dunwu sweep".to_owned();
    let push = |command: &mut String, word: std::fmt::Arguments<'_>| {
        command.write_fmt(word).expect("writing to a String cannot fail");
    };
    if default.task.with_order(m as u64).as_ref() == Some(&task) {
        push(&mut command, format_args!(" task.order={m}"));
    } else {
        push(&mut command, format_args!(" task={task}"));
    }
    let amounts: Vec<String> = amounts.iter().map(ToString::to_string).collect();
    push(&mut command, format_args!(" data.count={} seed=0..{}", amounts.join(","), seeds - 1));
    for (key, value) in &runs.common {
        let Some(setting) = settings::find(key) else { continue };
        if setting.get(&default).as_ref() != Some(value) {
            push(&mut command, format_args!(" {key}={}", shown(value)));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_those_of_the_list() {
        let primes: Vec<usize> = (2..40).filter(|&n| prime_up_to(n) == Some(n)).collect();
        assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]);
        assert_eq!((prime_up_to(1), prime_up_to(100)), (None, Some(97)));
    }
}
