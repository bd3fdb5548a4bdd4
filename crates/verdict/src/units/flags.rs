//! Flagged training samples, which a readout of held-out samples contradicts though the network has learned them, and their twins.
//!
//! ```text
//! F = {i : the network answers yᵢ, and max_{c ≠ yᵢ} sᵢ[c] − sᵢ[yᵢ] > 0.1}      s: scores of the ridge readout
//! ```
//!
//! A twin of i is a held-out sample that the readout sees alike, taken with the label of i: it stands for the sample, untrained. The
//! twins are the eight held-out samples whose scores are nearest, all of them and each once; scores of held-out samples are those of fits
//! without them. Nothing is drawn, so that the same arrays always give the same labels.
//!
//! Eight was measured with a placebo: 100 held-out digits under random wrong labels, which nothing has memorized, take the place of the
//! flagged samples. E/a then has to be 0. Over four layers of an MLP and a CNN and eight such draws its root mean square is 0.092 with
//! eight twins, 0.095 with four or sixteen, 0.098 with 32, 0.094 with a ridge regression on the scores, 0.097 with four drawn of eight;
//! its mean is −0.007.

use super::layer::LayerSamples;
use super::matrix::{Matrix, largest};
use super::ridge::Ridge;
use faer::Mat;

/// By how much a readout has to contradict a label; measured on wrong labels of digits, where it finds them with an area under the ROC
/// curve of 0.998.
const CONTRADICTION: f64 = 0.1;
/// Twins of a sample.
pub(super) const TWINS: usize = 8;

/// A training sample that only memory explains.
#[derive(Clone, Debug, PartialEq)]
pub struct Flagged {
    /// Its index in the training sample.
    pub sample: usize,
    /// Its label.
    pub label: usize,
    /// What the readout says of it.
    pub readout: usize,
    /// The readout's score of its best other class less that of its label.
    pub contradiction: f64,
    /// Indices of its twins among the held-out samples.
    pub twins: Vec<usize>,
}

/// What the readout says of a training sample.
pub struct Flags {
    /// Flagged samples in the order of the training sample.
    pub flagged: Vec<Flagged>,
    /// Whether the user named them.
    pub are_given: bool,
    /// The readout's accuracy on held-out samples, each left out.
    pub readout_accuracy: f64,
    /// For every training sample: the readout's score of its best other class less that of its label.
    pub contradictions: Vec<f64>,
}

impl Flags {
    /// Fits the readout and looks for what contradicts it; `None` without held-out samples.
    pub fn of(samples: &LayerSamples) -> Option<Self> {
        let held_out = samples.held_out.as_ref()?;
        let train = &samples.train;
        let ridge = Ridge::fit(&held_out.readout, &held_out.labels, samples.n_classes)?;
        let scores = ridge.scores(&train.readout);
        let contradictions: Vec<f64> =
            train.labels.iter().enumerate().map(|(i, &label)| contradiction(&row(&scores, i), label)).collect();
        let is_flagged = |i: usize| match &samples.given_flags {
            Some(given) => given[i],
            None => contradictions[i] > CONTRADICTION && largest(train.outputs.row(i)) == train.labels[i],
        };
        let places: Vec<usize> = (0..train.labels.len()).filter(|&i| is_flagged(i)).collect();
        let flagged = places.into_iter().map(|sample| {
            let own = row(&scores, sample);
            Flagged {
                sample,
                label: train.labels[sample],
                readout: largest(&own),
                contradiction: contradictions[sample],
                twins: twins(&own, &ridge.left_out),
            }
        });
        let right = held_out.labels.iter().enumerate();
        let right = right.filter(|&(i, &label)| largest(&row(&ridge.left_out, i)) == label).count();
        Some(Self {
            flagged: flagged.collect(),
            are_given: samples.given_flags.is_some(),
            readout_accuracy: right as f64 / held_out.labels.len() as f64,
            contradictions,
        })
    }

    /// Whether each training sample is flagged.
    pub fn mask(&self) -> Vec<bool> {
        let mut mask = vec![false; self.contradictions.len()];
        self.flagged.iter().for_each(|flagged| mask[flagged.sample] = true);
        mask
    }
}

fn row(scores: &Mat<f64>, i: usize) -> Vec<f64> {
    (0..scores.ncols()).map(|c| scores[(i, c)]).collect()
}

/// The best score of another class less that of the label.
pub(super) fn contradiction(scores: &[f64], label: usize) -> f64 {
    let others = scores.iter().enumerate().filter(|&(class, _)| class != label).map(|(_, score)| *score);
    others.fold(f64::NEG_INFINITY, f64::max) - scores[label]
}

/// The held-out samples whose scores are nearest, the nearest first; of equals the first.
fn twins(own: &[f64], held_out: &Mat<f64>) -> Vec<usize> {
    let distance = |i: usize| own.iter().enumerate().map(|(c, score)| (score - held_out[(i, c)]).powi(2)).sum::<f64>();
    let mut near: Vec<(f64, usize)> = (0..held_out.nrows()).map(|i| (distance(i), i)).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    near.into_iter().take(TWINS).map(|(_, twin)| twin).collect()
}

/// `zᵢ[yᵢ] − mean_c zᵢ[c]` of every sample.
///
/// The mean and not the logarithm of the sum of exponentials: that one mixes units through the rival class, and 238 of 288 planted
/// generalizing units then seemed to memorize as well.
pub fn margins(outputs: &Matrix, labels: &[usize]) -> Vec<f64> {
    let margin = |(row, &label): (&[f32], &usize)| {
        let mean = row.iter().map(|&z| f64::from(z)).sum::<f64>() / row.len() as f64;
        f64::from(row[label]) - mean
    };
    outputs.rows().zip(labels).map(margin).collect()
}

/// The share of samples whose label has the largest output.
pub fn accuracy(outputs: &Matrix, labels: &[usize]) -> f64 {
    let right = outputs.rows().zip(labels).filter(|(row, label)| largest(row) == **label).count();
    right as f64 / labels.len().max(1) as f64
}
