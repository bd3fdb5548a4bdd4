//! The detectors in use elsewhere, as baselines, and the generic one that stays beside the rules.
//!
//! Each turns a series into a score a step; it alarms at the first step whose score is above its threshold.

use super::alarm::{Alarm, Place};
use super::reason::Reason;
use super::replay::Replayed;

/// A detector.
pub struct Detector {
    /// Its name.
    pub name: &'static str,
    /// The threshold that tools use.
    pub customary: f64,
    /// What it looks at.
    series: fn(&Replayed) -> Vec<f64>,
    /// What it makes of it, step by step.
    score: fn(&[f64]) -> Vec<f64>,
}

impl Detector {
    /// Its scores by step of a run.
    pub fn scores(&self, run: &Replayed) -> Vec<f64> {
        self.of(&(self.series)(run))
    }

    /// Its scores of the series that it looks at, wherever that was recorded.
    pub fn of(&self, series: &[f64]) -> Vec<f64> {
        (self.score)(series)
    }
}

/// Every one.
pub const DETECTORS: [Detector; 5] = [
    Detector { name: "z of loss", customary: 6.0, series: losses, score: rolling_z },
    Detector { name: "z of gradient norm", customary: 6.0, series: gradient_norms, score: rolling_z },
    Detector { name: "CUSUM of loss", customary: 10.0, series: losses, score: cusum },
    Detector { name: "kurtosis", customary: 10.0, series: kurtosis, score: <[f64]>::to_vec },
    Detector { name: "loss / running mean", customary: 1.5, series: losses, score: over_mean },
];

/// The place of the z-score of the gradient's norm among the detectors.
pub(super) const GRADIENT_NORM: usize = 1;
/// The place of CUSUM among the detectors.
pub(super) const CUSUM: usize = 2;

/// Steps of the window behind a score.
const WINDOW: usize = 50;
/// Steps before the first score.
const WARMING: usize = 10;

/// The first step at which a score is above a threshold; one that is no number is above all.
pub fn first_above(scores: &[f64], threshold: f64) -> Option<u64> {
    scores.iter().position(|score| *score > threshold || score.is_nan()).map(|step| step as u64)
}

fn losses(run: &Replayed) -> Vec<f64> {
    run.losses.clone()
}

fn gradient_norms(run: &Replayed) -> Vec<f64> {
    let norm =
        |vitals: &dunwu_engine::Vitals| vitals.parts.iter().map(|part| part.gradient.powi(2)).sum::<f64>().sqrt();
    run.vitals.iter().map(norm).collect()
}

fn mean_and_deviation(past: &[f64]) -> (f64, f64) {
    let n = past.len() as f64;
    let mean = past.iter().sum::<f64>() / n;
    let variance = past.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt().max(1e-3 * mean.abs()).max(1e-9))
}

fn over_past(values: &[f64], score: impl Fn(&[f64], f64) -> f64) -> Vec<f64> {
    let at = |place: usize| {
        if place < WARMING { 0.0 } else { score(&values[place.saturating_sub(WINDOW)..place], values[place]) }
    };
    (0..values.len()).map(at).collect()
}

fn rolling_z(values: &[f64]) -> Vec<f64> {
    over_past(values, |past, value| {
        let (mean, deviation) = mean_and_deviation(past);
        (value - mean) / deviation
    })
}

fn over_mean(values: &[f64]) -> Vec<f64> {
    over_past(values, |past, value| value / mean_and_deviation(past).0.max(1e-9))
}

/// Page 1954: the sum of standardised excesses over half a deviation, never below 0.
fn cusum(values: &[f64]) -> Vec<f64> {
    const SLACK: f64 = 0.5;
    const MOST: f64 = 5.0;
    let z = rolling_z(values);
    let mut sum = 0.0_f64;
    let add = |z: f64| {
        sum = if z.is_nan() { f64::INFINITY } else { (sum + z.min(MOST) - SLACK).max(0.0) };
        sum
    };
    z.into_iter().map(add).collect()
}

fn kurtosis(run: &Replayed) -> Vec<f64> {
    let largest =
        |vitals: &dunwu_engine::Vitals| vitals.layers.iter().filter_map(|layer| layer.kurtosis).fold(0.0, f64::max);
    run.vitals.iter().map(largest).collect()
}

/// Of a run that no rule saw anything in: where CUSUM first was beyond its threshold, the reason unknown.
pub fn first_sign(run: &Replayed) -> Option<Alarm> {
    let detector = &DETECTORS[CUSUM];
    let scores = detector.scores(run);
    let step = first_above(&scores, detector.customary)?;
    let value = Some(scores[step as usize]).filter(|score| score.is_finite());
    let (reason, place) = (Reason::Unknown, Place::default());
    let onset = step.saturating_sub(WARMING as u64);
    Some(Alarm { step, onset, reason, place, quantity: "cusum_of_loss", value, limit: detector.customary })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_rises_is_seen_by_cusum_and_a_spike_by_z() {
        let noise = |i: usize| 0.1 * ((i * 7919 % 13) as f64 / 13.0 - 0.5);
        let flat: Vec<f64> = (0..200).map(|i| 1.0 + noise(i)).collect();
        assert_eq!(first_above(&rolling_z(&flat), 6.0), None);
        assert_eq!(first_above(&cusum(&flat), 10.0), None);
        let mut spike = flat.clone();
        spike[120] = 3.0;
        assert_eq!(first_above(&rolling_z(&spike), 6.0), Some(120));
        let risen: Vec<f64> = (0..200).map(|i| flat[i] + if i >= 120 { 0.12 } else { 0.0 }).collect();
        assert_eq!(first_above(&rolling_z(&risen), 6.0), None);
        assert!(first_above(&cusum(&risen), 10.0).is_some_and(|step| (121..140).contains(&step)));
        assert_eq!(first_above(&rolling_z(&[vec![1.0; 20], vec![f64::NAN]].concat()), 6.0), Some(20));
    }
}
