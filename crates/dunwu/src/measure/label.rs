//! What each unit is doing, with the evidence: judged by what its contribution to the fit does on data it has not seen.
//!
//! Unit j moves sample i's right output against the others by `f̃ᵢⱼ (V[j, yᵢ] − mean V[j])`. Its mean over the training sample
//! is the unit's share in the fit (`unit_fit_train`); over the samples that were held out it is what carries over
//! (`unit_fit_held_out`). Random features that the top layer fits, look-up entries and token units all help on the training
//! sample alone; a feature of the task helps everywhere. Nothing here knows the group, so it holds for any task.
//!
//! Where only the training sample is known, structure has to stand in for the held-out samples: a generalizing unit's
//! activation depends on the label itself (`unit_class_signal_train`), beyond what a unit with so many input weights can
//! reach by fitting noise, and tells many labels apart (`unit_class_participation`), where a memorizing one singles out a few.

use dunwu_engine::model::Weights;
use serde::{Deserialize, Serialize};

/// What a unit is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitLabel {
    /// Its contribution to the fit carries over to data it has not seen.
    Generalizing,
    /// Its contribution is to the training sample only.
    Memorizing,
    /// It contributes nothing significant yet.
    Undecided,
    /// Its weights have decayed to nothing.
    Dead,
}

impl UnitLabel {
    /// Every label, in the order of legends and tables.
    pub const ALL: [Self; 4] = [Self::Generalizing, Self::Memorizing, Self::Undecided, Self::Dead];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generalizing => "generalizing",
            Self::Memorizing => "memorizing",
            Self::Undecided => "undecided",
            Self::Dead => "dead",
        }
    }
}

/// A mean with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error under random relabelling.
    pub error: f64,
}

/// How far contributions reach by the luck of the draw, in standard errors under random relabelling: 1 where that error says it all.
///
/// A standard error asks what a contribution would be were the labels dealt anew. That is too little where inputs of one label look
/// alike before anything is learned, as digits do: a random feature tells labels apart, a random readout agrees with it or not, and
/// either is significant on both samples. But an untrained readout hurts as often as it helps. So the units that hurt at the first
/// snapshot say how far luck goes, and nothing learned is needed to know it:
///
/// ```text
/// luck = (mean of z² over units with z < 0)^½, z = contribution / standard error, at step 0
/// ```
///
/// It is 1 for a standard normal z. A contribution counts from 2.75 times luck on, which one normal number in 300 reaches: of 800 units
/// of untrained `omnigrok-digits`, seeds 0 to 3, where luck is 3.8 to 4.1 on the training sample and 5.8 to 6.5 on the held-out one, two
/// pass on both samples; without luck 110 did. The factor was chosen on these four networks; on seeds 4 to 9, which had no part
/// in the choice, two of 1,200 pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Luck {
    /// Of contributions on the training sample.
    pub train: f64,
    /// Of contributions on the held-out samples.
    pub held_out: f64,
}

/// With fewer units that hurt nothing is known of luck.
const ENOUGH_UNITS: usize = 8;

impl Luck {
    /// Where the standard error says it all.
    pub const ORDINARY: Self = Self { train: 1.0, held_out: 1.0 };

    /// From the units of the first snapshot.
    pub fn of(first: &[Evidence]) -> Self {
        let spread = |fit: fn(&Evidence) -> Option<Estimate>| {
            let z = first.iter().filter_map(fit).filter(|fit| fit.error > 0.0).map(|fit| fit.mean / fit.error);
            let squares: Vec<f64> = z.filter(|z| *z < 0.0).map(|z| z * z).collect();
            let n = squares.len();
            if n < ENOUGH_UNITS {
                return 1.0;
            }
            (squares.iter().sum::<f64>() / n as f64).sqrt()
        };
        Self { train: spread(|unit| unit.fit_train), held_out: spread(|unit| unit.fit_held_out) }
    }
}

/// What is known of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// ‖w‖ over the largest norm that any unit has now or had at the start; without a table of tokens ‖v‖ over the largest now.
    pub relative_norm: f64,
    /// Contribution to the fit on the training sample.
    pub fit_train: Option<Estimate>,
    /// The same on held-out samples.
    pub fit_held_out: Option<Estimate>,
    /// Share of the activation's variance over the training sample that the label explains, corrected for chance.
    pub class_signal: Option<f64>,
    /// Share of the labels that the activation tells apart, `unit_class_participation` over M.
    pub label_share: Option<f64>,
    /// Share of ‖w‖² in its two largest entries.
    pub top2: Option<f64>,
}

/// Below this share of the largest norm a unit counts as dead: with σ = x² it contributes 10⁻⁴ of a live one.
pub(crate) const DEAD: f64 = 0.01;

/// The norm that the norms of units are seen against: the largest that any unit has now or had at the start.
pub(crate) fn reference_norm(weights: &Weights, initial: &Weights) -> f64 {
    weights.largest_unit_norm().max(initial.largest_unit_norm())
}

/// Standard errors at which a contribution is significant. At initialization, where nothing is, one unit in 2048 passes 3.
const SIGNIFICANT: f64 = 4.0;
/// The same for the held-out contribution, which also has to be half of that on the training sample.
const SIGNIFICANT_HELD_OUT: f64 = 3.0;
/// Multiple of luck from which on a contribution is more than luck; see [`Luck`].
const LUCKY: f64 = 2.75;
/// Share of the training contribution that has to carry over.
const CARRIES_OVER: f64 = 0.5;
/// More than half of ‖w‖² on two tokens: a look-up entry whatever else it seems (Li₂ reads memorizing units so).
const LOCALIZED: f64 = 0.5;
/// A unit with d input weights explains about d/n of n labels' variance by fitting noise. On shuffled labels the 99th
/// percentiles were 1.6 (cyclic:71, n = 2016), 2.1 (cyclic:41, n = 672) and 1.9 times that (cyclic:23, n = 317).
const NOISE_FITS: f64 = 1.75;
/// Share of the labels that a feature of the task tells apart. On the same shuffled labels no unit above the noise reached
/// 0.24; trained units that generalize have a median of 0.5 to 0.6 (an ideal Fourier unit 2/3), and few fall below 0.25.
const SPREAD: f64 = 0.25;

/// Share of the fit on the training sample (`unit_fit_train`) that units with label `wanted` carry; `None` where the fit as a
/// whole does not help.
pub fn fit_share(fit_train: &[Option<f64>], labels: &[UnitLabel], wanted: UnitLabel) -> Option<f64> {
    let sum = |keep: &dyn Fn(UnitLabel) -> bool| -> f64 {
        fit_train.iter().zip(labels).filter(|&(_, &label)| keep(label)).filter_map(|(fit, _)| *fit).sum()
    };
    let total = sum(&|_| true);
    (total > 0.0).then(|| sum(&|label| label == wanted) / total)
}

/// The label, where held-out samples are known; without them, [`label_from_sample`].
pub fn label(evidence: &Evidence, inputs_per_sample: Option<f64>, luck: Luck) -> UnitLabel {
    match (evidence.fit_train, evidence.fit_held_out) {
        (Some(train), Some(held_out)) => decide(evidence, luck, || {
            let carries_over = held_out.mean >= CARRIES_OVER * train.mean
                && held_out.mean >= SIGNIFICANT_HELD_OUT.max(LUCKY * luck.held_out) * held_out.error;
            Some(carries_over)
        }),
        _ => label_from_sample(evidence, inputs_per_sample, luck),
    }
}

/// The label from the training sample alone; `inputs_per_sample` is d/n, input weights of a unit over training samples. Where a
/// unit has no weights of its own there is no d: what it could reach by fitting noise is not known, nor what it is doing.
pub fn label_from_sample(evidence: &Evidence, inputs_per_sample: Option<f64>, luck: Luck) -> UnitLabel {
    decide(evidence, luck, || {
        let noise = NOISE_FITS * inputs_per_sample?;
        let signal = evidence.class_signal.is_some_and(|signal| signal >= noise);
        Some(signal && evidence.label_share.is_some_and(|share| share >= SPREAD))
    })
}

fn decide(evidence: &Evidence, luck: Luck, generalizes: impl Fn() -> Option<bool>) -> UnitLabel {
    let least = SIGNIFICANT.max(LUCKY * luck.train);
    let significant = evidence.fit_train.is_some_and(|fit| fit.mean >= least * fit.error && fit.mean > 0.0);
    let localized = evidence.top2.is_some_and(|mass| mass > LOCALIZED);
    if evidence.relative_norm < DEAD {
        UnitLabel::Dead
    } else if localized && evidence.fit_train.is_some_and(|fit| fit.mean > 0.0) {
        UnitLabel::Memorizing
    } else if !significant {
        UnitLabel::Undecided
    } else {
        match generalizes() {
            Some(true) => UnitLabel::Generalizing,
            Some(false) => UnitLabel::Memorizing,
            None => UnitLabel::Undecided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit whose contribution is significant and whose activation tells half of the labels apart.
    const FEATURE: Evidence = Evidence {
        relative_norm: 1.0,
        fit_train: Some(Estimate { mean: 1.0, error: 0.01 }),
        fit_held_out: None,
        class_signal: Some(0.9),
        label_share: Some(0.5),
        top2: None,
    };

    #[test]
    fn without_held_out_samples_or_a_count_of_weights_no_unit_is_claimed() {
        let luck = Luck::ORDINARY;
        assert_eq!(label(&FEATURE, Some(0.1), luck), UnitLabel::Generalizing);
        assert_eq!(label(&FEATURE, Some(0.6), luck), UnitLabel::Memorizing);
        assert_eq!(label(&FEATURE, None, luck), UnitLabel::Undecided);
        assert_eq!(label(&Evidence { relative_norm: 0.0, ..FEATURE }, None, luck), UnitLabel::Dead);
        let carries_over = Evidence { fit_held_out: Some(Estimate { mean: 0.9, error: 0.01 }), ..FEATURE };
        assert_eq!(label(&carries_over, None, luck), UnitLabel::Generalizing);
        assert_eq!(label_from_sample(&carries_over, None, luck), UnitLabel::Undecided);
    }

    /// 100 units whose contributions on either sample are ±1, ±2, … standard errors times `scale`.
    #[test]
    fn luck_is_the_spread_of_the_units_that_hurt() {
        let first = |scale: f64, sign: f64| -> Vec<Evidence> {
            let fit = |i: i32| Some(Estimate { mean: sign * scale * f64::from(i) * 0.01, error: 0.01 });
            (1..=50)
                .flat_map(|i| [i, -i])
                .map(|i| Evidence { fit_train: fit(i), fit_held_out: fit(i % 3), ..FEATURE })
                .collect()
        };
        // Σ i² = 50·51·101/6 over 50 units.
        let expected = (51.0 * 101.0 / 6.0_f64).sqrt();
        for scale in [0.1, 1.0] {
            let luck = Luck::of(&first(scale, 1.0));
            assert!((luck.train - expected * scale).abs() < 1e-12, "{luck:?}");
            assert_eq!(luck, Luck::of(&first(scale, -1.0)), "who helps and who hurts is the toss of a coin");
        }
        // Of the 34 units that hurt there, half do so by one standard error and half by two.
        assert!((Luck::of(&first(1.0, 1.0)).held_out - ((17.0 + 4.0 * 17.0) / 34.0_f64).sqrt()).abs() < 1e-12);
        assert_eq!(Luck::of(&first(1.0, 1.0)[..14]), Luck::ORDINARY, "seven units are too few");
        assert_eq!(Luck::of(&[]), Luck::ORDINARY);
    }

    #[test]
    fn what_luck_reaches_is_no_contribution() {
        let lucky = Evidence {
            fit_train: Some(Estimate { mean: 1.0, error: 0.1 }),
            fit_held_out: Some(Estimate { mean: 0.8, error: 0.1 }),
            ..FEATURE
        };
        assert_eq!(label(&lucky, None, Luck::ORDINARY), UnitLabel::Generalizing);
        assert_eq!(label(&lucky, None, Luck { train: 4.0, held_out: 1.0 }), UnitLabel::Undecided);
        assert_eq!(label(&lucky, None, Luck { train: 1.0, held_out: 3.0 }), UnitLabel::Memorizing);
    }
}
