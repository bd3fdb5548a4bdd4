//! Counterfactual memorization, exactly: thousands of networks, each trained on a random part of the samples.
//!
//! ```text
//! memᵢ = mean over networks with i of p(yᵢ | xᵢ) − mean over networks without i      also with 1[the answer is yᵢ] in the place of p
//! ```
//!
//! Source: Feldman & Zhang 2020, arXiv:2008.03703, who sample a few dozen networks where this trains thousands.

use super::digits::{CLASSES, NoisyDigits};
use super::small_net::{Course, Lesson, SmallNet, softmax};
use crate::draw::Draw;
use crate::units::Matrix;
use crate::units::matrix::largest;
use dunwu::verb::{VerbError, Watcher};

/// What is retrained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retraining {
    /// Units of the hidden layer; 0 for a logistic network.
    pub(super) n_units: usize,
    pub(super) course: Course,
    /// Networks.
    pub(super) networks: usize,
    pub(super) seed: u64,
}

/// How much each sample is memorized, by probability and by right answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memorization {
    pub(super) probability: Vec<f64>,
    pub(super) accuracy: Vec<f64>,
}

/// Share of the samples that a network is trained on.
const SHARE: f64 = 0.7;
/// Networks whose sums are made at once, in one order whatever the threads.
const CHUNK: usize = 16;
/// The numbered stream of parts and initial weights; one generator a network.
const RETRAIN_STREAM: usize = 0x4e74;

/// Sums over networks: of each sample, with and without it, how many networks, their probabilities, their right answers.
#[derive(Clone)]
struct Sums(Vec<[[f64; 3]; 2]>);

impl Sums {
    fn add(&mut self, other: &Self) {
        for (sum, other) in self.0.iter_mut().zip(&other.0) {
            for side in 0..2 {
                (0..3).for_each(|k| sum[side][k] += other[side][k]);
            }
        }
    }

    fn memorization(&self) -> Memorization {
        let difference =
            |sum: &[[f64; 3]; 2], k: usize| sum[1][k] / sum[1][0].max(1.0) - sum[0][k] / sum[0][0].max(1.0);
        Memorization {
            probability: self.0.iter().map(|sum| difference(sum, 1)).collect(),
            accuracy: self.0.iter().map(|sum| difference(sum, 2)).collect(),
        }
    }
}

/// Sums of one network after the other, in chunks.
pub(super) struct Retrained(Vec<Sums>);

impl Retrained {
    /// Trains every network on so many threads.
    pub(super) fn train(
        digits: &NoisyDigits,
        retraining: Retraining,
        threads: usize,
        watcher: &mut Watcher<'_>,
    ) -> Result<Self, VerbError> {
        let starts: Vec<usize> = (0..retraining.networks).step_by(CHUNK).collect();
        let mut done = Vec::new();
        for round in starts.chunks(threads.max(1)) {
            if watcher.is_stopped() {
                return Err(VerbError::Stopped);
            }
            let work = |start: usize| sums(digits, retraining, start..retraining.networks.min(start + CHUNK));
            let made: Vec<Sums> = std::thread::scope(|scope| {
                let workers: Vec<_> = round.iter().map(|&start| scope.spawn(move || work(start))).collect();
                workers.into_iter().map(|worker| worker.join().expect("a worker only computes")).collect()
            });
            done.extend(made);
            watcher.pieces((done.len() * CHUNK).min(retraining.networks) as u64);
        }
        Ok(Self(done))
    }

    /// From the chunks that `keep` keeps.
    pub(super) fn of_chunks(&self, keep: impl Fn(usize) -> bool) -> Memorization {
        let mut sums = Sums(vec![[[0.0; 3]; 2]; self.0[0].0.len()]);
        self.0.iter().enumerate().filter(|(chunk, _)| keep(*chunk)).for_each(|(_, chunk)| sums.add(chunk));
        sums.memorization()
    }

    /// Chunks of 16 networks: what each alone gives is what so few copies give.
    pub(super) fn chunks(&self) -> usize {
        self.0.len()
    }
}

fn sums(digits: &NoisyDigits, retraining: Retraining, networks: std::ops::Range<usize>) -> Sums {
    let (x, labels) = (&digits.train.x, &digits.train.labels);
    let n = labels.len();
    let mut sums = Sums(vec![[[0.0; 3]; 2]; n]);
    for network in networks {
        let mut draw = Draw::of(RETRAIN_STREAM, retraining.seed.wrapping_mul(1 << 24).wrapping_add(network as u64));
        let mut part = draw.order(n);
        part.truncate((SHARE * n as f64).round() as usize);
        let own: Vec<usize> = part.iter().map(|&i| labels[i]).collect();
        let mut net = SmallNet::new((x.width(), retraining.n_units, CLASSES), &mut draw);
        let samples = x.select(&part);
        net.train(Lesson { x: &samples, labels: &own, frozen: None, taught: None }, retraining.course);
        let mut is_in = vec![0; n];
        part.iter().for_each(|&i| is_in[i] = 1);
        for (i, row) in probabilities(&net.outputs(x)).rows().enumerate() {
            let right = f64::from(u8::from(largest(row) == labels[i]));
            let cell = &mut sums.0[i][is_in[i]];
            [1.0, f64::from(row[labels[i]]), right].iter().zip(cell).for_each(|(value, sum)| *sum += value);
        }
    }
    sums
}

/// Logits as probabilities.
pub(super) fn probabilities(outputs: &Matrix) -> Matrix {
    let mut values = outputs.values().to_vec();
    values.chunks_exact_mut(outputs.width()).for_each(softmax);
    Matrix::new(outputs.width(), values)
}
