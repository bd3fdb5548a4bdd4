//! From evidence to labels: two claims a unit, each proved, refuted or open.
//!
//! ```text
//! r = E/a, shrunk towards the layer's median by τ² = max((IQR/1.349)² − median(s)², (median(s)/2)²)
//! memory         proved: P(r > 0.1) ≥ 0.975, or a leaning sample, or X ≥ U/2 at 4 standard errors
//!                refuted: P(r < 0.1) ≥ 0.5 and P(r < 0.5) ≥ 0.95
//! generalization proved: H ≥ 3 standard errors and P(h > 0.1) ≥ 0.95, h = H/a                          refuted: P(h < 0.1) ≥ 0.95
//! ```
//!
//! Both proved: both. One proved and the other refuted: memorizing or generalizing. Both refuted, or a dead unit: neither. All else cannot
//! be told. Median and quartiles and not mean and variance, which break down where errors differ much between units.
//!
//! Memory is proved and refuted at one threshold, 0.1, and what lies near it cannot be told. An earlier rule refuted it at P(r < 0.5) ≥ 0.95
//! alone, so that proof and refutation overlapped between 0.1 and 0.5, where most units of trained networks lie: the same unit was called
//! both or generalizing by luck, and all units together. Digits, ten per cent of the labels wrong, five seeds: of the units of an MLP's
//! first layer that two disjoint halves of 797 held-out samples both told, 17 % got another label, and 40 % with two halves of the flagged
//! samples; with this rule 0.1 % and 1.0 %, and not more in its second layer, nor in a convolution or the dense layer of a CNN.

use super::evidence::{Estimate, Evidence, LayerEvidence};
use dunwu::stats::median;
use schemars::JsonSchema;
use serde::Serialize;

/// What a unit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitRole {
    /// It serves training samples that it has memorized, and nothing else.
    Memorizing,
    /// What it does carries over to samples that were not trained on, and it memorizes nothing to speak of.
    Generalizing,
    /// It does both at once.
    Both,
    /// It does neither, or nothing at all.
    Neither,
    /// The arrays do not tell.
    CannotTell,
}

impl UnitRole {
    /// Every role, in the order of tables and legends.
    pub const ALL: [Self; 5] = [Self::Memorizing, Self::Generalizing, Self::Both, Self::Neither, Self::CannotTell];

    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memorizing => "memorizing",
            Self::Generalizing => "generalizing",
            Self::Both => "both",
            Self::Neither => "neither",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// How a claim of a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The evidence is for it.
    Proved,
    /// The evidence is against it.
    Refuted,
    /// It is neither.
    Open,
}

/// One claim with how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// How it stands.
    pub standing: Standing,
    /// The probability of what is said, that the claim is true or that it is false; of an open one the larger of both.
    pub probability: f64,
}

/// What is said of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitLabel {
    /// Both claims together.
    pub role: UnitRole,
    /// Whether it contributes nothing to speak of.
    pub is_dead: bool,
    /// Whether it memorizes.
    pub memory: Claim,
    /// Whether it generalizes.
    pub generalization: Claim,
    /// The smaller probability of both.
    pub confidence: f64,
    /// E/a after shrinking, with its error; `None` where E is not known.
    pub memory_ratio: Option<Estimate>,
}

/// Flagged samples below which E says nothing, so that memory cannot be refuted.
pub const FEWEST_FLAGGED: usize = 8;
/// A unit that is smaller than this share of the layer's mean scale is dead.
const DEAD: f64 = 0.02;
/// E/a above which a unit memorizes, and the probability that it needs.
const MEMORY: (f64, f64) = (0.1, 0.975);
/// The probability of E/a below `MEMORY` that refuting memory needs: the better half keeps it apart from proof by two errors.
const NO_MEMORY: f64 = 0.5;
/// E/a that refuting memory rules out, and the probability that it needs.
pub(super) const RULED_OUT: (f64, f64) = (0.5, 0.95);
/// Standard errors at which X passes U/2.
const EXCESS: f64 = 4.0;
/// Probability that luck has at least so many samples lean on a unit, above which leaning proves nothing.
const LUCK: f64 = 0.05;
/// Standard errors of H, H/a above which a unit generalizes, and the probability that it needs.
const GENERALIZES: (f64, f64, f64) = (3.0, 0.1, 0.95);

/// Labels every unit of a layer.
pub(super) fn label(layer: &LayerEvidence, n_train: usize) -> Vec<UnitLabel> {
    let units = &layer.units;
    let mean_scale = units.iter().map(|unit| unit.scale).sum::<f64>() / units.len().max(1) as f64;
    let is_dead = |unit: &Evidence| unit.scale <= DEAD * mean_scale;
    let has_memory = layer.beyond_twins.len() >= FEWEST_FLAGGED;
    let ratios: Vec<Option<Estimate>> = units
        .iter()
        .map(|unit| unit.memory.filter(|_| has_memory && !is_dead(unit)).map(|e| e.over(unit.scale)))
        .collect();
    let prior = Prior::of(ratios.iter().flatten(), centre_error(layer, &ratios));
    let lucky = layer.lucky_leaning * n_train as f64;
    let label = |(unit, ratio): (&Evidence, &Option<Estimate>)| {
        let ratio = ratio.map(|ratio| prior.as_ref().map_or(ratio, |prior| prior.shrink(ratio)));
        let memory = memory(unit, ratio, lucky);
        let generalization = generalization(unit);
        let is_dead = is_dead(unit);
        let role = if is_dead { UnitRole::Neither } else { role(memory.standing, generalization.standing) };
        let confidence = if is_dead { 1.0 } else { memory.probability.min(generalization.probability) };
        UnitLabel { role, is_dead, memory, generalization, confidence, memory_ratio: ratio }
    };
    units.iter().zip(&ratios).map(label).collect()
}

fn role(memory: Standing, generalization: Standing) -> UnitRole {
    match (memory, generalization) {
        (Standing::Proved, Standing::Proved) => UnitRole::Both,
        (Standing::Proved, Standing::Refuted) => UnitRole::Memorizing,
        (Standing::Refuted, Standing::Proved) => UnitRole::Generalizing,
        (Standing::Refuted, Standing::Refuted) => UnitRole::Neither,
        _ => UnitRole::CannotTell,
    }
}

fn memory(unit: &Evidence, ratio: Option<Estimate>, lucky: f64) -> Claim {
    let has = ratio.map_or(0.0, |ratio| above(ratio, MEMORY.0));
    let is_likely_small = ratio.is_some() && 1.0 - has >= NO_MEMORY;
    let has_none = ratio.map_or(0.0, |ratio| 1.0 - above(ratio, RULED_OUT.0));
    // What stays with the training sample has to be something in the first place.
    let excess = unit.excess_over_half.filter(|_| unit.unflagged.mean >= MEMORY.0 * unit.scale);
    let by_excess = excess.map_or(0.0, |excess| if excess.z() >= EXCESS { normal_below(excess.z()) } else { 0.0 });
    let by_luck = at_least(unit.leaning.len(), lucky);
    let by_leaning = if !unit.leaning.is_empty() && by_luck <= LUCK { 1.0 - by_luck } else { 0.0 };
    let proof = by_excess.max(by_leaning);
    if has >= MEMORY.1 || proof > 0.0 {
        Claim { standing: Standing::Proved, probability: has.max(proof) }
    } else if is_likely_small && has_none >= RULED_OUT.1 {
        Claim { standing: Standing::Refuted, probability: has_none }
    } else {
        Claim { standing: Standing::Open, probability: has.max(1.0 - has) }
    }
}

fn generalization(unit: &Evidence) -> Claim {
    let Some(held_out) = unit.held_out.filter(|_| unit.scale > 0.0) else {
        return Claim { standing: Standing::Open, probability: 0.0 };
    };
    let probability = above(held_out.over(unit.scale), GENERALIZES.1);
    if held_out.z() >= GENERALIZES.0 && probability >= GENERALIZES.2 {
        Claim { standing: Standing::Proved, probability }
    } else if 1.0 - probability >= GENERALIZES.2 {
        Claim { standing: Standing::Refuted, probability: 1.0 - probability }
    } else {
        Claim { standing: Standing::Open, probability: probability.max(1.0 - probability) }
    }
}

/// P(x > threshold) of a normal x.
fn above(x: Estimate, threshold: f64) -> f64 {
    if x.error == 0.0 { f64::from(u8::from(x.mean > threshold)) } else { normal_below((x.mean - threshold) / x.error) }
}

/// Φ(z).
fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The probability that a Poisson variable of this mean is at least `count`.
fn at_least(count: usize, mean: f64) -> f64 {
    let mut term = (-mean).exp();
    let mut below = 0.0;
    for k in 0..count {
        below += term;
        term *= mean / (k + 1) as f64;
    }
    (1.0 - below).max(0.0)
}

/// Where the ratios of a layer lie, by median and quartiles.
struct Prior {
    centre: f64,
    /// The standard error of the centre: what all units have in common, such as flagged samples that happen to be easy, moves it.
    centre_error: f64,
    variance: f64,
}

/// Groups of flagged samples that the centre's error is measured with.
const GROUPS: usize = 10;

/// The standard error of the median ratio, by the jackknife: without each tenth of the flagged samples once.
fn centre_error(layer: &LayerEvidence, ratios: &[Option<Estimate>]) -> f64 {
    let n = layer.beyond_twins.len();
    let groups = GROUPS.min(n);
    let units: Vec<usize> = (0..ratios.len()).filter(|&unit| ratios[unit].is_some()).collect();
    let sums = |rows: &mut dyn Iterator<Item = &Vec<f64>>| {
        let mut sums = vec![0.0; units.len()];
        rows.for_each(|row| sums.iter_mut().zip(&units).for_each(|(sum, &unit)| *sum += row[unit]));
        sums
    };
    let whole = sums(&mut layer.beyond_twins.iter());
    let without = |group: usize| {
        let own = sums(&mut layer.beyond_twins.iter().skip(group).step_by(groups));
        let rest = (n - (n - group).div_ceil(groups)) as f64;
        let ratio = |((whole, own), &unit): ((&f64, &f64), &usize)| (whole - own) / rest / layer.units[unit].scale;
        median(whole.iter().zip(&own).zip(&units).map(ratio))
    };
    if units.is_empty() || groups < 2 {
        return 0.0;
    }
    let centres: Vec<f64> = (0..groups).filter_map(without).collect();
    let mean = centres.iter().sum::<f64>() / centres.len() as f64;
    let squares: f64 = centres.iter().map(|centre| (centre - mean).powi(2)).sum();
    ((groups - 1) as f64 / groups as f64 * squares).sqrt() * layer.shared_twins
}

impl Prior {
    fn of<'a>(ratios: impl Iterator<Item = &'a Estimate> + Clone, centre_error: f64) -> Option<Self> {
        let mut means: Vec<f64> = ratios.clone().map(|ratio| ratio.mean).collect();
        let error = median(ratios.map(|ratio| ratio.error))?;
        means.sort_by(f64::total_cmp);
        let range = quantile(&means, 0.75) - quantile(&means, 0.25);
        let variance = ((range / 1.349).powi(2) - error * error).max((error / 2.0).powi(2));
        Some(Self { centre: quantile(&means, 0.5), centre_error, variance })
    }

    fn shrink(&self, ratio: Estimate) -> Estimate {
        if self.variance == 0.0 || ratio.error == 0.0 {
            return ratio;
        }
        let (own, prior) = (ratio.error.powi(-2), 1.0 / self.variance);
        let of_centre = prior / (own + prior) * self.centre_error;
        Estimate {
            mean: (ratio.mean * own + self.centre * prior) / (own + prior),
            error: (own + prior).powf(-0.5).hypot(of_centre),
        }
    }
}

/// A quantile of sorted values, between two of them by proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let below = sorted[place as usize];
    let next = sorted[(place as usize + 1).min(sorted.len() - 1)];
    below + (next - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(mean: f64, error: f64) -> Standing {
        let unflagged = Estimate { mean: 0.0, error: 0.1 };
        let unit = Evidence {
            scale: 1.0,
            held_out: None,
            unflagged,
            excess: None,
            excess_over_half: None,
            memory: None,
            leaning: Vec::new(),
        };
        memory(&unit, Some(Estimate { mean, error }), 0.0).standing
    }

    /// Φ(1.96) = 0.975, Φ(1.645) = 0.95.
    #[test]
    fn what_lies_near_the_threshold_of_memory_cannot_be_told() {
        let cases = [
            (0.30, 0.1, Standing::Proved, "two errors above 0.1"),
            (0.29, 0.1, Standing::Open, "less than 1.96 errors above it, though surely below 0.5"),
            (0.11, 0.01, Standing::Open, "just above it"),
            (0.09, 0.01, Standing::Refuted, "just below it, and surely below 0.5"),
            (0.05, 0.27, Standing::Refuted, "1.67 errors below 0.5"),
            (0.05, 0.28, Standing::Open, "1.61 errors below 0.5"),
        ];
        for (mean, error, expected, why) in cases {
            assert_eq!(standing(mean, error), expected, "{mean} ± {error}: {why}");
        }
    }

    /// Proof and refutation of one value exclude each other, and lie two errors apart.
    #[test]
    fn two_measurements_that_contradict_each_other_are_two_errors_apart() {
        for error in [0.01, 0.05, 0.1, 0.2] {
            let grid: Vec<f64> = (-100..100).map(|step| f64::from(step) * error / 20.0 + 0.1).collect();
            let of = |wanted: Standing| grid.iter().copied().filter(move |&mean| standing(mean, error) == wanted);
            let highest_refuted = of(Standing::Refuted).fold(f64::NEG_INFINITY, f64::max);
            let lowest_proved = of(Standing::Proved).fold(f64::INFINITY, f64::min);
            assert!(lowest_proved - highest_refuted > 1.95 * error, "{error}: {highest_refuted}, {lowest_proved}");
        }
    }
}
