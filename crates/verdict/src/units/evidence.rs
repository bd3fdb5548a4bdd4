//! What is known of every unit: its contributions to held-out samples, to training samples, and to flagged ones against their twins.

use super::arrays::ArraysError;
use super::flags::{Flagged, Flags};
use super::layer::Contributions;
use super::layer_samples::LayerSamples;
use super::matrix::Matrix;
use dunwu::stats::median;

/// A mean with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
}

impl Estimate {
    /// The mean of independent values with its standard error.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count();
        let mean = values.clone().sum::<f64>() / n.max(1) as f64;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / n.saturating_sub(1).max(1) as f64;
        // One value says nothing of its spread.
        let error = if n < 2 { f64::INFINITY } else { (variance / n as f64).sqrt() };
        Self { mean, error }
    }

    /// The same in units of `scale`, which is positive.
    #[must_use]
    pub fn over(self, scale: f64) -> Self {
        Self { mean: self.mean / scale, error: self.error / scale }
    }

    /// Mean over standard error; 0 where both are 0.
    pub fn z(self) -> f64 {
        if self.mean == 0.0 { 0.0 } else { self.mean / self.error }
    }
}

/// What is known of one unit. All are contributions to margins of outputs, in their units.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// a: the mean size of its contributions over the training sample, its own scale.
    pub scale: f64,
    /// H: the mean over held-out samples.
    pub held_out: Option<Estimate>,
    /// U: the mean over training samples that are not flagged.
    pub unflagged: Estimate,
    /// X: U less the mean over held-out samples in the same mix of classes.
    pub excess: Option<Estimate>,
    /// X − U/2: above 0 where more than half of what the unit does for unflagged training samples stays with them.
    pub excess_over_half: Option<Estimate>,
    /// E: the mean over flagged samples of what it contributes beyond its contribution to their twins.
    pub memory: Option<Estimate>,
    /// Training samples that lean on it: their contributions pass anything that it does for a held-out sample.
    pub leaning: Vec<usize>,
}

/// What is known of the units of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerEvidence {
    /// One a unit.
    pub units: Vec<Evidence>,
    /// What each flagged sample gets from each unit beyond its twins, `[flagged][unit]`, in f64.
    pub beyond_twins: Vec<Vec<f64>>,
    /// What the standard errors of E are multiplied with, because flagged samples share twins.
    pub shared_twins: f64,
    /// How often a held-out sample leans on a unit by luck: the share of pairs of held-out sample and unit.
    pub lucky_leaning: f64,
}

/// A sample leans on a unit that gives it more than this share of the median margin …
const LEANING_SHARE: f64 = 0.25;
/// … and more than this multiple of the unit's largest contribution to a held-out sample.
const LEANING_MULTIPLE: f64 = 2.0;

/// The held-out and the flagged samples that evidence is taken from, by their places.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selection {
    /// Places of held-out samples, in ascending order.
    pub(super) held_out: Vec<usize>,
    /// Places in the list of flagged samples.
    pub(super) flagged: Vec<usize>,
}

impl Selection {
    /// All of them.
    pub(super) fn all(contributions: &Contributions, flags: Option<&Flags>) -> Self {
        Self {
            held_out: (0..contributions.held_out.as_ref().map_or(0, Matrix::height)).collect(),
            flagged: (0..flags.map_or(0, |flags| flags.flagged.len())).collect(),
        }
    }
}

/// Measures the evidence.
pub fn evidence(
    samples: &LayerSamples,
    contributions: &Contributions,
    flags: Option<&Flags>,
) -> Result<LayerEvidence, ArraysError> {
    evidence_of(samples, contributions, flags, &Selection::all(contributions, flags))
}

/// Measures the evidence from some of the held-out samples and some of the flagged ones. A flagged sample of which no twin is selected is
/// left out.
pub(super) fn evidence_of(
    samples: &LayerSamples,
    contributions: &Contributions,
    flags: Option<&Flags>,
    selection: &Selection,
) -> Result<LayerEvidence, ArraysError> {
    let (n, n_units) = (samples.train.labels.len(), contributions.n_units());
    let flagged = flags.map_or(&[][..], |flags| &flags.flagged);
    let mask = flags.map_or_else(|| vec![false; n], Flags::mask);
    let beyond = |&place: &usize| match beyond_twins(contributions, &flagged[place], &selection.held_out) {
        // A sequence has twins only where a held-out one is as long.
        Err(ArraysError::NoTwin { .. }) if samples.are_sequences() => None,
        found => found.transpose(),
    };
    let beyond_twins: Vec<Vec<f64>> = selection.flagged.iter().filter_map(beyond).collect::<Result<_, _>>()?;
    let held_out = contributions.held_out.as_ref().map(|held_out| held_out.select(&selection.held_out));
    let held_out = held_out.as_ref();
    let m = held_out.map_or(0, Matrix::height);
    // Several flagged samples share a twin where held-out samples are few. With this factor E of the placebo in `flags` has a root mean
    // square of 1.01 to 1.09 of its errors.
    let shared_twins = (1.0 + beyond_twins.len() as f64 / (4 * m.max(1)) as f64).sqrt();
    let classes = held_out.and_then(|held_out| ClassSums::of(samples, contributions, &mask, (held_out, selection)));
    let leaning = held_out.and_then(|held_out| Leaning::of(samples, held_out));
    let unit = |unit: usize| {
        let column = |matrix: &Matrix| (0..matrix.height()).map(|i| f64::from(matrix.row(i)[unit])).collect::<Vec<_>>();
        let train = column(&contributions.train);
        let unflagged: Vec<f64> = train.iter().zip(&mask).filter(|(_, flagged)| !**flagged).map(|(c, _)| *c).collect();
        let memory = (!beyond_twins.is_empty()).then(|| {
            let paired = Estimate::of(beyond_twins.iter().map(|row| row[unit]));
            Estimate { error: paired.error * shared_twins, ..paired }
        });
        let (excess, excess_over_half) = classes.as_ref().map_or((None, None), |classes| classes.excess(unit));
        Evidence {
            scale: train.iter().map(|c| c.abs()).sum::<f64>() / n as f64,
            held_out: held_out.map(|held_out| Estimate::of(column(held_out).into_iter())),
            unflagged: Estimate::of(unflagged.iter().copied()),
            excess,
            excess_over_half,
            memory,
            leaning: leaning.as_ref().map_or_else(Vec::new, |leaning| leaning.on(unit, &train)),
        }
    };
    Ok(LayerEvidence {
        units: (0..n_units).map(unit).collect(),
        beyond_twins,
        shared_twins,
        lucky_leaning: leaning.map_or(0.0, |leaning| leaning.lucky),
    })
}

fn beyond_twins(
    contributions: &Contributions,
    flagged: &Flagged,
    selected: &[usize],
) -> Result<Option<Vec<f64>>, ArraysError> {
    let Some(twins) = contributions.of_twins(flagged, selected)? else { return Ok(None) };
    let own = contributions.train.row(flagged.sample);
    Ok(Some(own.iter().zip(twins).map(|(&own, twin)| f64::from(own) - twin).collect()))
}

/// Sums of contributions by class, over unflagged training samples and over held-out samples.
struct ClassSums {
    n_units: usize,
    /// `[class]`: counts of unflagged training samples and of held-out samples.
    counts: Vec<[usize; 2]>,
    /// `[class · unit]`: sum and sum of squares of both.
    sums: Vec<[[f64; 2]; 2]>,
}

impl ClassSums {
    fn of(
        samples: &LayerSamples,
        contributions: &Contributions,
        flagged: &[bool],
        (held_out, selection): (&Matrix, &Selection),
    ) -> Option<Self> {
        let n_units = contributions.n_units();
        let mut counts = vec![[0; 2]; samples.n_classes];
        let mut sums = vec![[[0.0; 2]; 2]; samples.n_classes * n_units];
        let mut add = |side: usize, label: usize, row: &[f32]| {
            counts[label][side] += 1;
            for (sum, &c) in sums[label * n_units..(label + 1) * n_units].iter_mut().zip(row) {
                sum[side][0] += f64::from(c);
                sum[side][1] += f64::from(c) * f64::from(c);
            }
        };
        let train = contributions.train.rows().zip(&samples.train.labels).zip(flagged);
        train.filter(|(_, flagged)| !**flagged).for_each(|((row, &label), _)| add(0, label, row));
        let labels = &samples.held_out.as_ref()?.labels;
        held_out.rows().zip(&selection.held_out).for_each(|(row, &place)| add(1, labels[place], row));
        Some(Self { n_units, counts, sums })
    }

    /// X and X − U/2 of a unit, over the classes that both sides have.
    ///
    /// ```text
    /// X = Σ_c w_c (Ū_c − H̄_c)      w_c: share of class c in the unflagged training samples
    /// ```
    ///
    /// The error adds the variances of all means of classes; a class with one held-out sample takes the variance of its training samples.
    fn excess(&self, unit: usize) -> (Option<Estimate>, Option<Estimate>) {
        let shared: Vec<usize> =
            (0..self.counts.len()).filter(|&class| self.counts[class].iter().all(|&count| count > 0)).collect();
        let total: usize = shared.iter().map(|&class| self.counts[class][0]).sum();
        if total == 0 {
            return (None, None);
        }
        let (mut excess, mut half) = (0.0, 0.0);
        let (mut variance, mut half_variance) = (0.0, 0.0);
        for class in shared {
            let sums = &self.sums[class * self.n_units + unit];
            let weight = self.counts[class][0] as f64 / total as f64;
            let moments = |side: usize| {
                let n = self.counts[class][side] as f64;
                let mean = sums[side][0] / n;
                (mean, (sums[side][1] / n - mean * mean).max(0.0) * n / (n - 1.0).max(1.0), n)
            };
            let ((train, train_variance, n), (other, mut other_variance, m)) = (moments(0), moments(1));
            if m < 2.0 {
                other_variance = train_variance;
            }
            excess += weight * (train - other);
            half += weight * (train / 2.0 - other);
            variance += weight * weight * (train_variance / n + other_variance / m);
            half_variance += weight * weight * (train_variance / (4.0 * n) + other_variance / m);
        }
        let estimate = |mean: f64, variance: f64| Some(Estimate { mean, error: variance.sqrt() });
        (estimate(excess, variance), estimate(half, half_variance))
    }
}

/// When a sample leans on a unit.
struct Leaning {
    /// The least contribution that counts, whatever the unit.
    least: f64,
    /// Largest contribution of each unit to a held-out sample, not below 0.
    largest: Vec<f64>,
    /// The share of pairs of held-out sample and unit in which the sample would lean on the unit, were it not known of.
    lucky: f64,
}

impl Leaning {
    fn of(samples: &LayerSamples, held_out: &Matrix) -> Option<Self> {
        let sizes = samples.train.margins().into_iter().map(f64::abs);
        let least = LEANING_SHARE * median(sizes)?;
        let n_units = held_out.width();
        // The two largest: a held-out sample is held against all others.
        let mut largest = vec![[0.0_f64; 2]; n_units];
        for row in held_out.rows() {
            for (best, &c) in largest.iter_mut().zip(row) {
                let c = f64::from(c);
                if c > best[0] {
                    *best = [c, best[0]];
                } else if c > best[1] {
                    best[1] = c;
                }
            }
        }
        let lucky = largest.iter().filter(|best| best[0] > least && best[0] > LEANING_MULTIPLE * best[1]).count();
        let pairs = held_out.height() * n_units;
        let largest = largest.into_iter().map(|best| best[0]).collect();
        Some(Self { least, largest, lucky: lucky as f64 / pairs.max(1) as f64 })
    }

    fn on(&self, unit: usize, train: &[f64]) -> Vec<usize> {
        let least = self.least.max(LEANING_MULTIPLE * self.largest[unit]);
        (0..train.len()).filter(|&i| train[i] > least).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;
    use crate::units::{Answers, Samples};

    const CLASSES: usize = 3;
    const UNITS: usize = 2;

    /// Contributions drawn at random, of 9 training samples and 6 held-out ones, these under every label.
    fn layer() -> (LayerSamples, Contributions, Matrix, Flags) {
        let mut draw = Draw::of(907, 0);
        let mut matrix = |n: usize, width: usize| Matrix::from_fn(n, width, |_, _| draw.normal() as f32);
        let (train, by_class) = (matrix(9, UNITS), matrix(6, CLASSES * UNITS));
        let mut side = |n: usize| Samples {
            labels: (0..n).map(|i| i % CLASSES).collect(),
            answers: Answers::Logits(matrix(n, CLASSES)),
            readout: matrix(n, 1),
            activation: None,
            input: None,
        };
        let samples = LayerSamples {
            name: String::new(),
            basis: "units".to_owned(),
            n_classes: CLASSES,
            sequence_chance: None,
            train: side(9),
            held_out: Some(side(6)),
            given_flags: None,
            output: None,
        };
        let held_out = Matrix::from_fn(6, UNITS, |i, j| by_class.row(i)[i % CLASSES * UNITS + j]);
        let flagged = |sample: usize, twins: &[usize]| Flagged {
            sample,
            label: sample % CLASSES,
            readout: 0,
            contradiction: 0.0,
            twins: twins.to_vec(),
        };
        let flags = Flags {
            flagged: vec![flagged(1, &[0, 3]), flagged(5, &[1, 2, 4])],
            are_given: true,
            n_train: 9,
            readout_accuracy: None,
            contradictions: Vec::new(),
        };
        (samples, Contributions::integrated(train, held_out, by_class.clone(), None), by_class, flags)
    }

    /// E, its error and H from their definitions, of the held-out samples that are selected.
    #[test]
    fn memory_is_what_flagged_samples_get_beyond_their_twins() {
        let (samples, contributions, by_class, flags) = layer();
        for held_out in [vec![0, 1, 2, 3, 4, 5], vec![0, 2, 4]] {
            let selection = Selection { held_out: held_out.clone(), flagged: vec![0, 1] };
            let found = evidence_of(&samples, &contributions, Some(&flags), &selection).unwrap();
            let m = held_out.len() as f64;
            for (unit, evidence) in found.units.iter().enumerate() {
                let beyond: Vec<f64> = flags
                    .flagged
                    .iter()
                    .map(|flagged| {
                        let twins = flagged.twins.iter().filter(|twin| held_out.contains(twin));
                        let of_twins: Vec<f64> =
                            twins.map(|&twin| f64::from(by_class.row(twin)[flagged.label * UNITS + unit])).collect();
                        let mean = of_twins.iter().sum::<f64>() / of_twins.len() as f64;
                        f64::from(contributions.train.row(flagged.sample)[unit]) - mean
                    })
                    .collect();
                let memory = evidence.memory.unwrap();
                assert!((memory.mean - f64::midpoint(beyond[0], beyond[1])).abs() < 1e-12, "{memory:?}");
                // Of two values the standard error is half their difference.
                let error = (beyond[0] - beyond[1]).abs() / 2.0 * (1.0 + 2.0 / (4.0 * m)).sqrt();
                assert!((memory.error - error).abs() < 1e-12, "{memory:?}, {error}");
                let own = |i: &usize| f64::from(by_class.row(*i)[i % CLASSES * UNITS + unit]);
                let mean = held_out.iter().map(own).sum::<f64>() / m;
                assert!((evidence.held_out.unwrap().mean - mean).abs() < 1e-12);
            }
        }
    }

    /// X from its definition: class by class, in the mix of the unflagged training samples.
    #[test]
    fn excess_compares_the_same_mix_of_classes() {
        let (samples, contributions, by_class, flags) = layer();
        let found = evidence(&samples, &contributions, Some(&flags)).unwrap();
        for (unit, evidence) in found.units.iter().enumerate() {
            let unflagged: Vec<usize> = (0..9).filter(|i| ![1, 5].contains(i)).collect();
            let excess: f64 = unflagged
                .iter()
                .map(|&i| {
                    let class = i % CLASSES;
                    // Held-out samples `class` and `class + 3` are of the class.
                    let other = |k: usize| f64::from(by_class.row(k)[class * UNITS + unit]);
                    let mean = f64::midpoint(other(class), other(class + CLASSES));
                    (f64::from(contributions.train.row(i)[unit]) - mean) / 7.0
                })
                .sum();
            assert!((evidence.excess.unwrap().mean - excess).abs() < 1e-12);
        }
    }

    #[test]
    fn a_flagged_sample_without_a_selected_twin_is_left_out() {
        let (samples, contributions, _, flags) = layer();
        let selection = Selection { held_out: vec![1, 2, 5], flagged: vec![0, 1] };
        let found = evidence_of(&samples, &contributions, Some(&flags), &selection).unwrap();
        let whole = evidence(&samples, &contributions, Some(&flags)).unwrap();
        assert_eq!((found.beyond_twins.len(), whole.beyond_twins.len()), (1, 2));
    }
}
