//! TPE: the tree-structured Parzen estimator over choices (Bergstra et al. 2011): choices that were good are drawn more often than those
//! that were bad.

use crate::draws::Draws;

/// Trials that are drawn evenly before anything is learnt.
const N_BEGUN: usize = 20;
/// The share of trials that counts as good (Bergstra et al.: γ = 0.15 to 0.25).
const GOOD: f64 = 0.2;
/// Candidates of which the most promising is tried.
const N_CANDIDATES: usize = 24;

/// Minimises a function of choices, of which the k-th has `sizes[k]` levels; gives the best and its value.
pub(crate) fn minimise(
    sizes: &[usize],
    trials: usize,
    draws: &mut Draws,
    mut f: impl FnMut(&[usize]) -> f64,
) -> (Vec<usize>, f64) {
    let mut tried: Vec<(f64, Vec<usize>)> = Vec::with_capacity(trials);
    for trial in 0..trials {
        let point = if trial < N_BEGUN {
            sizes.iter().map(|size| draws.below(*size)).collect()
        } else {
            promising(sizes, &tried, draws)
        };
        let value = f(&point);
        // Sorted by value, so that the good ones stand first.
        let place = tried.partition_point(|(other, _)| *other <= value);
        tried.insert(place, (value, point));
    }
    let (value, point) = tried.swap_remove(0);
    (point, value)
}

/// Of points drawn from what was good the one with the largest ratio of good to bad.
fn promising(sizes: &[usize], tried: &[(f64, Vec<usize>)], draws: &mut Draws) -> Vec<usize> {
    let n_good = ((GOOD * tried.len() as f64).ceil() as usize).clamp(1, 25);
    let (good, bad) = tried.split_at(n_good);
    // Counts with one more for every level, so that none is impossible.
    let shares = |points: &[(f64, Vec<usize>)], k: usize| {
        let mut counts = vec![1.0; sizes[k]];
        points.iter().for_each(|(_, point)| counts[point[k]] += 1.0);
        let sum: f64 = counts.iter().sum();
        counts.into_iter().map(|count| count / sum).collect::<Vec<f64>>()
    };
    let of: Vec<(Vec<f64>, Vec<f64>)> = (0..sizes.len()).map(|k| (shares(good, k), shares(bad, k))).collect();
    let candidates = (0..N_CANDIDATES).map(|_| {
        let point: Vec<usize> = of.iter().map(|(good, _)| drawn(good, draws)).collect();
        let ratio: f64 = of.iter().zip(&point).map(|((good, bad), level)| libm::log(good[*level] / bad[*level])).sum();
        (ratio, point)
    });
    candidates.max_by(|a, b| a.0.total_cmp(&b.0)).expect("there are candidates").1
}

fn drawn(shares: &[f64], draws: &mut Draws) -> usize {
    let mut left = draws.share();
    for (level, share) in shares.iter().enumerate() {
        left -= share;
        if left <= 0.0 {
            return level;
        }
    }
    shares.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum over eight choices of seven levels: 7⁸ = 5.8 million points, of which one is best.
    #[test]
    fn a_known_function_is_minimised_and_better_than_by_chance() {
        let f = |point: &[usize]| {
            point.iter().enumerate().map(|(k, level)| (*level as f64 - (k % 7) as f64).abs()).sum::<f64>()
        };
        let sizes = [7; 8];
        let mut found = Vec::new();
        let mut by_chance = Vec::new();
        for seed in 0..10 {
            let mut draws = Draws::of(seed, "tpe");
            found.push(minimise(&sizes, 400, &mut draws, f).1);
            by_chance.push((0..400).map(|_| f(&sizes.map(|size| draws.below(size)))).fold(f64::INFINITY, f64::min));
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!(mean(&found) < 1.5 && mean(&by_chance) > 3.0, "{found:?} {by_chance:?}");
    }
}
