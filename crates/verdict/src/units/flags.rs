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
//! Sequences have no class that a readout could contradict: the flagged ones are those that the user names, and their twins are given.
//!
//! Eight was measured with a placebo: 100 held-out digits under random wrong labels, which nothing has memorized, take the place of the
//! flagged samples. E/a then has to be 0. Over four layers of an MLP and a CNN and eight such draws its root mean square is 0.092 with
//! eight twins, 0.095 with four or sixteen, 0.098 with 32, 0.094 with a ridge regression on the scores, 0.097 with four drawn of eight;
//! its mean is −0.007.

use super::layer_samples::LayerSamples;
use super::matrix::largest;
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
    /// Training samples.
    pub n_train: usize,
    /// The readout's accuracy on held-out samples, each left out; `None` of sequences, for which there is no readout.
    pub readout_accuracy: Option<f64>,
    /// For every training sample: the readout's score of its best other class less that of its label. Empty of sequences.
    pub contradictions: Vec<f64>,
}

impl Flags {
    /// Fits the readout and looks for what contradicts it; `None` without held-out samples.
    pub fn of(samples: &LayerSamples) -> Option<Self> {
        let held_out = samples.held_out.as_ref()?;
        let train = &samples.train;
        let Some(logits) = train.logits() else { return Some(Self::named(samples)) };
        let ridge = Ridge::fit(&held_out.readout, &held_out.labels, samples.n_classes)?;
        let scores = ridge.scores(&train.readout);
        let contradictions: Vec<f64> =
            train.labels.iter().enumerate().map(|(i, &label)| contradiction(&row(&scores, i), label)).collect();
        let is_flagged = |i: usize| match &samples.given_flags {
            Some(given) => given[i],
            None => contradictions[i] > CONTRADICTION && largest(logits.row(i)) == train.labels[i],
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
            n_train: train.labels.len(),
            readout_accuracy: Some(right as f64 / held_out.labels.len() as f64),
            contradictions,
        })
    }

    /// The sequences that the user names; nothing contradicts them, and contributions of their twins are given.
    fn named(samples: &LayerSamples) -> Self {
        let given = samples.given_flags.iter().flatten().enumerate();
        let flagged = given.filter(|(_, flag)| **flag).map(|(sample, _)| Flagged {
            sample,
            label: samples.train.labels[sample],
            readout: samples.train.labels[sample],
            contradiction: 0.0,
            twins: Vec::new(),
        });
        Self {
            flagged: flagged.collect(),
            are_given: true,
            n_train: samples.train.labels.len(),
            readout_accuracy: None,
            contradictions: Vec::new(),
        }
    }

    /// Whether each training sample is flagged.
    pub fn mask(&self) -> Vec<bool> {
        let mut mask = vec![false; self.n_train];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;
    use crate::units::{Answers, Matrix, Samples};

    /// Two classes by the sign of a feature. Of the training samples 0 and 1 have the other label; the network has learned only the first.
    fn samples() -> LayerSamples {
        let mut draw = Draw::of(906, 0);
        let mut side = |n: usize, n_wrong: usize| {
            let readout = Matrix::from_fn(n, 2, |i, j| {
                let class = if j > 0 { 0.0 } else { 2.0 * (i % 2) as f64 - 1.0 };
                (class + 0.2 * draw.normal()) as f32
            });
            let labels: Vec<usize> = (0..n).map(|i| if i < n_wrong { 1 - i % 2 } else { i % 2 }).collect();
            let answers = Matrix::from_fn(n, 2, |i, c| {
                let given = if i == 1 && n_wrong > 0 { i % 2 } else { labels[i] };
                f32::from(u8::from(c == given))
            });
            Samples { labels, answers: Answers::Logits(answers), readout, activation: None, input: None }
        };
        LayerSamples {
            name: String::new(),
            basis: "units".to_owned(),
            n_classes: 2,
            sequence_chance: None,
            train: side(60, 2),
            held_out: Some(side(50, 0)),
            given_flags: None,
            output: None,
        }
    }

    #[test]
    fn a_flagged_sample_is_learned_and_contradicted() {
        let mut samples = samples();
        let flags = Flags::of(&samples).unwrap();
        let found: Vec<(usize, usize, usize)> =
            flags.flagged.iter().map(|flagged| (flagged.sample, flagged.label, flagged.readout)).collect();
        assert_eq!(found, [(0, 1, 0)], "1 is contradicted and not learned, the others are not contradicted");
        assert!(flags.contradictions[1] > CONTRADICTION && flags.contradictions[2] < 0.0);
        assert_eq!(flags.readout_accuracy, Some(1.0));
        let mut named = vec![false; 60];
        named[7] = true;
        samples.given_flags = Some(named);
        let flags = Flags::of(&samples).unwrap();
        assert_eq!(
            flags.flagged.iter().map(|flagged| flagged.sample).collect::<Vec<_>>(),
            [7],
            "named ones alone count"
        );
    }

    /// Every held-out sample that is no twin lies farther than every twin, by the definition.
    #[test]
    fn twins_are_the_eight_nearest_held_out_samples() {
        let samples = samples();
        let held_out = samples.held_out.as_ref().unwrap();
        let flags = Flags::of(&samples).unwrap();
        let ridge = Ridge::fit(&held_out.readout, &held_out.labels, 2).unwrap();
        let own = row(&ridge.scores(&samples.train.readout), 0);
        let distance = |i: usize| (0..2).map(|c| (own[c] - ridge.left_out[(i, c)]).powi(2)).sum::<f64>();
        let twins = &flags.flagged[0].twins;
        let farthest = twins.iter().map(|&twin| distance(twin)).fold(0.0, f64::max);
        assert_eq!(twins.len(), 8);
        assert!((0..50).all(|i| twins.contains(&i) || distance(i) > farthest));
        assert!(twins.iter().all(|twin| held_out.labels[*twin] == 0), "they are of its kind and not of its label");
    }
}
