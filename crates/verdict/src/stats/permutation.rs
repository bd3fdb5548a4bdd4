//! Permutation tests of differences of means: exact where all arrangements can be visited, else over random ones.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// Arrangements that are all visited; more are sampled.
const ALL: u64 = 1 << 17;
/// Random arrangements where there are more; the standard error of p = 0.05 is then 0.0015.
const SAMPLED: usize = 20_000;
/// Differences are equal where they differ by less than rounding does.
const ROUNDING: f64 = 1e-9;

/// Two-sided p of a mean difference of pairs under random exchange of the two members (Fisher 1935; sign-flip test).
///
/// ```text
/// p = share of the 2ⁿ sign patterns s with |Σ sᵢ dᵢ| ≥ |Σ dᵢ|
/// ```
///
/// With n pairs the least is 2^(1−n): five pairs cannot reach 0.05. 1 without pairs.
pub fn paired_permutation(differences: &[f64]) -> f64 {
    let n = differences.len();
    let observed = differences.iter().sum::<f64>().abs();
    let least = observed - ROUNDING * differences.iter().map(|d| d.abs()).sum::<f64>();
    if n < 63 && 1 << n <= ALL {
        let reaches = |pattern: &u64| {
            let signed = differences.iter().enumerate().map(|(i, d)| if pattern >> i & 1 == 1 { -d } else { *d });
            signed.sum::<f64>().abs() >= least
        };
        return (0..1_u64 << n).filter(reaches).count() as f64 / (1_u64 << n) as f64;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut reached = 1;
    for _ in 0..SAMPLED {
        let signed = differences.iter().map(|d| if rng.next_u32() & 1 == 1 { -d } else { *d });
        reached += usize::from(signed.sum::<f64>().abs() >= least);
    }
    reached as f64 / (SAMPLED + 1) as f64 // the observed one counts: Phipson and Smyth 2010
}

/// Two-sided p of a difference of two means under random division of all values into groups of these sizes (Pitman 1937). 1 where a
/// group is empty.
pub fn two_sample_permutation(a: &[f64], b: &[f64]) -> f64 {
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    let (n_a, n) = (a.len(), all.len());
    if n_a == 0 || n_a == n {
        return 1.0;
    }
    let total: f64 = all.iter().sum();
    // The difference of the means is a rising function of the first group's sum.
    let difference = |sum: f64| (sum / n_a as f64 - (total - sum) / (n - n_a) as f64).abs();
    let scale = all.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let least = difference(a.iter().sum()) - ROUNDING * scale;
    if n < 63 && arrangements(n, n_a) <= ALL as f64 {
        let (mut reached, mut visited) = (0_u64, 0_u64);
        let mut chosen: Vec<usize> = (0..n_a).collect();
        loop {
            visited += 1;
            reached += u64::from(difference(chosen.iter().map(|&i| all[i]).sum()) >= least);
            // The next subset in lexicographic order.
            let Some(place) = (0..n_a).rev().find(|&place| chosen[place] < n - n_a + place) else { break };
            chosen[place] += 1;
            for later in place + 1..n_a {
                chosen[later] = chosen[later - 1] + 1;
            }
        }
        return reached as f64 / visited as f64;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut reached = 1;
    let mut values = all;
    for _ in 0..SAMPLED {
        shuffle(&mut values, &mut rng);
        reached += usize::from(difference(values[..n_a].iter().sum()) >= least);
    }
    reached as f64 / (SAMPLED + 1) as f64
}

/// How often the best of equal arms beats the baseline by as much as the best one does here: the one-sided p of the maximum over arms,
/// by permuting the arms within each seed (Westfall and Young 1993, Resampling-Based Multiple Testing).
///
/// `arms[arm][seed]` are values of which a larger one is better, and `baseline` is one of the arms. `None` with fewer than two arms or
/// without a seed.
pub fn best_of_arms(arms: &[Vec<f64>], baseline: usize) -> Option<f64> {
    let n_seeds = arms.first().map_or(0, Vec::len);
    if arms.len() < 2 || n_seeds == 0 || arms.iter().any(|arm| arm.len() != n_seeds) {
        return None;
    }
    let lead = |sums: &[f64]| sums.iter().fold(f64::NEG_INFINITY, |most, &sum| most.max(sum)) - sums[baseline];
    let sums: Vec<f64> = arms.iter().map(|arm| arm.iter().sum()).collect();
    let least = lead(&sums) - ROUNDING * sums.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut reached = 1;
    let mut row = vec![0.0; arms.len()];
    for _ in 0..SAMPLED {
        let mut sums = vec![0.0; arms.len()];
        for seed in 0..n_seeds {
            row.iter_mut().zip(arms).for_each(|(cell, arm)| *cell = arm[seed]);
            shuffle(&mut row, &mut rng);
            sums.iter_mut().zip(&row).for_each(|(sum, cell)| *sum += cell);
        }
        reached += usize::from(lead(&sums) >= least);
    }
    Some(reached as f64 / (SAMPLED + 1) as f64)
}

fn arrangements(n: usize, k: usize) -> f64 {
    (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}

fn shuffle(values: &mut [f64], rng: &mut ChaCha8Rng) {
    for last in (1..values.len()).rev() {
        let other = (u64::from(rng.next_u32()) * (last as u64 + 1)) >> 32;
        values.swap(last, other as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_all_agree_reach_the_least_p() {
        for n in 1..=10 {
            let differences: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(paired_permutation(&differences), 2.0_f64.powi(1 - n), "{n} pairs");
        }
        assert_eq!(paired_permutation(&[]), 1.0);
        assert_eq!(paired_permutation(&[1.0, -1.0]), 1.0);
        // Darwin's maize, the example of Fisher 1935, §21: 1,726 of 32,768 patterns.
        let darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48].map(f64::from);
        assert_eq!(paired_permutation(&darwin), 1726.0 / 32_768.0);
    }

    #[test]
    fn groups_that_do_not_overlap_reach_the_least_p() {
        // Of the C(6, 3) = 20 divisions two are as far apart.
        assert_eq!(two_sample_permutation(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 0.1);
        assert_eq!(two_sample_permutation(&[0.0], &[2.0, 3.0, 4.0]), 0.25);
        assert_eq!(two_sample_permutation(&[1.0], &[2.0, 3.0, 4.0]), 0.5, "the largest alone is as far off");
        assert_eq!(two_sample_permutation(&[], &[1.0]), 1.0);
    }

    #[test]
    fn sampled_arrangements_agree_with_all_of_them() {
        // 17 pairs are enumerated, 18 sampled; a pair without a difference changes no p.
        let mut differences: Vec<f64> = (0..17).map(|i| f64::from(i * 7 % 17) - 6.0).collect();
        let exact = paired_permutation(&differences);
        differences.push(0.0);
        let sampled = paired_permutation(&differences);
        // Four standard errors of 20,000 draws.
        assert!((exact - sampled).abs() < 4.0 * (exact * (1.0 - exact) / 20_000.0).sqrt(), "{exact} {sampled}");
    }

    #[test]
    fn the_best_of_more_arms_is_less_surprising() {
        // Six equal arms beside one that is ahead by one in each of four seeds.
        let arm = |lead: f64, phase: usize| -> Vec<f64> {
            (0..4).map(|seed| lead + ((seed * 5 + phase * 3) % 7) as f64 / 3.0).collect()
        };
        let p = |n: usize| {
            let mut arms = vec![arm(0.0, 0), arm(0.9, 0)];
            arms.extend((2..n).map(|phase| arm(0.0, phase)));
            best_of_arms(&arms, 0).unwrap()
        };
        assert!(p(2) < p(8), "{} {}", p(2), p(8));
        // Two arms that differ by the same in each of n seeds: the maximum is one of 2ⁿ patterns, and its mirror leads by nothing.
        assert!((p(2) - 1.0 / 16.0).abs() < 0.01, "{}", p(2));
        assert_eq!(best_of_arms(&[vec![1.0]], 0), None);
    }
}
