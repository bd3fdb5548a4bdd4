//! Mini-batches: which samples the update of a step sees.

use crate::random::{Stream, nth_rng};
use rand_chacha::rand_core::RngCore;

/// One endless sequence of samples, a new permutation each epoch, cut into batches. A batch may end one epoch and begin the
/// next, so that every sample is seen equally often whatever the batch's size.
#[derive(Clone, Debug)]
pub(super) struct Batches {
    seed: u64,
    n_samples: usize,
    size: usize,
    /// Of the epoch that was asked for last.
    permutation: Vec<u32>,
    epoch: Option<u64>,
    /// Which samples are trained on; empty where all are. The others leave their batches smaller.
    alive: Vec<bool>,
    /// Samples after which a batch begins again with its first; as many as the batch holds where it is whole.
    distinct: usize,
}

impl Batches {
    /// Batches of `size` out of `n_samples`; `None` where one batch holds the whole sample.
    pub(super) fn new(seed: u64, n_samples: usize, size: u64) -> Option<Self> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        (1..n_samples).contains(&size).then(|| Self::of(seed, n_samples, size))
    }

    fn of(seed: u64, n_samples: usize, size: usize) -> Self {
        Self { seed, n_samples, size, permutation: Vec::new(), epoch: None, alive: Vec::new(), distinct: size }
    }

    /// The same where some samples are not trained on, or a batch has only so many distinct ones.
    pub(super) fn arranged(seed: u64, size: u64, alive: &[bool], distinct: Option<u64>) -> Option<Self> {
        let (n, is_whole) = (alive.len(), alive.iter().all(|&alive| alive));
        let batches = match (Self::new(seed, n, size), distinct) {
            (Some(batches), _) => batches,
            (None, Some(_)) => Self::of(seed, n, n),
            (None, None) => return None,
        };
        let alive = if is_whole { Vec::new() } else { alive.to_vec() };
        let distinct = distinct.map_or(batches.size, |distinct| usize::try_from(distinct).unwrap_or(usize::MAX));
        Some(Self { alive, distinct, ..batches })
    }

    /// The samples that the update of `step` sees: it depends on nothing but the step, so a run can go on anywhere.
    pub(super) fn at(&mut self, step: u64) -> Vec<u32> {
        let first = step * self.size as u64;
        let mut batch: Vec<u32> = (first..first + self.size as u64).map(|place| self.sample(place)).collect();
        if !self.alive.is_empty() {
            batch.retain(|&sample| self.alive[sample as usize]);
            if batch.is_empty() {
                batch.extend(self.alive.iter().position(|&alive| alive).map(|first| first as u32));
            }
        }
        if self.distinct < batch.len() {
            batch = batch[..self.distinct].iter().copied().cycle().take(batch.len()).collect();
        }
        batch
    }

    fn sample(&mut self, place: u64) -> u32 {
        let n = self.n_samples as u64;
        if self.epoch != Some(place / n) {
            self.permutation = permutation(self.seed, place / n, self.n_samples);
            self.epoch = Some(place / n);
        }
        self.permutation[(place % n) as usize]
    }
}

/// Fisher and Yates, from the last place to the first.
fn permutation(seed: u64, epoch: u64, n: usize) -> Vec<u32> {
    let mut rng = nth_rng(seed, Stream::Batches, epoch);
    let mut order: Vec<u32> = (0..n as u32).collect();
    for last in (1..n).rev() {
        // 64 random bits scaled down: off from uniform by less than n / 2⁶⁴.
        let chosen = (u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64;
        order.swap(last, chosen as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_seen_once_an_epoch() {
        for (n, size) in [(10, 3), (7, 2), (64, 63), (5, 1)] {
            let mut batches = Batches::new(3, n, size).unwrap();
            let sequence: Vec<u32> = (0..n as u64).flat_map(|step| batches.at(step)).collect();
            assert_eq!(sequence.len(), n * size as usize);
            for (epoch, seen) in sequence.chunks(n).enumerate() {
                let mut sorted = seen.to_vec();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..n as u32).collect::<Vec<_>>(), "n={n} epoch {epoch}");
            }
            assert!(n < 7 || sequence[..n] != sequence[n..2 * n], "each epoch has an order of its own");
            // In any order of steps.
            assert_eq!(Batches::new(3, n, size).unwrap().at(2), batches.at(2));
        }
    }

    #[test]
    fn the_whole_sample_is_no_batch() {
        assert!(Batches::new(0, 10, 0).is_none() && Batches::new(0, 10, 10).is_none());
        assert!(Batches::new(0, 10, 11).is_none() && Batches::new(0, 0, 1).is_none());
    }

    /// Each of the 24 orders of four within five standard errors of its share, over 24,000 epochs.
    #[test]
    fn orders_are_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..24_000 {
            *counts.entry(permutation(1, epoch, 4)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        let deviation = (24_000.0 / 24.0 * (1.0 - 1.0 / 24.0_f64)).sqrt();
        assert!(counts.values().all(|&n| (f64::from(n) - 1000.0).abs() < 5.0 * deviation), "{counts:?}");
    }
}
