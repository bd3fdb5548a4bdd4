//! Training samples of several problems by their shares.

use super::{SplitError, draw_without_replacement};
use crate::spec::{DataSpec, Sampling};
use crate::task::{Problem, SharedProblem};
use rand_chacha::rand_core::RngCore;

/// Population indices of `n_train` samples of several problems, each drawn uniformly without replacement among its own.
///
/// Every problem is shuffled as a whole, so that a smaller sample of the same seed is part of a larger one.
pub(super) fn draw(
    problem: &Problem,
    data: &DataSpec,
    n_train: usize,
    rng: &mut impl RngCore,
) -> Result<Vec<u32>, SplitError> {
    let population = problem.n_tuples_each();
    let setting = match data.sampling {
        Sampling::Count(_) => "data.count",
        Sampling::MultipleOfMLogM(_) => "data.multiple_of_mlogm",
        _ => "data.fraction",
    };
    let mut chosen = Vec::with_capacity(n_train);
    for (which, (shared, n_own)) in problem.several.iter().zip(n_each(&problem.several, n_train)).enumerate() {
        if n_own == 0 || n_own > population {
            let SharedProblem { name, share } = shared.clone();
            return Err(SplitError::Share { problem: name, share, setting, n_train, n_own, population });
        }
        let shuffled = draw_without_replacement(rng, population, population);
        chosen.extend(shuffled[..n_own].iter().map(|index| (which * population) as u32 + index));
    }
    Ok(chosen)
}

/// Samples of each problem, which add up to `n_train`: its share rounded down, and of what is left one each to those that lost most.
fn n_each(several: &[SharedProblem], n_train: usize) -> Vec<usize> {
    let exact = |shared: &SharedProblem| u128::from(shared.share.0) * n_train as u128;
    let mut each: Vec<usize> = several.iter().map(|s| (exact(s) / u128::from(s.share.1)) as usize).collect();
    let mut by_loss: Vec<usize> = (0..several.len()).collect();
    // All shares have one denominator, so that remainders can be compared; among equals the first is served first.
    by_loss.sort_by_key(|&i| std::cmp::Reverse(exact(&several[i]) % u128::from(several[i].share.1)));
    let n_left = n_train - each.iter().sum::<usize>();
    by_loss.into_iter().take(n_left).for_each(|i| each[i] += 1);
    each
}

#[cfg(test)]
mod tests {
    use super::super::Split;
    use super::*;
    use crate::task::Task;
    use std::collections::BTreeSet;

    fn problem(task: &str) -> Problem {
        Task::parse(task).unwrap().resolve(None).unwrap()
    }

    fn drawn(task: &str, sampling: Sampling, seed: u64) -> BTreeSet<Vec<u32>> {
        let split = Split::draw(&problem(task), &DataSpec::of(sampling), seed, None).unwrap();
        (0..split.train.len()).map(|i| split.train.operands.iter().map(|tokens| tokens[i]).collect()).collect()
    }

    #[test]
    fn every_problem_has_its_share_to_a_sample() {
        for (task, count, expected) in [
            ("several:cyclic:9@0.9,expression:x*y:9@0.1", 50, vec![45, 5]),
            ("several:cyclic:9@0.9,expression:x*y:9@0.1", 57, vec![51, 6]), // 51.3 and 5.7
            ("several:cyclic:9,expression:x*y:9,expression:x-y:9", 50, vec![17, 17, 16]),
            ("several:cyclic:9@0.25,expression:x*y:9@0.25,expression:x-y:9@0.5", 81, vec![20, 20, 41]),
            ("several:cyclic:9,expression:x*y:9", 162, vec![81, 81]),
        ] {
            for seed in 0..3 {
                let samples = drawn(task, Sampling::Count(count), seed);
                let of = |which: u32| samples.iter().filter(|tuple| tuple[0] == which).count();
                let found: Vec<usize> = (0..expected.len() as u32).map(of).collect();
                assert_eq!(found, expected, "{task}");
            }
        }
    }

    #[test]
    fn a_smaller_sample_is_part_of_a_larger_one_and_pairs_are_drawn_alike() {
        let task = "several:cyclic:5@0.6,expression:x*y:5@0.4";
        let smaller = drawn(task, Sampling::Count(10), 3);
        assert!(smaller.is_subset(&drawn(task, Sampling::Count(25), 3)));
        assert_ne!(smaller, drawn(task, Sampling::Count(10), 4));
        // 2000 draws of 6 of 25 pairs: 480 of each, standard deviation √(2000 · 0.24 · 0.76) = 19.
        let mut counts = [0_u32; 25];
        for seed in 0..2_000 {
            let samples = drawn(task, Sampling::Count(10), seed);
            samples.iter().filter(|t| t[0] == 0).for_each(|t| counts[(t[1] * 5 + t[2]) as usize] += 1);
        }
        assert!(counts.iter().all(|&count| count.abs_diff(480) < 100), "{counts:?}");
    }

    #[test]
    fn refusals_name_the_problem_and_the_setting() {
        let task = "several:cyclic:5@0.9,expression:x*y:5@0.1";
        let told = |data: &DataSpec| Split::draw(&problem(task), data, 0, None).unwrap_err().to_string();
        let too_many = told(&DataSpec::of(Sampling::Count(40)));
        assert!(
            too_many.starts_with("cyclic:5 has the share 0.9 of 40 training samples, which is 36 of its 25;"),
            "{too_many}"
        );
        assert!(too_many.ends_with("change data.count or the shares"), "{too_many}");
        let none = told(&DataSpec::of(Sampling::Count(3)));
        assert!(
            none.starts_with("expression:x*y:5 has the share 0.1 of 3 training samples, which is 0 of its 25"),
            "{none}"
        );
        let skewed = DataSpec { skew: 1.0, ..DataSpec::of(Sampling::Fraction(0.2)) };
        assert!(told(&skewed).contains("several are drawn by their shares"));
        for part in crate::spec::Part::ALL {
            assert!(told(&DataSpec::of(Sampling::Part(part, 0.5))).contains("is none"), "{part:?}");
        }
    }
}
