//! Which moments of two runs are set against each other, and on which samples.

use dunwu_engine::{Problem, Samples, Split};
use serde::Serialize;

/// Moments that are looked at; each costs about 10 s of one core at K = 2048 and n = 2016.
const MOST_MOMENTS: usize = 24;
/// Steps that both runs must have recorded for being paired by step.
const FEWEST_SHARED: usize = 3;

/// How moments of two runs are paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// Steps that both recorded.
    Step,
    /// The nearest share of each run's way to its last step, because they recorded too few steps in common.
    Progress,
}

/// Pairs of steps, ascending; at most [`MOST_MOMENTS`], evenly among those that there are, first and last always.
pub(super) fn pair(a: &[u64], b: &[u64]) -> (Pairing, Vec<(u64, u64)>) {
    let shared: Vec<(u64, u64)> =
        a.iter().filter(|step| b.binary_search(step).is_ok()).map(|&step| (step, step)).collect();
    if shared.len() >= FEWEST_SHARED {
        return (Pairing::Step, thinned(shared));
    }
    let progress = |steps: &[u64], step: u64| step as f64 / steps.last().map_or(1.0, |&last| last.max(1) as f64);
    let nearest = |step: u64| {
        let distance = |other: &u64| (progress(b, *other) - progress(a, step)).abs();
        b.iter().copied().min_by(|x, y| distance(x).total_cmp(&distance(y)))
    };
    (Pairing::Progress, thinned(a.iter().filter_map(|&step| Some((step, nearest(step)?))).collect()))
}

fn thinned(pairs: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    if pairs.len() <= MOST_MOMENTS {
        return pairs;
    }
    (0..MOST_MOMENTS).map(|i| pairs[i * (pairs.len() - 1) / (MOST_MOMENTS - 1)]).collect()
}

/// The samples on which two runs can be compared; `None` where there are none.
pub(super) struct Shared {
    /// Those that both were trained on, with their true labels.
    pub(super) trained: Option<Samples>,
    /// Those that neither was trained on.
    pub(super) held_out: Option<Samples>,
}

impl Shared {
    pub(super) fn of(problem: &Problem, splits: [&Split; 2]) -> Self {
        let [a, b] = splits;
        let some = |samples: Samples| (!samples.is_empty()).then_some(samples);
        if a.train.operands == b.train.operands && a.train.values == b.train.values {
            let trained = Samples { labels: a.train_true_labels.clone(), ..a.train.clone() };
            return Self { trained: some(trained), held_out: some(a.test.clone()) };
        }
        // Inputs that are numbers have no index by which two samples could be told to be the same.
        if problem.n_operands() == 0 {
            return Self { trained: None, held_out: None };
        }
        let population = problem.population();
        let members = [a, b].map(|split| indices(problem, &split.train));
        let where_all = |wanted: bool| {
            let is_wanted = |i: &u32| members.iter().all(|members| members.binary_search(i).is_ok() == wanted);
            population.select(&(0..population.len() as u32).filter(is_wanted).collect::<Vec<_>>())
        };
        Self { trained: some(where_all(true)), held_out: some(where_all(false)) }
    }
}

/// Population indices of samples of tokens, ascending; the last operand is the fastest.
fn indices(problem: &Problem, samples: &Samples) -> Vec<u32> {
    let index = |i: usize| {
        let digits = samples.operands.iter().zip(&problem.operand_sizes);
        digits.fold(0, |index, (tokens, size)| index * *size + tokens[i] as usize) as u32
    };
    let mut indices: Vec<u32> = (0..samples.len()).map(index).collect();
    indices.sort_unstable();
    indices
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_engine::RunSpec;
    use dunwu_engine::spec::{DataSpec, Sampling};
    use dunwu_engine::task::Task;

    #[test]
    fn steps_that_both_recorded_come_first() {
        assert_eq!(pair(&[0, 5, 9, 20], &[0, 9, 11, 20]), (Pairing::Step, vec![(0, 0), (9, 9), (20, 20)]));
        assert_eq!(pair(&[0, 10, 100], &[0, 7, 1000]), (Pairing::Progress, vec![(0, 0), (10, 7), (100, 1000)]));
        assert_eq!(pair(&[0], &[0]), (Pairing::Progress, vec![(0, 0)]));
        let many: Vec<u64> = (0..100).collect();
        let (_, pairs) = pair(&many, &many);
        assert_eq!((pairs.len(), pairs[0], pairs[23]), (24, (0, 0), (99, 99)));
        assert!(pairs.windows(2).all(|w| w[0] < w[1]));
    }

    /// Every sample of the table is counted by hand.
    #[test]
    fn shared_samples_are_those_of_both_or_of_neither() {
        let problem = Task::cyclic(5).resolve(None).unwrap();
        let split = |n_train, seed| {
            let data = DataSpec { sampling: Sampling::Count(n_train), ..RunSpec::default().data };
            Split::draw(&problem, &data, seed, None).unwrap()
        };
        let (a, b) = (split(12, 1), split(9, 2));
        let shared = Shared::of(&problem, [&a, &b]);
        let tuples = |samples: &Samples| {
            samples.operands[0].iter().copied().zip(samples.operands[1].iter().copied()).collect::<Vec<_>>()
        };
        let (of_a, of_b) = (tuples(&a.train), tuples(&b.train));
        let all = || (0..5).flat_map(|x| (0..5).map(move |y| (x, y)));
        let expected: Vec<_> = all().filter(|t| of_a.contains(t) && of_b.contains(t)).collect();
        assert!(!expected.is_empty());
        assert_eq!(tuples(&shared.trained.unwrap()), expected);
        let expected: Vec<_> = all().filter(|t| !of_a.contains(t) && !of_b.contains(t)).collect();
        let held_out = shared.held_out.unwrap();
        assert_eq!(tuples(&held_out), expected);
        assert!(tuples(&held_out).iter().zip(&held_out.labels).all(|((x, y), label)| (x + y) % 5 == *label));
        let same = Shared::of(&problem, [&a, &a]);
        assert_eq!((same.trained, same.held_out), (Some(a.train.clone()), Some(a.test)));
    }
}
